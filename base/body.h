#pragma once

#include "hawser/metadata.h"
#include "hawser/value.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// The order in which one table's columns stand in a stored body. Columns are only ever appended;
/// a position is never reused, so a body written under an older layout still reads right (the
/// columns it lacks are null).
struct Layout {
    std::vector<std::string> columns;

    std::optional<std::size_t> position(std::string_view column) const;
};

/// Writes one body: a JSON array with one member a column, in layout order. A lookup is
/// ["table","guid"], a decimal its text, a collection [["key",{…value…}],…] sorted by key,
/// everything else its JSON. Trailing nulls are left out. Two equal records have equal bodies.
///
/// Members must be added in layout order; `skip` adds a null. Not for more than one thread.
class BodyWriter {
public:
    BodyWriter() = default;

    void clear(); ///< Starts the next body; keeps the memory.
    void skip();  ///< null
    void add(bool value);
    void add(std::int64_t value);
    void add_text(std::string_view text); ///< Any UTF-8; escaped here.
    void add_lookup(std::string_view table, std::string_view guid_text);
    void add(const Value& value); ///< Any of them.

    /// The finished body. Valid until the next call of `clear`.
    std::string_view finish();

private:
    void separate();

    std::string text_;
    std::size_t pending_nulls_ = 0;
    bool first_ = true;
};

std::string encode_body(const Layout& layout, const Fields& fields);

/// Columns that are null are absent from the result. `types` gives each position its type, so that
/// decimals and text are told apart. Fails with "store.corrupt_body" when the text is not a body.
Result<Fields> decode_body(const Layout& layout, const Table& table, std::string_view body);

} // namespace hawser
