#include "tests/simulation/rows.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace hawser::simulation {

namespace {

/// The server drops blanks at the end of a text.
std::string trimmed(std::string text)
{
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

} // namespace

const std::vector<TrackedTable>& tracked_tables()
{
    static const std::vector<TrackedTable> tables = {
        {"account",
         "accounts",
         {{"name", "name", Meeting::asks},
          {"telephone1", "telephone1", Meeting::asks},
          {"description", "description", Meeting::merges_lines},
          {"numberofemployees", "numberofemployees", Meeting::adds}}},
        {"contact",
         "contacts",
         {{"firstname", "firstname", Meeting::asks},
          {"lastname", "lastname", Meeting::asks},
          {"jobtitle", "jobtitle", Meeting::asks},
          {"telephone1", "telephone1", Meeting::asks},
          {"description", "description", Meeting::asks},
          {"department", "department", Meeting::mine},
          {"nickname", "nickname", Meeting::theirs},
          {"statecode", "statecode", Meeting::asks},
          {"parentcustomerid", "_parentcustomerid_value", Meeting::asks}}}};
    return tables;
}

std::string_view policy_text()
{
    return R"({"version":1,"tables":{)"
           R"("account":{"numberofemployees":"add","description":"text"},)"
           R"("contact":{"department":"mine","nickname":"theirs"}}})";
}

const TrackedTable* tracked(std::string_view table)
{
    const auto found = std::ranges::find(tracked_tables(), table, &TrackedTable::name);
    return found == tracked_tables().end() ? nullptr : &*found;
}

std::string TrackedTable::select() const
{
    std::string text(name);
    text += "id";
    for (const TrackedColumn& one : columns) text.append(",").append(one.on_the_wire);
    return text;
}

const TrackedColumn* TrackedTable::column(std::string_view column_name) const
{
    const auto found = std::ranges::find(columns, column_name, &TrackedColumn::name);
    return found == columns.end() ? nullptr : &*found;
}

std::string plain(const Value& value)
{
    if (is_null(value)) return {};
    if (const auto* text = std::get_if<std::string>(&value)) return trimmed(*text);
    if (const auto* lookup = std::get_if<Lookup>(&value)) return lookup->id.text();
    return to_json(value);
}

Texts texts_of(const TrackedTable& table, const Fields& fields)
{
    Texts texts;
    for (const TrackedColumn& column : table.columns) {
        const auto found = fields.find(column.name);
        if (found == fields.end()) continue;
        std::string text = plain(found->second);
        if (!text.empty()) texts.emplace(column.name, std::move(text));
    }
    return texts;
}

Texts texts_of(const TrackedTable& table, const boost::json::object& row)
{
    Texts texts;
    for (const TrackedColumn& column : table.columns) {
        const boost::json::value* found = row.if_contains(column.on_the_wire);
        if (!found || found->is_null()) continue;
        std::string text =
            found->is_string() ? trimmed(std::string(found->get_string())) : boost::json::serialize(*found);
        if (!text.empty()) texts.emplace(column.name, std::move(text));
    }
    return texts;
}

std::string text_of(const Row& row, std::string_view column)
{
    if (!row) return {};
    const auto found = row->find(column);
    return found == row->end() ? std::string() : found->second;
}

std::int64_t number(std::string_view text)
{
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string called(const RecordKey& key)
{
    return key.table + " " + key.id.text().substr(0, 8) + "…" + key.id.text().substr(32);
}

} // namespace hawser::simulation
