#include "tools/server/core/row.h"

#include <array>
#include <cstring>

namespace hawser::server {
namespace {

constexpr std::size_t prefix_size = 6;

constexpr std::array<std::array<char, 2>, 256> make_byte_texts()
{
    std::array<std::array<char, 2>, 256> texts{};
    const char* digits = "0123456789abcdef";
    for (std::size_t at = 0; at < 256; ++at) texts[at] = {digits[at >> 4], digits[at & 15]};
    return texts;
}
constexpr auto byte_texts = make_byte_texts();

} // namespace

bool BodyReader::next()
{
    if (rest_.size() < prefix_size) return false;
    std::uint32_t length = 0;
    std::memcpy(&ordinal_, rest_.data(), sizeof ordinal_);
    std::memcpy(&length, rest_.data() + sizeof ordinal_, sizeof length);
    if (rest_.size() - prefix_size < length) return false;
    bytes_ = rest_.substr(prefix_size, length);
    rest_.remove_prefix(prefix_size + length);
    return true;
}

void append_value(std::string& body, std::uint16_t ordinal, std::string_view bytes)
{
    char prefix[prefix_size];
    const auto length = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(prefix, &ordinal, sizeof ordinal);
    std::memcpy(prefix + sizeof ordinal, &length, sizeof length);
    body.append(prefix, prefix_size);
    body.append(bytes);
}

std::string encode(const Values& values)
{
    std::string body;
    for (const auto& [ordinal, bytes] : values) append_value(body, ordinal, bytes);
    return body;
}

Values decode(std::string_view body)
{
    Values values;
    for (BodyReader reader(body); reader.next();)
        values.emplace_hint(values.end(), reader.ordinal(), reader.bytes());
    return values;
}

std::optional<std::string_view> find_value(std::string_view body, std::uint16_t ordinal)
{
    for (BodyReader reader(body); reader.next();) {
        if (reader.ordinal() == ordinal) return reader.bytes();
        if (reader.ordinal() > ordinal) break;
    }
    return std::nullopt;
}

std::string guid_bytes(const Guid& id)
{
    return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

Guid guid_of(std::string_view bytes)
{
    Guid id;
    if (bytes.size() == id.bytes.size()) std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
    return id;
}

std::string reference_bytes(std::uint16_t code, const Guid& id)
{
    std::string bytes{static_cast<char>(code & 0xFF), static_cast<char>(code >> 8)};
    return bytes + guid_bytes(id);
}

Reference reference_of(std::string_view bytes)
{
    if (bytes.size() != 18) return {};
    const auto low = static_cast<unsigned char>(bytes[0]);
    const auto high = static_cast<unsigned char>(bytes[1]);
    return {static_cast<std::uint16_t>(low | (high << 8)), guid_of(bytes.substr(2))};
}

void append_guid(std::string& out, const Guid& id)
{
    char text[36];
    std::size_t to = 0;
    for (std::size_t at = 0; at < 16; ++at) {
        if (at == 4 || at == 6 || at == 8 || at == 10) text[to++] = '-';
        text[to++] = byte_texts[id.bytes[at]][0];
        text[to++] = byte_texts[id.bytes[at]][1];
    }
    out.append(text, sizeof text);
}

} // namespace hawser::server
