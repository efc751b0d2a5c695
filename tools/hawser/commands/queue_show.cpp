#include "tools/hawser/commands/queue_show.h"

#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace hawser::cli {

namespace {

struct ShowOptions {
    std::int64_t change = 0;
    bool now = false;
};

Value value_in(const Fields& fields, const std::string& column)
{
    const auto found = fields.find(column);
    return found == fields.end() ? Value{} : found->second;
}

Value value_in(const std::optional<Fields>& fields, const std::string& column)
{
    return fields ? value_in(*fields, column) : Value{};
}

std::string_view word_of_presence(Sighting::Presence presence)
{
    switch (presence) {
    case Sighting::Presence::present:
        return "present";
    case Sighting::Presence::absent:
        return "absent";
    case Sighting::Presence::no_access:
        return "no_access";
    }
    return "";
}

boost::json::object json_of_sighting(const Sighting& there)
{
    return {{"presence", word_of_presence(there.presence)},
            {"etag", there.etag},
            {"columns", json_of(there.columns)}};
}

/// What the organization has now, or nothing, and then people are told why.
Result<std::optional<Sighting>> asked_now(const Invocation& invocation, const RecordKey& record)
{
    const auto session = OnlineSession::open(invocation);
    if (!session) return session.error();
    auto there = (*session)->synchronizer().look(record);
    if (there) return std::optional(std::move(*there));
    remark(invocation, "The server cannot be asked: " + error_sentence(there.error(), system_clock()->now()));
    return std::optional<Sighting>();
}

std::string numbers_text(const std::vector<ChangeNumber>& numbers)
{
    std::vector<std::string> texts;
    for (const ChangeNumber number : numbers) texts.push_back(std::to_string(number));
    return fmt::format("change{} {}", numbers.size() == 1 ? "" : "s", listed(texts));
}

/// What people read of one change.
class Telling {
public:
    Telling(const Replica& replica, const ChangeExplanation& explained, const std::optional<Sighting>& there,
            Output& output)
        : explained_(explained), there_(there), names_(replica), output_(output)
    {
        if (const auto table = replica.table(explained.change.record.table)) table_ = *table;
    }

    void tell()
    {
        tell_change();
        tell_columns();
        tell_presence();
        tell_conflict();
        tell_effect();
        for (const Dependency& other : explained_.waits_for)
            output_.text(fmt::format("It waits for change {}, which {}.", text_of(other), other.why));
        for (const Dependency& other : explained_.waited_for_by)
            output_.text(fmt::format("Change {} waits for it, as it {}.", text_of(other), other.why));
        for (const Attempt& attempt : explained_.attempts) output_.text(text_of(attempt), Style::faint);
    }

private:
    void tell_change()
    {
        const Change& change = explained_.change;
        std::string record = fmt::format("{}, {} {}", names_.name_of(change.record, change.record_name),
                                         change.record.table, change.record.id.text());
        std::vector<Pair> pairs{{"change", std::to_string(change.number)},
                                {"kind", std::string(word_of(change.kind))},
                                {"record", Cell(std::move(record))},
                                {"state", std::string(word_of(change.state))}};
        if (!change.reason.empty()) pairs.push_back({"why", change.reason});
        pairs.push_back({"made", Cell(local_time_text(change.made_at))});
        if (!change.actor.empty()) pairs.push_back({"by", change.actor});
        if (!change.on_behalf_of.empty()) pairs.push_back({"on behalf of", change.on_behalf_of});
        if (explained_.group.size() > 1) pairs.push_back({"goes with", numbers_text(others())});
        if (change.attempts > 0)
            pairs.push_back({"tried", count_of(static_cast<std::uint64_t>(change.attempts), "time")});
        if (change.next_attempt) pairs.push_back({"next", Cell(local_time_text(*change.next_attempt))});
        output_.pairs(pairs);
    }

    std::vector<ChangeNumber> others() const
    {
        std::vector<ChangeNumber> numbers = explained_.group;
        std::erase(numbers, explained_.change.number);
        return numbers;
    }

    void tell_columns()
    {
        if (explained_.change.kind == ChangeKind::erase) return;
        Grid grid{{{"column"},
                   {"before", Align::left, Keep::always, Long::wrap},
                   {"after", Align::left, Keep::always, Long::wrap},
                   {"server had", Align::left, Keep::always, Long::wrap}}};
        const bool is_there = there_ && there_->presence == Sighting::Presence::present;
        if (is_there) grid.headings.push_back({"server has now", Align::left, Keep::always, Long::wrap});
        for (const ColumnEdit& edit : explained_.change.edits) {
            Row row{{edit.column, cell_of(edit.column, edit.before, Style::warning),
                     cell_of(edit.column, edit.after, Style::good),
                     cell_of(edit.column, value_in(explained_.base, edit.column), Style::plain)},
                    {}};
            if (is_there)
                row.cells.push_back(
                    cell_of(edit.column, value_in(there_->columns, edit.column), Style::strong));
            grid.rows.push_back(std::move(row));
        }
        output_.grid(grid);
        if (!explained_.base) output_.text("The server has never had this record.");
    }

    void tell_presence()
    {
        if (!there_) return;
        if (there_->presence == Sighting::Presence::absent)
            output_.text("The server does not have the record now.", Style::warning);
        if (there_->presence == Sighting::Presence::no_access)
            output_.text("You may not see the record on the server now.", Style::warning);
    }

    Cell cell_of(const std::string& column, const Value& value, Style style)
    {
        const NameOf name_of = [this](const Lookup& lookup) { return names_.name_of(lookup); };
        return {people_text(table_.column(column), value, name_of), exact_text(value, name_of), style};
    }

    void tell_conflict()
    {
        if (!explained_.conflict) return;
        output_.text(fmt::format("Both sides changed the record: conflict {}, which hawser conflicts shows.",
                                 explained_.conflict->label),
                     Style::warning);
    }

    void tell_effect()
    {
        const Change& change = explained_.change;
        const bool sent = change.state == ChangeState::in_flight;
        if (!explained_.effect) {
            if (change.state == ChangeState::queued || change.state == ChangeState::held ||
                change.state == ChangeState::parked)
                output_.text("As it stands nothing of it would be sent.");
            return;
        }
        const NetEffect& effect = *explained_.effect;
        std::vector<std::string> parts;
        for (const ColumnEdit& edit : effect.edits)
            parts.push_back(fmt::format(
                "{} = {}", edit.column,
                is_null(edit.after) ? "(cleared)" : cell_of(edit.column, edit.after, Style::plain).text));
        std::vector<ChangeNumber> with = effect.changes;
        std::erase(with, change.number);
        output_.text(fmt::format("{}{}: {}{}{}.", sent ? "What was sent" : "What would be sent",
                                 with.empty() ? "" : ", together with " + numbers_text(with),
                                 word_of(effect.kind), parts.empty() ? "" : " with ",
                                 fmt::join(parts, ", ")));
    }

    std::string text_of(const Dependency& other)
    {
        return fmt::format("{} ({}, {})", other.change, names_.name_of(other.record, other.record_name),
                           word_of(other.state));
    }

    static std::string text_of(const Attempt& attempt)
    {
        std::string text = fmt::format("{}: {}", local_time_text(attempt.at), attempt.outcome);
        if (attempt.status != 0) text += fmt::format(", HTTP {}", attempt.status);
        if (!attempt.words.empty()) text += ", " + without_stop(attempt.words);
        if (!attempt.requests.empty()) text += fmt::format(" (request {})", attempt.requests.back().text());
        return text + ".";
    }

    const ChangeExplanation& explained_;
    const std::optional<Sighting>& there_;
    RecordNames names_;
    Output& output_;
    Table table_{};
};

Result<ExitCode> run_show(Invocation& invocation, const ShowOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto explained = replica->explain(options.change);
    if (!explained) return explained.error();
    std::optional<Sighting> there;
    if (options.now) {
        auto asked = asked_now(invocation, explained->change.record);
        if (!asked) return asked.error();
        there = std::move(*asked);
    }
    Output output(invocation);
    boost::json::object document = json_of(*explained);
    document["now"] = there ? boost::json::value(json_of_sighting(*there)) : boost::json::value(nullptr);
    const auto remedies = remedies_of(explained->change);
    document["remedies"] = boost::json::array(remedies.begin(), remedies.end());
    output.json(document);
    if (output.form() == Form::json) return ExitCode::done;
    Telling(*replica, *explained, there, output).tell();
    for (const std::string& remedy : remedies) output.sentence(fmt::format("What you can do: {}", remedy));
    return ExitCode::done;
}

} // namespace

void add_queue_show(Command queue, Invocation& invocation)
{
    const auto options = std::make_shared<ShowOptions>();
    Command command =
        queue.command("show", "All that is known of one change, settled or not.",
                      "hawser queue show 3\nhawser queue show 3 --now\nhawser --json queue show 3");
    command.option("CHANGE", options->change, "Its number, from hawser queue or hawser log")
        .required()
        .between(1, std::numeric_limits<std::int64_t>::max());
    command.flag("--now", options->now, "Ask the server what it has now, too");
    command.runs(invocation, options, run_show);
}

} // namespace hawser::cli
