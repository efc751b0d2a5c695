#include "tools/server/core/address.h"

#include <algorithm>

namespace hawser::server {
namespace {

int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

char lower_letter(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

Outcome<Segment> parse_segment(std::string_view text)
{
    Segment segment;
    const auto open = text.find('(');
    segment.name = text.substr(0, open);
    if (open == std::string_view::npos) return segment;
    if (text.back() != ')') return bad_request("Bad Request - Error in query syntax.");
    segment.key = std::string(trim(text.substr(open + 1, text.size() - open - 2)));
    return segment;
}

} // namespace

const std::string* Address::option(std::string_view name) const
{
    const auto found = std::find_if(options.begin(), options.end(),
                                    [&](const auto& option) { return option.first == name; });
    return found == options.end() ? nullptr : &found->second;
}

std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower_letter);
    return out;
}

bool same_word(std::string_view one, std::string_view other)
{
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](char a, char b) { return lower_letter(a) == lower_letter(b); });
}

std::vector<std::string_view> split_outside(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char one = text[at];
        if (one == '\'') quoted = !quoted;
        if (quoted) continue;
        if (one == '(' || one == '[' || one == '{') ++depth;
        if (one == ')' || one == ']' || one == '}') --depth;
        if (one != separator || depth > 0) continue;
        parts.push_back(trim(text.substr(start, at - start)));
        start = at + 1;
    }
    parts.push_back(trim(text.substr(start)));
    return parts;
}

std::string percent_decoded(std::string_view text, bool plus_is_blank)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
            hex_value(text[at + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
            at += 2;
        } else {
            out += text[at] == '+' && plus_is_blank ? ' ' : text[at];
        }
    }
    return out;
}

std::string percent_encoded(std::string_view text)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char one : text) {
        const auto byte = static_cast<unsigned char>(one);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= 'A' && byte <= 'Z') ||
                           std::string_view("-_.~").find(one) != std::string_view::npos;
        if (plain) {
            out += one;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

Outcome<Address> parse_address(std::string_view relative)
{
    Address address;
    const auto fragment = relative.find('#');
    relative = relative.substr(0, fragment);
    const auto question = relative.find('?');
    const std::string path = percent_decoded(relative.substr(0, question), false);
    for (const std::string_view part : split_outside(path, '/')) {
        if (part.empty()) continue;
        Outcome<Segment> segment = parse_segment(part);
        if (!segment) return segment.refusal();
        address.path.push_back(std::move(*segment));
    }
    if (question == std::string_view::npos) return address;
    std::string_view query = relative.substr(question + 1);
    while (!query.empty()) {
        const auto end = query.find('&');
        const std::string_view option = query.substr(0, end);
        const auto equals = option.find('=');
        if (!option.empty()) {
            const auto text =
                equals == std::string_view::npos ? std::string_view{} : option.substr(equals + 1);
            address.options.emplace_back(percent_decoded(option.substr(0, equals), true),
                                         percent_decoded(text, true));
        }
        if (end == std::string_view::npos) break;
        query.remove_prefix(end + 1);
    }
    return address;
}

std::optional<std::string_view> below_service_root(std::string_view url, std::string_view prefix)
{
    const auto scheme = url.find("://");
    const auto question = url.find('?');
    if (scheme != std::string_view::npos && (question == std::string_view::npos || scheme < question)) {
        const auto path = url.find('/', scheme + 3);
        if (path == std::string_view::npos) return std::nullopt;
        url.remove_prefix(path);
    }
    if (url.empty() || url.front() != '/') return url;
    if (url.substr(0, prefix.size()) != prefix) {
        // Inside a batch, clients write "/contacts(…)" for a resource below the root.
        return url.find("/api/data/") == std::string_view::npos ? std::optional(url.substr(1)) : std::nullopt;
    }
    url.remove_prefix(prefix.size());
    constexpr std::string_view root = "/api/data/v";
    if (url.substr(0, root.size()) != root) return url.substr(1);
    const auto slash = url.find('/', root.size());
    if (slash == std::string_view::npos) return std::string_view{};
    return url.substr(slash + 1);
}

} // namespace hawser::server
