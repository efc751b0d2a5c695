#include "tools/hawser/state_words.h"

#include "tools/hawser/local_time.h"
#include "tools/hawser/text_width.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

constexpr std::size_t value_cells = 32;

std::string short_value(const Table* table, const ColumnEdit& edit, const Value& value)
{
    const Column* column = table ? table->column(edit.column) : nullptr;
    const NameOf by_id = [](const Lookup& lookup) {
        return fmt::format("{}:{}", lookup.table, lookup.id.text().substr(0, 8));
    };
    std::string text = people_text(column, value, by_id);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return cut_to_width(one_safe_line(text), value_cells);
}

bool is_refused_a_table(const Status& status)
{
    return std::ranges::any_of(status.tables, &TableStatus::refused);
}

} // namespace

std::string_view word_of(ChangeState state)
{
    switch (state) {
    case ChangeState::queued:
        return "queued";
    case ChangeState::held:
        return "held";
    case ChangeState::in_flight:
        return "in_flight";
    case ChangeState::parked:
        return "parked";
    case ChangeState::contested:
        return "contested";
    case ChangeState::applied:
        return "applied";
    case ChangeState::superseded:
        return "superseded";
    case ChangeState::undone:
        return "undone";
    case ChangeState::discarded:
        return "discarded";
    }
    return "";
}

std::string_view word_of(ChangeKind kind)
{
    switch (kind) {
    case ChangeKind::create:
        return "create";
    case ChangeKind::update:
        return "update";
    case ChangeKind::erase:
        return "delete";
    }
    return "";
}

std::string_view word_of(Badge badge)
{
    switch (badge) {
    case Badge::on_server:
        return "on_server";
    case Badge::saved_here:
        return "saved_here";
    case Badge::sending:
        return "sending";
    case Badge::needs_you:
        return "needs_you";
    }
    return "";
}

std::string_view word_of(PullMode mode)
{
    switch (mode) {
    case PullMode::delta:
        return "delta";
    case PullMode::filter:
        return "filter";
    case PullMode::off:
        return "off";
    }
    return "";
}

Cell badge_cell(Badge badge)
{
    const std::string raw(word_of(badge));
    switch (badge) {
    case Badge::on_server:
        return Cell("", raw);
    case Badge::saved_here:
        return Cell("saved here", raw, Style::warning);
    case Badge::sending:
        return Cell("sending", raw, Style::good);
    case Badge::needs_you:
        return Cell("needs you", raw, Style::bad);
    }
    return Cell("");
}

std::string connection_sentence(const Status& status, Instant now)
{
    std::string text;
    switch (status.state) {
    case ConnectionState::online:
        text = "Online";
        break;
    case ConnectionState::going_offline:
        text = "Going offline";
        break;
    case ConnectionState::offline_by_choice:
        text = "Offline by your choice";
        break;
    case ConnectionState::disconnected:
        text = "Not connected";
        break;
    case ConnectionState::going_online:
        text = "Going online";
        break;
    }
    if (status.state_since != Instant{})
        text += fmt::format(" since {} ({})", local_time_text(status.state_since),
                            relative_text(status.state_since, now));
    const bool connected = status.state == ConnectionState::online;
    if (!connected && status.offline_since && *status.offline_since < status.state_since)
        text += fmt::format(", not online since {}", local_time_text(*status.offline_since));
    const bool by_choice = status.state == ConnectionState::offline_by_choice;
    if (!status.state_reason.empty() && !by_choice) text += ": " + without_stop(status.state_reason);
    return text;
}

std::vector<std::string> waiting_sentences(const Status& status, Instant now)
{
    std::vector<std::string> sentences;
    for (const TableStatus& table : status.tables)
        if (table.refused)
            sentences.push_back(fmt::format("{} waits for you: {}. hawser tables changes what is held.",
                                            table.table, without_stop(table.missing)));
    if (status.state == ConnectionState::going_offline && is_refused_a_table(status))
        sentences.push_back("You chose to go offline, and that waits for your word: hawser go-offline --now "
                            "goes without it, hawser go-online stays.");
    if (status.deletions_wait)
        sentences.push_back(
            "Very many deletions at once wait for your word: look whether they are right, then "
            "hawser sync --yes.");
    if (status.pending > 0) {
        std::string text = count_of(status.pending, "change waits", "changes wait") + " to be sent";
        if (status.oldest_pending)
            text += fmt::format(", the oldest from {}", relative_text(*status.oldest_pending, now));
        if (!status.engine.empty() && status.next_attempt && *status.next_attempt > now)
            text += fmt::format("; the next attempt is {}", relative_text(*status.next_attempt, now));
        sentences.push_back(text + ".");
    }
    if (status.last_error && status.last_error->kind == ErrorKind::wait && status.next_attempt &&
        *status.next_attempt > now)
        sentences.push_back(fmt::format("Nothing is sent before {}.", local_time_text(*status.next_attempt)));
    if (status.parked > 0)
        sentences.push_back(
            fmt::format("The server refused {}: hawser queue says why.", count_of(status.parked, "change")));
    if (status.held > 0)
        sentences.push_back(
            fmt::format("{} back.", count_of(status.held, "change is held", "changes are held")));
    if (status.conflicts > 0)
        sentences.push_back(fmt::format("{} for you: hawser conflicts shows both sides.",
                                        count_of(status.conflicts, "conflict waits", "conflicts wait")));
    return sentences;
}

std::string cycle_sentence(const CycleReport& report)
{
    std::vector<std::string> parts;
    if (report.pulled > 0) parts.push_back("pulled " + count_of(report.pulled, "record"));
    if (report.removed > 0) parts.push_back("removed " + count_of(report.removed, "record"));
    if (report.merged > 0) parts.push_back("merged " + count_of(report.merged, "record"));
    if (report.pushed > 0) parts.push_back("sent " + count_of(report.pushed, "change"));
    if (report.refused > 0) parts.push_back("had " + count_of(report.refused, "change") + " refused");
    if (report.held > 0) parts.push_back("held back " + count_of(report.held, "change"));
    if (report.conflicts > 0) parts.push_back("found " + count_of(report.conflicts, "conflict"));
    if (report.conflicts_moved > 0)
        parts.push_back("found another value in " + count_of(report.conflicts_moved, "open conflict"));
    if (report.kept > 0)
        parts.push_back(fmt::format("kept {} that you had deleted, because somebody had changed {}",
                                    count_of(report.kept, "record"), report.kept == 1 ? "it" : "them"));
    const bool whole = report.outcome == "done" || report.outcome.empty();
    if (parts.empty())
        return whole ? "Nothing had changed." : "It did not finish: " + without_stop(report.outcome) + ".";
    std::string text = listed(parts);
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text + (whole ? "." : "; then it ended: " + without_stop(report.outcome) + ".");
}

std::string error_sentence(const Error& error, Instant now)
{
    if (error.kind != ErrorKind::wait || !error.retry_after) return error.message;
    return fmt::format("{}: nothing before {}", error.message, local_time_text(now + *error.retry_after));
}

bool needs_person(const Status& status)
{
    return is_refused_a_table(status) || status.deletions_wait || status.parked > 0 || status.held > 0 ||
           status.conflicts > 0;
}

std::string edits_text(const Change& change, const Table* table, std::size_t columns)
{
    std::vector<std::string> parts;
    for (const ColumnEdit& edit : change.edits) {
        if (parts.size() == columns) {
            parts.push_back(fmt::format("{} more", change.edits.size() - columns));
            break;
        }
        if (is_null(edit.after))
            parts.push_back(edit.column + " cleared");
        else if (is_null(edit.before))
            parts.push_back(fmt::format("{}: {}", edit.column, short_value(table, edit, edit.after)));
        else
            parts.push_back(fmt::format("{}: {} -> {}", edit.column, short_value(table, edit, edit.before),
                                        short_value(table, edit, edit.after)));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

} // namespace hawser::cli
