#include "conflict/policy_file.h"

#include <boost/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace hawser::conflict {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_file = 1024 * 1024;
constexpr std::size_t longest_name = 128;
constexpr std::size_t most_quoted = 64;

Error bad(std::string_view place, std::string_view what)
{
    return Error{ErrorKind::refuse, "input.bad_policy",
                 "The policy file is not usable: " + std::string(place) + " " + std::string(what) + "."};
}

std::string_view view(json::string_view text)
{
    return {text.data(), text.size()};
}

/// A name from the file, cut and kept printable, for a message.
std::string quoted(std::string_view text)
{
    std::string shown;
    for (const char c : text.substr(0, most_quoted)) shown += c >= ' ' && c <= '~' ? c : '?';
    return '"' + shown + (text.size() > most_quoted ? "…\"" : "\"");
}

bool is_name(std::string_view text)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !text.empty() && text.size() <= longest_name && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), allowed);
}

/// Walks the parsed file; stops at the first thing that is not as documented.
class FileReader {
public:
    Result<PolicyFile> read(const json::value& root);

private:
    Result<void> read_rules(std::string_view table, const json::value& value);
    Result<void> read_groups(std::string_view table, const json::value& value);
    Result<AtomicGroup> read_group(const std::string& place, std::string_view name,
                                   const json::value& value) const;

    PolicyFile file_;
};

Result<PolicyFile> FileReader::read(const json::value& root)
{
    const auto* members = root.if_object();
    if (members == nullptr) return bad("it", "is no JSON object");
    for (const auto& member : *members) {
        const std::string_view key = view(member.key());
        if (key == "version") {
            const auto* version = member.value().if_int64();
            if (version == nullptr || *version != 1) return bad("version", "is not 1, the only one there is");
            continue;
        }
        if (key != "tables" && key != "groups")
            return bad(quoted(key), "has no meaning; it may hold version, tables and groups");
        const auto* tables = member.value().if_object();
        if (tables == nullptr) return bad(key, "is no JSON object");
        for (const auto& entry : *tables) {
            const std::string_view table = view(entry.key());
            if (!is_name(table)) return bad(std::string(key) + "." + quoted(table), "is no table's name");
            auto read =
                key == "tables" ? read_rules(table, entry.value()) : read_groups(table, entry.value());
            if (!read) return read.error();
        }
    }
    return std::move(file_);
}

Result<void> FileReader::read_rules(std::string_view table, const json::value& value)
{
    const std::string place = "tables." + std::string(table);
    const auto* members = value.if_object();
    if (members == nullptr) return bad(place, "is no JSON object");
    PolicyFile::Entry& entry = file_.tables[std::string(table)];
    for (const auto& member : *members) {
        const std::string_view column = view(member.key());
        if (column != "*" && !is_name(column))
            return bad(place + "." + quoted(column), "is no column's name");
        const auto* name = member.value().if_string();
        const auto rule = name == nullptr ? std::nullopt : rule_named(view(*name));
        if (!rule)
            return bad(place + "." + std::string(column),
                       "is none of ask, theirs, mine, union, max, min, add, text, volatile");
        if (column == "*")
            entry.fallback = *rule;
        else
            entry.rules.insert_or_assign(std::string(column), *rule);
    }
    return {};
}

Result<void> FileReader::read_groups(std::string_view table, const json::value& value)
{
    const std::string place = "groups." + std::string(table);
    const auto* members = value.if_object();
    if (members == nullptr) return bad(place, "is no JSON object");
    PolicyFile::Entry& entry = file_.tables[std::string(table)];
    std::set<std::string> taken;
    for (const auto& member : *members) {
        const std::string_view name = view(member.key());
        if (!is_name(name)) return bad(place + "." + quoted(name), "is no group's name");
        auto group = read_group(place + "." + std::string(name), name, member.value());
        if (!group) return group.error();
        for (const std::string& column : group->columns)
            if (!taken.insert(column).second) return bad(place, "has " + column + " in two groups");
        entry.groups.push_back(std::move(*group));
    }
    return {};
}

Result<AtomicGroup> FileReader::read_group(const std::string& place, std::string_view name,
                                           const json::value& value) const
{
    const auto* list = value.if_array();
    if (list == nullptr) return bad(place, "is no list of columns");
    AtomicGroup group{std::string(name), {}};
    for (const auto& member : *list) {
        const auto* column = member.if_string();
        if (column == nullptr || !is_name(view(*column))) return bad(place, "holds what is no column's name");
        group.columns.emplace_back(view(*column));
    }
    if (group.columns.size() < 2) return bad(place, "has fewer than two columns");
    return group;
}

bool is_number(ColumnType type)
{
    return type == ColumnType::integer || type == ColumnType::big_integer || type == ColumnType::decimal;
}

bool fits(Rule rule, ColumnType type)
{
    switch (rule) {
    case Rule::union_of:
        return type == ColumnType::parties || type == ColumnType::multi_choice;
    case Rule::add:
        return is_number(type);
    case Rule::max:
    case Rule::min:
        return is_number(type) || type == ColumnType::date_time || type == ColumnType::date;
    case Rule::text:
        return type == ColumnType::text || type == ColumnType::memo;
    default:
        return true;
    }
}

/// The file's groups come first: what they name leaves the default groups.
void overlay_groups(Policy& policy, const std::vector<AtomicGroup>& groups)
{
    for (AtomicGroup& existing : policy.groups) {
        for (const AtomicGroup& group : groups)
            std::erase_if(existing.columns, [&](const std::string& column) {
                return existing.name == group.name ||
                       std::find(group.columns.begin(), group.columns.end(), column) != group.columns.end();
            });
    }
    std::erase_if(policy.groups, [](const AtomicGroup& group) { return group.columns.size() < 2; });
    policy.groups.insert(policy.groups.end(), groups.begin(), groups.end());
}

std::optional<Error> misfit(const Table& table, const std::string& name, Rule rule)
{
    const std::string place = "tables." + table.name + "." + name;
    const Column* column = table.column(name);
    if (column == nullptr) return bad(place, "is a column that the table lacks");
    if (!fits(rule, column->type))
        return bad(place,
                   "cannot have the rule " + std::string(rule_name(rule)) + ": its type does not allow it");
    if (rule == Rule::volatile_column && (column->updatable || column->creatable))
        return bad(place, "cannot have the rule volatile: people write it, and it would never be sent");
    return std::nullopt;
}

std::optional<Error> misfit(const Table& table, const AtomicGroup& group)
{
    const std::string place = "groups." + table.name + "." + group.name;
    for (const std::string& name : group.columns) {
        const Column* column = table.column(name);
        if (column == nullptr) return bad(place, "names " + name + ", which the table lacks");
        if (!column->updatable)
            return bad(place, "names " + name + ", which cannot be updated: a group is sent whole");
    }
    return std::nullopt;
}

/// The defaults of the table under what fits of the file's entry for it.
Policy assemble(const PolicyFile& file, const Table& table, std::vector<Error>& misfits)
{
    Policy policy = default_policy(table);
    policy.version = file.version;
    const auto found = file.tables.find(table.name);
    if (found == file.tables.end()) return policy;
    const PolicyFile::Entry& entry = found->second;
    if (entry.fallback) {
        if (*entry.fallback == Rule::ask || *entry.fallback == Rule::mine || *entry.fallback == Rule::theirs)
            policy.fallback = *entry.fallback;
        else
            misfits.push_back(bad("tables." + table.name + ".*", "can only be ask, mine or theirs"));
    }
    for (const auto& [name, rule] : entry.rules) {
        if (auto wrong = misfit(table, name, rule))
            misfits.push_back(*std::move(wrong));
        else
            policy.rules.insert_or_assign(name, rule);
    }
    std::vector<AtomicGroup> groups;
    for (const AtomicGroup& group : entry.groups) {
        if (auto wrong = misfit(table, group))
            misfits.push_back(*std::move(wrong));
        else
            groups.push_back(group);
    }
    overlay_groups(policy, groups);
    return policy;
}

} // namespace

Result<PolicyFile> parse_policy_file(std::string_view text)
{
    if (text.size() > largest_file) return bad("it", "is larger than 1 MiB");
    json::parse_options options;
    options.max_depth = 8;
    boost::system::error_code failed;
    const json::value root = json::parse({text.data(), text.size()}, failed, {}, options);
    if (failed) return bad("it", "is not JSON, or nested too deeply");
    return FileReader().read(root);
}

Result<Policy> policy_for(const PolicyFile& file, const Table& table)
{
    std::vector<Error> misfits;
    Policy policy = assemble(file, table, misfits);
    if (!misfits.empty()) return misfits.front();
    return policy;
}

Policy fitting_policy(const PolicyFile& file, const Table& table)
{
    std::vector<Error> misfits;
    return assemble(file, table, misfits);
}

} // namespace hawser::conflict
