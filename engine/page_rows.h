#pragma once

#include "transport/dataverse/page.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::engine {

/// The rows of one page, read whole before any of them is stored: a hostile page changes nothing,
/// and no write lock is held while a page is parsed. Views live in the object.
class PageRows : public dataverse::PageSink {
public:
    struct Row {
        Guid id;
        std::int64_t version = 0;
        bool partial = false;
        std::size_t at = 0; ///< Of etag and body in the text.
        std::uint32_t etag_size = 0;
        std::uint32_t body_size = 0;
    };

    /// Empties it for another page, of about so much text; its memory is kept.
    void begin(std::size_t expected_bytes);

    Result<void> row(const dataverse::RowView& row) override;
    Result<void> tombstone(const dataverse::TombstoneView& tombstone) override;

    const std::vector<Row>& rows() const { return rows_; }
    const std::vector<Guid>& tombstones() const { return tombstones_; }
    /// The first id of either kind.
    std::optional<Guid> first() const
    {
        if (!rows_.empty()) return rows_.front().id;
        if (!tombstones_.empty()) return tombstones_.front();
        return std::nullopt;
    }
    std::string_view etag(const Row& row) const
    {
        return std::string_view(text_).substr(row.at, row.etag_size);
    }
    std::string_view body(const Row& row) const
    {
        return std::string_view(text_).substr(row.at + row.etag_size, row.body_size);
    }

private:
    std::string text_;
    std::vector<Row> rows_;
    std::vector<Guid> tombstones_;
};

} // namespace hawser::engine
