#include "base/fields.h"

#include <string>
#include <variant>

namespace hawser {
namespace {

std::string as_stored(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        result += text[i] == '\r' ? '\n' : text[i];
    }
    while (!result.empty() && (result.back() == ' ' || result.back() == '\n' || result.back() == '\t'))
        result.pop_back();
    return result;
}

} // namespace

bool equal_as_stored(const Value& sent, const Value& stored)
{
    if (sent == stored) return true;
    const auto* left = std::get_if<std::string>(&sent);
    const auto* right = std::get_if<std::string>(&stored);
    if (left && right) return as_stored(*left) == as_stored(*right);
    if (left && is_null(stored)) return as_stored(*left).empty();
    return false;
}

} // namespace hawser
