#include "tools/hawser/text_width.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hawser::cli {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

struct Character {
    char32_t point = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

std::size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead < 0xF5) return 4;
    return 0;
}

/// The character at the beginning of a text that is not empty.
Character first_character(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(lead);
    if (length == 1) return {lead, 1, true};
    if (length == 0 || text.size() < length) return {};
    char32_t point = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80U) return {};
        point = (point << 6U) | (byte & 0x3FU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (overlong || surrogate || point > 0x10FFFF) return {};
    return {point, length, true};
}

struct Range {
    char32_t first;
    char32_t last;
};

// wcwidth depends on the locale and knows nothing in "C", so the few ranges that matter stand here.
constexpr std::array zero_width{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x064B, 0x065F},
    Range{0x0E31, 0x0E31}, Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E}, Range{0x1AB0, 0x1AFF},
    Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200F}, Range{0x202A, 0x202E}, Range{0x2060, 0x2064},
    Range{0x2066, 0x206F}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F},
    Range{0xFEFF, 0xFEFF},
};

constexpr std::array double_width{
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF},   Range{0x3400, 0x4DBF},
    Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},   Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD},
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t point)
{
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Range& range) { return point >= range.first && point <= range.last; });
}

std::size_t cells_of(const Character& character)
{
    if (!character.valid || character.point < 0x300) return 1;
    if (within(zero_width, character.point)) return 0;
    return within(double_width, character.point) ? 2 : 1;
}

bool steers_terminal(char32_t point)
{
    const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
    const bool direction = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
    return control || direction;
}

enum class LineEnds { keep, to_spaces };

std::string make_safe(std::string_view text, LineEnds line_ends)
{
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        const std::string_view bytes = text.substr(0, character.bytes);
        text.remove_prefix(character.bytes);
        if (bytes == "\n" && line_ends == LineEnds::keep)
            safe += '\n';
        else if (bytes == "\r" && text.starts_with('\n'))
            continue;
        else if (bytes == "\n" || bytes == "\t" || bytes == "\r")
            safe += ' ';
        else if (!character.valid || steers_terminal(character.point))
            safe += replacement;
        else
            safe += bytes;
    }
    return safe;
}

/// The number of bytes at the beginning of a text that fit the cells.
std::size_t bytes_within(std::string_view text, std::size_t cells)
{
    std::size_t bytes = 0;
    std::size_t used = 0;
    while (bytes < text.size()) {
        const Character character = first_character(text.substr(bytes));
        used += cells_of(character);
        if (used > cells) break;
        bytes += character.bytes;
    }
    return bytes;
}

} // namespace

std::size_t display_width(std::string_view text)
{
    std::size_t cells = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        cells += cells_of(character);
        text.remove_prefix(character.bytes);
    }
    return cells;
}

std::string cut_to_width(std::string_view text, std::size_t cells)
{
    if (display_width(text) <= cells) return std::string(text);
    if (cells == 0) return {};
    std::string_view kept = text.substr(0, bytes_within(text, cells - 1));
    while (kept.ends_with(' ')) kept.remove_suffix(1);
    return std::string(kept) + std::string(ellipsis);
}

std::vector<std::string> wrap_to_width(std::string_view text, std::size_t cells)
{
    cells = std::max<std::size_t>(cells, 2);
    std::vector<std::string> lines;
    while (display_width(text) > cells) {
        std::size_t end = bytes_within(text, cells);
        const std::size_t space = text.substr(0, end + 1).rfind(' ');
        const bool break_at_space = space != std::string_view::npos && space > 0;
        if (break_at_space) end = space;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(break_at_space ? end + 1 : end);
    }
    lines.emplace_back(text);
    return lines;
}

std::string one_safe_line(std::string_view text)
{
    return make_safe(text, LineEnds::to_spaces);
}

std::string safe_lines(std::string_view text)
{
    return make_safe(text, LineEnds::keep);
}

std::string tab_field(std::string_view text)
{
    std::string field;
    field.reserve(text.size());
    for (const char c : text) {
        if (c == '\t')
            field += "\\t";
        else if (c == '\n')
            field += "\\n";
        else if (c == '\r')
            field += "\\r";
        else if (c == '\\')
            field += "\\\\";
        else
            field += c;
    }
    return field;
}

} // namespace hawser::cli
