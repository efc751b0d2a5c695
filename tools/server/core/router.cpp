#include "tools/server/core/router.h"

#include "tools/server/core/access.h"
#include "tools/server/core/delta.h"
#include "tools/server/core/fetch_xml.h"
#include "tools/server/core/functions.h"
#include "tools/server/core/metadata_answers.h"
#include "tools/server/core/read.h"
#include "tools/server/core/write.h"

namespace hawser::server {
namespace {

/// "guid" or "primaryid=guid".
std::optional<Guid> key_of(const Table& table, std::string_view key)
{
    const auto equals = key.find('=');
    if (equals != std::string_view::npos) {
        if (trim(key.substr(0, equals)) != table.primary_id) return std::nullopt;
        key = trim(key.substr(equals + 1));
    }
    return Guid::parse(key);
}

Answer on_set(Call& call, const Table& table)
{
    if (call.method == "GET") {
        if (call.address.option("fetchXml")) return fetch_rows(call, table);
        if (is_tracking_request(call, table)) return track_changes(call, table);
        return retrieve_many(call, table);
    }
    if (call.method == "POST") return create(call, table);
    return refuse(call, method_refused(call.method));
}

Answer on_row(Call& call, const Table& table, const Guid& id)
{
    if (call.method == "GET") return retrieve(call, table, id);
    if (call.method == "PATCH") return update_or_create(call, table, id);
    if (call.method == "DELETE") return erase(call, table, id);
    return refuse(call, method_refused(call.method));
}

Answer on_column(Call& call, const Table& table, const Guid& id, const Column& column)
{
    if (call.method == "GET") return retrieve_column(call, table, id, column, false);
    if (call.method == "PUT") return put_column(call, table, id, column);
    if (call.method == "DELETE") return clear_column(call, table, id, column);
    return refuse(call, method_refused(call.method));
}

Answer on_collection(Call& call, const Table& table, const Guid& id, const CollectionProperty& collection)
{
    if (call.method == "GET") return retrieve_expanded(call, table, id, collection.name);
    if (call.method == "PUT" && collection.table == "activityparty")
        return replace_parties(call, table, id, collection);
    return refuse(call, method_refused(call.method));
}

/// set(id)/navigation/$ref and set(id)/collection(member)/$ref
Answer on_reference(Call& call, const Table& table, const Guid& id, const Segment& property)
{
    if (const Column* lookup = table.navigation(property.name)) {
        if (call.method == "PUT") return set_reference(call, table, id, property.name);
        if (call.method == "DELETE") return clear_reference(call, table, id, *lookup);
        return refuse(call, method_refused(call.method));
    }
    const CollectionProperty* collection = table.collection(property.name);
    if (!collection || collection->table == "activityparty")
        return refuse(call, resource_absent(property.name));
    if (call.method == "POST") return add_member(call, id, table, *collection);
    const std::optional<Guid> member = property.key ? Guid::parse(*property.key) : std::nullopt;
    if (call.method == "DELETE" && member) return remove_member(call, *collection, *member);
    return refuse(call, method_refused(call.method));
}

Answer below_row(Call& call, const Table& table, const Guid& id)
{
    const std::vector<Segment>& path = call.address.path;
    const Segment& property = path[1];
    if (path.size() == 3 && path[2].name == "$ref") return on_reference(call, table, id, property);
    const Column* column = table.property(property.name);
    if (column && !column->readable) column = nullptr;
    if (path.size() == 3 && path[2].name == "$value" && column && call.method == "GET")
        return retrieve_column(call, table, id, *column, true);
    if (path.size() == 2) {
        if (column) return on_column(call, table, id, *column);
        if (const CollectionProperty* collection = table.collection(property.name))
            return on_collection(call, table, id, *collection);
        if (table.navigation(property.name) && call.method == "GET")
            return retrieve_expanded(call, table, id, property.name);
    }
    if (is_bound_operation(property.name)) return bound_operation(call, table, id, property);
    return refuse(call, resource_absent(property.name));
}

Answer dispatch(Call& call)
{
    const std::vector<Segment>& path = call.address.path;
    if (path.empty()) return service_document(call);
    const Segment& first = path.front();
    if (first.name == "$metadata") return metadata_document(call);
    if (is_metadata_set(first.name)) return metadata_answer(call);
    if (is_function(first.name)) return function_answer(call, first);
    const Table* table = call.world.catalogue.set(first.name);
    if (!table) return refuse(call, resource_absent(first.name));
    if (!first.key) {
        if (path.size() == 1) return on_set(call, *table);
        if (path.size() == 2 && path[1].name == "$count" && call.method == "GET")
            return call.address.option("$deltatoken") ? count_changes(call, *table)
                                                      : retrieve_count(call, *table);
        return refuse(call, resource_absent(path[1].name));
    }
    const std::optional<Guid> id = key_of(*table, *first.key);
    if (!id)
        return refuse(call, bad_request("The key '" + first.key->substr(0, 100) + "' of '" + table->set +
                                        "' is not a GUID; alternate keys are not defined."));
    return path.size() == 1 ? on_row(call, *table, *id) : below_row(call, *table, *id);
}

} // namespace

bool is_write(std::string_view method)
{
    return method != "GET";
}

Answer answer_operation(Call& call)
{
    if (!is_write(call.method)) return dispatch(call);
    const std::size_t logged = call.log.size();
    call.storage().savepoint();
    Answer answer = dispatch(call);
    if (answer.status < 400) {
        call.storage().release();
    } else {
        call.storage().roll_back_to_savepoint();
        call.log.resize(logged);
    }
    return answer;
}

} // namespace hawser::server
