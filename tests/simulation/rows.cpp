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

std::string joined(const std::set<std::string>& guests)
{
    std::string text;
    for (const std::string& guest : guests) text += (text.empty() ? "" : ", ") + guest;
    return text;
}

/// A record that takes part has whatever address the organization knows of it.
std::string guest(const Guid* record, std::string_view address, std::int64_t role)
{
    return (record ? record->text() : std::string(address)) + " " + std::to_string(role);
}

std::string guests_of(const Collection& collection)
{
    std::set<std::string> guests;
    const auto parties = collection_to_parties(collection);
    for (const Party& party : parties.value_or(std::vector<Party>{}))
        for (const int role : party.roles)
            guests.insert(
                guest(party.record.table.empty() ? nullptr : &party.record.id, party.address, role));
    return joined(guests);
}

std::string guests_of(const boost::json::array& parties)
{
    std::set<std::string> guests;
    for (const boost::json::value& one : parties) {
        const boost::json::object& party = one.as_object();
        const auto text = [&](const char* member) {
            const boost::json::value* found = party.if_contains(member);
            return found && found->is_string() ? std::string(found->get_string()) : std::string();
        };
        const auto record = Guid::parse(text("_partyid_value"));
        guests.insert(guest(record ? &*record : nullptr, text("addressused"),
                            party.at("participationtypemask").to_number<std::int64_t>()));
    }
    return joined(guests);
}

} // namespace

const std::vector<TrackedTable>& tracked_tables()
{
    static const std::vector<TrackedTable> tables = {
        {"account",
         "accounts",
         "accountid",
         {{"name", "name", Meeting::asks},
          {"telephone1", "telephone1", Meeting::asks},
          {"description", "description", Meeting::merges_lines},
          {"numberofemployees", "numberofemployees", Meeting::adds}}},
        {"contact",
         "contacts",
         "contactid",
         {{"firstname", "firstname", Meeting::asks},
          {"lastname", "lastname", Meeting::asks},
          {"jobtitle", "jobtitle", Meeting::asks},
          {"telephone1", "telephone1", Meeting::asks},
          {"description", "description", Meeting::asks},
          {"department", "department", Meeting::mine},
          {"nickname", "nickname", Meeting::theirs},
          {"statecode", "statecode", Meeting::asks},
          {"parentcustomerid", "_parentcustomerid_value", Meeting::asks}}},
        {"appointment",
         "appointments",
         "activityid",
         {{"subject", "subject", Meeting::asks},
          {"location", "location", Meeting::asks},
          {"parties", "appointment_activity_parties", Meeting::unites}}}};
    return tables;
}

std::span<const TrackedTable> tables_of(bool meetings)
{
    const std::span<const TrackedTable> all(tracked_tables());
    return meetings ? all : all.first(all.size() - 1);
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
    std::string text(id), expansion;
    for (const TrackedColumn& one : columns)
        if (one.meeting == Meeting::unites)
            expansion = "&$expand=" + std::string(one.on_the_wire) +
                        "($select=_partyid_value,addressused,participationtypemask)";
        else
            text.append(",").append(one.on_the_wire);
    return text + expansion;
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
    if (const auto* collection = std::get_if<Collection>(&value)) return guests_of(*collection);
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
        std::string text = found->is_string()  ? trimmed(std::string(found->get_string()))
                           : found->is_array() ? guests_of(found->get_array())
                                               : boost::json::serialize(*found);
        if (!text.empty()) texts.emplace(column.name, std::move(text));
    }
    return texts;
}

std::set<std::string> guests_in(std::string_view text)
{
    constexpr std::string_view mark = ", ";
    std::set<std::string> guests;
    while (!text.empty()) {
        const auto end = text.find(mark);
        guests.emplace(text.substr(0, end));
        text = end == text.npos ? std::string_view() : text.substr(end + mark.size());
    }
    return guests;
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
