#include "tools/hawser/support_report.h"

#include "hawser/synchronizer.h"
#include "tools/hawser/face_json.h"
#include "tools/hawser/state_words.h"

#include <boost/json.hpp>

#include <sys/utsname.h>

namespace hawser::cli {

namespace json = boost::json;

namespace {

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
            {"deletions_wait", status.deletions_wait},
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

} // namespace

Result<json::object> support_report(const Replica& replica, std::string_view version)
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
    return json::object{{"hawser", version},
                        {"machine", machine()},
                        {"sound", findings && findings->empty()},
                        {"status", status_part(*status)},
                        {"cycles", std::move(past)},
                        {"queue", queue_part(*queue)}};
}

std::string report_text(const json::object& report)
{
    std::string text = "{";
    for (const auto& member : report) {
        text += (text.size() == 1 ? "\n" : ",\n") + json::serialize(json::string(member.key())) + ": ";
        const json::array* list = member.value().if_array();
        if (!list || list->empty()) {
            text += json::serialize(member.value());
            continue;
        }
        text += "[";
        for (const json::value& entry : *list)
            text += (&entry == list->data() ? "\n  " : ",\n  ") + json::serialize(entry);
        text += "\n]";
    }
    return text + "\n}\n";
}

} // namespace hawser::cli
