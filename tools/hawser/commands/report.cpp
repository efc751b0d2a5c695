#include "tools/hawser/commands/commands.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/output.h"
#include "tools/hawser/session.h"
#include "tools/hawser/state_words.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace hawser::cli {

namespace {

namespace json = boost::json;

struct ReportOptions {
    std::string file;
};

// What support needs and nothing that tells of a person: no names, addresses, ids, values or
// messages of the organization; of an error only its code.

json::object machine()
{
    utsname system{};
    if (uname(&system) != 0) return {};
    return {{"system", system.sysname}, {"release", system.release}, {"machine", system.machine}};
}

json::object without_words(const CycleReport& report)
{
    json::object object = json_of(report);
    object["outcome"] = report.outcome == "done" ? "done" : "stopped";
    return object;
}

json::object status_part(const Status& status)
{
    json::array tables;
    for (const TableStatus& table : status.tables)
        tables.push_back({{"table", table.table},
                          {"mode", word_of(table.mode)},
                          {"records", table.records},
                          {"complete", table.complete},
                          {"as_of", json_of(table.as_of)}});
    return {{"state", to_text(status.state)},
            {"since", json_of(std::optional(status.state_since))},
            {"pending", status.pending},
            {"parked", status.parked},
            {"held", status.held},
            {"conflicts", status.conflicts},
            {"oldest_pending", json_of(status.oldest_pending)},
            {"next_attempt", json_of(status.next_attempt)},
            {"last_error", status.last_error ? json::value(status.last_error->code) : json::value(nullptr)},
            {"engine_runs", !status.engine.empty()},
            {"tables", std::move(tables)}};
}

json::array queue_part(const std::vector<Change>& changes)
{
    json::array queue;
    for (const Change& change : changes) {
        json::array columns;
        for (const ColumnEdit& edit : change.edits) columns.push_back(json::string(edit.column));
        queue.push_back({{"number", change.number},
                         {"table", change.record.table},
                         {"kind", word_of(change.kind)},
                         {"state", word_of(change.state)},
                         {"made_at", json_of(std::optional(change.made_at))},
                         {"attempts", change.attempts},
                         {"columns", std::move(columns)},
                         {"waits_for", json::array(change.waits_for.begin(), change.waits_for.end())}});
    }
    return queue;
}

Result<json::object> report_of(const Replica& replica)
{
    const auto status = Synchronizer::status(replica);
    if (!status) return status.error();
    const auto cycles = replica.cycles(50);
    if (!cycles) return cycles.error();
    const auto queue = replica.queue();
    if (!queue) return queue.error();
    const auto findings = replica.check();
    json::array past;
    for (const CycleReport& report : *cycles) past.push_back(without_words(report));
    return json::object{{"hawser", HAWSER_VERSION},
                        {"machine", machine()},
                        {"sound", findings && findings->empty()},
                        {"status", status_part(*status)},
                        {"cycles", std::move(past)},
                        {"queue", queue_part(*queue)}};
}

Result<void> write_owner_only(const std::string& path, const std::string& text)
{
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const auto failed = [&] {
        return Error{ErrorKind::refuse, "cli.not_written",
                     fmt::format("the file {} cannot be written: {}", path, std::strerror(errno))};
    };
    if (file < 0) return failed();
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t written = ::write(file, rest.data(), rest.size());
        if (written < 0) {
            const Error error = failed();
            ::close(file);
            return error;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::close(file) != 0) return failed();
    return {};
}

Result<ExitCode> run_report(Invocation& invocation, const ReportOptions& options)
{
    const auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto report = report_of(*replica);
    if (!report) return report.error();
    if (const auto written = write_owner_only(options.file, json::serialize(*report) + "\n"); !written)
        return written.error();
    Output output(invocation);
    output.json({{"file", options.file}});
    output.sentence(
        fmt::format("Wrote {}. It holds versions, counts, states, times and error codes; no names, "
                    "addresses, ids, values or tokens. Read it before you send it.",
                    options.file));
    return ExitCode::done;
}

} // namespace

void add_report(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<ReportOptions>();
    Command command = app.command("report", "Write one file for support, with nothing personal in it.",
                                  "hawser report trouble.json");
    command.group(group::care);
    command.option("FILE", options->file, "The new file").required();
    command.runs(invocation, options, run_report);
}

} // namespace hawser::cli
