#include "engine/page_rows.h"

namespace hawser::engine {

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
