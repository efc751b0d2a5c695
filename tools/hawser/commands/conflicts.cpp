#include "tools/hawser/assignments.h"
#include "tools/hawser/command_words.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/conflict_view.h"
#include "tools/hawser/cycle_result.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/session.h"
#include "tools/hawser/value_text.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {

namespace {

struct ConflictsOptions {
    std::string which;
    bool all = false;
    bool html = false;
};

struct ResolveOptions {
    std::string which;
    bool all = false;
    std::string table;
    std::vector<std::string> columns;
    bool yes = false;
    bool mine = false;
    bool theirs = false;
    std::vector<std::string> assignments;
};

Grid side_by_side(const Replica& replica, const std::vector<Conflict>& conflicts)
{
    Grid grid{{{"conflict", Align::right},
               {"record"},
               {"column"},
               {"base", Align::left, Keep::if_it_fits},
               {"mine", Align::left, Keep::always, Long::wrap},
               {"theirs", Align::left, Keep::always, Long::wrap},
               {"resolution", Align::left, Keep::if_it_fits}}};
    grid.none = "No conflict is open.";
    RecordNames names(replica);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    for (const Conflict& conflict : conflicts) {
        const auto table = replica.table(conflict.record.table);
        for (const ContestedColumn& contested : conflict.columns) {
            const Column* column = table ? table->column(contested.column) : nullptr;
            const auto cell = [&](const Value& value, Style style) {
                const std::string text = people_text(column, value, name_of);
                return Cell(text.empty() ? "(empty)" : text, exact_text(value, name_of), style);
            };
            grid.rows.push_back(
                {{conflict.label, names.name_of(conflict.record, conflict.record_name), contested.column,
                  cell(contested.base, Style::faint), cell(contested.mine, Style::good),
                  cell(contested.theirs, Style::warning), conflict.open ? "" : conflict.resolution}});
        }
    }
    return grid;
}

/// One that is open, or all.
Result<std::vector<Conflict>> shown_conflicts(const Replica& replica, const ConflictsOptions& options)
{
    if (options.which.empty()) return replica.conflicts(options.all);
    auto named = find_open_conflict(replica, options.which);
    if (!named) return named.error();
    return std::vector<Conflict>{std::move(named->conflict)};
}

/// One below the other, with each word that differs marked: by its colour, or as git does where there is none.
std::string in_full(const Output& output, const ConflictView& view)
{
    const bool color = output.is_colored();
    return text_of(
        view,
        [&](const std::string& text) { return color ? output.styled(text, Style::bad) : "[-" + text + "-]"; },
        [&](const std::string& text) {
            return color ? output.styled(text, Style::good) : "{+" + text + "+}";
        });
}

Result<ExitCode> run_conflicts(Invocation& invocation, const ConflictsOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto conflicts = shown_conflicts(*replica, options);
    if (!conflicts) return conflicts.error();
    const bool open = std::ranges::any_of(*conflicts, [](const Conflict& conflict) { return conflict.open; });
    Output output(invocation);
    if (output.form() == Form::json) {
        boost::json::array documents;
        for (const Conflict& conflict : *conflicts) documents.push_back(json_of(conflict));
        output.json(documents);
    } else if (options.html) {
        std::vector<ConflictView> views;
        for (const Conflict& conflict : *conflicts) views.push_back(view_of(*replica, conflict));
        output.painted(page_of(views));
    } else if (!options.which.empty()) {
        const Conflict& conflict = conflicts->front();
        output.painted(in_full(output, view_of(*replica, conflict)));
        output.sentence(
            fmt::format("Choose with: hawser resolve {} --mine, --theirs or column=value", conflict.label));
    } else {
        output.grid(side_by_side(*replica, *conflicts));
        if (open) output.sentence("Choose with: hawser resolve CONFLICT --mine, --theirs or column=value");
    }
    return open ? ExitCode::needs_person : ExitCode::done;
}

/// The same choice about what is shown now.
std::string again(const Invocation& invocation, const ResolveOptions& options, const Conflict& conflict)
{
    std::string command = "hawser";
    if (!invocation.replica.empty()) command += " --replica " + shell_word(invocation.replica);
    command += " resolve " + conflict.label;
    if (options.mine) command += " --mine";
    if (options.theirs) command += " --theirs";
    for (const std::string& assignment : options.assignments) command += " " + shell_word(assignment);
    return command;
}

/// What the person chose between is not what stands there now: shows that, and changes nothing.
Error refuse_moved(const Invocation& invocation, const Replica& replica, const ResolveOptions& options,
                   const Conflict& conflict, std::int64_t seen)
{
    Output output(invocation);
    boost::json::object document = json_of(conflict);
    document["resolved"] = false;
    if (output.form() == Form::json)
        output.json(document);
    else
        output.grid(side_by_side(replica, {conflict}));
    return Error{
        ErrorKind::refuse, "store.conflict_moved",
        fmt::format("conflict {} has changed since its revision {}; nothing was decided. To choose the "
                    "same for what it is now: {}",
                    conflict.number, seen, again(invocation, options, conflict))};
}

Result<Resolution> read_resolution(const Replica& replica, const ResolveOptions& options,
                                   const Conflict& conflict)
{
    Resolution resolution;
    resolution.side = options.mine ? Resolution::Side::mine : Resolution::Side::theirs;
    if (!options.assignments.empty()) {
        const auto table = replica.table(conflict.record.table);
        if (!table) return table.error();
        Fields present;
        for (const ContestedColumn& column : conflict.columns) present[column.column] = column.mine;
        const AssignmentContext context{*table, present, record_resolver(replica), system_clock()->now(),
                                        [](const std::string& path) -> Result<std::string> {
                                            return usage_error("resolve takes no file: " + path);
                                        }};
        auto chosen = read_assignments(options.assignments, context);
        if (!chosen) return chosen.error();
        resolution.chosen = *std::move(chosen);
        for (const ContestedColumn& column : conflict.columns)
            if (!options.mine && !options.theirs && !resolution.chosen.contains(column.column))
                return usage_error(fmt::format(
                    "{} is contested too; give it a value, or add --mine or --theirs", column.column));
    }
    for (const ContestedColumn& column : conflict.columns) resolution.seen[column.column] = column.theirs;
    return resolution;
}

/// Of those that are open, the ones that a rule for many is about: of the table, and about no other columns.
Result<std::vector<Conflict>> chosen_conflicts(const Replica& replica, const ResolveOptions& options)
{
    std::string table;
    if (!options.table.empty()) {
        const auto known = find_table(replica, options.table);
        if (!known) return known.error();
        table = known->name;
    }
    auto conflicts = replica.conflicts();
    if (!conflicts) return conflicts.error();
    const auto is_meant = [&](const ContestedColumn& contested) {
        return options.columns.empty() ||
               std::ranges::find(options.columns, contested.column) != options.columns.end();
    };
    std::erase_if(*conflicts, [&](const Conflict& conflict) {
        return (!table.empty() && conflict.record.table != table) ||
               !std::ranges::all_of(conflict.columns, is_meant);
    });
    return conflicts;
}

/// Decides about what was shown a moment ago; one that moved since stays open, and is said.
Result<ExitCode> resolve_many(Invocation& invocation, Replica& replica, const ResolveOptions& options)
{
    const auto conflicts = chosen_conflicts(replica, options);
    if (!conflicts) return conflicts.error();
    Output output(invocation);
    if (!options.yes && !conflicts->empty()) {
        if (output.form() != Form::json) output.grid(side_by_side(replica, *conflicts));
        const auto agreed = ask(fmt::format("Settle {} with {}?", count_of(conflicts->size(), "conflict"),
                                            options.mine ? "mine" : "theirs"));
        if (!agreed) return usage_error("there is nobody to ask; settle them with -y");
        if (!*agreed) {
            remark(invocation, "Nothing was decided.");
            return ExitCode::needs_person;
        }
    }
    std::size_t settled = 0;
    boost::json::array documents;
    for (const Conflict& conflict : *conflicts) {
        const auto resolution = read_resolution(replica, options, conflict);
        if (!resolution) return resolution.error();
        const auto done = replica.resolve(conflict.number, *resolution);
        documents.push_back({{"conflict", conflict.number}, {"resolved", static_cast<bool>(done)}});
        if (done)
            ++settled;
        else
            remark(invocation,
                   fmt::format("Conflict {} stays open: {}", conflict.label, done.error().message));
    }
    output.json(documents);
    output.sentence(fmt::format("{} settled here; the next sync tells the server.",
                                count_of(settled, "conflict is", "conflicts are")),
                    Style::good);
    return exit_code_for_waiting(replica);
}

Result<ExitCode> run_resolve(Invocation& invocation, const ResolveOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    if (options.all != options.which.empty())
        return usage_error("name one conflict, or settle --all of them");
    if (options.all && options.mine == options.theirs)
        return usage_error("say what counts: --mine or --theirs");
    if (options.all && !options.assignments.empty())
        return usage_error("values are for one conflict, not for --all");
    if (options.all) return resolve_many(invocation, *replica, options);
    const auto named = find_open_conflict(*replica, options.which);
    if (!named) return named.error();
    const Conflict& conflict = named->conflict;
    if (!options.mine && !options.theirs && options.assignments.empty())
        return usage_error("say what counts: --mine, --theirs or column=value");
    if (named->revision != conflict.revision)
        return refuse_moved(invocation, *replica, options, conflict, named->revision);
    const auto resolution = read_resolution(*replica, options, conflict);
    if (!resolution) return resolution.error();
    if (const auto done = replica->resolve(conflict.number, *resolution); !done) return done.error();
    RecordNames names(*replica);
    Output output(invocation);
    output.json({{"conflict", conflict.number}, {"resolved", true}});
    output.sentence(fmt::format("Conflict {} of {} is settled here; the next sync tells the server.",
                                conflict.label, names.name_of(conflict.record, conflict.record_name)),
                    Style::good);
    return exit_code_for_waiting(*replica);
}

} // namespace

void add_conflicts(Command app, Invocation& invocation)
{
    const auto listing = std::make_shared<ConflictsOptions>();
    Command conflicts =
        app.command("conflicts", "What both sides changed differently, side by side.",
                    "hawser conflicts\nhawser conflicts 3        one in full, with each word that differs\n"
                    "hawser conflicts --all    settled ones too");
    conflicts.group(group::explain);
    Option which = conflicts.option("CONFLICT", listing->which,
                                    "One in full: its number, or the beginning of its record's id");
    conflicts.flag("--all", listing->all, "Also the settled ones").excludes(which);
    conflicts.flag("--html", listing->html, "A page to look at");
    conflicts.runs(invocation, listing, run_conflicts);

    const auto options = std::make_shared<ResolveOptions>();
    Command resolve = app.command("resolve", "Settle a conflict.",
                                  "hawser resolve 3 --mine\nhawser resolve 3.2 jobtitle=\"Head of Sales\"\n"
                                  "hawser resolve --all --theirs --table contact --column jobtitle");
    resolve.group(group::explain);
    resolve.option("CONFLICT", options->which,
                   "Its number as hawser conflicts shows it (3, or 3.2 once it changed), or the record's id");
    resolve.flag("--all", options->all, "All open ones; they are shown first");
    resolve.option("--table", options->table, "With --all: only of this table").type_name("TABLE");
    resolve
        .option("--column", options->columns, "With --all: only those about this column; may be given often")
        .type_name("COLUMN")
        .may_repeat();
    resolve.flag("-y,--yes", options->yes, "Do not ask");
    Option mine = resolve.flag("--mine", options->mine, "What you wrote counts");
    resolve.flag("--theirs", options->theirs, "What the server has counts").excludes(mine);
    resolve.option("COLUMNS", options->assignments, "column=value …: neither, but this").type_name("k=v");
    resolve.runs(invocation, options, run_resolve);
}

} // namespace hawser::cli
