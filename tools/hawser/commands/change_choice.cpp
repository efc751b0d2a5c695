#include "tools/hawser/commands/change_choice.h"

#include "tools/hawser/record_finder.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace hawser::cli {

namespace {

Result<ChangeState> state_named(std::string_view word)
{
    for (int state = 0; state <= static_cast<int>(ChangeState::discarded); ++state)
        if (word_of(static_cast<ChangeState>(state)) == word) return static_cast<ChangeState>(state);
    return usage_error(fmt::format("there is no state {}", word));
}

/// Empty when nothing was asked.
Result<std::optional<Instant>> moment_before(const std::string& duration)
{
    if (duration.empty()) return std::optional<Instant>();
    const auto parsed = parse_duration(duration);
    if (!parsed) return parsed.error();
    return std::optional(system_clock()->now() - *parsed);
}

} // namespace

void add_choice(Command& command, ChangeChoice& choice)
{
    command.option("--table", choice.table, "Only this table").type_name("TABLE");
    command.option("--state", choice.states, "Only in this state; may be given more than once")
        .type_name("STATE")
        .may_repeat()
        .one_of({"queued", "held", "in_flight", "parked", "contested", "applied", "superseded", "undone",
                 "discarded"});
    command.option("--older-than", choice.older_than, "Only made longer ago than that: 90s, 30m, 2h, 3d, 1w")
        .type_name("TIME");
    command.option("--newer-than", choice.newer_than, "Only made since then").type_name("TIME");
}

Result<ChangeFilter> filter_of(const Replica& replica, const ChangeChoice& choice)
{
    ChangeFilter filter;
    if (!choice.table.empty()) {
        const auto table = find_table(replica, choice.table);
        if (!table) return table.error();
        filter.table = table->name;
    }
    for (const std::string& word : choice.states) {
        const auto state = state_named(word);
        if (!state) return state.error();
        filter.states.push_back(*state);
    }
    const auto before = moment_before(choice.older_than);
    if (!before) return before.error();
    const auto from = moment_before(choice.newer_than);
    if (!from) return from.error();
    filter.made_before = *before;
    filter.made_from = *from;
    return filter;
}

Result<std::vector<Change>> all_changes(const Replica& replica, ChangeFilter filter)
{
    std::vector<Change> all;
    for (bool more = true; more;) {
        auto page = replica.queue(filter);
        if (!page) return page.error();
        more = page->size() == filter.limit;
        if (!page->empty()) filter.after = page->back().number;
        std::ranges::move(*page, std::back_inserter(all));
    }
    return all;
}

} // namespace hawser::cli
