#include "tools/hawser/commands/change_choice.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/commands/queue_carry.h"
#include "tools/hawser/commands/queue_edit.h"
#include "tools/hawser/commands/queue_show.h"
#include "tools/hawser/commands/queue_verbs.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/html_text.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/output.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/remedies.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <map>

namespace hawser::cli {

namespace {

struct QueueOptions {
    ChangeChoice choice;
    std::size_t limit = 1000;
    bool html = false;
};

Style style_of(ChangeState state)
{
    if (state == ChangeState::parked || state == ChangeState::contested) return Style::bad;
    return state == ChangeState::held ? Style::warning : Style::plain;
}

Row row_of(const Change& change, const Table* table, RecordNames& names)
{
    std::string why = change.reason;
    if (why.empty() && !change.waits_for.empty())
        why = fmt::format("after change {}", change.waits_for.front());
    Row row;
    row.cells = {Cell(std::to_string(change.number)),
                 Cell(std::string(word_of(change.kind))),
                 Cell(change.record.table),
                 Cell(short_id(change.record.id), change.record.id.text(), Style::faint),
                 Cell(names.name_of(change.record, change.record_name)),
                 Cell(std::string(word_of(change.state)), style_of(change.state)),
                 Cell(change.kind == ChangeKind::erase ? std::string() : edits_text(change, table, 3)),
                 Cell(why),
                 Cell(local_time_text(change.made_at))};
    boost::json::object document = json_of(change);
    const auto remedies = remedies_of(change);
    document["remedies"] = boost::json::array(remedies.begin(), remedies.end());
    row.json = std::move(document);
    return row;
}

Result<ExitCode> show_page(Output& output, const Replica& replica, const Status& status, const Grid& grid)
{
    std::string page =
        html_page("Queue", {}) + fmt::format("<h1>Queue</h1><p>{}</p>\n", in_html(replica.path().string()));
    for (const std::string& sentence : waiting_sentences(status, system_clock()->now()))
        page += fmt::format("<p>{}</p>\n", in_html(sentence));
    const auto remedies = remedy_sentences(replica);
    if (!remedies) return remedies.error();
    for (const std::string& sentence : *remedies) page += fmt::format("<p>{}</p>\n", in_html(sentence));
    output.painted(page + html_table(grid) + "</html>\n");
    return needs_person(status) ? ExitCode::needs_person : ExitCode::done;
}

Result<ExitCode> run_queue(Invocation& invocation, const QueueOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    auto filter = filter_of(*replica, options.choice);
    if (!filter) return filter.error();
    filter->limit = options.limit;
    const auto changes = replica->queue(*filter);
    if (!changes) return changes.error();
    const auto status = Synchronizer::status(*replica);
    if (!status) return status.error();

    Grid grid{{{"change", Align::right},
               {"kind"},
               {"table"},
               {"id"},
               {"record"},
               {"state"},
               {"columns", Align::left, Keep::always, Long::wrap},
               {"why it waits", Align::left, Keep::if_it_fits, Long::wrap},
               {"made", Align::left, Keep::if_it_fits}}};
    grid.none = options.choice.is_open() ? "The queue is empty: everything you changed is on the server."
                                         : "No change is like that.";
    RecordNames names(*replica);
    std::map<std::string, Table> tables;
    for (Table& table : replica->tables()) tables.emplace(table.name, table);
    for (const Change& change : *changes) {
        const auto table = tables.find(change.record.table);
        grid.rows.push_back(row_of(change, table == tables.end() ? nullptr : &table->second, names));
    }
    Output output(invocation);
    if (options.html && output.form() != Form::json) return show_page(output, *replica, *status, grid);
    output.grid(grid);
    for (const std::string& sentence : waiting_sentences(*status, system_clock()->now()))
        output.sentence(sentence, needs_person(*status) ? Style::warning : Style::plain);
    const auto remedies = remedy_sentences(*replica);
    if (!remedies) return remedies.error();
    for (const std::string& sentence : *remedies) output.sentence(sentence);
    return needs_person(*status) ? ExitCode::needs_person : ExitCode::done;
}

} // namespace

void add_queue(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<QueueOptions>();
    Command command =
        app.command("queue", "The changes that are not settled yet, oldest first.",
                    "hawser queue\nhawser queue --table contact --state parked --older-than 2h\n"
                    "hawser queue show 3       all that is known of one change\n"
                    "hawser queue retry 3      undo, retry, discard, hold or release a change");
    command.group(group::explain);
    add_choice(command, options->choice);
    command.option("--limit", options->limit, "How many at most (1000)").between(1, 100'000);
    command.flag("--html", options->html, "A page to look at");
    command.runs(invocation, options, run_queue);
    add_queue_show(command, invocation);
    add_queue_edit(command, invocation);
    add_queue_verbs(command, invocation);
    add_queue_carry(command, invocation);
}

} // namespace hawser::cli
