#pragma once

#include "hawser/guid.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::server {

/// A row's stored columns by ordinal; a column that is null is absent. A lookup is its target's
/// table code (two bytes, low first) and 16 bytes; a GUID is 16 bytes; anything else is the JSON
/// text that goes out on the wire.
using Values = std::map<std::uint16_t, std::string>;

/// One row as storage hands it out; the body is valid until the cursor moves.
struct Row {
    std::int64_t version = 0;
    Guid id;
    Guid parent; ///< Nil when there is none.
    Guid owner;  ///< A user or a team; nil for tables that nobody owns.
    std::string_view body;
};

/// One row that is kept.
struct StoredRow {
    std::int64_t version = 0;
    Guid id;
    Guid parent;
    Guid owner;
    std::string body;

    Row view() const { return {version, id, parent, owner, body}; }
};

/// Walks over the columns of a body, ordinals ascending. Stops at damage.
class BodyReader {
public:
    explicit BodyReader(std::string_view body) : rest_(body) {}
    bool next();
    std::uint16_t ordinal() const { return ordinal_; }
    std::string_view bytes() const { return bytes_; }

private:
    std::string_view rest_;
    std::string_view bytes_;
    std::uint16_t ordinal_ = 0;
};

void append_value(std::string& body, std::uint16_t ordinal, std::string_view bytes);
std::string encode(const Values& values);
Values decode(std::string_view body);
std::optional<std::string_view> find_value(std::string_view body, std::uint16_t ordinal);

struct Reference {
    std::uint16_t code = 0;
    Guid id;
};
std::string reference_bytes(std::uint16_t code, const Guid& id);
Reference reference_of(std::string_view bytes);
std::string guid_bytes(const Guid& id);
Guid guid_of(std::string_view bytes);
void append_guid(std::string& out, const Guid& id);

} // namespace hawser::server
