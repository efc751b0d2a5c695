#pragma once

#include "base/filter.h"
#include "engine/absence.h"
#include "engine/page_size.h"
#include "engine/page_trail.h"
#include "engine/page_trouble.h"
#include "engine/pull_mode.h"
#include "engine/read_page.h"
#include "engine/surroundings.h"
#include "localstore/round.h"
#include "transport/dataverse/pull.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser::engine {

/// How large pages should be, by table; outlives cycles.
using PageSizes = std::map<std::string, PageSize, std::less<>>;

/// One round of one scope under way.
struct PullRound {
    localstore::Scope scope;
    std::shared_ptr<const TableWork> table;
    PullMode mode = PullMode::delta;
    localstore::RoundKind kind = localstore::RoundKind::full;
    localstore::Generation generation{};
    bool begun = false;
    std::optional<Filter> local_filter{}; ///< Delta answers cannot be filtered by the server.
    std::string wire_filter{};
    std::vector<std::string> without{}; ///< Columns that stay on the server in this round.
    std::size_t page_rows = 5'000;
    std::vector<Guid> unmerged{}; ///< Rows without those columns, which edits here are about.
    std::int64_t rows = 0;
    std::int64_t since = 0;                 ///< Watermark that a filter round asked from.
    std::int64_t newest = 0;                ///< Newest version known when a filter round began.
    std::int64_t highest = 0;               ///< Highest version that the round brought.
    std::optional<Instant> last_finished{}; ///< The round before this one.
    bool suspect = false;                   ///< The table was whole before: versions must not fall.
    dataverse::RowPlan plan;                ///< Of the columns that are asked for.
    PageTrail trail;
};

/// The columns that the scope does without; a name and a state are always aboard.
std::vector<std::string> left_out(const localstore::Scope& scope, const TableWork& table);

/// The pull of a cycle: every scope in its mode, page by page.
///
/// Guarantees: the rows of a page and the link to the next move together, in short transactions of
/// which the last moves the link (I5); a page that is malformed or hostile changes nothing; only the
/// last page of a round replaces the token; an unfinished round goes on at its link after a crash.
/// What a round says is deleted is noted page by page and applied at its end, all of it or, when
/// somebody has to agree first, nothing (I9): the token then stays before those deletions, or, after a
/// full round, a sweep is begun with it that finds them again. Rows go on coming.
///
/// A table that cannot be pulled is noted in the cycle's troubles and the others go on.
class Puller {
public:
    /// Between two pages, for edits that must not wait behind a large pull.
    using Between = std::function<Task<Result<void>>()>;

    Puller(Surroundings& around, CycleWork& cycle, PageSizes& sizes, Between between)
        : around_(around), cycle_(cycle), sizes_(sizes), between_(std::move(between)), absence_(around, cycle)
    {
    }

    enum class Extent { changes, full };

    /// All these scopes: what changed since the last time in one request where the organization
    /// allows it, then each that needs more on its own.
    Task<Result<void>> pull(std::vector<localstore::Scope> scopes, Extent extent);

private:
    enum class Next { another_page, round_over };

    // pull.cpp: which request comes next, and what a failure means.
    Task<Result<void>> pull_scope(localstore::Scope scope, Extent extent);
    Task<Result<void>> run_round(PullRound round, http::Request first);
    http::Request for_page(http::Request request);
    Task<Result<std::vector<localstore::Scope>>> poll(std::vector<localstore::Scope> scopes);
    Result<std::string> poll_path(const localstore::Scope& scope, const localstore::Checkpoint& checkpoint);
    Task<Result<bool>> schema_moved(std::shared_ptr<const TableWork> before);
    Task<Result<bool>> polled(localstore::Scope scope, http::Answer answer);
    Result<PullRound> round_of(localstore::Scope scope, PullMode mode);
    Result<http::Request> first_request(PullRound& round, const localstore::Checkpoint& checkpoint,
                                        Extent extent, bool& resumed);
    Result<PullMode> settle_mode(const localstore::Scope& scope, const Table& table);
    PullProbe mode_to_try(const localstore::Scope& scope, const Table& table) const;
    Result<void> begin(PullRound& round, localstore::RoundKind kind);
    /// A token that the organization itself refuses too soon tells of a restored one; a page on the way does not.
    enum class TokenEnd { refused, of_no_use };
    Result<void> forget_token(const localstore::Scope& scope, const std::string& why, TokenEnd end);
    Result<void> abandon(const localstore::Scope& scope);
    Result<void> fall_back_to_filter(localstore::Scope& scope, const Error& refusal);
    /// Does what the failed page needs; false when the scope has nothing more to ask for.
    Result<bool> remedy(localstore::Scope& scope, const Error& error, const PageAsked& asked,
                        std::vector<std::string>& without);
    PageSize& size_of(const TableWork& table);

    // pull_page.cpp: one page, from bytes to rows in the replica.
    Task<Result<ReadPage>> read(PullRound& round, http::Answer answer);
    Task<Result<Next>> store(PullRound& round, const ReadPage& page);
    Result<void> store_rows(PullRound& round, const ReadPage& page);
    /// A version below the one that is here: only an older copy of the organization has that.
    Result<void> look_backwards(const PullRound& round, localstore::Transaction& transaction,
                                const RecordKey& key, const PageRows::Row& row, std::string_view etag);
    Result<void> store_row(PullRound& round, localstore::Transaction& transaction,
                           localstore::RowTaker& taker, const ReadPage& page, const PageRows::Row& row);
    Task<Result<void>> merge_whole(PullRound& round);
    Result<void> keep_link(const PullRound& round, const ReadPage& page);
    Task<Result<void>> bury(const PullRound& round);
    Task<Result<void>> finish(PullRound& round, const ReadPage& page);
    Result<localstore::Finish> end_of(const PullRound& round, const ReadPage& page);

    Surroundings& around_;
    CycleWork& cycle_;
    PageSizes& sizes_;
    Between between_;
    Absence absence_;
    std::string body_room_{}; ///< Memory of the last page's bytes, for the next one.
    PageRows rows_room_{};    ///< Memory of the last page's rows.
};

/// The watermark of a filter pull as it is kept: the one to ask from next time (the last but one, so
/// that each round reads the one before again) and the newest.
struct Watermark {
    std::int64_t ask_from = 0;
    std::int64_t newest = 0;
};
Watermark parse_watermark(std::string_view text);
std::string to_text(const Watermark& watermark);

} // namespace hawser::engine
