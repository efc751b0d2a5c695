#include "tools/server/core/write.h"

#include "tools/server/core/access.h"
#include "tools/server/core/query.h"
#include "tools/server/core/rules.h"
#include "tools/server/core/write_log.h"

#include <boost/json.hpp>

namespace hawser::server {
namespace {

std::string address_of(const Call& call, const Table& table, const Guid& id)
{
    return call.root + table.set + "(" + id.text() + ")";
}

/// 204 with the record's address, or with return=representation the record itself.
Answer written(const Call& call, const Table& table, const StoredRow& row, bool created)
{
    const std::string address = address_of(call, table, row.id);
    if (!call.preferences.representation) {
        Answer answer = empty_answer(204);
        if (created) answer.headers.emplace_back("Location", address);
        answer.headers.emplace_back("OData-EntityId", address);
        return answer;
    }
    QueryOptions options = call.address.options;
    if (!created || call.method == "PATCH")
        std::erase_if(options, [](const auto& option) { return option.first == "$expand"; });
    Outcome<Query> query = make_query(call, table, options);
    if (!query) return refuse(call, query.refusal());
    std::string text;
    write_row(text, call, *query, row.view());
    std::string body =
        "{\"@odata.context\":\"" + call.root + "$metadata#" + table.set + context_of(*query) + "/$entity\",";
    body.append(text, 1);
    Answer answer = json_answer(created ? 201 : 200, std::move(body));
    if (created) answer.headers.emplace_back("Location", address);
    answer.headers.emplace_back("ETag", etag(row.version));
    answer.headers.emplace_back("Preference-Applied", "return=representation");
    return answer;
}

/// Tables whose rows only come and go with others.
std::optional<Refusal> refuse_indirect(const Table& table, std::string_view what)
{
    const bool fixed = table.name == "organization" || table.name == "usersettings" ||
                       table.name == "mailbox" || table.name == "systemuser" ||
                       table.name == "businessunit" || table.name == "team";
    const bool update = what == "Update";
    if (table.name == "activityparty" || (fixed && !update))
        return Refusal{405, "0x80040800",
                       "The '" + std::string(what) + "' method does not support entities of type '" +
                           table.name + "'."};
    return std::nullopt;
}

/// A row that follows its parent may be made only by those who may write the parent.
std::optional<Refusal> check_parent(const Call& call, const Table& table, const Payload& payload)
{
    if (table.ownership != Ownership::none) return std::nullopt;
    const Payload::Entry* entry = payload.entry(*table.column(table.parent));
    if (!entry || !entry->bytes) return std::nullopt;
    const Reference reference = reference_of(*entry->bytes);
    const Table* parent = call.world.catalogue.code(reference.code);
    const std::optional<StoredRow> row = parent ? call.storage().find(*parent, reference.id) : std::nullopt;
    if (!row || reaches(call, Verb::write, *parent, row->view())) return std::nullopt;
    return row_refused(call, Verb::write, *parent, reference.id);
}

Answer create_with(const Call& call, const Table& table, const Guid& id, const Payload& payload,
                   const std::string& condition)
{
    if (const auto refusal = refuse_indirect(table, "Create")) return refuse(call, *refusal);
    if (const auto refusal = missing_privilege(call, Verb::create, table)) return refuse(call, *refusal);
    if (const auto refusal = check_parent(call, table, payload)) return refuse(call, *refusal);
    if (call.storage().exists(table, id)) return refuse(call, duplicate_record());
    Outcome<StoredRow> row = insert_row(call, table, id, payload, condition);
    if (!row) return refuse(call, row.refusal());
    return written(call, table, *row, true);
}

/// The row that a write is about, when it is there, meets the condition and may be written.
Outcome<StoredRow> writable_row(const Call& call, const Table& table, const Guid& id,
                                const Precondition& condition, Verb verb)
{
    if (const auto refusal = missing_privilege(call, verb, table)) return *refusal;
    std::optional<StoredRow> row = call.storage().find(table, id);
    if (!row) return record_absent(table.name, id.text());
    if (!reaches(call, verb, table, row->view())) return row_refused(call, verb, table, id);
    if (const auto refusal = check(condition, table, id, row)) return *refusal;
    return std::move(*row);
}

/// Changes one row under the request's own condition, and answers 204.
Answer change_one(const Call& call, const Table& table, const Guid& id, const Payload& payload)
{
    if (const auto refusal = refuse_indirect(table, "Update")) return refuse(call, *refusal);
    Outcome<Precondition> condition = read_precondition(call.headers);
    if (!condition) return refuse(call, condition.refusal());
    Outcome<StoredRow> row = writable_row(call, table, id, *condition, Verb::write);
    if (!row) return refuse(call, row.refusal());
    Outcome<StoredRow> changed = change_row(call, table, *row, payload, condition->text);
    if (!changed) return refuse(call, changed.refusal());
    return empty_answer(204);
}

} // namespace

Answer create(const Call& call, const Table& table)
{
    Outcome<boost::json::object> object = parse_object(table.set, call.body);
    if (!object) return refuse(call, object.refusal());
    Outcome<Payload> payload = read_payload(call, table, *object, PayloadUse::create);
    if (!payload) return refuse(call, payload.refusal());
    const Guid id = payload->id.value_or(Guid::make(call.random));
    return create_with(call, table, id, *payload, "");
}

Answer update_or_create(const Call& call, const Table& table, const Guid& id)
{
    Outcome<Precondition> condition = read_precondition(call.headers);
    if (!condition) return refuse(call, condition.refusal());
    const std::optional<StoredRow> row = call.storage().find(table, id);
    const bool absent_or_forbidden = !row || condition->kind == Precondition::Kind::must_not_exist;
    if (absent_or_forbidden)
        if (const auto refusal = check(*condition, table, id, row)) return refuse(call, *refusal);
    Outcome<boost::json::object> object = parse_object(table.set, call.body);
    if (!object) return refuse(call, object.refusal());
    const PayloadUse use = row ? PayloadUse::update : PayloadUse::create;
    if (row) {
        if (const auto refusal = refuse_indirect(table, "Update")) return refuse(call, *refusal);
        Outcome<StoredRow> writable = writable_row(call, table, id, *condition, Verb::write);
        if (!writable) return refuse(call, writable.refusal());
    }
    Outcome<Payload> payload = read_payload(call, table, *object, use);
    if (!payload) return refuse(call, payload.refusal());
    if (payload->id && *payload->id != id)
        return refuse(call, bad_request("The key in the body is not the key in the address."));
    if (!row) return create_with(call, table, id, *payload, condition->text);
    Outcome<StoredRow> changed = change_row(call, table, *row, *payload, condition->text);
    if (!changed) return refuse(call, changed.refusal());
    return written(call, table, *changed, false);
}

Answer erase(const Call& call, const Table& table, const Guid& id)
{
    if (const auto refusal = refuse_indirect(table, "Delete")) return refuse(call, *refusal);
    Outcome<Precondition> condition = read_precondition(call.headers);
    if (!condition) return refuse(call, condition.refusal());
    Outcome<StoredRow> row = writable_row(call, table, id, *condition, Verb::erase);
    if (!row) return refuse(call, row.refusal());
    erase_tree(call, table, row->view(), condition->text);
    return empty_answer(204);
}

Answer put_column(const Call& call, const Table& table, const Guid& id, const Column& column)
{
    Outcome<boost::json::object> object = parse_object(table.set, call.body);
    if (!object) return refuse(call, object.refusal());
    const boost::json::value* value = object->if_contains("value");
    if (!value) return refuse(call, bad_payload(table.set, "The body must be {\"value\": …}."));
    boost::json::object one;
    one.emplace(column.property, *value);
    Outcome<Payload> payload = read_payload(call, table, one, PayloadUse::update);
    if (!payload) return refuse(call, payload.refusal());
    return change_one(call, table, id, *payload);
}

Answer clear_column(const Call& call, const Table& table, const Guid& id, const Column& column)
{
    if (!column.updatable || column.kind == Kind::lookup)
        return refuse(call, bad_request("The column '" + column.name + "' cannot be cleared this way."));
    Payload payload;
    payload.put(column, std::nullopt);
    return change_one(call, table, id, payload);
}

Answer set_reference(const Call& call, const Table& table, const Guid& id, std::string_view navigation)
{
    Outcome<boost::json::object> object = parse_object(table.set, call.body);
    if (!object) return refuse(call, object.refusal());
    const boost::json::value* url = object->if_contains("@odata.id");
    if (!url || !url->is_string())
        return refuse(call, bad_payload(table.set, "The body must be {\"@odata.id\": \"…\"}."));
    boost::json::object one;
    one.emplace(std::string(navigation) + "@odata.bind", *url);
    Outcome<Payload> payload = read_payload(call, table, one, PayloadUse::update);
    if (!payload) return refuse(call, payload.refusal());
    return change_one(call, table, id, *payload);
}

Answer clear_reference(const Call& call, const Table& table, const Guid& id, const Column& column)
{
    if (!column.updatable)
        return refuse(call, bad_request("The column '" + column.name + "' cannot be cleared this way."));
    Payload payload;
    payload.put(column, std::nullopt);
    return change_one(call, table, id, payload);
}

Answer add_member(const Call& call, const Guid& id, const Table& table, const CollectionProperty& collection)
{
    const Table& child = *call.world.catalogue.table(collection.table);
    const Column& lookup = *child.column(collection.column);
    Outcome<boost::json::object> object = parse_object(table.set, call.body);
    if (!object) return refuse(call, object.refusal());
    const boost::json::value* url = object->if_contains("@odata.id");
    const auto wrong = [&] {
        return refuse(call, bad_payload(table.set, "The body must be {\"@odata.id\": \"…\"}."));
    };
    if (!url || !url->is_string()) return wrong();
    const auto below =
        below_service_root({url->get_string().data(), url->get_string().size()}, call.world.path_prefix);
    Outcome<Address> address = parse_address(below.value_or(""));
    if (!address || address->path.size() != 1 || address->path[0].name != child.set || !address->path[0].key)
        return wrong();
    const std::optional<Guid> member = Guid::parse(*address->path[0].key);
    if (!member) return wrong();
    if (!call.storage().exists(table, id)) return refuse(call, record_absent(table.name, id.text()));
    Payload payload;
    payload.put(lookup, reference_bytes(table.code, id));
    return change_one(call, child, *member, payload);
}

Answer remove_member(const Call& call, const CollectionProperty& collection, const Guid& member)
{
    const Table& child = *call.world.catalogue.table(collection.table);
    return clear_reference(call, child, member, *child.column(collection.column));
}

Answer replace_parties(const Call& call, const Table& table, const Guid& id,
                       const CollectionProperty& property)
{
    Outcome<boost::json::object> object = parse_object(table.set, call.body);
    if (!object) return refuse(call, object.refusal());
    const boost::json::value* list = object->if_contains("value");
    if (!list || !list->is_array())
        return refuse(call, bad_payload(table.set, "The body must be {\"value\": […]}."));
    Precondition condition;
    if (call.settings().party_put_honours_if_match) {
        Outcome<Precondition> given = read_precondition(call.headers);
        if (!given) return refuse(call, given.refusal());
        condition = *given;
    }
    Outcome<StoredRow> row = writable_row(call, table, id, condition, Verb::write);
    if (!row) return refuse(call, row.refusal());
    const Table& party = *call.world.catalogue.table("activityparty");
    std::vector<Payload> parties;
    for (const boost::json::value& one : list->get_array()) {
        if (!one.is_object()) return refuse(call, bad_payload(table.set, "An object is expected."));
        Outcome<Payload> payload = read_payload(call, party, one.get_object(), PayloadUse::create);
        if (!payload) return refuse(call, payload.refusal());
        parties.push_back(std::move(*payload));
    }
    std::vector<StoredRow> old;
    for (Cursor cursor = call.storage().by_parent(party, id); cursor.next();) {
        const Row one = cursor.row();
        old.push_back({one.version, one.id, one.parent, one.owner, std::string(one.body)});
    }
    if (const auto refusal = check_parties_writable(call, table, decode(row->body)))
        return refuse(call, *refusal);
    if (call.settings().party_put_bumps_parent) touch_row(call, table, *row);
    for (const StoredRow& one : old) call.storage().erase(party, one.view(), call.now);
    if (const auto refusal = insert_parties(call, table, id, parties)) return refuse(call, *refusal);
    log_write(call, {table.name, id, condition.text, {property.name}, "parties_replaced", row->version});
    return empty_answer(204);
}

} // namespace hawser::server
