#pragma once

#include "base/body.h"
#include "base/filter.h"
#include "hawser/clock.h"
#include "hawser/metadata.h"
#include "transport/dataverse/batch.h"
#include "transport/dataverse/metadata.h"
#include "transport/dataverse/page.h"
#include "transport/dataverse/service.h"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::dataverse {

/// What of a table is asked for.
struct Selection {
    const Table& table;
    const Layout& layout;
    std::span<const std::string> without{}; ///< Columns left out (of an over-large row).
    std::size_t page_rows = 5'000;          ///< At most 5,000.
};

/// The columns that can make a row large; leave them out when a single row exceeds the limit.
std::vector<std::string> large_columns(const Table& table, const Layout& layout);

/// A scope's filter in the wire's spelling ("_parentcustomerid_value eq …"), not percent-encoded.
std::string wire_filter(const Table& table, const Filter& filter);

/// The first page of a full delta round. The answer's delta link starts the next round.
http::Request delta_first(const Service& service, const Selection& selection, const Guid& request_id);

/// Rows with versionnumber > `since` within `filter` (wire spelling, "" = all), oldest first. For
/// the overlap pass an earlier watermark: rows may come again and applying them again is harmless.
http::Request filter_first(const Service& service, const Selection& selection, std::string_view filter,
                           std::int64_t since, const Guid& request_id);

/// Ids and etags only, within `filter`; read with a RowPlan of an empty layout.
http::Request sweep_first(const Service& service, const Table& table, std::string_view filter,
                          std::size_t page_rows, const Guid& request_id);

enum class PullMode { delta, filter, sweep };

/// Follows a next or delta link verbatim, after checking that it stays on this service
/// ("odata.foreign_link", kind stop).
Result<http::Request> next_page(const Service& service, std::string_view link, PullMode mode,
                                std::size_t page_rows, const Guid& request_id);

/// Whether the answer is a page to parse: sorts out errors (`to_error`), portals and oversize.
Result<void> check_page(const http::Answer& answer, std::string_view table, Instant now);

/// The version that an answer about one record tells: its header's, else its body's, else "".
std::string etag_of(const http::Answer& answer);

/// Looks at vanished ids, one read an id. Batch with OnError::go_on.
std::vector<BatchItem> confirm_items(const Table& table, std::span<const Guid> ids);

struct Presence {
    enum class State {
        present,   ///< Still there.
        gone,      ///< Verified not-found.
        no_access, ///< Exists or not, this user may not see it.
        unknown,   ///< No usable answer; ask again.
    };
    Guid id;
    State state = State::unknown;
    std::string etag{};
};
std::vector<Presence> parse_confirm(const BatchAnswer& answer, std::span<const Guid> ids, Instant now);

/// Which of up to 1,000 records `filter` (wire spelling) chooses, about 50 an operation. Batch with OnError::go_on.
std::vector<BatchItem> within_items(const Table& table, std::string_view filter, std::span<const Guid> ids);
Result<std::set<Guid>> parse_within(const Table& table, const BatchAnswer& answer, Instant now);

/// The participants of up to 1,000 activities, about 50 an operation. Batch with OnError::go_on.
std::vector<BatchItem> party_items(const Table& table, std::span<const Guid> ids);

/// Where an answer to one of them, or a page it led to, goes on; "" at its end. Not yet checked.
std::string next_party_page(const http::Answer& answer);

/// Every id has an entry, also those without participants. Pages that an answer led to are items of
/// their own, after the others. Fails when any answer or page is missing.
Result<PartyMap> parse_parties(const Table& table, const BatchAnswer& answer, std::span<const Guid> ids,
                               Instant now);

} // namespace hawser::dataverse
