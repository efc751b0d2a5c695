#include "hawser/typed.h"
#include "tools/hawser/assignments.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/file_text.h"
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

namespace hawser::cli {

namespace {

struct WriteOptions {
    std::string table;
    std::string id;
    std::vector<std::string> assignments;
    bool dry_run = false;
    bool yes = false;
};

void tell(const Invocation& invocation, const Replica& replica, const RecordKey& record, ChangeKind kind,
          const Table& table, const Fields& before, const Fields& columns, bool dry_run)
{
    Output output(invocation);
    output.json({{"table", record.table},
                 {"id", record.id.text()},
                 {"kind", word_of(kind)},
                 {"dry_run", dry_run},
                 {"columns", json_of(columns)}});
    Change change;
    change.kind = kind;
    for (const auto& [column, after] : columns) {
        const auto found = before.find(column);
        change.edits.push_back({column, found == before.end() ? Value{} : found->second, after});
    }
    const std::string edits = edits_text(change, &table, 6);
    output.sentence(fmt::format("{} {} {}{}{}.", dry_run ? "Would" : "Saved here:", word_of(kind), table.name,
                                dry_run && record.id.is_nil() ? "" : " " + short_id(record.id),
                                edits.empty() ? "" : ": " + edits));
    if (dry_run) return;
    const auto status = Synchronizer::status(replica);
    const bool by_choice = status && status->state == ConnectionState::offline_by_choice;
    output.sentence(by_choice ? "It is sent when you go online." : "It is sent with the next sync.",
                    Style::faint);
}

Result<ExitCode> save(Invocation& invocation, Replica& replica, const Table& table, Edit edit,
                      const Fields& before, bool dry_run)
{
    if (!dry_run) {
        const auto written = replica.write({edit});
        if (!written) return with_remedy(replica, written.error(), edit.record);
        edit.record = written->front();
    }
    tell(invocation, replica, edit.record, edit.kind, table, before, edit.columns, dry_run);
    return ExitCode::done;
}

Result<Fields> columns_of(const Replica& replica, const Table& table, const Fields& present,
                          const WriteOptions& options)
{
    const AssignmentContext context{table, present, record_resolver(replica), system_clock()->now(),
                                    file_text};
    return read_assignments(options.assignments, context);
}

Result<ExitCode> run_create(Invocation& invocation, const WriteOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto table = find_table(*replica, options.table);
    if (!table) return table.error();
    const auto columns = columns_of(*replica, *table, {}, options);
    if (!columns) return columns.error();
    return save(invocation, *replica, *table, {ChangeKind::create, {table->name, {}}, *columns}, {},
                options.dry_run);
}

Result<ExitCode> run_set(Invocation& invocation, const WriteOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto table = find_table(*replica, options.table);
    if (!table) return table.error();
    const auto key = find_record(*replica, *table, options.id);
    if (!key) return key.error();
    const auto record = replica->get(*key);
    if (!record) return with_remedy(*replica, record.error(), *key);
    const auto columns = columns_of(*replica, *table, record->columns, options);
    if (!columns) return columns.error();
    return save(invocation, *replica, *table, {ChangeKind::update, *key, *columns}, record->columns,
                options.dry_run);
}

/// The replica refuses it too; said before anybody is asked, and in the words of the lists.
Result<void> refuse_disputed(const Replica& replica, const Table& table, const RecordKey& record)
{
    const auto conflicts = replica.conflicts();
    if (!conflicts) return conflicts.error();
    const auto found = std::ranges::find(*conflicts, record, &Conflict::record);
    if (found == conflicts->end()) return {};
    RecordNames names(replica);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    std::vector<std::string> sides;
    for (const ContestedColumn& contested : found->columns) {
        const std::string theirs = people_text(table.column(contested.column), contested.theirs, name_of);
        sides.push_back(contested.column + " is " + (theirs.empty() ? "(empty)" : theirs));
    }
    return Error{ErrorKind::refuse, "store.conflict_open",
                 fmt::format("{} is in conflict {}, which is open: on the server {}. Decide it first with "
                             "hawser resolve {}, then delete; hawser conflicts shows both sides",
                             names.name_of(record, found->record_name), found->label, listed(sides),
                             found->label)};
}

Result<ExitCode> run_delete(Invocation& invocation, const WriteOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto table = find_table(*replica, options.table);
    if (!table) return table.error();
    const auto key = find_record(*replica, *table, options.id);
    if (!key) return key.error();
    const auto record = replica->get(*key);
    if (!record) return with_remedy(*replica, record.error(), *key);
    if (const auto fine = refuse_disputed(*replica, *table, *key); !fine) return fine.error();
    if (!options.yes && !options.dry_run) {
        RecordNames names(*replica);
        const std::string question =
            fmt::format("Delete the {} {}, here now and on the server with the next sync?", table->name,
                        names.name_of({key->table, key->id}));
        const auto agreed = ask(question);
        if (!agreed) return usage_error("there is nobody to ask; delete with --yes");
        if (!*agreed) {
            remark(invocation, "Nothing was deleted.");
            return ExitCode::done;
        }
    }
    return save(invocation, *replica, *table, {ChangeKind::erase, *key, {}}, record->columns,
                options.dry_run);
}

Command add_writer(Command app, const std::string& name, const std::string& description,
                   std::string_view examples, const std::shared_ptr<WriteOptions>& options)
{
    Command command = app.command(name, description, examples);
    command.group(group::records);
    command.option("TABLE", options->table, "The table").required();
    command.flag("-n,--dry-run", options->dry_run, "Check everything and write nothing");
    return command;
}

void add_assignments(Command command, const std::shared_ptr<WriteOptions>& options)
{
    command.option("COLUMNS", options->assignments, "column=value …").required().type_name("k=v");
    command.add_to_help(assignments_help());
}

} // namespace

void add_write(Command app, Invocation& invocation)
{
    const auto creating = std::make_shared<WriteOptions>();
    Command create =
        add_writer(app, "create", "Make a record, here at once and on the server with the next sync.",
                   "hawser create contact firstname=Ada lastname=Lovelace "
                   "parentcustomerid=account:49516f4a",
                   creating);
    add_assignments(create, creating);
    create.runs(invocation, creating, run_create);

    const auto setting = std::make_shared<WriteOptions>();
    Command set = add_writer(app, "set", "Change columns of a record.",
                             "hawser set contact 49516f4a jobtitle=\"Head of Sales\" mobilephone=\n"
                             "hawser set appointment 8c0e683f required+=ada@example.com",
                             setting);
    set.option("ID", setting->id, "The id, or its first digits").required();
    add_assignments(set, setting);
    set.runs(invocation, setting, run_set);

    const auto deleting = std::make_shared<WriteOptions>();
    Command erase = add_writer(app, "delete", "Delete a record.", "hawser delete lead 808b85f3", deleting);
    erase.option("ID", deleting->id, "The id, or its first digits").required();
    erase.flag("-y,--yes", deleting->yes, "Do not ask");
    erase.runs(invocation, deleting, run_delete);
}

} // namespace hawser::cli
