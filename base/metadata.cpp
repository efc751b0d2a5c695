#include "hawser/metadata.h"

#include "base/decimal.h"
#include "base/time_text.h"
#include "base/utf8.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace hawser {
namespace {

/// One value on its way into one column; each member function deals with one kind of column.
class Canonical {
public:
    Canonical(const Table& table, const Column& column, Value value)
        : table_(table), column_(column), value_(std::move(value))
    {
    }

    Result<Value> run();

private:
    Result<Value> text();
    Result<Value> integer(std::int64_t least, std::int64_t most);
    Result<Value> decimal();
    Result<Value> boolean();
    Result<Value> date_time();
    Result<Value> date();
    Result<Value> choice();
    Result<Value> multi_choice();
    Result<Value> lookup();
    Result<Value> guid();
    Result<Value> parties();

    std::optional<std::int64_t> as_integer() const;
    std::optional<Lookup> as_lookup() const;
    Result<void> check_choice(std::int64_t number) const;

    std::string place() const { return table_.name + "." + column_.name; }
    std::string given() const;
    Error refusal(std::string code, std::string message) const
    {
        return Error{ErrorKind::refuse, std::move(code), std::move(message)};
    }
    Error wrong_type(std::string_view wanted) const
    {
        return refusal("input.wrong_type",
                       place() + " holds " + std::string(wanted) + "; " + given() + " was given.");
    }

    const Table& table_;
    const Column& column_;
    Value value_;
};

std::string Canonical::given() const
{
    constexpr std::size_t longest_quote = 60;
    std::string json = to_json(value_);
    if (json.size() <= longest_quote) return json;
    std::size_t cut = longest_quote;
    while (cut > 0 && (static_cast<unsigned char>(json[cut]) & 0xC0U) == 0x80U) --cut;
    return json.substr(0, cut) + "…";
}

Result<Value> Canonical::run()
{
    if (const auto* given_text = std::get_if<std::string>(&value_)) {
        if (!utf16_units(*given_text))
            return refusal("input.not_utf8",
                           place() + ": the text given is not valid UTF-8. Convert it first.");
        if (given_text->empty()) return Value{Null{}};
    }
    if (is_null(value_)) return Value{Null{}};
    switch (column_.type) {
    case ColumnType::text:
    case ColumnType::memo:
        return text();
    case ColumnType::integer:
        return integer(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    case ColumnType::big_integer:
        return integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    case ColumnType::decimal:
        return decimal();
    case ColumnType::boolean:
        return boolean();
    case ColumnType::date_time:
        return date_time();
    case ColumnType::date:
        return date();
    case ColumnType::choice:
    case ColumnType::state:
    case ColumnType::status:
        return choice();
    case ColumnType::multi_choice:
        return multi_choice();
    case ColumnType::lookup:
        return lookup();
    case ColumnType::guid:
        return guid();
    case ColumnType::parties:
        return parties();
    }
    return wrong_type("a kind of value that this version does not know");
}

Result<Value> Canonical::text()
{
    const auto* given_text = std::get_if<std::string>(&value_);
    if (given_text == nullptr) return wrong_type("text");
    const auto units = static_cast<std::int64_t>(utf16_units(*given_text).value_or(0));
    if (column_.max_length > 0 && units > column_.max_length)
        return refusal("input.too_long", place() + " holds at most " + std::to_string(column_.max_length) +
                                             " characters; " + std::to_string(units) + " were given.");
    return std::move(value_);
}

std::optional<std::int64_t> Canonical::as_integer() const
{
    if (const auto* number = std::get_if<std::int64_t>(&value_)) return *number;
    std::string_view digits;
    if (const auto* decimal_given = std::get_if<Decimal>(&value_)) digits = decimal_given->text;
    if (const auto* text_given = std::get_if<std::string>(&value_)) digits = *text_given;
    std::int64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, number);
    if (digits.empty() || failed != std::errc{} || stopped != end) return std::nullopt;
    return number;
}

Result<Value> Canonical::integer(std::int64_t least, std::int64_t most)
{
    const auto number = as_integer();
    if (!number || *number < least || *number > most)
        return wrong_type("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return Value{*number};
}

Result<Value> Canonical::decimal()
{
    std::optional<Decimal> number;
    if (const auto* whole = std::get_if<std::int64_t>(&value_)) number = Decimal{std::to_string(*whole)};
    if (const auto* decimal_given = std::get_if<Decimal>(&value_))
        number = parse_decimal(decimal_given->text);
    if (const auto* text_given = std::get_if<std::string>(&value_)) number = parse_decimal(*text_given);
    if (!number) return wrong_type("a number, such as 12.5,");
    return Value{std::move(*number)};
}

Result<Value> Canonical::boolean()
{
    if (std::holds_alternative<bool>(value_)) return std::move(value_);
    if (const auto* text_given = std::get_if<std::string>(&value_)) {
        if (*text_given == "true") return Value{true};
        if (*text_given == "false") return Value{false};
    }
    return wrong_type("true or false");
}

Result<Value> Canonical::date_time()
{
    const auto* text_given = std::get_if<std::string>(&value_);
    const auto instant = text_given != nullptr ? parse_instant(*text_given) : std::nullopt;
    constexpr Instant earliest = std::chrono::sys_days{std::chrono::year{1753} / 1 / 1};
    if (!instant || *instant < earliest)
        return wrong_type("a time from 1753 on, such as 2021-04-04T20:00:00Z");
    return Value{to_text(*instant)};
}

Result<Value> Canonical::date()
{
    const auto* text_given = std::get_if<std::string>(&value_);
    auto day = text_given != nullptr ? parse_day(*text_given) : std::nullopt;
    if (!day || *day < "1753-01-01") return wrong_type("a day from 1753 on, such as 2021-04-04");
    return Value{std::move(*day)};
}

Result<void> Canonical::check_choice(std::int64_t number) const
{
    const auto same = [number](const Choice& choice) { return choice.value == number; };
    if (column_.choices.empty() || std::any_of(column_.choices.begin(), column_.choices.end(), same))
        return {};
    constexpr std::size_t most_named = 12;
    std::string known;
    for (std::size_t i = 0; i < column_.choices.size() && i < most_named; ++i) {
        const Choice& choice = column_.choices[i];
        known += (known.empty() ? "" : ", ") + std::to_string(choice.value) + " (" + choice.label + ")";
    }
    if (column_.choices.size() > most_named) known += ", …";
    return refusal("input.not_a_choice",
                   place() + " has no choice " + std::to_string(number) + ". Its choices are " + known + ".");
}

Result<Value> Canonical::choice()
{
    const auto number = as_integer();
    if (!number) return wrong_type("one number of its choices");
    if (auto known = check_choice(*number); !known) return known.error();
    return Value{*number};
}

Result<Value> Canonical::multi_choice()
{
    std::set<std::int64_t> numbers;
    if (const auto* one = std::get_if<std::int64_t>(&value_)) {
        numbers.insert(*one);
    } else if (const auto* list = std::get_if<std::string>(&value_)) {
        for (std::size_t begin = 0; begin <= list->size();) {
            const std::size_t comma = std::min(list->find(',', begin), list->size());
            std::int64_t number = 0;
            const char* end = list->data() + comma;
            const auto [stopped, failed] = std::from_chars(list->data() + begin, end, number);
            if (failed != std::errc{} || stopped != end)
                return wrong_type("the numbers of its choices, separated by commas");
            numbers.insert(number);
            begin = comma + 1;
        }
    } else {
        return wrong_type("the numbers of its choices, separated by commas");
    }
    std::string spelled;
    for (const std::int64_t number : numbers) {
        if (auto known = check_choice(number); !known) return known.error();
        spelled += (spelled.empty() ? "" : ",") + std::to_string(number);
    }
    return Value{std::move(spelled)};
}

std::optional<Lookup> Canonical::as_lookup() const
{
    if (const auto* lookup_given = std::get_if<Lookup>(&value_)) return *lookup_given;
    const auto* text_given = std::get_if<std::string>(&value_);
    if (text_given == nullptr) return std::nullopt;
    std::string_view rest = *text_given;
    std::string target;
    if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
        target = rest.substr(0, colon);
        rest.remove_prefix(colon + 1);
    } else if (column_.targets.size() == 1) {
        target = column_.targets.front().table;
    }
    const auto id = Guid::parse(rest);
    if (!id || target.empty()) return std::nullopt;
    return Lookup{std::move(target), *id};
}

Result<Value> Canonical::lookup()
{
    auto reference = as_lookup();
    if (!reference || reference->table.empty()) return wrong_type("a reference, written table:id,");
    const auto same = [&](const LookupTarget& target) { return target.table == reference->table; };
    if (column_.targets.empty() || std::any_of(column_.targets.begin(), column_.targets.end(), same))
        return Value{std::move(*reference)};
    std::string known;
    for (const LookupTarget& target : column_.targets) known += (known.empty() ? "" : ", ") + target.table;
    return refusal("input.not_a_target",
                   place() + " cannot refer to " + reference->table + ". It refers to " + known + ".");
}

Result<Value> Canonical::guid()
{
    const auto* text_given = std::get_if<std::string>(&value_);
    const auto id = text_given != nullptr ? Guid::parse(*text_given) : std::nullopt;
    if (!id) return wrong_type("an id, such as 49516f4a-083d-5dfe-a407-b8227f73fbb9,");
    return Value{id->text()};
}

Result<Value> Canonical::parties()
{
    const auto* collection = std::get_if<Collection>(&value_);
    if (collection == nullptr) return wrong_type("a list of participants");
    std::set<std::string_view> keys;
    for (const Element& element : collection->elements) {
        if (!utf16_units(element.key) || !utf16_units(element.value))
            return refusal("input.not_utf8",
                           place() + ": a participant is not valid UTF-8. Convert it first.");
        if (!keys.insert(element.key).second)
            return refusal("input.not_parties", place() + ": the participant \"" + element.key +
                                                    "\" is given twice. Give it once, with all its roles.");
    }
    auto list = collection_to_parties(*collection);
    if (!list) return Error{list.error().kind, list.error().code, place() + ": " + list.error().message};
    Collection canonical_list = parties_to_collection(*list);
    if (canonical_list.elements.empty()) return Value{Null{}};
    return Value{std::move(canonical_list)};
}

} // namespace

const Column* Table::column(std::string_view wanted) const
{
    for (const Column& column : columns)
        if (column.name == wanted) return &column;
    return nullptr;
}

std::string name_in(const Table& table, const Fields& fields)
{
    const auto text = [&](std::string_view column) {
        const auto found = fields.find(column);
        const auto* held = found == fields.end() ? nullptr : std::get_if<std::string>(&found->second);
        return held ? *held : std::string();
    };
    const std::string name = text(table.primary_name);
    if (!name.empty()) return name;
    const std::string first = text("firstname"), last = text("lastname");
    return first.empty() || last.empty() ? first + last : first + " " + last;
}

Result<Value> canonical(const Table& table, const Column& column, Value value)
{
    return Canonical(table, column, std::move(value)).run();
}

} // namespace hawser
