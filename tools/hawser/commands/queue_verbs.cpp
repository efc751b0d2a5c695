#include "tools/hawser/commands/queue_verbs.h"

#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace hawser::cli {

namespace {

struct VerbOptions {
    std::int64_t change = 0;
    bool yes = false;
};

struct Verb {
    std::string_view name;
    Result<void> (Replica::*act)(ChangeNumber);
    bool drops;             ///< The changes leave the queue unsent.
    std::string_view done;  ///< "… is undone".
    std::string_view after; ///< What follows from it.
};

constexpr Verb undo{"undo", &Replica::undo, true, "undone",
                    "It is as if it had never been made; what may have been sent already is taken back with "
                    "the next sync."};
constexpr Verb discard{"discard", &Replica::discard, true, "given up",
                       "What may have been sent already is taken back with the next sync."};
constexpr Verb retry{"retry", &Replica::retry, false, "queued again", "It is sent with the next sync."};
constexpr Verb hold{"hold", &Replica::hold, false, "held", "It is not sent until it is released."};
constexpr Verb release{"release", &Replica::release, false, "released", "It is sent with the next sync."};

Result<std::vector<Change>> live_changes(const Replica& replica)
{
    std::vector<Change> live;
    ChangeFilter filter;
    for (bool more = true; more;) {
        auto page = replica.queue(filter);
        if (!page) return page.error();
        more = page->size() == filter.limit;
        if (!page->empty()) filter.after = page->back().number;
        std::ranges::move(*page, std::back_inserter(live));
    }
    return live;
}

/// The change with all that shares its fate: its group, and what was edited in a record whose creation
/// is dropped. Empty when the change is not in the queue.
std::vector<Change> together(const std::vector<Change>& live, ChangeNumber number, bool drops)
{
    std::set<ChangeNumber> members;
    std::vector<const Change*> todo;
    const auto draw_in = [&](auto&& belongs) {
        for (const Change& change : live)
            if (belongs(change) && members.insert(change.number).second) todo.push_back(&change);
    };
    draw_in([&](const Change& change) { return change.number == number; });
    while (!todo.empty()) {
        const Change& member = *todo.back();
        todo.pop_back();
        if (member.group) draw_in([&](const Change& change) { return change.group == member.group; });
        if (drops && member.kind == ChangeKind::create && member.state != ChangeState::in_flight)
            draw_in([&](const Change& change) {
                return change.record == member.record && change.number > member.number;
            });
    }
    std::vector<Change> found;
    std::ranges::copy_if(live, std::back_inserter(found),
                         [&](const Change& change) { return members.contains(change.number); });
    return found;
}

/// "change 3, update of Ada Lovelace: jobtitle: Clerk -> Boss", with whole values.
std::string content_of(const Change& change, const Replica& replica, RecordNames& names)
{
    const auto table = replica.table(change.record.table);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    std::vector<std::string> parts;
    for (const ColumnEdit& edit :
         change.kind == ChangeKind::erase ? std::vector<ColumnEdit>{} : change.edits) {
        const Column* column = table ? table->column(edit.column) : nullptr;
        const std::string before = people_text(column, edit.before, name_of);
        const std::string after =
            is_null(edit.after) ? "(cleared)" : people_text(column, edit.after, name_of);
        parts.push_back(fmt::format("{}: {}{}{}", edit.column, before, before.empty() ? "" : " -> ", after));
    }
    return fmt::format("change {}, {} of {}{}{}", change.number, word_of(change.kind),
                       names.name_of(change.record, change.record_name), parts.empty() ? "" : ": ",
                       fmt::join(parts, "; "));
}

std::string capitalized(std::string text)
{
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text;
}

/// No answer is an error: nobody gives something up by accident.
Result<bool> agreed_to_lose(const Invocation& invocation, const Replica& replica,
                            const std::vector<Change>& changes)
{
    RecordNames names(replica);
    for (const Change& change : changes)
        remark(invocation, "Would be lost: " + content_of(change, replica, names));
    const auto agreed = ask(fmt::format("Give up {} for good?", count_of(changes.size(), "change")));
    if (!agreed) return usage_error("there is nobody to ask; give it up with -y");
    if (!*agreed) remark(invocation, "Nothing was given up.");
    return *agreed;
}

/// A deletion that may have arrived cannot be taken back whole.
std::string_view what_follows(const Verb& verb, const std::vector<Change>& changes)
{
    const bool may_have_deleted = std::ranges::any_of(changes, [](const Change& change) {
        return change.kind == ChangeKind::erase && change.state == ChangeState::in_flight;
    });
    if (!verb.drops || !may_have_deleted) return verb.after;
    return "A deletion may have arrived already. If it has, the next sync creates the record again, but what "
           "the organization deleted along with it does not come back.";
}

std::string kept_text(const TakenBack::Kept& kept, RecordNames& names)
{
    const std::string record = names.name_of(kept.record, kept.record_name);
    if (kept.column.empty())
        return fmt::format("{} stays as it is: it is gone, or there again, since.", record);
    return fmt::format("{} of {} stays as it is: somebody wrote it since.", kept.column, record);
}

void tell_taken_back(const Invocation& invocation, const Replica& replica, const TakenBack& taken)
{
    Output output(invocation);
    RecordNames names(replica);
    boost::json::array documents, kept;
    for (const Change& change : taken.changes) documents.push_back(json_of(change));
    for (const TakenBack::Kept& one : taken.kept)
        kept.push_back({{"table", one.record.table}, {"id", one.record.id.text()}, {"column", one.column}});
    output.json({{"verb", "undo"}, {"made", std::move(documents)}, {"kept", std::move(kept)}});
    for (const Change& change : taken.changes)
        output.sentence(fmt::format("Made {}.", content_of(change, replica, names)), Style::good);
    for (const TakenBack::Kept& one : taken.kept) output.sentence(kept_text(one, names), Style::warning);
    if (taken.changes.empty()) output.sentence("Nothing is left to take back.");
    if (!taken.changes.empty()) output.sentence("It is sent with the next sync.", Style::faint);
}

std::string question_before(const Replica& replica, ChangeNumber number, const TakenBack& rehearsed)
{
    RecordNames names(replica);
    std::vector<std::string> made, kept;
    for (const Change& change : rehearsed.changes) made.push_back(content_of(change, replica, names));
    for (const TakenBack::Kept& one : rehearsed.kept) kept.push_back(kept_text(one, names) + " ");
    return fmt::format("The server has change {} already. Taking it back makes {}. {}Make {}?", number,
                       listed(made), fmt::join(kept, ""), made.size() == 1 ? "it" : "them");
}

/// What was applied is taken back by a new change, which a person sees before it is made.
Result<ExitCode> take_back(const Invocation& invocation, Replica& replica, const VerbOptions& options)
{
    const auto rehearsed = replica.take_back(options.change, Act::rehearsed);
    if (!rehearsed) return rehearsed.error();
    if (!options.yes && !rehearsed->changes.empty()) {
        const auto agreed = ask(question_before(replica, options.change, *rehearsed));
        if (!agreed) return usage_error("there is nobody to ask; take it back with -y");
        if (!*agreed) {
            remark(invocation, "Nothing was changed.");
            return ExitCode::done;
        }
    }
    const auto taken = replica.take_back(options.change);
    if (!taken) return taken.error();
    tell_taken_back(invocation, replica, *taken);
    return ExitCode::done;
}

bool is_applied(const Replica& replica, ChangeNumber change)
{
    const auto explained = replica.explain(change);
    return explained && explained->change.state == ChangeState::applied;
}

Result<ExitCode> run_verb(Invocation& invocation, const Verb& verb, const VerbOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    if (verb.act == &Replica::undo && is_applied(*replica, options.change))
        return take_back(invocation, *replica, options);
    const auto live = live_changes(*replica);
    if (!live) return live.error();
    const std::vector<Change> changes = together(*live, options.change, verb.drops);
    if (verb.act == &Replica::discard && !options.yes && !changes.empty()) {
        const auto agreed = agreed_to_lose(invocation, *replica, changes);
        if (!agreed) return agreed.error();
        if (!*agreed) return ExitCode::done;
    }
    RecordNames names(*replica); // Asked before a created record vanishes.
    std::vector<std::string> contents;
    for (const Change& change : changes) contents.push_back(content_of(change, *replica, names));
    if (const auto done = ((*replica).*verb.act)(options.change); !done) {
        const auto asked = std::ranges::find(changes, options.change, &Change::number);
        return asked == changes.end() ? done.error() : with_remedy(*replica, done.error(), asked->record);
    }
    Output output(invocation);
    boost::json::array documents;
    for (const Change& change : changes) documents.push_back(json_of(change));
    output.json({{"verb", verb.name}, {"changes", std::move(documents)}});
    for (const std::string& content : contents)
        output.sentence(fmt::format("{} {}.", capitalized(std::string(verb.done)), content), Style::good);
    output.sentence(what_follows(verb, changes), Style::faint);
    return ExitCode::done;
}

void add_verb(Command queue, Invocation& invocation, const Verb& verb, const std::string& description)
{
    const auto options = std::make_shared<VerbOptions>();
    Command command =
        queue.command(std::string(verb.name), description, fmt::format("hawser queue {} 3", verb.name));
    command.option("CHANGE", options->change, "Its number, from hawser queue")
        .required()
        .between(1, std::numeric_limits<std::int64_t>::max());
    if (verb.drops) command.flag("-y,--yes", options->yes, "Do not ask");
    command.runs(invocation, options, [verb](Invocation& called, const VerbOptions& chosen) {
        return run_verb(called, verb, chosen);
    });
}

} // namespace

void add_queue_verbs(Command queue, Invocation& invocation)
{
    add_verb(queue, invocation, undo,
             "Take a change back, as if it had never been made. What the server has already asks first.");
    add_verb(queue, invocation, retry, "Send a refused change once more.");
    add_verb(queue, invocation, discard, "Give a change up; the record's log keeps it. Asks first.");
    add_verb(queue, invocation, hold, "Keep a change back until it is released.");
    add_verb(queue, invocation, release, "Let a held change go.");
}

} // namespace hawser::cli
