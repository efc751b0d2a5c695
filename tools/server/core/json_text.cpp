#include "tools/server/core/json_text.h"

#include <array>
#include <charconv>

namespace hawser::server {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

/// 0 = plain, 'u' = \u00xx, else the character after the backslash.
constexpr std::array<char, 256> make_escapes()
{
    std::array<char, 256> table{};
    for (std::size_t at = 0; at < 0x20; ++at) table[at] = 'u';
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}
constexpr std::array<char, 256> escapes = make_escapes();

void append_code_point(std::string& out, unsigned code)
{
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

/// Bytes of the well-formed sequence at the start of the text; 0 when there is none.
std::size_t sequence_length(std::string_view text)
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto follows = [&](std::size_t at, unsigned low = 0x80, unsigned high = 0xBF) {
        return at < text.size() && byte(at) >= low && byte(at) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF)
        return follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
    if (lead >= 0xF0 && lead <= 0xF4)
        return follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3)
                   ? 4
                   : 0;
    return 0;
}

} // namespace

void append_quoted(std::string& out, std::string_view text)
{
    out += '"';
    std::size_t start = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const char escape = escapes[byte];
        if (escape == 0) continue;
        out.append(text, start, at - start);
        start = at + 1;
        out += '\\';
        out += escape;
        if (escape != 'u') continue;
        out += "00";
        out += hex_digits[byte >> 4];
        out += hex_digits[byte & 15];
    }
    out.append(text, start, text.size() - start);
    out += '"';
}

void append_number(std::string& out, std::int64_t value)
{
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
}

std::string quoted_text(std::string_view text)
{
    std::string out;
    out.reserve(text.size() + 2);
    append_quoted(out, text);
    return out;
}

std::string unquoted(std::string_view json)
{
    if (json.size() < 2 || json.front() != '"') return std::string(json);
    json = json.substr(1, json.size() - 2);
    if (json.find('\\') == std::string_view::npos) return std::string(json);
    std::string out;
    out.reserve(json.size());
    for (std::size_t at = 0; at < json.size(); ++at) {
        if (json[at] != '\\' || at + 1 == json.size()) {
            out += json[at];
            continue;
        }
        const char escape = json[++at];
        switch (escape) {
        case 'b':
            out += '\b';
            break;
        case 'f':
            out += '\f';
            break;
        case 'n':
            out += '\n';
            break;
        case 'r':
            out += '\r';
            break;
        case 't':
            out += '\t';
            break;
        case 'u': {
            unsigned code = 0;
            if (at + 4 < json.size()) std::from_chars(json.data() + at + 1, json.data() + at + 5, code, 16);
            append_code_point(out, code);
            at += 4;
            break;
        }
        default:
            out += escape;
        }
    }
    return out;
}

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t utf16_length(std::string_view text)
{
    std::size_t units = 0;
    for (const char one : text) {
        const auto byte = static_cast<unsigned char>(one);
        if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

} // namespace hawser::server
