#include "engine/carry/redaction.h"

#include <boost/json.hpp>

#include <variant>

namespace hawser::carry {

namespace {

constexpr std::size_t least_quoted = 4;

std::string length_of(std::string_view text)
{
    std::size_t characters = 0;
    for (const char byte : text) characters += (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U ? 1 : 0;
    return "text of " + std::to_string(characters) + " characters";
}

/// Who takes part as a record keeps that and the roles.
Element redacted(const Element& element, std::size_t number)
{
    constexpr std::string_view address = "address:";
    Element hidden = element;
    const bool is_record = !element.key.starts_with(address);
    const std::string name = "participant " + std::to_string(number);
    if (!is_record) hidden.key = std::string(address) + name;
    boost::system::error_code failure;
    boost::json::value about = boost::json::parse(element.value, failure);
    if (failure || !about.is_object()) return {hidden.key, "{}"};
    for (auto& member : about.get_object())
        if (member.value().is_string())
            member.value() = is_record ? length_of(std::string_view(member.value().get_string())) : name;
    hidden.value = boost::json::serialize(about);
    return hidden;
}

} // namespace

Value redacted(const Value& value)
{
    if (const auto* text = std::get_if<std::string>(&value))
        return text->empty() ? value : Value(length_of(*text));
    if (std::holds_alternative<Decimal>(value)) return Decimal{"0"};
    const auto* collection = std::get_if<Collection>(&value);
    if (collection == nullptr) return value;
    Collection hidden;
    for (const Element& element : collection->elements)
        hidden.elements.push_back(redacted(element, hidden.elements.size() + 1));
    return hidden;
}

Fields redacted(const Fields& fields)
{
    Fields hidden;
    for (const auto& [column, value] : fields) hidden.emplace(column, redacted(value));
    return hidden;
}

std::string without_quotes(std::string words, const Fields& fields)
{
    for (const auto& [column, value] : fields) {
        const auto* text = std::get_if<std::string>(&value);
        if (text == nullptr || text->size() < least_quoted) continue;
        for (auto at = words.find(*text); at != std::string::npos; at = words.find(*text, at + 1))
            words.replace(at, text->size(), "…");
    }
    return words;
}

} // namespace hawser::carry
