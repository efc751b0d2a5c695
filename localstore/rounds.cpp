#include "localstore/copies.h"
#include "localstore/fields_json.h"
#include "localstore/verbs.h"

#include <array>

namespace hawser::localstore {
namespace {

constexpr std::int64_t most_scopes = 62; // bits of a signed 64-bit number that stay positive

Error no_scope(ScopeNumber scope)
{
    return refusal(code::no_scope, "This replica has no scope " + std::to_string(scope.value) + ".");
}

struct ScopeRow {
    std::int64_t table = 0;
    std::int64_t bit = 0; ///< As a mask.
};

std::optional<ScopeRow> find_scope(Database& database, ScopeNumber scope)
{
    Statement row = database.prepare("SELECT table_number, bit FROM hawser_scope WHERE number = ?1");
    if (!row.with(scope.value).step()) return std::nullopt;
    return ScopeRow{row.integer(0), std::int64_t{1} << row.integer(1)};
}

/// The lane whose round under way has this generation.
std::optional<RoundKind> round_under_way(Database& database, ScopeNumber scope, Generation generation)
{
    Statement row = database.prepare(
        "SELECT kind FROM hawser_checkpoint WHERE scope = ?1 AND generation = ?2 AND under_way = 1");
    if (!row.with(scope.value, generation.value).step()) return std::nullopt;
    return parse_round_kind(row.text(0));
}

Error stale_round(ScopeNumber scope, Generation generation)
{
    return Error{ErrorKind::retry, std::string(code::stale_round),
                 "Round " + std::to_string(generation.value) + " of scope " + std::to_string(scope.value) +
                     " is not under way any more. Begin another."};
}

void forget_seen(Database& database, Generation generation)
{
    database.prepare("DELETE FROM hawser_seen WHERE generation IN (?1, -?1)").with(generation.value).run();
}

void mark_seen(Database& database, Generation generation, std::int64_t record)
{
    database.prepare("INSERT OR IGNORE INTO hawser_seen (generation, record) VALUES (?1, ?2)")
        .with(generation.value, record)
        .run();
}

void reset_lanes(Database& database, ScopeNumber scope)
{
    for (const Lane lane : {Lane::pull, Lane::sweep}) {
        auto now = find_checkpoint(database, scope, lane);
        if (now) forget_seen(database, now->generation);
    }
    database
        .prepare(
            "UPDATE hawser_checkpoint SET token = '', previous_token = '', watermark = '', resume_link = "
            "'', under_way = 0 WHERE scope = ?1")
        .with(scope.value)
        .run();
}

Result<std::int64_t> free_bit(Database& database, const KnownTable& table)
{
    std::int64_t taken = 0;
    Statement rows = database.prepare("SELECT bit FROM hawser_scope WHERE table_number = ?1");
    rows.with(table.number);
    while (rows.step()) taken |= std::int64_t{1} << rows.integer(0);
    for (std::int64_t bit = 0; bit < most_scopes; ++bit)
        if ((taken & (std::int64_t{1} << bit)) == 0) return bit;
    return refusal(code::too_many_scopes, "The table " + table.table.name + " has " +
                                              std::to_string(most_scopes) +
                                              " scopes, which is the most. Drop one first.");
}

} // namespace

void add_lanes(Database& database, ScopeNumber scope)
{
    Statement add = database.prepare(
        "INSERT OR IGNORE INTO hawser_checkpoint (scope, lane, token, previous_token, watermark, "
        "resume_link, "
        "under_way, "
        "kind, generation, fresh, begun_at, finished_at, full_finished_at, rows) VALUES (?1, ?2, '', '', '', "
        "'', 0, ?3, 0, 0, NULL, NULL, NULL, 0)");
    add.with(scope.value, 0, to_text(RoundKind::full)).run();
    add.with(scope.value, 1, to_text(RoundKind::sweep)).run();
}

struct RowTaker::Impl {
    TransactionState& state;
    Statement upsert;
    Statement find;
    std::int64_t table = 0;
    std::string table_name;
    std::int64_t bit = 0;
    ScopeNumber scope{};
    Generation generation{};
    bool counts_seen = false; ///< What the round brings or not matters afterwards.

    Taken take_slowly(const Guid& id);
};

RowTaker::RowTaker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowTaker::RowTaker(RowTaker&&) noexcept = default;
RowTaker::~RowTaker() = default;

/// The row was there and was not written: it is dirty, or it says what it said before.
Taken RowTaker::Impl::take_slowly(const Guid& id)
{
    Database& database = state.database;
    find.bind(1, table);
    find.bind(2, id);
    find.step();
    const std::int64_t record = find.integer(0);
    const std::int64_t flags = find.integer(1);
    const std::int64_t scopes = find.integer(2);
    find.reset();
    if (counts_seen) mark_seen(database, generation, record);
    if ((scopes & bit) == 0 || (flags & flag::unlinked) != 0)
        database
            .prepare("UPDATE hawser_record SET scopes = scopes | ?2, flags = flags & ?3 WHERE record = ?1")
            .with(record, bit, ~flag::unlinked)
            .run();
    if ((flags & flag::in_flight) != 0) return Taken::in_flight;
    return (flags & flag::busy) != 0 ? Taken::dirty : Taken::unchanged;
}

Result<Taken> RowTaker::take(const Guid& id, std::string_view etag, std::string_view body, Quality quality)
{
    Impl& own = *impl_;
    return verb(own.state, [&]() -> Result<Taken> {
        sqlite3* handle = own.state.database.handle();
        sqlite3_set_last_insert_rowid(handle, 0);
        own.upsert.bind_borrowed(2, id);
        own.upsert.bind_borrowed(3, etag);
        own.upsert.bind_borrowed(4, body);
        own.upsert.bind(5, quality == Quality::partial ? flag::partial : 0);
        own.upsert.run();
        ++own.state.rows;
        if (sqlite3_changes64(handle) == 0) return own.take_slowly(id);
        if (!own.state.notice.many) own.state.touched({own.table_name, id});
        return sqlite3_last_insert_rowid(handle) != 0 ? Taken::inserted : Taken::updated;
    });
}

Result<RowTaker> Rounds::take_rows(ScopeNumber scope, Generation generation, CycleNumber cycle)
{
    return verb(state_, [&]() -> Result<RowTaker> {
        Database& database = state_.database;
        const auto row = find_scope(database, scope);
        if (!row) return no_scope(scope);
        const auto kind = round_under_way(database, scope, generation);
        if (!kind) return stale_round(scope, generation);
        // A page may have been fetched before this cycle's own push made a version that it does not have.
        auto impl = std::unique_ptr<RowTaker::Impl>(new RowTaker::Impl{
            state_,
            database.prepare(
                "INSERT INTO hawser_record (table_number, id, etag, body, flags, scopes, cycle, generation) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (table_number, id) DO UPDATE SET etag = "
                "excluded.etag, body = excluded.body, flags = flags & 256 | excluded.flags, scopes = scopes "
                "| "
                "excluded.scopes, cycle = excluded.cycle, generation = excluded.generation WHERE flags & 7 = "
                "0 AND NOT (cycle = excluded.cycle AND CAST(substr(etag, 4) AS INTEGER) > "
                "CAST(substr(excluded.etag, 4) AS INTEGER)) AND (etag IS NOT excluded.etag OR flags & 48 IS "
                "NOT excluded.flags OR body IS NOT "
                "excluded.body)"),
            database.prepare(
                "SELECT record, flags, scopes FROM hawser_record WHERE table_number = ?1 AND id = ?2"),
            row->table, state_.tables->numbered(row->table).table.name, row->bit, scope, generation,
            *kind != RoundKind::filter});
        static_assert(flag::busy == 7 && (flag::tombstone | flag::partial) == 48 && flag::staged == 256);
        impl->upsert.bind(1, row->table);
        impl->upsert.bind(6, row->bit);
        impl->upsert.bind(7, cycle.value);
        impl->upsert.bind(8, generation.value);
        return RowTaker(std::move(impl));
    });
}

Result<ScopeNumber> Rounds::define_scope(const Scope& scope)
{
    return verb(state_, [&]() -> Result<ScopeNumber> {
        Database& database = state_.database;
        auto table = state_.tables->named(scope.table);
        if (!table) return table.error();
        const std::string columns = join_names(scope.columns);
        Statement present = database.prepare(
            "SELECT number, filter, columns FROM hawser_scope WHERE table_number = ?1 AND name = ?2");
        if (present.with((*table)->number, scope.name).step()) {
            const ScopeNumber number{present.integer(0)};
            const bool changed = present.text(1) != scope.filter || present.text(2) != columns;
            present.reset();
            database
                .prepare(
                    "UPDATE hawser_scope SET filter = ?2, columns = ?3, mode = ?4, reason = ?5, aboard = "
                    "?6 WHERE number = ?1")
                .with(number.value, scope.filter, columns, scope.mode, scope.reason, scope.aboard)
                .run();
            if (changed) reset_lanes(database, number);
            keep_scope_copies(database);
            return number;
        }
        auto bit = free_bit(database, **table);
        if (!bit) return bit.error();
        database
            .prepare("INSERT INTO hawser_scope (table_number, name, bit, filter, columns, mode, reason, "
                     "aboard) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .with((*table)->number, scope.name, *bit, scope.filter, columns, scope.mode, scope.reason,
                  scope.aboard)
            .run();
        const ScopeNumber number{database.last_row()};
        add_lanes(database, number);
        // What waited to be sent and to leave with its table stays now; a round says what is in the scope.
        database
            .prepare("UPDATE hawser_record SET flags = flags & ~?2 WHERE table_number = ?1 AND scopes = 0 "
                     "AND (SELECT COUNT(*) FROM hawser_scope WHERE table_number = ?1) = 1")
            .with((*table)->number, flag::unlinked)
            .run();
        keep_scope_copies(database);
        return number;
    });
}

Result<void> Rounds::set_mode(ScopeNumber scope, std::string_view mode, std::string_view reason)
{
    return verb(state_, [&]() -> Result<void> {
        state_.database.prepare("UPDATE hawser_scope SET mode = ?2, reason = ?3 WHERE number = ?1")
            .with(scope.value, mode, reason)
            .run();
        if (state_.database.changes() == 0) return no_scope(scope);
        keep_scope_copies(state_.database);
        return {};
    });
}

Result<void> Rounds::drop_scope(ScopeNumber scope)
{
    return verb(state_, [&]() -> Result<void> {
        Database& database = state_.database;
        const auto row = find_scope(database, scope);
        if (!row) return no_scope(scope);
        reset_lanes(database, scope);
        // What was made here is in no scope until one brings it; without one it goes with the others, at
        // once or when it was sent.
        Statement other =
            database.prepare("SELECT 1 FROM hawser_scope WHERE table_number = ?1 AND number <> ?2");
        const bool last = !other.with(row->table, scope.value).step();
        other.reset();
        database
            .prepare("DELETE FROM hawser_record WHERE table_number = ?1 AND (scopes = ?2 OR (?3 AND scopes = "
                     "0)) AND flags & 263 = 0")
            .with(row->table, row->bit, last)
            .run();
        static_assert((flag::busy | flag::staged) == 263);
        database
            .prepare("UPDATE hawser_record SET flags = CASE WHEN scopes = ?2 THEN flags | ?3 ELSE flags END, "
                     "scopes = scopes & ~?2 WHERE table_number = ?1 AND scopes & ?2")
            .with(row->table, row->bit, flag::unlinked)
            .run();
        if (last)
            database
                .prepare("UPDATE hawser_record SET flags = flags | ?2 WHERE table_number = ?1 AND scopes = 0")
                .with(row->table, flag::unlinked)
                .run();
        database.prepare("DELETE FROM hawser_checkpoint WHERE scope = ?1").with(scope.value).run();
        database.prepare("DELETE FROM hawser_scope WHERE number = ?1").with(scope.value).run();
        keep_scope_copies(database);
        state_.notice.many = true;
        return {};
    });
}

Result<Generation> Rounds::begin_round(ScopeNumber scope, RoundKind kind, Instant now)
{
    return verb(state_, [&]() -> Result<Generation> {
        Database& database = state_.database;
        auto former = find_checkpoint(database, scope, lane_of(kind));
        if (!former) return former.error();
        forget_seen(database, former->generation);
        database.prepare("UPDATE hawser_meta SET generation = generation + 1 WHERE one = 1").run();
        Statement last = database.prepare("SELECT generation FROM hawser_meta WHERE one = 1");
        last.step();
        const Generation generation{last.integer(0)};
        last.reset();
        database
            .prepare(
                "UPDATE hawser_checkpoint SET under_way = 1, kind = ?3, generation = ?4, begun_at = ?5, "
                "resume_link = '', rows = 0, fresh = NOT EXISTS (SELECT 1 FROM hawser_record r WHERE "
                "r.table_number = (SELECT table_number FROM hawser_scope WHERE number = ?1)) WHERE scope = "
                "?1 AND lane = ?2")
            .with(scope.value, static_cast<int>(lane_of(kind)), to_text(kind), generation.value, now)
            .run();
        return generation;
    });
}

Result<Seen> Rounds::note_seen(ScopeNumber scope, Generation generation, const Guid& id,
                               std::string_view etag)
{
    return verb(state_, [&]() -> Result<Seen> {
        Database& database = state_.database;
        const auto row = find_scope(database, scope);
        if (!row) return no_scope(scope);
        if (!round_under_way(database, scope, generation)) return stale_round(scope, generation);
        Statement found = database.prepare(
            "SELECT record, etag, flags, scopes FROM hawser_record WHERE table_number = ?1 AND id = ?2");
        ++state_.rows;
        if (!found.with(row->table, id).step()) return Seen::unknown;
        const std::int64_t record = found.integer(0);
        const bool same = found.text(1) == etag;
        const std::int64_t flags = found.integer(2);
        const bool joined = (found.integer(3) & row->bit) != 0;
        found.reset();
        mark_seen(database, generation, record);
        if (!joined)
            database
                .prepare(
                    "UPDATE hawser_record SET scopes = scopes | ?2, flags = flags & ?3 WHERE record = ?1")
                .with(record, row->bit, ~flag::unlinked)
                .run();
        if ((flags & flag::tombstone) != 0) return Seen::differs;
        return same ? Seen::same : Seen::differs;
    });
}

Result<std::vector<Guid>> Rounds::unseen(ScopeNumber scope, Generation generation, const Guid& after,
                                         std::size_t limit)
{
    return verb(state_, [&]() -> Result<std::vector<Guid>> {
        Database& database = state_.database;
        const auto row = find_scope(database, scope);
        if (!row) return no_scope(scope);
        if (!round_under_way(database, scope, generation)) return stale_round(scope, generation);
        Statement fresh =
            database.prepare("SELECT fresh FROM hawser_checkpoint WHERE scope = ?1 AND generation = ?2");
        fresh.with(scope.value, generation.value);
        if (fresh.step() && fresh.integer(0) != 0) return std::vector<Guid>{};
        // A row written by a later round than this one is there, whichever scope brought it.
        Statement rows = database.prepare(
            "SELECT id FROM hawser_record r WHERE table_number = ?1 AND id > ?2 AND (scopes & ?3 OR scopes "
            "= 0) AND generation < ?4 AND flags & 16 = 0 AND etag <> '' AND NOT EXISTS "
            "(SELECT 1 FROM hawser_seen s WHERE s.generation = ?4 AND s.record = r.record) ORDER BY id LIMIT "
            "?5");
        static_assert(flag::tombstone == 16);
        rows.with(row->table, after, row->bit, generation.value, static_cast<std::int64_t>(limit));
        std::vector<Guid> ids;
        while (rows.step()) ids.push_back(rows.guid(0));
        return ids;
    });
}

Result<void> Rounds::note_gone(ScopeNumber scope, Generation generation, const std::vector<Guid>& ids)
{
    return verb(state_, [&]() -> Result<void> {
        Database& database = state_.database;
        const auto row = find_scope(database, scope);
        if (!row) return no_scope(scope);
        if (!round_under_way(database, scope, generation)) return stale_round(scope, generation);
        Statement note = database.prepare(
            "INSERT OR IGNORE INTO hawser_seen (generation, record) SELECT -?1, record FROM hawser_record "
            "WHERE table_number = ?2 AND id = ?3 AND flags & 16 = 0");
        static_assert(flag::tombstone == 16);
        for (const Guid& id : ids) {
            note.with(generation.value, row->table, id).run();
            note.reset();
            ++state_.rows;
        }
        return {};
    });
}

Result<std::vector<Gone>> Rounds::gone(ScopeNumber scope, Generation generation) const
{
    return verb(state_, [&]() -> Result<std::vector<Gone>> {
        Database& database = state_.database;
        if (!round_under_way(database, scope, generation)) return stale_round(scope, generation);
        Statement rows = database.prepare(
            "SELECT r.id, r.generation = ?1 OR EXISTS (SELECT 1 FROM hawser_seen b WHERE b.generation = ?1 "
            "AND b.record = r.record) FROM hawser_seen s JOIN hawser_record r ON r.record = s.record WHERE "
            "s.generation = -?1 AND r.flags & 16 = 0 ORDER BY r.id");
        static_assert(flag::tombstone == 16);
        rows.with(generation.value);
        std::vector<Gone> gone;
        while (rows.step()) gone.push_back({rows.guid(0), rows.integer(1) != 0});
        return gone;
    });
}

Result<void> Rounds::set_resume_link(ScopeNumber scope, Generation generation, std::string_view link,
                                     std::int64_t rows)
{
    return verb(state_, [&]() -> Result<void> {
        state_.database
            .prepare(
                "UPDATE hawser_checkpoint SET resume_link = ?3, rows = ?4 WHERE scope = ?1 AND generation "
                "= ?2 AND under_way = 1")
            .with(scope.value, generation.value, link, rows)
            .run();
        if (state_.database.changes() == 0) return stale_round(scope, generation);
        return {};
    });
}

Result<void> Rounds::finish_round(ScopeNumber scope, Generation generation, const Finish& finish)
{
    return verb(state_, [&]() -> Result<void> {
        Database& database = state_.database;
        const auto kind = round_under_way(database, scope, generation);
        if (!kind) return stale_round(scope, generation);
        const bool whole = *kind == RoundKind::full || *kind == RoundKind::sweep;
        database
            .prepare(
                "UPDATE hawser_checkpoint SET previous_token = CASE WHEN ?3 IS NULL THEN previous_token "
                "ELSE token END, token = ifnull(?3, token), watermark = ifnull(?4, watermark), "
                "resume_link = '', under_way = 0, finished_at = ?5, full_finished_at = CASE WHEN ?6 THEN "
                "?5 ELSE full_finished_at END WHERE scope = ?1 AND generation = ?2")
            .with(scope.value, generation.value, finish.token, finish.watermark, finish.now, whole)
            .run();
        forget_seen(database, generation);
        return {};
    });
}

Result<void> Rounds::abandon_round(ScopeNumber scope, Lane lane)
{
    return verb(state_, [&]() -> Result<void> {
        auto now = find_checkpoint(state_.database, scope, lane);
        if (!now) return now.error();
        forget_seen(state_.database, now->generation);
        state_.database
            .prepare(
                "UPDATE hawser_checkpoint SET resume_link = '', under_way = 0 WHERE scope = ?1 AND lane = ?2")
            .with(scope.value, static_cast<int>(lane))
            .run();
        return {};
    });
}

Result<void> Rounds::reset(ScopeNumber scope)
{
    return verb(state_, [&]() -> Result<void> {
        if (!find_scope(state_.database, scope)) return no_scope(scope);
        reset_lanes(state_.database, scope);
        return {};
    });
}

Result<void> Rounds::step_back(ScopeNumber scope)
{
    return verb(state_, [&]() -> Result<void> {
        state_.database
            .prepare(
                "UPDATE hawser_checkpoint SET token = previous_token, previous_token = '', resume_link = "
                "'', under_way = 0 WHERE scope = ?1 AND lane = 0")
            .with(scope.value)
            .run();
        if (state_.database.changes() == 0) return no_scope(scope);
        return {};
    });
}

Result<Checkpoint> Rounds::checkpoint(ScopeNumber scope, Lane lane) const
{
    return verb(state_, [&] { return find_checkpoint(state_.database, scope, lane); });
}

Result<Checkpoint> find_checkpoint(Database& database, ScopeNumber scope, Lane lane)
{
    Statement row = database.prepare(
        "SELECT token, previous_token, watermark, resume_link, under_way, kind, generation, begun_at, "
        "finished_at, full_finished_at, rows FROM hawser_checkpoint WHERE scope = ?1 AND lane = ?2");
    if (!row.with(scope.value, static_cast<int>(lane)).step()) return no_scope(scope);
    Checkpoint checkpoint;
    checkpoint.token = row.string(0);
    checkpoint.previous_token = row.string(1);
    checkpoint.watermark = row.string(2);
    checkpoint.resume_link = row.string(3);
    checkpoint.under_way = row.integer(4) != 0;
    checkpoint.kind = parse_round_kind(row.text(5)).value_or(RoundKind::full);
    checkpoint.generation.value = row.integer(6);
    checkpoint.begun_at = row.optional_instant(7);
    checkpoint.finished_at = row.optional_instant(8);
    checkpoint.full_finished_at = row.optional_instant(9);
    checkpoint.rows = row.integer(10);
    return checkpoint;
}

std::vector<Scope> list_scopes(Database& database, const TableSet& tables)
{
    Statement rows =
        database.prepare("SELECT number, table_number, name, filter, columns, mode, reason, aboard "
                         "FROM hawser_scope ORDER BY number");
    std::vector<Scope> scopes;
    while (rows.step()) {
        Scope scope;
        scope.number.value = rows.integer(0);
        scope.table = tables.numbered(rows.integer(1)).table.name;
        scope.name = rows.string(2);
        scope.filter = rows.string(3);
        scope.columns = split_names(rows.text(4));
        scope.mode = rows.string(5);
        scope.reason = rows.string(6);
        scope.aboard = rows.integer(7) != 0;
        scopes.push_back(std::move(scope));
    }
    return scopes;
}

} // namespace hawser::localstore
