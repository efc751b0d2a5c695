#include "tools/server/core/json_text.h"
#include "tools/server/core/projection.h"
#include "tools/server/core/rules.h"
#include "tools/server/core/write.h"
#include "tools/server/core/write_log.h"

#include <algorithm>

namespace hawser::server {
namespace {

constexpr std::int64_t organizer = 7;

const char* address_column(const Table& table)
{
    return table.name == "systemuser" ? "internalemailaddress" : "emailaddress1";
}

bool takes_part(const Table& table, std::int64_t mask)
{
    return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
        return column.kind == Kind::parties && column.participation == mask;
    });
}

/// What the server adds to a party that is a record: its table, name and address.
void resolve_party(const Call& call, const Table& party, Values& values, const Reference& reference)
{
    const Table* table = call.world.catalogue.code(reference.code);
    if (!table) return;
    put_text(party, values, "partyobjecttypecode", table->name);
    put_text(party, values, "partyidname", name_of(call, *table, reference.id));
    const std::uint16_t address = party.column("addressused")->ordinal;
    const Column* source = table->column(address_column(*table));
    if (values.count(address) > 0 || !source) return;
    const std::optional<StoredRow> row = call.storage().find(*table, reference.id);
    const auto bytes = row ? find_value(row->body, source->ordinal) : std::nullopt;
    if (bytes) values[address] = std::string(*bytes);
}

std::optional<Refusal> check_party(const Table& table, const Table& party, const Values& values,
                                   const Reference& reference, const Table* record)
{
    const std::optional<std::int64_t> mask = number_in(party, values, "participationtypemask");
    if (!mask) return bad_request("A party needs a participationtypemask.");
    if (!takes_part(table, *mask))
        return Refusal{400, "0x80043506",
                       "The participation type " + std::to_string(*mask) +
                           " is not allowed for a party of '" + table.name + "'."};
    if (reference.code == 0 && values.count(party.column("addressused")->ordinal) == 0)
        return Refusal{400, "0x80043518", "A party needs a record or an address."};
    if (*mask == organizer && record && record->name != "systemuser")
        return Refusal{400, "0x80043506", "Only a user can be the organizer of an appointment."};
    return std::nullopt;
}

} // namespace

std::optional<Refusal> insert_parties(const Call& call, const Table& table, const Guid& activity,
                                      const std::vector<Payload>& parties)
{
    const Table& party = *call.world.catalogue.table("activityparty");
    const std::uint16_t record_ordinal = party.column("partyid")->ordinal;
    for (const Payload& payload : parties) {
        Values values;
        for (const Payload::Entry& entry : payload.entries)
            if (entry.bytes) values[entry.column->ordinal] = *entry.bytes;
        const auto record = values.find(record_ordinal);
        const Reference reference = record == values.end() ? Reference{} : reference_of(record->second);
        const Table* record_table = call.world.catalogue.code(reference.code);
        if (auto refusal = check_party(table, party, values, reference, record_table)) return refusal;
        resolve_party(call, party, values, reference);
        values[party.column("activityid")->ordinal] = reference_bytes(table.code, activity);
        values[party.column("instancetypecode")->ordinal] = "0";
        values[party.column("ispartydeleted")->ordinal] = "false";
        StoredRow row;
        row.id = Guid::make(call.random);
        row.parent = activity;
        row.body = encode(values);
        call.storage().insert(party, row);
    }
    return std::nullopt;
}

} // namespace hawser::server
