#include "engine/carry/journal_lines.h"

#include "base/time_text.h"
#include "engine/carry/redaction.h"
#include "localstore/fields_json.h"
#include "localstore/table_json.h"

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::carry {

namespace {

namespace json = boost::json;

json::object fields_line(const Fields& fields, Contents contents)
{
    const std::string text =
        localstore::encode_fields(contents == Contents::redacted ? redacted(fields) : fields);
    return json::parse(text).as_object();
}

json::value value_line(const std::string& column, const Value& value, Contents contents)
{
    return fields_line({{column, value}}, contents);
}

json::object key_line(const RecordKey& key)
{
    return {{"table", key.table}, {"id", key.id.text()}};
}

json::array names(const std::vector<std::string>& all)
{
    return json::array(all.begin(), all.end());
}

void put_unless_empty(json::object& line, std::string_view name, const std::string& text)
{
    if (!text.empty()) line[{name.data(), name.size()}] = text;
}

std::string_view word_of(localstore::Remote remote)
{
    switch (remote) {
    case localstore::Remote::never:
        return "never";
    case localstore::Remote::present:
        return "present";
    case localstore::Remote::deleted:
        return "deleted";
    }
    return "present";
}

std::string_view word_of(localstore::StepState state)
{
    switch (state) {
    case localstore::StepState::waiting:
        return "waiting";
    case localstore::StepState::sent:
        return "sent";
    case localstore::StepState::answered:
        return "answered";
    case localstore::StepState::unknown:
        return "unknown";
    }
    return "unknown";
}

json::object step_line(const localstore::IntentStep& step, Contents contents)
{
    json::object line = key_line(step.key);
    line["kind"] = localstore::to_text(step.kind);
    line["method"] = step.method;
    line["path"] = step.path;
    put_unless_empty(line, "condition", step.condition);
    put_unless_empty(line, "content_id", step.content_id);
    if (contents == Contents::whole) put_unless_empty(line, "body", step.body);
    line["sent"] = fields_line(step.sent, contents);
    line["state"] = word_of(step.state);
    if (step.status != 0) line["status"] = step.status;
    put_unless_empty(line, "etag", step.etag);
    if (contents == Contents::whole) put_unless_empty(line, "answer", step.answer);
    return line;
}

json::object covered_line(const localstore::Covered& covered)
{
    json::object line{{"number", covered.sequence.value}, {"columns", names(covered.columns)}};
    if (covered.none) line["none"] = true;
    return line;
}

} // namespace

json::object line_of(const localstore::KnownTable& table)
{
    return {{"table", json::parse(localstore::encode_table(table.table))}};
}

json::object line_of(const localstore::RecordState& state, Contents contents)
{
    json::object line = key_line(state.key);
    if (state.shadow) {
        line["organization"] = word_of(state.shadow->remote);
        put_unless_empty(line, "etag", state.shadow->etag);
        line["fields"] = fields_line(state.shadow->fields, contents);
    } else if (state.local) {
        line["organization"] = word_of(localstore::Remote::present);
        line["etag"] = state.etag;
        line["fields"] = fields_line(*state.local, contents);
    } else {
        line["organization"] = word_of(localstore::Remote::deleted);
        line["fields"] = json::object();
    }
    if (state.partial) line["partial"] = true;
    return {{"record", std::move(line)}};
}

json::object line_of(const localstore::Change& change, const localstore::ChangeIdentity& identity,
                     Contents contents)
{
    const auto words = [&](const std::string& text) {
        if (contents == Contents::whole) return text;
        return without_quotes(without_quotes(text, change.before), change.after);
    };
    json::object line = key_line(change.key);
    line["number"] = change.sequence.value;
    line["made_as"] = {{"instance", identity.instance.text()}, {"number", identity.number.value}};
    line["kind"] = localstore::to_text(change.kind);
    line["state"] = localstore::to_text(change.state);
    line["before"] = fields_line(change.before, contents);
    line["after"] = fields_line(change.after, contents);
    if (!change.settled.empty()) line["settled"] = names(change.settled);
    if (change.group.value != 0) line["group"] = change.group.value;
    line["origin"] = localstore::to_text(change.origin);
    if (contents == Contents::whole) {
        put_unless_empty(line, "actor", change.actor);
        put_unless_empty(line, "on_behalf_of", change.on_behalf_of);
    }
    line["made_at"] = to_text(change.made_at);
    if (change.attempts != 0) line["attempts"] = change.attempts;
    put_unless_empty(line, "last_error", words(change.last_error));
    put_unless_empty(line, "waits_for", words(change.waits_for));
    if (change.next_attempt) line["next_attempt"] = to_text(*change.next_attempt);
    return {{"change", std::move(line)}};
}

json::object line_of(const localstore::Conflict& conflict, Contents contents)
{
    json::object line = key_line(conflict.key);
    line["number"] = conflict.number.value;
    line["revision"] = conflict.revision;
    line["reason"] = localstore::to_text(conflict.reason);
    Fields quoted;
    json::array columns;
    for (const localstore::ConflictColumn& column : conflict.columns) {
        columns.push_back({{"column", column.column},
                           {"base", value_line(column.column, column.base, contents)},
                           {"mine", value_line(column.column, column.mine, contents)},
                           {"theirs", value_line(column.column, column.theirs, contents)}});
        quoted.emplace(column.column + " base", column.base);
        quoted.emplace(column.column + " mine", column.mine);
        quoted.emplace(column.column + " theirs", column.theirs);
    }
    line["sentence"] =
        contents == Contents::whole ? conflict.sentence : without_quotes(conflict.sentence, quoted);
    line["columns"] = std::move(columns);
    line["opened_at"] = to_text(conflict.opened_at);
    return {{"conflict", std::move(line)}};
}

json::object line_of(const localstore::Intent& intent, Contents contents)
{
    json::object line{{"id", intent.id.text()},
                      {"one_change_set", intent.atomicity == localstore::Atomicity::one_change_set},
                      {"mailbox", intent.destination == localstore::Destination::mailbox},
                      {"made_at", to_text(intent.made_at)}};
    json::array changes, steps, attempts;
    for (const localstore::Covered& covered : intent.changes) changes.push_back(covered_line(covered));
    for (const localstore::IntentStep& step : intent.steps) steps.push_back(step_line(step, contents));
    for (const localstore::Attempt& attempt : intent.attempts)
        attempts.push_back({{"request", attempt.client_request_id.text()}, {"at", to_text(attempt.at)}});
    line["changes"] = std::move(changes);
    line["steps"] = std::move(steps);
    line["attempts"] = std::move(attempts);
    return {{"intent", std::move(line)}};
}

} // namespace hawser::carry
