#include "tools/hawser/commands/commands.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/session.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

struct VerifyOptions {};

std::string_view word_of(Verification::Outcome outcome)
{
    switch (outcome) {
    case Verification::Outcome::equal:
        return "equal";
    case Verification::Outcome::only_live_changes:
        return "only_live_changes";
    case Verification::Outcome::different:
        return "different";
    }
    return "";
}

std::string numbers_of(const std::vector<ChangeNumber>& changes)
{
    return fmt::format("{}", fmt::join(changes, ", "));
}

boost::json::object document_of(const Verification& verification)
{
    boost::json::array tables, rows;
    for (const Verification::Count& count : verification.tables)
        tables.push_back({{"table", count.table},
                          {"here", count.here},
                          {"there", count.there},
                          {"equal", count.equal},
                          {"not_compared", count.not_compared}});
    for (const Verification::Row& row : verification.rows) {
        boost::json::array changes;
        for (const ChangeNumber change : row.explained_by) changes.push_back(change);
        rows.push_back({{"table", row.record.table},
                        {"id", row.record.id.text()},
                        {"difference", row.difference},
                        {"explained_by", std::move(changes)}});
    }
    return {
        {"outcome", word_of(verification.outcome)}, {"tables", std::move(tables)}, {"rows", std::move(rows)}};
}

void tell_different(Output& output, const Verification& verification)
{
    bool whole = true;
    for (const Verification::Count& count : verification.tables) {
        if (count.not_compared.empty()) continue;
        whole = false;
        std::string why = count.not_compared;
        while (why.ends_with('.')) why.pop_back();
        output.sentence(fmt::format("{} could not be compared: {}.", count.table, why), Style::bad);
    }
    const bool differs = std::ranges::any_of(
        verification.rows, [](const Verification::Row& row) { return row.explained_by.empty(); });
    if (differs)
        output.sentence(
            "They differ. Another sync may settle it; hawser log TABLE ID tells a record's story.",
            Style::bad);
    else if (!whole && verification.rows.empty())
        output.sentence("Every record of the other tables is what the organization has.");
    else if (!whole)
        output.sentence("The other tables differ exactly by your changes that are not sent yet.");
}

void tell(Output& output, const Replica& replica, const Verification& verification)
{
    Grid counts{{{"table"}, {"here", Align::right}, {"there", Align::right}, {"equal", Align::right}}};
    for (const Verification::Count& count : verification.tables)
        if (count.not_compared.empty())
            counts.rows.push_back({{count.table, Cell(grouped(count.here), std::to_string(count.here)),
                                    Cell(grouped(count.there), std::to_string(count.there)),
                                    Cell(grouped(count.equal), std::to_string(count.equal))}});
    output.grid(counts);
    if (!verification.rows.empty()) {
        output.text("");
        Grid rows{{{"table"},
                   {"id"},
                   {"record"},
                   {"difference", Align::left, Keep::always, Long::wrap},
                   {"changes"}}};
        RecordNames names(replica);
        for (const Verification::Row& row : verification.rows)
            rows.rows.push_back(
                {{row.record.table, Cell(short_id(row.record.id), row.record.id.text(), Style::faint),
                  names.name_of({row.record.table, row.record.id}), row.difference,
                  numbers_of(row.explained_by)}});
        output.grid(rows);
    }
    switch (verification.outcome) {
    case Verification::Outcome::equal:
        output.sentence("Equal: every record here is what the organization has.", Style::good);
        break;
    case Verification::Outcome::only_live_changes:
        output.sentence("They differ exactly by your changes that are not sent yet.", Style::warning);
        break;
    case Verification::Outcome::different:
        tell_different(output, verification);
        break;
    }
}

Result<ExitCode> run_verify(Invocation& invocation, const VerifyOptions&)
{
    auto opened = OnlineSession::open(invocation);
    if (!opened) return opened.error();
    OnlineSession& session = **opened;
    const auto verification = session.synchronizer().verify();
    session.progress().clear();
    if (!verification) return verification.error();
    Output output(invocation);
    output.json(document_of(*verification));
    if (output.form() != Form::json) tell(output, session.replica(), *verification);
    switch (verification->outcome) {
    case Verification::Outcome::equal:
        return ExitCode::done;
    case Verification::Outcome::only_live_changes:
        return ExitCode::needs_person;
    case Verification::Outcome::different:
        break;
    }
    return ExitCode::failed;
}

} // namespace

void add_verify(Command app, Invocation& invocation)
{
    Command command =
        app.command("verify", "Compare every record here with the organization.",
                    "hawser verify      exit 0 equal, 5 only unsent changes differ, 1 different");
    command.group(group::care);
    command.runs(invocation, std::make_shared<VerifyOptions>(), run_verify);
}

} // namespace hawser::cli
