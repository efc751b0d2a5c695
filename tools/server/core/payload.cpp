#include "tools/server/core/payload.h"

#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hawser::server {
namespace {

constexpr std::string_view bind_suffix = "@odata.bind";

std::string_view view(boost::json::string_view text)
{
    return {text.data(), text.size()};
}

Refusal undeclared(const Table& table, std::string_view name)
{
    return bad_payload(table.set,
                       "The property '" + std::string(name) +
                           "' does not exist on type 'Microsoft.Dynamics.CRM." + table.name +
                           "'. Make sure to only use property names that are defined by the type.");
}

/// An activity that is named only as "activitypointers(id)": whichever table has the id.
const Table* activity_table(const Call& call, const Guid& id)
{
    for (const Table& table : call.world.catalogue.tables())
        if (table.activity && call.storage().exists(table, id)) return &table;
    return nullptr;
}

/// Reads the parts of one body, in its order.
class Reader {
public:
    Reader(const Call& call, const Table& table, PayloadUse use) : call_(call), table_(table), use_(use) {}

    std::optional<Refusal> member(std::string_view name, const boost::json::value& value)
    {
        if (name == table_.primary_id) return primary_id(value);
        if (name.size() > bind_suffix.size() && name.substr(name.size() - bind_suffix.size()) == bind_suffix)
            return bind(name.substr(0, name.size() - bind_suffix.size()), value);
        if (name.find('@') != std::string_view::npos) return std::nullopt; // annotations are not data
        if (const CollectionProperty* collection = table_.collection(name))
            return children(*collection, value);
        if (const Column* lookup = navigation(name)) return inline_lookup(*lookup, name, value);
        const Column* column = table_.property(name);
        if (!column) return undeclared(table_, name);
        if (column->kind == Kind::lookup)
            return bad_payload(table_.set, "CRM do not support direct update of Entity Reference properties, "
                                           "Use Navigation properties instead.");
        if (!writable(*column)) return read_only(*column);
        const Blanks blanks = call_.settings().trim_text ? Blanks::trim : Blanks::keep;
        Outcome<std::optional<std::string>> bytes = stored_bytes(table_, *column, value, blanks);
        if (!bytes) return bytes.refusal();
        payload_.put(*column, std::move(*bytes));
        return std::nullopt;
    }

    Payload take() { return std::move(payload_); }

private:
    bool writable(const Column& column) const
    {
        return use_ == PayloadUse::create ? column.creatable : column.updatable;
    }

    std::optional<Refusal> read_only(const Column& column) const
    {
        if (!call_.settings().refuse_read_only_columns) return std::nullopt;
        return bad_request("The column '" + column.name + "' of '" + table_.name +
                           "' cannot be written here.");
    }

    const Column* navigation(std::string_view name) const
    {
        if (const Column* found = table_.navigation(name)) return found;
        return name == "objectid_activitypointer" && !table_.parent.empty() ? table_.column("objectid")
                                                                            : nullptr;
    }

    std::optional<Refusal> primary_id(const boost::json::value& value)
    {
        const auto id = value.is_string() ? Guid::parse(view(value.get_string())) : std::nullopt;
        if (!id || id->is_nil())
            return bad_payload(table_.set, "Cannot convert the given value to the expected type 'Edm.Guid'.");
        payload_.id = id;
        return std::nullopt;
    }

    std::optional<Refusal> bind(std::string_view name, const boost::json::value& value)
    {
        const Column* column = navigation(name);
        if (!column) return undeclared(table_, name);
        if (!writable(*column)) return read_only(*column);
        if (value.is_null()) return clear(*column);
        if (!value.is_string())
            return bad_payload(table_.set,
                               "The value of '" + std::string(name) + "@odata.bind' must be a URL.");
        Outcome<Reference> reference = resolve_reference(call_, *column, name, view(value.get_string()));
        if (!reference) return reference.refusal();
        if (column->name == "ownerid") payload_.owner = reference->id;
        payload_.put(*column, reference_bytes(reference->code, reference->id));
        return std::nullopt;
    }

    /// Clearing one target of a lookup does not undo another target's value in the same body.
    std::optional<Refusal> clear(const Column& column)
    {
        const Payload::Entry* present = payload_.entry(column);
        if (!present || !present->bytes) payload_.put(column, std::nullopt);
        return std::nullopt;
    }

    std::optional<Refusal> inline_lookup(const Column& column, std::string_view name,
                                         const boost::json::value& value)
    {
        if (!value.is_null())
            return bad_payload(table_.set, "Deep insert through '" + std::string(name) +
                                               "' is not supported; bind it to an existing record.");
        return writable(column) ? clear(column) : read_only(column);
    }

    std::optional<Refusal> children(const CollectionProperty& collection, const boost::json::value& value)
    {
        if (use_ == PayloadUse::update)
            return bad_query("Invalid property '" + collection.name +
                             "' was found in entity 'Microsoft.Dynamics.CRM." + table_.name +
                             "'. Deep update of navigation properties is not allowed.");
        if (!value.is_array())
            return bad_payload(table_.set, "A collection is expected for '" + collection.name + "'.");
        PayloadChildren made{&collection, {}};
        const Table& child = *call_.world.catalogue.table(collection.table);
        for (const boost::json::value& one : value.get_array()) {
            if (!one.is_object()) return bad_payload(table_.set, "An object is expected.");
            Outcome<Payload> row = read_payload(call_, child, one.get_object(), PayloadUse::create);
            if (!row) return row.refusal();
            made.rows.push_back(std::move(*row));
        }
        payload_.children.push_back(std::move(made));
        return std::nullopt;
    }

    const Call& call_;
    const Table& table_;
    PayloadUse use_;
    Payload payload_;
};

} // namespace

const Payload::Entry* Payload::entry(const Column& column) const
{
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& one) { return one.column == &column; });
    return found == entries.end() ? nullptr : &*found;
}

void Payload::put(const Column& column, std::optional<std::string> bytes)
{
    for (Entry& one : entries) {
        if (one.column != &column) continue;
        one.bytes = std::move(bytes);
        return;
    }
    entries.push_back({&column, std::move(bytes)});
}

Outcome<boost::json::object> parse_object(std::string_view set, std::string_view body)
{
    boost::json::error_code failure;
    boost::json::value value = boost::json::parse({body.data(), body.size()}, failure);
    if (failure) return bad_payload(set, "The body is not JSON: " + failure.message() + ".");
    if (!value.is_object()) return bad_payload(set, "A JSON object is expected.");
    return std::move(value.get_object());
}

Outcome<Payload> read_payload(const Call& call, const Table& table, const boost::json::object& object,
                              PayloadUse use)
{
    Reader reader(call, table, use);
    for (const auto& member : object)
        if (auto refusal = reader.member(view(member.key()), member.value())) return *refusal;
    return reader.take();
}

Outcome<Reference> resolve_reference(const Call& call, const Column& column, std::string_view navigation,
                                     std::string_view url)
{
    std::string substituted;
    if (!url.empty() && (url.front() == '$' || url.substr(0, 2) == "/$") && call.content_ids) {
        const auto known = call.content_ids->find(url.substr(url.front() == '/' ? 1 : 0));
        if (known == call.content_ids->end())
            return bad_request("Content-ID Reference: '" + std::string(url) +
                               "' does not exist in the batch context.");
        substituted = known->second;
        url = substituted;
    }
    const auto wrong = [&] {
        return bad_payload("", "The URL '" + std::string(url.substr(0, 200)) + "' is no record's address.");
    };
    const std::optional<std::string_view> below = below_service_root(url, call.world.path_prefix);
    if (!below) return wrong();
    Outcome<Address> address = parse_address(*below);
    if (!address || address->path.size() != 1 || !address->path.front().key) return wrong();
    const std::optional<Guid> id = Guid::parse(*address->path.front().key);
    if (!id) return wrong();
    const std::string& set = address->path.front().name;
    const Table* table =
        set == "activitypointers" ? activity_table(call, *id) : call.world.catalogue.set(set);
    if (!table && set == "activitypointers") return record_absent("activitypointer", id->text());
    if (!table) return resource_absent(set);
    const bool fits = std::any_of(column.targets.begin(), column.targets.end(), [&](const Target& target) {
        return target.table == table->name &&
               (target.navigation == navigation || navigation == "objectid_activitypointer");
    });
    if (!fits)
        return bad_payload(set, "A record of '" + table->name + "' cannot be bound to '" +
                                    std::string(navigation) + "'.");
    if (const auto refusal = missing_privilege(call, Verb::append_to, *table)) return *refusal;
    if (!call.storage().exists(*table, *id)) return record_absent(table->name, id->text());
    return Reference{table->code, *id};
}

} // namespace hawser::server
