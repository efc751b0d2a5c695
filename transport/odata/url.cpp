#include "transport/odata/url.h"

#include <algorithm>
#include <charconv>

namespace hawser::odata {
namespace {

constexpr std::size_t max_url_bytes = std::size_t{64} << 10;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::string encode(std::string_view text, std::string_view also_kept)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string result;
    result.reserve(text.size() + 16);
    for (const char c : text) {
        if (unreserved(c) || also_kept.find(c) != std::string_view::npos) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += '%';
            result += digits[byte >> 4];
            result += digits[byte & 15];
        }
    }
    return result;
}

int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

Error bad(std::string_view text, std::string_view why)
{
    return {ErrorKind::refuse, "odata.bad_url",
            "\"" + std::string(text.substr(0, 200)) + "\" is no usable address: " + std::string(why)};
}

bool has_forbidden(std::string_view text)
{
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7F || c == '\\' || c == '#';
    });
}

// A path may not climb, however the dots are spelled.
bool climbs(std::string_view path)
{
    const auto decoded = percent_decode(path);
    if (!decoded) return true;
    std::size_t start = 0;
    while (start <= decoded->size()) {
        const auto end = std::min(decoded->find_first_of("/\\", start), decoded->size());
        const auto segment = std::string_view(*decoded).substr(start, end - start);
        if (segment == "." || segment == "..") return true;
        start = end + 1;
    }
    return false;
}

Error foreign(std::string_view root, std::string_view link)
{
    return {ErrorKind::stop, "odata.foreign_link",
            "the organization sent a link that leaves its own address (" + std::string(link.substr(0, 120)) +
                " is not under " + std::string(root) + "); it was not followed"};
}

bool valid_host(std::string_view host)
{
    if (host.empty() || host.size() > 255) return false;
    if (host.front() == '[')
        return host.size() > 3 && host.back() == ']' &&
               std::ranges::all_of(host.substr(1, host.size() - 2),
                                   [](char c) { return hex(c) >= 0 || c == ':' || c == '.'; });
    return std::ranges::all_of(host, [](char c) { return unreserved(c); });
}

} // namespace

Result<Url> parse_url(std::string_view text)
{
    if (text.size() > max_url_bytes) return bad(text, "it is longer than 64 KB");
    if (has_forbidden(text)) return bad(text, "it holds blanks, control characters, \"\\\" or \"#\"");
    const auto colon = text.find("://");
    if (colon == std::string_view::npos) return bad(text, "it does not begin with https:// or http://");
    Url url;
    url.scheme = lowered(text.substr(0, colon));
    if (url.scheme != "https" && url.scheme != "http") return bad(text, "only https and http are known");
    auto rest = text.substr(colon + 3);
    const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
    auto authority = rest.substr(0, authority_end);
    rest = rest.substr(authority_end);
    if (authority.find('@') != std::string_view::npos) return bad(text, "it holds a user name");
    url.port = url.scheme == "https" ? 443 : 80;
    const auto port_mark = authority.rfind(':');
    if (port_mark != std::string_view::npos && authority.find(']', port_mark) == std::string_view::npos) {
        const auto digits = authority.substr(port_mark + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
        if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0)
            return bad(text, "its port is no number from 1 to 65535");
        authority = authority.substr(0, port_mark);
    }
    url.host = lowered(authority);
    if (!valid_host(url.host)) return bad(text, "it has no valid host name");
    const auto question = rest.find('?');
    url.path = std::string(rest.substr(0, question));
    if (url.path.empty()) url.path = "/";
    if (question != std::string_view::npos) url.query = std::string(rest.substr(question + 1));
    return url;
}

std::string percent_encode(std::string_view text)
{
    return encode(text, "");
}

std::string encode_option(std::string_view text)
{
    return encode(text, "$,()'=@:/;*");
}

std::optional<std::string> percent_decode(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
        result += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
        i += 2;
    }
    return result;
}

std::string text_literal(std::string_view text)
{
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'') result += '\'';
        result += c;
    }
    result += '\'';
    return result;
}

Result<std::string> same_service(std::string_view root, std::string_view link)
{
    const auto base = parse_url(root);
    if (!base) return base.error();
    const auto origin = std::string(root.substr(0, root.find('/', root.find("://") + 3)));
    std::string absolute(link);
    if (link.starts_with("/")) {
        if (link.starts_with("//")) return foreign(root, link);
        absolute = origin + absolute;
    } else if (link.empty() || link.find("://") == std::string_view::npos ||
               link.find("://") > link.find_first_of("/?")) {
        absolute = std::string(root) + absolute;
    }
    const auto target = parse_url(absolute);
    if (!target) return foreign(root, link);
    const bool same = target->scheme == base->scheme && target->host == base->host &&
                      target->port == base->port && target->path.starts_with(base->path) &&
                      !climbs(target->path);
    if (!same || link.empty()) return foreign(root, link);
    return absolute;
}

} // namespace hawser::odata
