#include "tools/hawser/commands/queue_verbs.h"

#include "tools/hawser/change_text.h"
#include "tools/hawser/commands/change_choice.h"
#include "tools/hawser/commands/queue_take_back.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hawser::cli {

namespace {

struct VerbOptions {
    std::vector<std::string> changes;
    bool all = false;
    ChangeChoice choice;
    bool yes = false;
};

/// A verb that takes changes out of the queue.
struct Dropping {
    std::string_view name;
    Result<Undone> (Replica::*act)(const std::vector<ChangeNumber>&, Act);
    std::string_view would; ///< "Would be lost".
    std::string_view done;  ///< "Given up".
    std::string_view after; ///< What follows from it.
    bool gives_up;          ///< For good: it asks also about a single change.
};

/// A verb that only says when changes are sent.
struct Placing {
    std::string_view name;
    Result<std::vector<Change>> (Replica::*act)(const std::vector<ChangeNumber>&);
    ChangeState from; ///< What it is for when no state is named.
    std::string_view done;
    std::string_view after;
};

constexpr Dropping undo{
    "undo", &Replica::undo, "Would be undone", "Undone", "As if never made: nothing of it is sent.", false};
constexpr Dropping discard{
    "discard", &Replica::discard, "Would be lost", "Given up", "The record's log keeps what it was.", true};
constexpr Placing retry{"retry", &Replica::retry, ChangeState::parked, "Queued again",
                        "Sent with the next sync."};
constexpr Placing hold{"hold", &Replica::hold, ChangeState::queued, "Held", "Not sent until released."};
constexpr Placing release{"release", &Replica::release, ChangeState::held, "Released",
                          "Sent with the next sync."};

Result<std::vector<Change>> named_changes(const Replica& replica, const std::vector<std::string>& words)
{
    std::vector<Change> found;
    for (const std::string& word : words) {
        ChangeNumber number = 0;
        const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (failure != std::errc() || end != word.data() + word.size() || number < 1)
            return usage_error(
                fmt::format("{} is not the number of a change; hawser queue shows them", word));
        auto explained = replica.explain(number);
        if (!explained) return explained.error();
        found.push_back(std::move(explained->change));
    }
    return found;
}

/// Those that were named, or all of the kind that was; `usual` where no state is named.
Result<std::vector<Change>> chosen_changes(const Replica& replica, const VerbOptions& options,
                                           const std::vector<ChangeState>& usual)
{
    const bool by_kind = options.all || !options.choice.is_open();
    if (by_kind != options.changes.empty())
        return usage_error("name the changes, or say which: --all, --table, --state, --older-than, "
                           "--newer-than");
    if (!by_kind) return named_changes(replica, options.changes);
    auto filter = filter_of(replica, options.choice);
    if (!filter) return filter.error();
    if (filter->states.empty()) filter->states = usual;
    return all_changes(replica, *filter);
}

std::vector<ChangeNumber> numbers_of(const std::vector<Change>& changes)
{
    std::vector<ChangeNumber> numbers;
    for (const Change& change : changes) numbers.push_back(change.number);
    return numbers;
}

/// Of a single change, with the commands that clear the way for it.
Error with_way_out(const Replica& replica, const Error& error, const std::vector<Change>& chosen)
{
    return chosen.size() == 1 ? with_remedy(replica, error, chosen.front().record) : error;
}

boost::json::array json_of_all(const std::vector<Change>& changes)
{
    boost::json::array documents;
    for (const Change& change : changes) documents.push_back(json_of(change));
    return documents;
}

/// No answer is an error: nobody gives something up by accident.
Result<bool> agreed_to(const Invocation& invocation, const Replica& replica, const Dropping& verb,
                       const Undone& rehearsed)
{
    RecordNames names(replica);
    const auto show = [&](std::string_view would, const std::vector<Change>& changes) {
        for (const Change& change : changes)
            remark(invocation, fmt::format("{}: {}", would, content_of(change, replica, names)));
    };
    show(verb.would, rehearsed.dropped);
    show("Would be made, as it may have arrived", rehearsed.compensating);
    show("Would be queued again, as the restored organization lacks it", rehearsed.requeued);
    const std::size_t count = rehearsed.dropped.size() + rehearsed.compensating.size();
    const auto agreed =
        ask(fmt::format("{} {}?", verb.gives_up ? "Give up for good" : "Undo", count_of(count, "change")));
    if (!agreed) return usage_error(fmt::format("there is nobody to ask; {} with -y", verb.name));
    if (!*agreed) remark(invocation, "Nothing was changed.");
    return *agreed;
}

void tell_dropped(const Invocation& invocation, const Replica& replica, const Dropping& verb,
                  const Undone& undone)
{
    Output output(invocation);
    RecordNames names(replica);
    output.json({{"verb", verb.name},
                 {"changes", json_of_all(undone.dropped)},
                 {"made", json_of_all(undone.compensating)},
                 {"requeued", json_of_all(undone.requeued)}});
    const auto list = [&](std::string_view done, const std::vector<Change>& changes) {
        for (const Change& change : changes)
            output.sentence(fmt::format("{} {}.", done, content_of(change, replica, names)), Style::good);
    };
    list(verb.done, undone.dropped);
    list("Made", undone.compensating);
    list("Queued again, as the restored organization lacks it:", undone.requeued);
    if (!undone.dropped.empty()) output.sentence(verb.after, Style::faint);
    const bool makes_again = std::ranges::any_of(
        undone.compensating, [](const Change& change) { return change.kind == ChangeKind::create; });
    if (makes_again)
        output.sentence("A deletion may have arrived already. If it has, the next sync creates the record "
                        "again, but what the organization deleted along with it does not come back.",
                        Style::faint);
    else if (!undone.compensating.empty())
        output.sentence("What may have arrived already is taken back with the next sync.", Style::faint);
    if (undone.dropped.empty() && undone.compensating.empty())
        output.sentence("Nothing is left to take back.");
}

Result<ExitCode> drop(const Invocation& invocation, Replica& replica, const Dropping& verb,
                      const std::vector<Change>& chosen, bool yes)
{
    const std::vector<ChangeNumber> numbers = numbers_of(chosen);
    if (!yes && (verb.gives_up || numbers.size() > 1)) {
        const auto rehearsed = (replica.*verb.act)(numbers, Act::rehearsed);
        if (!rehearsed) return with_way_out(replica, rehearsed.error(), chosen);
        const auto agreed = agreed_to(invocation, replica, verb, *rehearsed);
        if (!agreed) return agreed.error();
        if (!*agreed) return ExitCode::done;
    }
    const auto undone = (replica.*verb.act)(numbers, Act::done);
    if (!undone) return with_way_out(replica, undone.error(), chosen);
    tell_dropped(invocation, replica, verb, *undone);
    return ExitCode::done;
}

ExitCode tell_none(const Invocation& invocation, std::string_view verb)
{
    Output output(invocation);
    output.json({{"verb", verb}, {"changes", boost::json::array()}});
    output.sentence("No change is like that.");
    return ExitCode::done;
}

Result<ExitCode> run_drop(Invocation& invocation, const Dropping& verb, const VerbOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    auto chosen = chosen_changes(*replica, options, {});
    if (!chosen) return chosen.error();
    if (chosen->empty()) return tell_none(invocation, verb.name);
    if (verb.gives_up) return drop(invocation, *replica, verb, *chosen, options.yes);
    const auto applied = std::ranges::stable_partition(
        *chosen, [](const Change& change) { return change.state != ChangeState::applied; });
    if (applied.empty()) return drop(invocation, *replica, verb, *chosen, options.yes);
    if (applied.size() < chosen->size())
        return usage_error("some of them the server has already and some wait; undo the ones and then the "
                           "others, as with --state applied");
    return take_back(invocation, *replica, numbers_of(*chosen), options.yes);
}

/// What waited for a refused change goes with it, and people may want to know.
void tell_followers(Output& output, const Replica& replica, const std::vector<Change>& placed)
{
    constexpr std::size_t told_at_most = 20;
    std::vector<std::string> followers;
    for (const Change& change : placed) {
        if (followers.size() >= told_at_most) break;
        const auto explained = replica.explain(change.number);
        if (!explained) continue;
        for (const Dependency& other : explained->waited_for_by)
            followers.push_back(std::to_string(other.change));
    }
    if (followers.empty()) return;
    output.sentence(fmt::format("What waited for it follows: change{} {}.", followers.size() == 1 ? "" : "s",
                                listed(followers)),
                    Style::faint);
}

Result<ExitCode> run_place(Invocation& invocation, const Placing& verb, const VerbOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto chosen = chosen_changes(*replica, options, {verb.from});
    if (!chosen) return chosen.error();
    if (chosen->empty()) return tell_none(invocation, verb.name);
    const auto placed = ((*replica).*verb.act)(numbers_of(*chosen));
    if (!placed) return with_way_out(*replica, placed.error(), *chosen);
    RecordNames names(*replica);
    Output output(invocation);
    output.json({{"verb", verb.name}, {"changes", json_of_all(*placed)}});
    for (const Change& change : *placed)
        output.sentence(fmt::format("{} {}.", verb.done, content_of(change, *replica, names)), Style::good);
    output.sentence(verb.after, Style::faint);
    if (verb.from != ChangeState::queued) tell_followers(output, *replica, *placed);
    return ExitCode::done;
}

template <class Verb, class Run>
void add_verb(Command queue, Invocation& invocation, const Verb& verb, const std::string& description,
              Run run)
{
    constexpr bool drops = std::is_same_v<Verb, Dropping>;
    const auto options = std::make_shared<VerbOptions>();
    Command command = queue.command(
        std::string(verb.name), description,
        fmt::format("hawser queue {0} 3\nhawser queue {0} 3 5\nhawser queue {0} --table contact", verb.name));
    command.option("CHANGE", options->changes, "Their numbers, from hawser queue");
    command.flag("--all", options->all, "All that it can be done to");
    add_choice(command, options->choice);
    if constexpr (drops) command.flag("-y,--yes", options->yes, "Do not ask");
    command.runs(invocation, options, [verb, run](Invocation& called, const VerbOptions& chosen) {
        return run(called, verb, chosen);
    });
}

} // namespace

void add_queue_verbs(Command queue, Invocation& invocation)
{
    add_verb(queue, invocation, undo,
             "Take changes back, as if they had never been made. What the server has already asks first.",
             run_drop);
    add_verb(queue, invocation, retry, "Send refused changes once more.", run_place);
    add_verb(queue, invocation, discard, "Give changes up; the record's log keeps them. Asks first.",
             run_drop);
    add_verb(queue, invocation, hold, "Keep changes back until they are released.", run_place);
    add_verb(queue, invocation, release, "Let held changes go.", run_place);
}

} // namespace hawser::cli
