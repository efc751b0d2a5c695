#include "tools/server/core/catalogue.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace hawser::server {
namespace {

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        const auto part = trimmed(text.substr(0, end));
        if (!part.empty()) parts.emplace_back(part);
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::int64_t number(std::string_view text)
{
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Kind kind_of(std::string_view word)
{
    static const std::map<std::string, Kind, std::less<>> kinds = {{"text", Kind::text},
                                                                   {"memo", Kind::memo},
                                                                   {"integer", Kind::integer},
                                                                   {"big", Kind::big_integer},
                                                                   {"decimal", Kind::decimal},
                                                                   {"money", Kind::money},
                                                                   {"boolean", Kind::boolean},
                                                                   {"time", Kind::date_time},
                                                                   {"date", Kind::date},
                                                                   {"choice", Kind::choice},
                                                                   {"choices", Kind::multi_choice},
                                                                   {"state", Kind::state},
                                                                   {"status", Kind::status},
                                                                   {"lookup", Kind::lookup},
                                                                   {"guid", Kind::guid},
                                                                   {"parties", Kind::parties}};
    const auto found = kinds.find(word);
    assert(found != kinds.end());
    return found->second;
}

Source source_of(std::string_view word)
{
    if (word == "=id") return Source::primary_id;
    if (word == "=version") return Source::row_version;
    if (word == "=user") return Source::owning_user;
    if (word == "=team") return Source::owning_team;
    if (word == "=unit") return Source::owning_unit;
    return Source::stored;
}

/// "0 Open; 1/0 Draft": the value, for a status its state, and the label.
std::vector<Option> options_of(std::string_view text)
{
    std::vector<Option> options;
    for (const std::string& part : split(text, ';')) {
        const auto blank = part.find(' ');
        const std::string numbers = part.substr(0, blank);
        const auto slash = numbers.find('/');
        Option option;
        option.value = number(numbers.substr(0, slash));
        if (slash != std::string::npos) option.state = number(numbers.substr(slash + 1));
        option.label = part.substr(blank + 1);
        options.push_back(std::move(option));
    }
    return options;
}

void apply_word(Table& table, Column& column, const std::string& word)
{
    const auto slash = word.find('/');
    if (word == "ro") {
        column.creatable = column.updatable = false;
    } else if (word == "create") {
        column.updatable = false;
    } else if (word == "update") {
        column.creatable = false;
    } else if (word == "required") {
        column.required = true;
    } else if (word == "hidden") {
        column.readable = false;
    } else if (word == "parent" || word == "cascade" || word == "cascade_if_set") {
        table.parent = column.name;
        if (word == "cascade") table.on_parent_delete = OnParentDelete::cascade;
        if (word == "cascade_if_set") table.on_parent_delete = OnParentDelete::cascade_if_set;
    } else if (word.front() == '=') {
        column.source = source_of(word);
    } else if (slash != std::string::npos) {
        column.targets.push_back({word.substr(0, slash), word.substr(slash + 1)});
    } else if (column.kind == Kind::parties) {
        column.participation = static_cast<int>(number(word));
    } else {
        column.max_length = static_cast<std::size_t>(number(word));
    }
}

void add_column(Table& table, std::string_view line)
{
    const auto bar = line.find('|');
    const auto second = bar == std::string_view::npos ? bar : line.find('|', bar + 1);
    const std::vector<std::string> words = split(line.substr(0, bar), ' ');
    Column column;
    column.kind = kind_of(words[0]);
    column.name = words[1];
    if (bar != std::string_view::npos) {
        const auto length = second == std::string_view::npos ? second : second - bar - 1;
        column.label = trimmed(line.substr(bar + 1, length));
    }
    for (std::size_t at = 2; at < words.size(); ++at) apply_word(table, column, words[at]);
    if (second != std::string_view::npos) column.options = options_of(line.substr(second + 1));
    column.property = column.kind == Kind::lookup ? "_" + column.name + "_value" : column.name;
    column.ordinal = static_cast<std::uint16_t>(table.columns.size());
    table.by_name.emplace(column.name, column.ordinal);
    if (column.kind != Kind::parties) table.by_property.emplace(column.property, column.ordinal);
    for (const Target& target : column.targets)
        table.by_navigation.emplace(target.navigation, column.ordinal);
    table.columns.push_back(std::move(column));
}

constexpr std::string_view owned_columns[] = {
    "time createdon ro | Created On",
    "time modifiedon ro | Modified On",
    "lookup createdby systemuser/createdby ro | Created By",
    "lookup modifiedby systemuser/modifiedby ro | Modified By",
    "big versionnumber ro =version | Version Number",
    "time overriddencreatedon create | Record Created On",
    "integer importsequencenumber create | Import Sequence Number",
};

constexpr std::string_view user_columns[] = {
    "lookup ownerid systemuser/ownerid team/ownerid | Owner",
    "lookup owninguser systemuser/owninguser ro =user | Owning User",
    "lookup owningteam team/owningteam ro =team | Owning Team",
    "lookup owningbusinessunit businessunit/owningbusinessunit ro =unit | Owning Business Unit",
};

void add_regarding(Table& table)
{
    std::string line = "lookup regardingobjectid cascade_if_set";
    for (const char* target : {"account", "contact", "lead", "opportunity", "incident", "new_project"})
        line += std::string(" ") + target + "/regardingobjectid_" + target + "_" + table.name;
    add_column(table, line + " | Regarding");
}

Table begin_table(std::string_view line)
{
    const std::vector<std::string> parts = split(line, '|');
    const std::vector<std::string> words = split(parts[0], ' ');
    Table table;
    table.name = words[1];
    table.set = words[2];
    table.primary_id = words[3];
    if (words[4] != "-") table.primary_name = words[4];
    table.code = static_cast<std::uint16_t>(number(words[5]));
    table.ownership = words[6] == "user"           ? Ownership::user
                      : words[6] == "organization" ? Ownership::organization
                                                   : Ownership::none;
    for (std::size_t at = 7; at < words.size(); ++at) {
        if (words[at] == "activity") table.activity = true;
        if (words[at] == "untracked") table.change_tracking = false;
        if (words[at] == "unversioned") table.concurrency = false;
    }
    table.schema_name = parts[1];
    table.label = parts[2];
    table.plural_label = parts[3];
    add_column(table, "guid " + table.primary_id + " create =id | " + table.label);
    for (std::string_view common : owned_columns) add_column(table, common);
    if (table.ownership == Ownership::user)
        for (std::string_view common : user_columns) add_column(table, common);
    if (table.activity) {
        add_column(table, "text activitytypecode 64 ro | Activity Type");
        add_regarding(table);
    }
    return table;
}

} // namespace

const Option* Column::option(std::int64_t value) const
{
    const auto found = std::find_if(options.begin(), options.end(),
                                    [&](const Option& option) { return option.value == value; });
    return found == options.end() ? nullptr : &*found;
}

const Target* Column::target(std::string_view table) const
{
    const auto found = std::find_if(targets.begin(), targets.end(),
                                    [&](const Target& target) { return target.table == table; });
    return found == targets.end() ? nullptr : &*found;
}

const Column* Table::column(std::string_view wanted) const
{
    const auto found = by_name.find(wanted);
    return found == by_name.end() ? nullptr : &columns[found->second];
}

const Column* Table::property(std::string_view wanted) const
{
    const auto found = by_property.find(wanted);
    return found == by_property.end() ? nullptr : &columns[found->second];
}

const Column* Table::navigation(std::string_view wanted) const
{
    const auto found = by_navigation.find(wanted);
    return found == by_navigation.end() ? nullptr : &columns[found->second];
}

const CollectionProperty* Table::collection(std::string_view wanted) const
{
    const auto found = std::find_if(collections.begin(), collections.end(),
                                    [&](const CollectionProperty& one) { return one.name == wanted; });
    return found == collections.end() ? nullptr : &*found;
}

std::string Table::privilege_noun() const
{
    if (activity || name == "activityparty" || name == "activitymimeattachment") return "Activity";
    if (name == "annotation") return "Note";
    if (name == "systemuser") return "User";
    return schema_name;
}

const Catalogue& Catalogue::whole()
{
    static const Catalogue catalogue;
    return catalogue;
}

Catalogue::Catalogue()
{
    for (const std::string& line : split(catalogue_text, '\n')) {
        if (line.front() == '=') {
            tables_.push_back(begin_table(line));
        } else if (line.rfind("collection ", 0) == 0) {
            const std::vector<std::string> words = split(line, ' ');
            tables_.back().collections.push_back({words[1], words[2], words[3]});
        } else {
            add_column(tables_.back(), line);
        }
    }
    for (std::size_t at = 0; at < tables_.size(); ++at) {
        by_name_.emplace(tables_[at].name, at);
        by_set_.emplace(tables_[at].set, at);
        by_code_.emplace(tables_[at].code, at);
    }
}

const Table* Catalogue::table(std::string_view name) const
{
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &tables_[found->second];
}

const Table* Catalogue::set(std::string_view set) const
{
    const auto found = by_set_.find(set);
    return found == by_set_.end() ? nullptr : &tables_[found->second];
}

const Table* Catalogue::code(std::uint16_t code) const
{
    const auto found = by_code_.find(code);
    return found == by_code_.end() ? nullptr : &tables_[found->second];
}

} // namespace hawser::server
