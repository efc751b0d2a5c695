#include "engine/page_rows.h"

namespace hawser::engine {

void PageRows::begin(std::size_t expected_bytes)
{
    text_.clear();
    text_.reserve(expected_bytes);
    rows_.clear();
    tombstones_.clear();
}

Result<void> PageRows::row(const dataverse::RowView& row)
{
    rows_.push_back({row.id, row.version, row.partial, text_.size(),
                     static_cast<std::uint32_t>(row.etag.size()),
                     static_cast<std::uint32_t>(row.body.size())});
    text_.append(row.etag).append(row.body);
    return {};
}

Result<void> PageRows::tombstone(const dataverse::TombstoneView& tombstone)
{
    tombstones_.push_back(tombstone.id);
    return {};
}

} // namespace hawser::engine
