#include "tools/server/core/access.h"

namespace hawser::server {
namespace {

constexpr const char* verb_names[] = {"Create", "Read",     "Write",  "Delete",
                                      "Append", "AppendTo", "Assign", "Share"};

const char* verb_name(Verb verb)
{
    return verb_names[static_cast<std::size_t>(verb)];
}

/// Tables that every user reads whole, as the organization's basic role has it.
bool read_by_everyone(const Table& table)
{
    return table.ownership == Ownership::organization || table.name == "team";
}

Depth basic_depth(Verb verb, const Table& table)
{
    if (table.ownership != Ownership::organization) return Depth::basic;
    if (verb == Verb::read || verb == Verb::append_to) return Depth::global;
    return table.name == "usersettings" && verb == Verb::write ? Depth::basic : Depth::none;
}

Refusal denied(const Call& call, Verb verb, const Table& table)
{
    return {403, "0x80040220",
            "Principal user (Id=" + call.account.user.id.text() + ", type=8) is missing " +
                privilege_name(verb, table) + " privilege on OTC=" + std::to_string(table.code) +
                " for entity '" + table.name + "'. context.Caller=" + call.account.user.id.text()};
}

} // namespace

std::string privilege_name(Verb verb, const Table& table)
{
    return std::string("prv") + verb_name(verb) + table.privilege_noun();
}

Depth depth_of(const Account& account, Verb verb, const Table& table)
{
    if (!account.refused.empty() && account.refused.count(privilege_name(verb, table)) > 0)
        return Depth::none;
    if (verb == Verb::read && read_by_everyone(table)) return Depth::global;
    return account.user.depth == Depth::basic ? basic_depth(verb, table) : account.user.depth;
}

std::optional<Refusal> missing_privilege(const Call& call, Verb verb, const Table& table)
{
    if (depth_of(call.account, verb, table) != Depth::none) return std::nullopt;
    return denied(call, verb, table);
}

std::optional<Refusal> less_than_global(const Call& call, Verb verb, const Table& table)
{
    if (depth_of(call.account, verb, table) == Depth::global) return std::nullopt;
    return denied(call, verb, table);
}

bool reaches(const Call& call, Verb verb, const Table& table, const Row& row)
{
    const Depth depth = depth_of(call.account, verb, table);
    if (depth != Depth::basic) return depth == Depth::global;
    if (table.name == "usersettings") return row.id == call.account.user.id;
    if (table.ownership != Ownership::none)
        return row.owner == call.account.user.id || row.owner == call.world.team;
    const Column* parent = table.column(table.parent);
    const auto bytes = parent ? find_value(row.body, parent->ordinal) : std::nullopt;
    if (!bytes) return false;
    const Reference reference = reference_of(*bytes);
    const Table* parent_table = call.world.catalogue.code(reference.code);
    if (!parent_table) return false;
    const std::optional<Guid> owner = call.storage().owner(*parent_table, reference.id);
    if (!owner) return false;
    Row parent_row;
    parent_row.id = reference.id;
    parent_row.owner = *owner;
    return reaches(call, verb, *parent_table, parent_row);
}

Refusal row_refused(const Call& call, Verb verb, const Table& table, const Guid& id)
{
    return {403, "0x80048306",
            "Principal user (Id=" + call.account.user.id.text() + ", type=8) does not have " +
                verb_name(verb) + "Access right(s) for record with id " + id.text() + " of entity " +
                table.name + "."};
}

std::string access_rights(const Call& call, const Table& table, const Row& row)
{
    std::string rights;
    for (const Verb verb : {Verb::read, Verb::write, Verb::append, Verb::append_to, Verb::create, Verb::erase,
                            Verb::share, Verb::assign}) {
        if (!reaches(call, verb, table, row)) continue;
        if (!rights.empty()) rights += ", ";
        rights += std::string(verb_name(verb)) + "Access";
    }
    return rights.empty() ? "None" : rights;
}

} // namespace hawser::server
