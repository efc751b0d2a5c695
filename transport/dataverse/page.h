#pragma once

#include "base/body.h"
#include "hawser/guid.h"
#include "hawser/metadata.h"
#include "hawser/result.h"
#include "transport/http/exchange.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::dataverse {

/// One row of a page. Views live until `row` returns.
struct RowView {
    Guid id;
    std::string_view etag;    ///< "W/\"123\"" as the server spelled it.
    std::int64_t version = 0; ///< versionnumber, else the number in the etag, else 0.
    std::string_view body;    ///< Positional JSON (base/body.h) under the plan's layout.
    bool partial = false;     ///< Some columns of the layout were not asked for; they are null here.
    /// The participants are not known (and null here): `missing_parties` names this row.
    bool parties_missing = false;
};

/// A positive statement that a record was deleted.
struct TombstoneView {
    Guid id;
    std::string_view reason;
};

/// Takes the rows of a page one by one. An Error ends the parse with that error.
class PageSink {
public:
    virtual ~PageSink() = default;
    virtual Result<void> row(const RowView& row) = 0;
    virtual Result<void> tombstone(const TombstoneView& tombstone) = 0;
};

/// Participants that came apart from their activity's row (delta pages cannot expand).
using PartyMap = std::map<Guid, Collection>;

/// How a table's rows are read, prepared once a pull: wire name → position in the layout.
///
/// Values arrive in the one spelling of their column's type. Unknown members are ignored, absent
/// ones are null. An activity without participants has null there. Immutable; any thread.
class RowPlan {
public:
    /// `without`: columns of the layout that the request leaves out; rows are then partial.
    RowPlan(const Table& table, const Layout& layout, std::span<const std::string> without = {});

    struct Detail;
    const Detail& detail() const { return *detail_; }

private:
    std::shared_ptr<const Detail> detail_;
};

struct PageLimits {
    std::size_t max_bytes = std::size_t{32} << 20;
    std::size_t max_rows = 5'000; ///< The protocol's own bound is 5,000.
    std::size_t max_depth = 16;
};

struct PageEnd {
    std::string next_link{};  ///< "" on the last page. Not yet checked: pass it to `next_page`.
    std::string delta_link{}; ///< Only on the last page of a delta round. Not yet checked.
    std::size_t rows = 0;
    std::size_t tombstones = 0;
    std::int64_t highest_version = 0;
    bool changes_only = false; ///< The server says these are changes since the token, not a full set.
};

/// Reads one page and hands out its rows in order. All or nothing is the caller's: rows before a
/// fault have been handed out, so an error means rolling back. `parties` overrides what the rows
/// themselves say of their participants (needed for activities on delta pages).
///
/// Fails with "server.bad_answer" (kind retry; says what and at which byte) or the sink's error.
Result<PageEnd> parse_page(const RowPlan& plan, std::string_view body, PageSink& sink,
                           const PartyMap* parties = nullptr, const PageLimits& limits = {});

/// The ids whose participants the page does not hold (all rows on a delta page of an activity,
/// cut-off collections on a filter page): fetch them with `party_items`, then `parse_page` with
/// the map. Empty for other tables.
Result<std::vector<Guid>> missing_parties(const RowPlan& plan, std::string_view body,
                                          const PageLimits& limits = {});

/// One record as a GET or a returned representation gives it.
struct RecordCopy {
    Guid id;
    std::string etag;
    std::int64_t version = 0;
    std::string body;         ///< As RowView::body.
    bool has_parties = false; ///< Whether the answer held the participants (PATCH never does).
};

/// `parties`: what to store for the participants when the answer does not hold them.
Result<RecordCopy> parse_record(const RowPlan& plan, std::string_view body,
                                const Collection* parties = nullptr);

} // namespace hawser::dataverse
