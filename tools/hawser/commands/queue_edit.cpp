#include "tools/hawser/commands/queue_edit.h"

#include "tools/hawser/assignments.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/file_text.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"

#include <fmt/format.h>

#include <limits>

namespace hawser::cli {

namespace {

struct EditOptions {
    std::int64_t change = 0;
    std::vector<std::string> assignments;
};

Fields made_by(const Change& change)
{
    Fields fields;
    for (const ColumnEdit& edit : change.edits) fields[edit.column] = edit.after;
    return fields;
}

Result<ExitCode> run_edit(Invocation& invocation, const EditOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto former = replica->explain(options.change);
    if (!former) return former.error();
    const auto table = find_table(*replica, former->change.record.table);
    if (!table) return table.error();
    const Fields present = made_by(former->change);
    const AssignmentContext context{*table, present, record_resolver(*replica), system_clock()->now(),
                                    file_text};
    const auto columns = read_assignments(options.assignments, context);
    if (!columns) return columns.error();
    if (const auto edited = replica->edit(options.change, *columns); !edited) return edited.error();
    const auto now = replica->explain(options.change);
    if (!now) return now.error();
    RecordNames names(*replica);
    Output output(invocation);
    output.json(json_of(now->change));
    output.sentence(fmt::format("Change {} of {} now says: {}.", options.change,
                                names.name_of(now->change.record, now->change.record_name),
                                edits_text(now->change, &*table, 6)),
                    Style::good);
    output.sentence(now->change.state == ChangeState::held ? "It is held until it is released."
                                                           : "It is sent with the next sync.",
                    Style::faint);
    return ExitCode::done;
}

} // namespace

void add_queue_edit(Command queue, Invocation& invocation)
{
    const auto options = std::make_shared<EditOptions>();
    Command command =
        queue.command("edit", "Set the values of a waiting change right; a refused one is sent again.",
                      "hawser queue edit 3 telephone1=555-0100\nhawser queue edit 3 jobtitle=");
    command.option("CHANGE", options->change, "Its number, from hawser queue")
        .required()
        .between(1, std::numeric_limits<std::int64_t>::max());
    command.option("COLUMNS", options->assignments, "column=value …").required().type_name("k=v");
    command.add_to_help(assignments_help());
    command.runs(invocation, options, run_edit);
}

} // namespace hawser::cli
