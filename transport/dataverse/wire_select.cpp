#include "transport/dataverse/wire_select.h"

#include "transport/dataverse/row_plan.h"

#include <algorithm>

namespace hawser::dataverse {
namespace {

bool left_out(std::span<const std::string> without, const std::string& name)
{
    return std::ranges::find(without, name) != without.end();
}

} // namespace

std::string select_option(const Table& table, const Layout& layout, std::span<const std::string> without)
{
    std::string list = "$select=" + table.primary_id;
    for (const auto& name : layout.columns) {
        const auto* column = table.column(name);
        if (column && column->offered && column->type != ColumnType::parties && !left_out(without, name))
            list += "," + wire_name(*column);
    }
    if (table.optimistic_concurrency) list += ",versionnumber";
    return list;
}

std::string expand_option(const Table& table, const Layout& layout, std::span<const std::string> without)
{
    for (const auto& name : layout.columns) {
        const auto* column = table.column(name);
        if (column && column->type == ColumnType::parties && !left_out(without, name))
            return "&$expand=" + parties_collection(table) +
                   "($select=_partyid_value,addressused,participationtypemask)";
    }
    return {};
}

std::string record_path(const Table& table, const Guid& id)
{
    return table.entity_set + "(" + id.text() + ")";
}

} // namespace hawser::dataverse
