#include "tools/server/core/token.h"

#include "base/hash.h"

#include <cstdint>

namespace hawser::server {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t seal_size = 8;

std::string seal(std::string_view payload, std::string_view purpose)
{
    std::string both(purpose);
    both.append("|").append(payload);
    const std::uint64_t sum = checksum(both);
    std::string text;
    for (std::size_t at = 0; at < seal_size; ++at) text += alphabet[(sum >> (at * 6)) & 63];
    return text;
}

std::string encode64(std::string_view bytes)
{
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char one : bytes) {
        held = (held << 8) | static_cast<unsigned char>(one);
        bits += 8;
        while (bits >= 6) out += alphabet[(held >> (bits -= 6)) & 63];
        held &= (1u << bits) - 1;
    }
    if (bits > 0) out += alphabet[(held << (6 - bits)) & 63];
    return out;
}

std::optional<std::string> decode64(std::string_view text)
{
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char one : text) {
        const auto digit = alphabet.find(one);
        if (digit == std::string_view::npos) return std::nullopt;
        held = (held << 6) | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) out += static_cast<char>((held >> (bits -= 8)) & 0xFF);
        held &= (1u << bits) - 1;
    }
    return out;
}

} // namespace

std::string make_token(std::string_view payload, std::string_view purpose)
{
    return seal(payload, purpose) + encode64(payload);
}

std::optional<std::string> open_token(std::string_view token, std::string_view purpose)
{
    if (token.size() < seal_size) return std::nullopt;
    std::optional<std::string> payload = decode64(token.substr(seal_size));
    if (!payload || seal(*payload, purpose) != token.substr(0, seal_size)) return std::nullopt;
    return payload;
}

} // namespace hawser::server
