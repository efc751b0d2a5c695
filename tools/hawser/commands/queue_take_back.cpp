#include "tools/hawser/commands/queue_take_back.h"

#include "tools/hawser/change_text.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

namespace hawser::cli {

namespace {

std::string kept_text(const TakenBack::Kept& kept, RecordNames& names)
{
    const std::string record = names.name_of(kept.record, kept.record_name);
    if (kept.column.empty())
        return fmt::format("{} stays as it is: it is gone, or there again, since.", record);
    return fmt::format("{} of {} stays as it is: somebody wrote it since.", kept.column, record);
}

void tell(const Invocation& invocation, const Replica& replica, const TakenBack& taken)
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
    if (!taken.changes.empty()) output.sentence("Sent with the next sync.", Style::faint);
}

void show(const Invocation& invocation, const Replica& replica, const TakenBack& rehearsed)
{
    RecordNames names(replica);
    for (const Change& change : rehearsed.changes)
        remark(invocation, fmt::format("Would be made: {}", content_of(change, replica, names)));
    for (const TakenBack::Kept& one : rehearsed.kept) remark(invocation, kept_text(one, names));
}

} // namespace

Result<ExitCode> take_back(const Invocation& invocation, Replica& replica,
                           const std::vector<ChangeNumber>& changes, bool yes)
{
    const auto rehearsed = replica.take_back(changes, Act::rehearsed);
    if (!rehearsed) return rehearsed.error();
    if (!yes && !rehearsed->changes.empty()) {
        show(invocation, replica, *rehearsed);
        const auto agreed =
            ask(changes.size() == 1
                    ? fmt::format("The server has change {} already. Take it back with a new one?",
                                  changes.front())
                    : fmt::format("The server has {} already. Take them back with {}?",
                                  count_of(changes.size(), "change"),
                                  count_of(rehearsed->changes.size(), "new one")));
        if (!agreed) return usage_error("there is nobody to ask; take it back with -y");
        if (!*agreed) {
            remark(invocation, "Nothing was changed.");
            return ExitCode::done;
        }
    }
    const auto taken = replica.take_back(changes);
    if (!taken) return taken.error();
    tell(invocation, replica, *taken);
    return ExitCode::done;
}

} // namespace hawser::cli
