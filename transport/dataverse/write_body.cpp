#include "base/json_text.h"
#include "transport/dataverse/write.h"

#include <algorithm>

namespace hawser::dataverse {
namespace {

Error unbindable(const Table& table, std::string_view column, std::string_view why)
{
    return {ErrorKind::park, "write.unbindable",
            "the column " + std::string(column) + " of " + table.name +
                " cannot be sent: " + std::string(why)};
}

void separate(std::string& out)
{
    if (out.back() != '{' && out.back() != '[') out += ',';
}

std::string bind_path(std::string_view set, const Guid& id)
{
    return std::string(set) + "(" + id.text() + ")";
}

const LookupTarget* target_for(const Column& column, std::string_view table)
{
    const auto found = std::ranges::find(column.targets, table, &LookupTarget::table);
    return found == column.targets.end() ? nullptr : &*found;
}

void append_binding(std::string& out, std::string_view property, std::string_view path)
{
    separate(out);
    append_json_string(out, std::string(property) + "@odata.bind");
    out += ':';
    if (path.empty())
        out += "null";
    else
        append_json_string(out, path);
}

/// Writes the members of one record.
class BodyBuilder {
public:
    BodyBuilder(const Table& table, const EntitySets& sets, const Fields& base)
        : table_(table), sets_(sets), base_(base)
    {
    }

    Result<void> add(const Column& column, const Value& value)
    {
        if (column.type == ColumnType::lookup) return add_lookup(column, value);
        separate(out_);
        append_json_string(out_, column.name);
        out_ += ':';
        if (const auto* decimal = std::get_if<Decimal>(&value)) {
            out_ += decimal->text.empty() ? "null" : decimal->text;
            return {};
        }
        if (std::holds_alternative<Lookup>(value) || std::holds_alternative<Collection>(value))
            return unbindable(table_, column.name, "its value has the wrong kind");
        out_ += to_json(value);
        return {};
    }

    std::string finish() { return out_ + "}"; }

private:
    Result<void> add_lookup(const Column& column, const Value& value)
    {
        if (is_null(value)) return clear_lookup(column);
        const auto* lookup = std::get_if<Lookup>(&value);
        if (!lookup) return unbindable(table_, column.name, "its value is no reference");
        const auto* target = target_for(column, lookup->table);
        const auto set = sets_.find(lookup->table);
        if (!target || set == sets_.end())
            return unbindable(table_, column.name,
                              "the organization does not say how it refers to " + lookup->table);
        append_binding(out_, target->navigation_property, bind_path(set->second, lookup->id));
        return {};
    }

    Result<void> clear_lookup(const Column& column)
    {
        const auto held = base_.find(column.name);
        const auto* lookup = held == base_.end() ? nullptr : std::get_if<Lookup>(&held->second);
        const auto* target = lookup ? target_for(column, lookup->table) : nullptr;
        if (!target && !column.targets.empty()) target = &column.targets.front();
        if (!target)
            return unbindable(table_, column.name, "the organization does not say what it refers to");
        append_binding(out_, target->navigation_property, "");
        return {};
    }

    const Table& table_;
    const EntitySets& sets_;
    const Fields& base_;
    std::string out_ = "{";
};

void append_party(std::string& out, const Party& party, int role, std::string_view set)
{
    separate(out);
    out += '{';
    if (!party.record.table.empty())
        append_binding(out, "partyid_" + party.record.table, bind_path(set, party.record.id));
    if (!party.address.empty()) {
        separate(out);
        out += "\"addressused\":";
        append_json_string(out, party.address);
    }
    separate(out);
    out += "\"participationtypemask\":" + std::to_string(role) + "}";
}

} // namespace

Result<std::string> write_body(const Table& table, const Fields& changed, const EntitySets& sets,
                               const Fields& base)
{
    BodyBuilder builder(table, sets, base);
    for (const auto& [name, value] : changed) {
        const auto* column = table.column(name);
        if (!column)
            return Error{ErrorKind::park, "write.unknown_column",
                         "the organization's table " + table.name + " has no column " + name + " any more"};
        if (column->type == ColumnType::parties) continue;
        if (auto added = builder.add(*column, value); !added) return added.error();
    }
    return builder.finish();
}

Result<std::string> write_parties(const Collection& collection, const EntitySets& sets)
{
    const auto parties = collection_to_parties(collection);
    if (!parties) return parties.error();
    std::string out = "{\"value\":[";
    for (const auto& party : *parties) {
        std::string_view set;
        if (!party.record.table.empty()) {
            const auto found = sets.find(party.record.table);
            if (found == sets.end())
                return Error{ErrorKind::park, "write.unbindable",
                             "a participant cannot be sent: the organization has no table " +
                                 party.record.table};
            set = found->second;
        }
        for (const int role : party.roles) append_party(out, party, role, set);
    }
    return out + "]}";
}

} // namespace hawser::dataverse
