#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/scope_words.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

struct ListOptions {};

struct ChoiceOptions {
    std::vector<std::string> tables;
};

std::vector<ScopeChoice>::iterator find_table(std::vector<ScopeChoice>& scopes, std::string_view table)
{
    return std::find_if(scopes.begin(), scopes.end(),
                        [&](const ScopeChoice& scope) { return scope.table == table; });
}

std::string filter_of(std::vector<ScopeChoice>& scopes, const std::string& table)
{
    const auto found = find_table(scopes, table);
    return found == scopes.end() ? std::string() : found->filter;
}

Result<ExitCode> tell_tables(const Invocation& invocation, const Replica& replica)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    auto chosen = replica.chosen();
    if (!chosen) return chosen.error();
    Grid grid{{{"table"},
               {"filter"},
               {"records", Align::right},
               {"pulled by"},
               {"as of"},
               {"why", Align::left, Keep::if_it_fits, Long::wrap}}};
    grid.none = "No table is chosen.";
    for (const TableStatus& table : status->tables) {
        const std::string filter = filter_of(*chosen, table.table);
        boost::json::object line = json_of(table);
        line["filter"] = filter;
        grid.rows.push_back(
            {{table.table, filter, Cell(grouped(table.records), std::to_string(table.records)),
              std::string(word_of(table.mode)),
              table.as_of ? local_time_text(*table.as_of) : std::string("never"),
              table.missing.empty() ? table.reason : table.missing},
             std::move(line)});
    }
    Output(invocation).grid(grid);
    return ExitCode::done;
}

/// Whether the organization takes the choice. Without a word from it the choice stands unchecked, and
/// the next cycle tells.
Result<bool> checked_there(const Invocation& invocation, Replica& replica,
                           const std::vector<ScopeChoice>& scopes)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    if (status->state == ConnectionState::offline_by_choice) return false;
    ProgressBar progress(invocation, system_clock());
    Synchronizer synchronizer(replica, synchronizer_options(invocation, &progress),
                              ports_for(replica.binding().token_command));
    const Result<void> known = synchronizer.connect();
    progress.clear();
    if (!known && known.error().kind == ErrorKind::offline) return false;
    if (!known) return known.error();
    // Once more, now that the columns are known.
    if (const auto fits = replica.choose(scopes); !fits) return fits.error();
    return true;
}

Result<ExitCode> run_list(Invocation& invocation, const ListOptions&)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    return tell_tables(invocation, *replica);
}

Result<ExitCode> run_add(Invocation& invocation, const ChoiceOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto former = replica->chosen();
    if (!former) return former.error();
    std::vector<ScopeChoice> scopes = *former;
    std::vector<std::string> names;
    for (const std::string& argument : options.tables) {
        const ScopeChoice added = parse_scope(argument);
        names.push_back(people_text(added));
        const auto present = find_table(scopes, added.table);
        if (present == scopes.end())
            scopes.push_back(added);
        else
            present->filter = added.filter;
    }
    if (const auto chosen = replica->choose(scopes); !chosen) return chosen.error();
    const auto checked = checked_there(invocation, *replica, scopes);
    if (!checked) {
        if (const auto back = replica->choose(*former); !back) return back.error();
        return checked.error();
    }
    Output output(invocation);
    output.json({{"added", boost::json::array(names.begin(), names.end())}, {"checked", *checked}});
    output.sentence(fmt::format("It will hold {} from the next sync on.", listed(names)), Style::good);
    if (!*checked)
        output.sentence("The organization could not be asked whether it has that; the next sync tells.",
                        Style::warning);
    return ExitCode::done;
}

Result<ExitCode> run_remove(Invocation& invocation, const ChoiceOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    auto scopes = replica->chosen();
    if (!scopes) return scopes.error();
    std::vector<std::string> known;
    for (const ScopeChoice& scope : *scopes) known.push_back(scope.table);
    for (const std::string& table : options.tables) {
        const auto found = find_table(*scopes, table);
        if (found == scopes->end())
            return usage_error(fmt::format("the table \"{}\" is not in this replica.{} It holds {}", table,
                                           did_you_mean(table, known), listed(known)));
        scopes->erase(found);
    }
    if (const auto chosen = replica->choose(*scopes); !chosen) return chosen.error();
    Output output(invocation);
    output.json({{"removed", boost::json::array(options.tables.begin(), options.tables.end())}});
    output.sentence(fmt::format("It no longer holds {}. Records with changes that wait stay until those are "
                                "settled; at the organization nothing changes.",
                                listed(options.tables)),
                    Style::good);
    return ExitCode::done;
}

} // namespace

void add_tables(Command app, Invocation& invocation)
{
    Command tables = app.command("tables", "Which tables this replica holds, and choose others.",
                                 "hawser tables\n"
                                 "hawser tables add annotation \"task:statecode eq 0\"\n"
                                 "hawser tables remove annotation");
    tables.group(group::synchronize);
    tables.runs(invocation, std::make_shared<ListOptions>(), run_list);
    const auto added = std::make_shared<ChoiceOptions>();
    Command add = tables.command("add", "Hold these tables too, or with another filter.",
                                 "hawser tables add annotation \"task:statecode eq 0\"");
    add.option("TABLE[:FILTER]", added->tables, "A table, with a filter after a colon").required();
    add.runs(invocation, added, run_add);
    const auto removed = std::make_shared<ChoiceOptions>();
    Command remove = tables.command("remove", "Hold these tables no longer. Nothing is deleted there.",
                                    "hawser tables remove annotation");
    remove.option("TABLE", removed->tables, "A table of this replica").required();
    remove.runs(invocation, removed, run_remove);
}

} // namespace hawser::cli
