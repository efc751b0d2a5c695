#include "transport/dataverse/row_plan.h"

#include <algorithm>
#include <charconv>

namespace hawser::dataverse {
namespace {

constexpr std::string_view lookup_annotation = "@Microsoft.Dynamics.CRM.lookuplogicalname";

void add_member(RowPlan::Detail& detail, std::string name, Member::Use use, std::size_t position = 0)
{
    detail.members.push_back({std::move(name), use, position});
}

ColumnRule rule_for(const Table& table, const std::string& name)
{
    ColumnRule rule;
    rule.name = name;
    const auto* column = table.column(name);
    if (!column) return rule;
    rule.type = column->type;
    if (column->type == ColumnType::lookup && column->targets.size() == 1)
        rule.only_target = column->targets[0].table;
    return rule;
}

void add_column(RowPlan::Detail& detail, const Table& table, const std::string& name, std::size_t position)
{
    const auto* column = table.column(name);
    if (!column || !column->offered) return;
    if (column->type == ColumnType::parties) {
        detail.parties = position;
        add_member(detail, parties_collection(table), Member::Use::parties);
        add_member(detail, parties_collection(table) + "@odata.nextLink", Member::Use::parties_next);
        return;
    }
    const auto wire = wire_name(*column);
    add_member(detail, wire, Member::Use::value, position);
    if (column->type == ColumnType::lookup)
        add_member(detail, wire + std::string(lookup_annotation), Member::Use::lookup_table, position);
}

} // namespace

RowPlan::RowPlan(const Table& table, const Layout& layout, std::span<const std::string> without)
{
    auto detail = std::make_shared<Detail>();
    detail->table = table.name;
    detail->conditional = table.optimistic_concurrency;
    for (std::size_t i = 0; i < layout.columns.size(); ++i) {
        const auto& name = layout.columns[i];
        detail->columns.push_back(rule_for(table, name));
        if (std::ranges::find(without, name) != without.end()) {
            detail->partial = true;
        } else {
            add_column(*detail, table, name, i);
        }
    }
    add_member(*detail, table.primary_id, Member::Use::id);
    add_member(*detail, "@odata.etag", Member::Use::etag);
    add_member(*detail, "versionnumber", Member::Use::version);
    add_member(*detail, "@odata.context", Member::Use::context);
    add_member(*detail, "id", Member::Use::tombstone_id);
    add_member(*detail, "reason", Member::Use::reason);
    for (const auto& member : detail->members) detail->by_name.emplace(member.name, &member);
    detail_ = std::move(detail);
}

void PartyGatherer::clear()
{
    parties_.clear();
}

void PartyGatherer::begin_party()
{
    current_ = {};
    role_ = 0;
    record_.reset();
}

void PartyGatherer::member(std::string_view name, const Slot& slot)
{
    const bool text = slot.kind == Slot::Kind::text;
    if (name == "_partyid_value" && text) record_ = Guid::parse(slot.text);
    if (name == "_partyid_value@Microsoft.Dynamics.CRM.lookuplogicalname" && text)
        current_.record.table = std::string(slot.text);
    if (name == "addressused" && text) current_.address = std::string(slot.text);
    if (name == "participationtypemask" && slot.kind == Slot::Kind::integer) role_ = slot.integer;
}

void PartyGatherer::end_party()
{
    constexpr std::int64_t regarding = 8, owner = 9;
    if (role_ < 1 || role_ > 1'000 || role_ == regarding || role_ == owner) return;
    if (record_ && !current_.record.table.empty())
        current_.record.id = *record_;
    else
        current_.record = {};
    if (current_.record.table.empty() && current_.address.empty()) return;
    current_.roles = {static_cast<int>(role_)};
    parties_.push_back(std::move(current_));
}

std::string wire_name(const Column& column)
{
    return column.type == ColumnType::lookup ? "_" + column.name + "_value" : column.name;
}

std::string parties_collection(const Table& table)
{
    return table.name + "_activity_parties";
}

bool is_usable_etag(std::string_view etag)
{
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    if (etag.size() < 3 || etag.front() != '"' || etag.back() != '"') return false;
    etag = etag.substr(1, etag.size() - 2);
    return std::ranges::all_of(etag, [](char c) { return c > ' ' && c < '\x7f' && c != '"'; });
}

std::int64_t version_in(std::string_view etag)
{
    const auto first = etag.find('"');
    if (first == std::string_view::npos) return 0;
    std::int64_t version = 0;
    const auto* begin = etag.data() + first + 1;
    const auto [end, error] = std::from_chars(begin, etag.data() + etag.size(), version);
    return error == std::errc() && end != begin && version > 0 ? version : 0;
}

} // namespace hawser::dataverse
