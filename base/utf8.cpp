#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace hawser {
namespace {

struct Lead {
    std::size_t length = 0; ///< 0 when the byte cannot begin a character.
    std::uint32_t bits = 0;
    std::uint32_t smallest = 0;
};

Lead read_lead(std::uint8_t byte) noexcept
{
    if (byte < 0x80) return {1, byte, 0};
    if (byte < 0xC2) return {};
    if (byte < 0xE0) return {2, byte & 0x1FU, 0x80};
    if (byte < 0xF0) return {3, byte & 0x0FU, 0x800};
    if (byte < 0xF5) return {4, byte & 0x07U, 0x10000};
    return {};
}

} // namespace

std::optional<std::size_t> utf16_units(std::string_view text) noexcept
{
    std::size_t units = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Lead lead = read_lead(static_cast<std::uint8_t>(text[at]));
        if (lead.length == 0 || text.size() - at < lead.length) return std::nullopt;
        std::uint32_t code = lead.bits;
        for (std::size_t i = 1; i < lead.length; ++i) {
            const auto byte = static_cast<std::uint8_t>(text[at + i]);
            if ((byte & 0xC0U) != 0x80U) return std::nullopt;
            code = (code << 6U) | (byte & 0x3FU);
        }
        const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        if (code < lead.smallest || surrogate || code > 0x10FFFF) return std::nullopt;
        units += code >= 0x10000 ? 2 : 1;
        at += lead.length;
    }
    return units;
}

std::string ascii_lower(std::string_view text)
{
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

} // namespace hawser
