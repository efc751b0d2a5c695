#include "tools/hawser/value_text.h"

#include "base/time_text.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/party_words.h"
#include "tools/hawser/words.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hawser::cli {

namespace {

boost::json::value parsed(const std::string& text)
{
    boost::system::error_code fault;
    boost::json::value value = boost::json::parse(text, fault);
    return fault ? boost::json::value(text) : value;
}

std::string choice_text(const Column& column, std::int64_t number)
{
    const auto choice = std::find_if(column.choices.begin(), column.choices.end(),
                                     [&](const Choice& c) { return c.value == number; });
    if (choice == column.choices.end() || choice->label.empty()) return std::to_string(number);
    return choice->label;
}

std::string choices_text(const Column& column, std::string_view numbers)
{
    std::vector<std::string> labels;
    while (!numbers.empty()) {
        const std::size_t comma = numbers.find(',');
        const std::string_view digits = numbers.substr(0, comma);
        std::int64_t number = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        labels.push_back(read.ec == std::errc{} ? choice_text(column, number) : std::string(digits));
        numbers.remove_prefix(comma == std::string_view::npos ? numbers.size() : comma + 1);
    }
    return fmt::format("{}", fmt::join(labels, ", "));
}

std::string text_for_people(const Column* column, const std::string& text)
{
    if (!column) return text;
    if (column->type == ColumnType::multi_choice) return choices_text(*column, text);
    if (column->type == ColumnType::date_time) {
        const auto moment = parse_instant(text);
        return moment ? local_time_text(*moment) : text;
    }
    return text;
}

bool is_choice(const Column* column)
{
    return column && (column->type == ColumnType::choice || column->type == ColumnType::state ||
                      column->type == ColumnType::status);
}

std::string lookup_text(const Lookup& lookup)
{
    return fmt::format("{}:{}", lookup.table, lookup.id.text());
}

} // namespace

std::string people_text(const Column* column, const Value& value, const NameOf& name_of)
{
    if (is_null(value)) return {};
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return is_choice(column) ? choice_text(*column, *number) : std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return text_for_people(column, *text);
    if (const auto* lookup = std::get_if<Lookup>(&value)) return name_of(*lookup);
    return exact_text(value, name_of);
}

std::string exact_text(const Value& value, const NameOf& name_of)
{
    if (is_null(value)) return {};
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* decimal = std::get_if<Decimal>(&value)) return decimal->text;
    if (const auto* lookup = std::get_if<Lookup>(&value)) return lookup_text(*lookup);
    if (const auto* collection = std::get_if<Collection>(&value)) {
        const auto parties = collection_to_parties(*collection);
        if (parties) return parties_text(*parties, name_of);
    }
    return to_json(value);
}

boost::json::value json_of(const Value& value)
{
    return parsed(to_json(value));
}

boost::json::value json_of(const Fields& fields)
{
    return parsed(to_json(fields));
}

} // namespace hawser::cli
