#include "tools/hawser/face_json.h"

#include "base/time_text.h"
#include "tools/hawser/state_words.h"
#include "tools/hawser/value_text.h"

#include <boost/json/array.hpp>

namespace hawser::cli {

namespace {

namespace json = boost::json;

std::string_view word_of_kind(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::refuse:
        return "refuse";
    case ErrorKind::retry:
        return "retry";
    case ErrorKind::wait:
        return "wait";
    case ErrorKind::offline:
        return "offline";
    case ErrorKind::sign_in:
        return "sign_in";
    case ErrorKind::rebaseline:
        return "rebaseline";
    case ErrorKind::park:
        return "park";
    case ErrorKind::stop:
        return "stop";
    }
    return "";
}

json::object json_of_waiting(const Waiting& waiting)
{
    json::object object = json_of(waiting.record, waiting.record_name);
    object["change"] = waiting.change;
    object["reason"] = waiting.reason;
    object["next_attempt"] = json_of(waiting.next_attempt);
    return object;
}

} // namespace

json::value json_of(const std::optional<Instant>& instant)
{
    if (!instant || *instant == Instant{}) return nullptr;
    return json::value(to_text(*instant));
}

json::object json_of(const RecordKey& record, const std::string& name)
{
    return {{"table", record.table}, {"id", record.id.text()}, {"name", name}};
}

json::object json_of(const CycleReport& report)
{
    return {{"number", report.number},
            {"started", json_of(std::optional(report.started))},
            {"finished", json_of(std::optional(report.finished))},
            {"idle_repeats", report.idle_repeats},
            {"pulled", report.pulled},
            {"removed", report.removed},
            {"merged", report.merged},
            {"pushed", report.pushed},
            {"refused", report.refused},
            {"conflicts", report.conflicts},
            {"conflicts_moved", report.conflicts_moved},
            {"kept", report.kept},
            {"held", report.held},
            {"outcome", report.outcome}};
}

json::object json_of(const Change& change)
{
    json::object object = json_of(change.record, change.record_name);
    object["number"] = change.number;
    object["kind"] = word_of(change.kind);
    object["state"] = word_of(change.state);
    json::object columns;
    for (const ColumnEdit& edit : change.edits)
        columns[edit.column] = {{"before", json_of(edit.before)}, {"after", json_of(edit.after)}};
    object["columns"] = std::move(columns);
    object["group"] = change.group ? json::value(change.group->text()) : json::value(nullptr);
    object["origin"] = change.origin == Origin::user ? "user" : "mailbox";
    object["actor"] = change.actor;
    object["on_behalf_of"] = change.on_behalf_of;
    object["made_at"] = json_of(std::optional(change.made_at));
    object["attempts"] = change.attempts;
    object["next_attempt"] = json_of(change.next_attempt);
    object["reason"] = change.reason;
    object["waits_for"] = json::array(change.waits_for.begin(), change.waits_for.end());
    return object;
}

namespace {

json::array json_of_others(const std::vector<Dependency>& others)
{
    json::array array;
    for (const Dependency& other : others) {
        json::object object = json_of(other.record, other.record_name);
        object["number"] = other.change;
        object["state"] = word_of(other.state);
        object["why"] = other.why;
        array.push_back(std::move(object));
    }
    return array;
}

json::array json_of_attempts(const std::vector<Attempt>& attempts)
{
    json::array array;
    for (const Attempt& attempt : attempts) {
        json::array requests;
        for (const Guid& request : attempt.requests) requests.emplace_back(request.text());
        array.push_back({{"at", json_of(std::optional(attempt.at))},
                         {"requests", std::move(requests)},
                         {"outcome", attempt.outcome},
                         {"status", attempt.status},
                         {"words", attempt.words}});
    }
    return array;
}

json::value json_of_effect(const std::optional<NetEffect>& effect)
{
    if (!effect) return nullptr;
    json::object columns;
    for (const ColumnEdit& edit : effect->edits)
        columns[edit.column] = {{"before", json_of(edit.before)}, {"after", json_of(edit.after)}};
    return {{"kind", word_of(effect->kind)},
            {"changes", json::array(effect->changes.begin(), effect->changes.end())},
            {"columns", std::move(columns)}};
}

} // namespace

json::object json_of(const ChangeExplanation& explained)
{
    json::object object = json_of(explained.change);
    object["base"] = explained.base ? json_of(*explained.base) : json::value(nullptr);
    object["base_etag"] = explained.base_etag;
    object["conflict"] = explained.conflict ? json::value(explained.conflict->label) : json::value(nullptr);
    object["effect"] = json_of_effect(explained.effect);
    object["goes_with"] = json::array(explained.group.begin(), explained.group.end());
    object["behind"] = json_of_others(explained.waits_for);
    object["ahead_of"] = json_of_others(explained.waited_for_by);
    object["tried"] = json_of_attempts(explained.attempts);
    return object;
}

json::object json_of(const Conflict& conflict)
{
    json::object object = json_of(conflict.record, conflict.record_name);
    object["number"] = conflict.number;
    object["revision"] = conflict.revision;
    object["label"] = conflict.label;
    object["open"] = conflict.open;
    object["reason"] = conflict.reason;
    object["opened_at"] = json_of(std::optional(conflict.opened_at));
    object["resolution"] = conflict.resolution;
    json::object columns;
    for (const ContestedColumn& column : conflict.columns)
        columns[column.column] = {{"base", json_of(column.base)},
                                  {"mine", json_of(column.mine)},
                                  {"theirs", json_of(column.theirs)}};
    object["columns"] = std::move(columns);
    return object;
}

json::object json_of(const Decision& decision)
{
    json::object object = json_of(decision.record, decision.record_name);
    object["cycle"] = decision.cycle;
    object["at"] = json_of(std::optional(decision.at));
    object["rule"] = decision.rule;
    object["sentence"] = decision.sentence;
    return object;
}

json::object json_of(const Error& error)
{
    return {{"kind", word_of_kind(error.kind)}, {"code", error.code}, {"message", error.message}};
}

json::object json_of(const TableStatus& table)
{
    return {{"table", table.table},     {"mode", word_of(table.mode)}, {"reason", table.reason},
            {"records", table.records}, {"complete", table.complete},  {"as_of", json_of(table.as_of)},
            {"refused", table.refused}, {"missing", table.missing}};
}

json::object json_of(const Status& status)
{
    json::object object{{"state", to_text(status.state)},
                        {"state_reason", status.state_reason},
                        {"state_since", json_of(std::optional(status.state_since))},
                        {"pending", status.pending},
                        {"pending_records", status.pending_records},
                        {"parked", status.parked},
                        {"held", status.held},
                        {"conflicts", status.conflicts},
                        {"deletions_wait", status.deletions_wait},
                        {"oldest_pending", json_of(status.oldest_pending)},
                        {"next_attempt", json_of(status.next_attempt)},
                        {"offline_since", json_of(status.offline_since)},
                        {"engine", status.engine}};
    object["last_cycle"] =
        status.last_cycle ? json::value(json_of(*status.last_cycle)) : json::value(nullptr);
    object["last_error"] =
        status.last_error ? json::value(json_of(*status.last_error)) : json::value(nullptr);
    json::array tables;
    for (const TableStatus& table : status.tables) tables.push_back(json_of(table));
    object["tables"] = std::move(tables);
    json::array waiting;
    for (const Waiting& entry : status.waiting) waiting.push_back(json_of_waiting(entry));
    object["waiting"] = std::move(waiting);
    return object;
}

} // namespace hawser::cli
