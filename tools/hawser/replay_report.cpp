#include "tools/hawser/replay_report.h"

#include "tools/hawser/html_text.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace hawser::cli {

namespace {

std::string about(const Replayed& replayed)
{
    if (!replayed.change) return {};
    const Change& change = *replayed.change;
    const std::string name = change.record_name.empty() ? change.record.id.text() : change.record_name;
    return fmt::format("{} of {} {}", word_of(change.kind), change.record.table, name);
}

std::string why(const Replayed& replayed)
{
    if (!replayed.change || !replayed.chosen) return {};
    return replayed.change->state == ChangeState::applied ? std::string() : replayed.change->reason;
}

std::string summary_of(const ReplayReport& report)
{
    std::vector<std::string> parts;
    for (const auto& [outcome, number] : counts_of(report))
        parts.push_back(fmt::format("{} {}", grouped(number), outcome));
    return parts.empty() ? "nothing" : listed(parts);
}

/// Texts come from records: nothing in them is markup.
std::string escaped(std::string_view text, std::initializer_list<std::pair<char, std::string_view>> marks)
{
    std::string safe;
    for (const char letter : text) {
        const auto mark =
            std::find_if(marks.begin(), marks.end(), [&](const auto& one) { return one.first == letter; });
        if (mark == marks.end())
            safe += letter;
        else
            safe += mark->second;
    }
    return safe;
}

std::string in_markdown(std::string_view text)
{
    return escaped(text, {{'|', "\\|"},
                          {'\n', " "},
                          {'\r', " "},
                          {'<', "&lt;"},
                          {'&', "&amp;"},
                          {'*', "\\*"},
                          {'_', "\\_"},
                          {'`', "\\`"},
                          {'[', "\\["},
                          {'\\', "\\\\"}});
}

constexpr std::string_view style = "tr.conflict td,tr.refused td,tr.held td{background:#fdf0e6}tr.waits "
                                   "td{background:#f4f4f4}";

} // namespace

std::string outcome_of(const Replayed& replayed)
{
    if (!replayed.change) return "said already";
    if (!replayed.chosen) return "not chosen";
    switch (replayed.change->state) {
    case ChangeState::applied:
        return "applied";
    case ChangeState::contested:
        return "conflict";
    case ChangeState::parked:
        return "refused";
    case ChangeState::held:
        return "held";
    case ChangeState::queued:
    case ChangeState::in_flight:
        return "waits";
    case ChangeState::superseded:
        return "said already";
    case ChangeState::undone:
    case ChangeState::discarded:
        return "given up";
    }
    return "waits";
}

std::vector<std::pair<std::string, std::size_t>> counts_of(const ReplayReport& report)
{
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const Replayed& replayed : report.changes) {
        const std::string outcome = outcome_of(replayed);
        const auto found = std::ranges::find(counts, outcome, [](const auto& one) { return one.first; });
        if (found == counts.end())
            counts.emplace_back(outcome, 1);
        else
            ++found->second;
    }
    return counts;
}

bool needs_person(const ReplayReport& report)
{
    return std::ranges::any_of(report.changes, [](const Replayed& replayed) {
        const std::string outcome = outcome_of(replayed);
        return outcome == "conflict" || outcome == "refused" || outcome == "held";
    });
}

bool is_unfinished(const ReplayReport& report)
{
    return needs_person(report) || std::ranges::any_of(report.changes, [](const Replayed& replayed) {
               return outcome_of(replayed) == "waits";
           });
}

boost::json::object json_of(const ReplayReport& report)
{
    boost::json::array changes;
    for (const Replayed& replayed : report.changes) {
        boost::json::object line{{"number", replayed.there}, {"outcome", outcome_of(replayed)}};
        if (replayed.change) {
            line["here"] = replayed.change->number;
            line["table"] = replayed.change->record.table;
            line["id"] = replayed.change->record.id.text();
            line["name"] = replayed.change->record_name;
            line["kind"] = word_of(replayed.change->kind);
            line["why"] = why(replayed);
        }
        changes.push_back(std::move(line));
    }
    boost::json::object counts;
    for (const auto& [outcome, number] : counts_of(report)) counts[outcome] = number;
    return {{"journal", report.journal},    {"organization", report.organization},
            {"user", report.user},          {"as_another", report.as_another},
            {"stopped", report.stopped},    {"counts", std::move(counts)},
            {"changes", std::move(changes)}};
}

std::string markdown_of(const ReplayReport& report)
{
    std::string text =
        fmt::format("# Replay of {}\n\nTo {}, {}: {}.\n", in_markdown(report.journal),
                    in_markdown(report.organization), local_time_text(report.at), summary_of(report));
    if (!report.as_another.empty())
        text += fmt::format("\nThe journal is of the user {}; it was sent as the user {}.\n",
                            report.as_another, report.user);
    if (!report.stopped.empty()) text += fmt::format("\nIt ended early: {}\n", in_markdown(report.stopped));
    text += "\n| change | what | outcome | why |\n|---:|---|---|---|\n";
    for (const Replayed& replayed : report.changes)
        text += fmt::format("| {} | {} | {} | {} |\n", replayed.there, in_markdown(about(replayed)),
                            outcome_of(replayed), in_markdown(why(replayed)));
    return text;
}

std::string html_of(const ReplayReport& report)
{
    std::string text =
        html_page("Replay of " + report.journal, style) +
        fmt::format("<h1>Replay of {}</h1><p>To {}, {}: {}.</p>\n", in_html(report.journal),
                    in_html(report.organization), local_time_text(report.at), summary_of(report));
    if (!report.as_another.empty())
        text += fmt::format("<p>The journal is of the user {}; it was sent as the user {}.</p>\n",
                            report.as_another, report.user);
    if (!report.stopped.empty()) text += fmt::format("<p>It ended early: {}</p>\n", in_html(report.stopped));
    text += "<table><tr><th>Change<th>What<th>Outcome<th>Why\n";
    for (const Replayed& replayed : report.changes)
        text += fmt::format("<tr class=\"{0}\"><td>{1}<td>{2}<td>{0}<td>{3}\n", outcome_of(replayed),
                            replayed.there, in_html(about(replayed)), in_html(why(replayed)));
    return text + "</table></html>\n";
}

} // namespace hawser::cli
