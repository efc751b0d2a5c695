#pragma once

#include "tools/server/core/call.h"

#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser::server {

enum class PayloadUse { create, update };

struct Payload;

/// Rows to be made together with their parent.
struct PayloadChildren {
    const CollectionProperty* property = nullptr;
    std::vector<Payload> rows; // Without braces: clang needs the element complete for those.
};

/// The body of a write, checked against the table and in stored form.
struct Payload {
    struct Entry {
        const Column* column = nullptr;
        std::optional<std::string> bytes{}; ///< Nothing clears the column.
    };
    std::vector<Entry> entries{};
    std::optional<Guid> id{}; ///< The primary key, when the body names it.
    std::optional<Guid> owner{};
    std::vector<PayloadChildren> children{};

    const Entry* entry(const Column& column) const;
    void put(const Column& column, std::optional<std::string> bytes);
};

Outcome<boost::json::object> parse_object(std::string_view set, std::string_view body);

Outcome<Payload> read_payload(const Call& call, const Table& table, const boost::json::object& object,
                              PayloadUse use);

enum class Blanks { trim, keep };

/// One value in stored form, checked against type, length and options.
Outcome<std::optional<std::string>> stored_bytes(const Table& table, const Column& column,
                                                 const boost::json::value& value, Blanks blanks);

/// The row that a URL (of a bind or a reference) names; it must exist and the caller may refer to it.
Outcome<Reference> resolve_reference(const Call& call, const Column& column, std::string_view navigation,
                                     std::string_view url);

} // namespace hawser::server
