#include "localstore/fields_json.h"
#include "localstore/verbs.h"

namespace hawser::localstore {
namespace {

struct Header {
    std::int64_t number = 0;
    Intent intent;
};

Header read_header(const Statement& row)
{
    Header header;
    header.number = row.integer(0);
    header.intent.id = row.guid(1);
    header.intent.atomicity = static_cast<Atomicity>(row.integer(2));
    header.intent.destination = static_cast<Destination>(row.integer(3));
    header.intent.cycle.value = row.integer(4);
    header.intent.made_at = row.instant(5);
    return header;
}

IntentStep read_step(const Statement& row)
{
    IntentStep step;
    step.number = static_cast<int>(row.integer(0));
    step.kind = parse_step_kind(row.text(1)).value_or(StepKind::action);
    step.key = {row.string(2), row.guid(3)};
    step.method = row.string(4);
    step.path = row.string(5);
    step.condition = row.string(6);
    step.body = row.string(7);
    step.content_id = row.string(8);
    step.sent = need(decode_fields(row.text(9)));
    step.state = static_cast<StepState>(row.integer(10));
    step.status = static_cast<int>(row.integer(11));
    step.etag = row.string(12);
    step.answer = row.string(13);
    return step;
}

Intent read_rest(Database& database, Header header)
{
    Intent intent = std::move(header.intent);
    Statement changes = database.prepare(
        "SELECT sequence, columns FROM hawser_intent_change WHERE intent = ?1 ORDER BY sequence");
    changes.with(header.number);
    while (changes.step())
        intent.changes.push_back({Sequence{changes.integer(0)}, split_names(changes.text(1))});
    Statement steps = database.prepare(
        "SELECT number, kind, target, id, method, path, condition, body, content_id, sent, state, "
        "status, etag, answer FROM hawser_intent_step WHERE intent = ?1 ORDER BY number");
    steps.with(header.number);
    while (steps.step()) intent.steps.push_back(read_step(steps));
    Statement attempts = database.prepare(
        "SELECT number, client_request_id, at FROM hawser_intent_attempt WHERE intent = ?1 ORDER BY number");
    attempts.with(header.number);
    while (attempts.step())
        intent.attempts.push_back(
            {static_cast<int>(attempts.integer(0)), attempts.guid(1), attempts.instant(2)});
    return intent;
}

} // namespace

bool Intent::unknown() const
{
    for (const IntentStep& step : steps)
        if (step.state == StepState::sent || step.state == StepState::unknown) return true;
    return false;
}

Result<Intent> find_intent(Database& database, const TableSet&, const Guid& id)
{
    Statement row = database.prepare(
        "SELECT number, id, atomicity, destination, cycle, made_at FROM hawser_intent WHERE id = ?1");
    if (!row.with(id).step()) return refusal(code::no_intent, "There is no open intent " + id.text() + ".");
    return read_rest(database, read_header(row));
}

std::vector<Intent> list_open_intents(Database& database, const TableSet&)
{
    std::vector<Header> headers;
    Statement rows = database.prepare(
        "SELECT number, id, atomicity, destination, cycle, made_at FROM hawser_intent ORDER BY number");
    while (rows.step()) headers.push_back(read_header(rows));
    std::vector<Intent> intents;
    for (Header& header : headers) intents.push_back(read_rest(database, std::move(header)));
    return intents;
}

std::optional<Guid> open_intent_of(Database& database, const KnownTable& table, const Guid& id)
{
    Statement row = database.prepare(
        "SELECT i.id FROM hawser_change c JOIN hawser_intent i ON i.number = c.intent WHERE c.id = ?1 AND "
        "c.table_number = ?2 AND c.live = 1 AND c.intent > 0 LIMIT 1");
    if (!row.with(id, table.number).step()) return std::nullopt;
    return row.guid(0);
}

} // namespace hawser::localstore
