#include "tools/server/core/loader.h"

#include "base/time_text.h"
#include "hawser/random.h"
#include "tools/server/core/founding.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/rules.h"
#include "tools/server/core/write.h"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace hawser::server {
namespace {

std::string_view view(boost::json::string_view text)
{
    return {text.data(), text.size()};
}

/// Reads the lines of one file into one table. Texts stay as they are, blanks included.
class FileLoader {
public:
    FileLoader(const Call& call, const Table& table, const Guid& owner)
        : call_(call), table_(table), owner_(owner)
    {
    }

    Result<std::size_t> load(const std::filesystem::path& path)
    {
        std::ifstream file(path);
        if (!file) return problem(path, 0, "it cannot be read");
        std::size_t number = 0;
        std::size_t added = 0;
        for (std::string line; std::getline(file, line);) {
            ++number;
            if (trim(line).empty()) continue;
            boost::json::error_code failure;
            const boost::json::value value = boost::json::parse(line, failure);
            if (failure || !value.is_object()) return problem(path, number, "it is not a JSON object");
            Outcome<bool> one = record(value.get_object());
            if (!one) return problem(path, number, one.refusal().message);
            if (*one) ++added;
        }
        return added;
    }

private:
    static Error problem(const std::filesystem::path& path, std::size_t line, const std::string& what)
    {
        return {ErrorKind::refuse, "server.load",
                path.filename().string() + ", line " + std::to_string(line) + ": " + what + "."};
    }

    /// Which of a lookup's targets a line means: it says so, or it is the first one.
    const Table* target_of(const Column& column, const boost::json::object& object) const
    {
        std::string name = column.targets.front().table;
        const std::string annotation = column.property + "@Microsoft.Dynamics.CRM.lookuplogicalname";
        for (const std::string& key :
             {annotation, column.name == "regardingobjectid" || column.name == "objectid"
                              ? column.name.substr(0, column.name.size() - 2) + "typecode"
                              : annotation})
            if (const boost::json::value* value = object.if_contains(key); value && value->is_string())
                name = view(value->get_string());
        return column.target(name) ? call_.world.catalogue.table(name) : nullptr;
    }

    Outcome<bool> member(Payload& payload, const boost::json::object& object, std::string_view name,
                         const boost::json::value& value)
    {
        if (name.find('@') != std::string_view::npos || name == "regardingobjecttypecode") return true;
        if (const CollectionProperty* collection = table_.collection(name))
            return parties(payload, *collection, value);
        const Column* column = table_.property(name);
        if (!column) return bad_request("there is no column " + std::string(name));
        if (value.is_null()) return true;
        if (column->kind != Kind::lookup) {
            auto bytes = stored_bytes(table_, *column, value, Blanks::keep);
            if (!bytes) return bytes.refusal();
            if (column->source == Source::primary_id) {
                payload.id = guid_of(**bytes);
            } else {
                payload.put(*column, std::move(*bytes));
            }
            return true;
        }
        const Table* target = target_of(*column, object);
        const auto id = value.is_string() ? Guid::parse(view(value.get_string())) : std::nullopt;
        if (!target || !id) return bad_request("the lookup " + std::string(name) + " does not name a record");
        payload.put(*column, reference_bytes(target->code, *id));
        return true;
    }

    Outcome<bool> parties(Payload& payload, const CollectionProperty& collection,
                          const boost::json::value& value)
    {
        const Table& child = *call_.world.catalogue.table(collection.table);
        if (!value.is_array()) return bad_request(collection.name + " is no list");
        PayloadChildren children{&collection, {}};
        for (const boost::json::value& one : value.get_array()) {
            if (!one.is_object()) return bad_request(collection.name + " holds something else than objects");
            Outcome<Payload> row = read_payload(call_, child, one.get_object(), PayloadUse::create);
            if (!row) return row.refusal();
            children.rows.push_back(std::move(*row));
        }
        payload.children.push_back(std::move(children));
        return true;
    }

    /// False when the id is there already.
    Outcome<bool> record(const boost::json::object& object)
    {
        Payload payload;
        for (const auto& one : object) {
            Outcome<bool> read = member(payload, object, view(one.key()), one.value());
            if (!read) return read.refusal();
        }
        if (!payload.id) return bad_request(table_.primary_id + " is missing");
        if (call_.storage().exists(table_, *payload.id)) return false;
        Values values;
        apply_defaults(call_, table_, values);
        for (const Payload::Entry& entry : payload.entries)
            if (entry.bytes) values[entry.column->ordinal] = *entry.bytes;
        if (const auto refusal = settle_state(table_, *payload.id, payload, values, PayloadUse::create))
            return *refusal;
        compute(call_, table_, payload, values);
        for (const Payload::Entry& entry : payload.entries)
            if (entry.bytes) values[entry.column->ordinal] = *entry.bytes;
        return store(payload, values);
    }

    Outcome<bool> store(const Payload& payload, Values& values)
    {
        StoredRow row;
        row.id = *payload.id;
        for (const char* column : {"createdon", "modifiedon"})
            if (text_in(table_, values, column).empty()) put_text(table_, values, column, to_text(call_.now));
        if (!table_.parent.empty())
            if (const auto parent = values.find(table_.column(table_.parent)->ordinal);
                parent != values.end())
                row.parent = reference_of(parent->second).id;
        if (table_.ownership == Ownership::user) {
            row.owner = owner_;
            const char* table = owner_ == call_.world.team ? "team" : "systemuser";
            values[table_.column("ownerid")->ordinal] =
                reference_bytes(call_.world.catalogue.table(table)->code, owner_);
        }
        row.body = encode(values);
        call_.storage().insert(table_, row);
        for (const PayloadChildren& children : payload.children)
            if (const auto refusal = insert_parties(call_, table_, row.id, children.rows)) return *refusal;
        return true;
    }

    const Call& call_;
    const Table& table_;
    Guid owner_;
};

} // namespace

Result<Loaded> load_files(World& world, const std::string& directory, Instant now)
{
    const Result<Guid> owner = owner_of_loaded(world);
    if (!owner) return owner.error();
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator at(directory, failure), end; !failure && at != end;
         at.increment(failure))
        if (at->path().extension() == ".jsonl") files.push_back(at->path());
    if (failure || files.empty())
        return Error{ErrorKind::refuse, "server.load", "There are no .jsonl files in " + directory + "."};
    std::sort(files.begin(), files.end());
    // The same directory in the same database makes the same ids of parties.
    const std::shared_ptr<Random> random =
        seeded_random(static_cast<std::uint64_t>(world.storage->version()));
    const Account system{{world.unit, "loader", "", "", Depth::global}};
    std::vector<std::string> log;
    const Call call{world, system, now, *random, "", "LOAD", {}, {}, {}, {}, log};
    Loaded loaded;
    for (const std::filesystem::path& file : files) {
        const Table* table = world.catalogue.set(file.stem().string());
        if (!table)
            return Error{ErrorKind::refuse, "server.load",
                         "There is no table for " + file.filename().string() +
                             "; name the file after the entity set."};
        Result<std::size_t> added = FileLoader(call, *table, *owner).load(file);
        if (!added) return added.error();
        loaded.records += *added;
        ++loaded.tables;
    }
    return loaded;
}

} // namespace hawser::server
