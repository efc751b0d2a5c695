#include "base/decimal.h"
#include "base/time_text.h"
#include "transport/dataverse/row_plan.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace hawser::dataverse {
namespace {

using Kind = Slot::Kind;

constexpr std::string_view good{};

std::optional<std::int64_t> whole_number(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view append_integer(BodyWriter& writer, const Slot& slot)
{
    if (slot.kind == Kind::integer) {
        writer.add(slot.integer);
        return good;
    }
    std::optional<std::int64_t> value;
    if (slot.kind == Kind::text) value = whole_number(slot.text);
    if (slot.kind == Kind::number)
        if (const auto decimal = parse_decimal(slot.text)) value = whole_number(decimal->text);
    if (!value) return "no whole number";
    writer.add(*value);
    return good;
}

std::string_view append_decimal(BodyWriter& writer, const Slot& slot)
{
    if (slot.kind == Kind::integer) {
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), slot.integer).ptr;
        writer.add_text({digits.data(), static_cast<std::size_t>(end - digits.data())});
        return good;
    }
    if (slot.kind == Kind::boolean) return "no number";
    const auto decimal = parse_decimal(slot.text);
    if (!decimal) return "no number";
    writer.add_text(decimal->text);
    return good;
}

bool digits_at(std::string_view text, std::size_t from, std::size_t count)
{
    return std::ranges::all_of(text.substr(from, count), [](char c) { return c >= '0' && c <= '9'; });
}

int two_digits(std::string_view text, std::size_t at)
{
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// "2021-04-04T20:00:00Z" with days that every month has: nearly every time on the wire.
bool is_canonical_time(std::string_view text)
{
    if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[19] != 'Z')
        return false;
    if (!digits_at(text, 0, 4) || !digits_at(text, 5, 2) || !digits_at(text, 8, 2) ||
        !digits_at(text, 11, 2) || !digits_at(text, 14, 2) || !digits_at(text, 17, 2))
        return false;
    const int month = two_digits(text, 5), day = two_digits(text, 8);
    return month >= 1 && month <= 12 && day >= 1 && day <= 28 && two_digits(text, 11) <= 23 &&
           two_digits(text, 14) <= 59 && two_digits(text, 17) <= 59;
}

std::string_view append_time(BodyWriter& writer, const Slot& slot)
{
    if (slot.kind != Kind::text) return "no time";
    if (is_canonical_time(slot.text)) {
        writer.add_text(slot.text);
        return good;
    }
    const auto instant = parse_instant(slot.text);
    if (!instant) return "no time";
    writer.add_text(to_text(*instant));
    return good;
}

std::string_view append_date(BodyWriter& writer, const Slot& slot)
{
    if (slot.kind != Kind::text) return "no date";
    const bool with_time = slot.text.size() > 10 && slot.text[10] == 'T';
    const auto day = parse_day(with_time ? slot.text.substr(0, 10) : slot.text);
    if (!day) return "no date";
    writer.add_text(*day);
    return good;
}

std::string_view append_choices(BodyWriter& writer, const Slot& slot)
{
    std::vector<std::int64_t> numbers;
    if (slot.kind == Kind::integer) {
        numbers.push_back(slot.integer);
    } else {
        if (slot.kind != Kind::text) return "no list of choices";
        for (std::size_t start = 0; start < slot.text.size();) {
            const auto end = std::min(slot.text.find_first_of(",;", start), slot.text.size());
            const auto number = whole_number(slot.text.substr(start, end - start));
            if (!number) return "no list of choices";
            numbers.push_back(*number);
            start = end + 1;
        }
    }
    std::ranges::sort(numbers);
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::string list;
    for (const auto number : numbers) list += (list.empty() ? "" : ",") + std::to_string(number);
    if (list.empty())
        writer.skip();
    else
        writer.add_text(list);
    return good;
}

bool canonical_guid(std::string_view text)
{
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < 36; ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

template <class Append>
std::string_view with_guid(const Slot& slot, Append append)
{
    if (slot.kind != Kind::text) return "no id";
    if (canonical_guid(slot.text)) {
        append(slot.text);
        return good;
    }
    const auto id = Guid::parse(slot.text);
    if (!id) return "no id";
    append(id->text());
    return good;
}

std::string_view append_lookup(BodyWriter& writer, const ColumnRule& rule, const Slot& slot,
                               const Slot& table)
{
    const auto name = table.kind == Kind::text ? table.text : std::string_view(rule.only_target);
    if (name.empty()) return "a lookup whose table is not told";
    return with_guid(slot, [&](std::string_view id) { writer.add_lookup(name, id); });
}

std::string_view append_boolean(BodyWriter& writer, const Slot& slot)
{
    if (slot.kind != Kind::boolean) return "neither true nor false";
    writer.add(slot.integer != 0);
    return good;
}

std::string_view append_text(BodyWriter& writer, const Slot& slot)
{
    switch (slot.kind) {
    case Kind::text:
    case Kind::number:
        if (slot.text.empty())
            writer.skip();
        else
            writer.add_text(slot.text);
        return good;
    case Kind::integer:
        writer.add_text(std::to_string(slot.integer));
        return good;
    case Kind::boolean:
        writer.add_text(slot.integer != 0 ? "true" : "false");
        return good;
    case Kind::none:
        break;
    }
    writer.skip();
    return good;
}

} // namespace

std::string_view append_value(BodyWriter& writer, const ColumnRule& rule, const Slot& slot,
                              const Slot& lookup_table)
{
    if (slot.kind == Kind::none) {
        writer.skip();
        return good;
    }
    switch (rule.type) {
    case ColumnType::text:
    case ColumnType::memo:
        return append_text(writer, slot);
    case ColumnType::integer:
    case ColumnType::big_integer:
    case ColumnType::choice:
    case ColumnType::state:
    case ColumnType::status:
        return append_integer(writer, slot);
    case ColumnType::decimal:
        return append_decimal(writer, slot);
    case ColumnType::boolean:
        return append_boolean(writer, slot);
    case ColumnType::date_time:
        return append_time(writer, slot);
    case ColumnType::date:
        return append_date(writer, slot);
    case ColumnType::multi_choice:
        return append_choices(writer, slot);
    case ColumnType::lookup:
        return append_lookup(writer, rule, slot, lookup_table);
    case ColumnType::guid:
        return with_guid(slot, [&](std::string_view id) { writer.add_text(id); });
    case ColumnType::parties:
        break;
    }
    writer.skip();
    return good;
}

} // namespace hawser::dataverse
