#include "localstore/receipt_row.h"
#include "localstore/store.h"
#include "localstore/store_impl.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <tuple>

namespace hawser::localstore {
namespace {

std::string sentence_of(const Change& change)
{
    std::string names;
    for (const auto& [name, value] : change.kind == ChangeKind::remove ? Fields{} : change.after)
        names += (names.empty() ? "" : ", ") + name;
    std::string text = "change " + std::to_string(change.sequence.value) + " by " +
                       (change.actor.empty() ? "you" : change.actor) + ": " +
                       std::string(to_text(change.kind));
    if (!names.empty()) text += " " + names;
    text += "; " + std::string(to_text(change.state));
    if (!change.reason.empty()) text += " (" + change.reason + ")";
    return text;
}

void add_changes(Database& database, const TableSet& tables, const KnownTable& table, const Guid& id,
                 std::vector<HistoryEntry>& entries)
{
    ChangeFilter all;
    all.table = table.table.name;
    all.id = id;
    for (int state = 0; state <= static_cast<int>(ChangeState::discarded); ++state)
        all.states.push_back(static_cast<ChangeState>(state));
    for (const Change& change : list_changes(database, tables, all))
        entries.push_back({change.made_at, "change", sentence_of(change), {}, change.sequence});
}

void add_conflicts(Database& database, const TableSet& tables, const KnownTable& table, const Guid& id,
                   std::vector<HistoryEntry>& entries)
{
    ConflictFilter all;
    all.table = table.table.name;
    all.id = id;
    all.closed_too = true;
    for (const Conflict& conflict : list_conflicts(database, tables, all)) {
        const std::string number = "conflict " + std::to_string(conflict.number.value);
        entries.push_back(
            {conflict.opened_at, "conflict",
             number + " opened, " + std::string(to_text(conflict.reason)) + ": " + conflict.sentence,
             conflict.cycle, std::nullopt});
        if (conflict.closed_at)
            entries.push_back({*conflict.closed_at, "conflict",
                               number + " closed, " + conflict.resolution +
                                   (conflict.closed_by.empty() ? "" : " by " + conflict.closed_by),
                               conflict.cycle, conflict.resolution_change});
    }
}

enum class Raises { nothing, questions };

/// Within one second of one cycle an answer that contradicts comes before what is decided about it, and
/// every other answer behind the decision that made the request: entries that are added in that order
/// keep it.
void add_receipts(const std::vector<Receipt>& receipts, Raises which, std::vector<HistoryEntry>& entries)
{
    for (const Receipt& receipt : receipts) {
        const bool raises =
            receipt.outcome == IntentOutcome::conflict || receipt.outcome == IntentOutcome::indeterminate;
        if (raises != (which == Raises::questions)) continue;
        entries.push_back({receipt.at, "receipt",
                           std::string(to_text(receipt.outcome)) +
                               (receipt.status == 0 ? "" : ", status " + std::to_string(receipt.status)) +
                               (receipt.words.empty() ? "" : ": " + receipt.words),
                           receipt.cycle,
                           receipt.changes.empty() ? std::nullopt : std::optional(receipt.changes.front())});
    }
}

std::vector<Decision> list_decisions(Database& database, const DecisionFilter& filter)
{
    std::string sql =
        "SELECT number, cycle, target, id, rule, sentence, at FROM hawser_decision WHERE number > ?1";
    if (!filter.key.table.empty()) sql += " AND target = ?2";
    if (!filter.key.id.is_nil()) sql += " AND id = ?3";
    if (filter.cycle.value != 0) sql += " AND cycle = ?4";
    if (filter.since) sql += " AND at >= ?5";
    sql += " ORDER BY number LIMIT ?6";
    Statement rows = database.prepare_built(sql);
    rows.bind(1, filter.after);
    if (!filter.key.table.empty()) rows.bind(2, filter.key.table);
    if (!filter.key.id.is_nil()) rows.bind(3, filter.key.id);
    if (filter.cycle.value != 0) rows.bind(4, filter.cycle.value);
    if (filter.since) rows.bind(5, *filter.since);
    rows.bind(6, static_cast<std::int64_t>(filter.limit));
    std::vector<Decision> decisions;
    while (rows.step()) {
        Decision decision;
        decision.number = rows.integer(0);
        decision.cycle.value = rows.integer(1);
        decision.key = {rows.string(2), rows.guid(3)};
        decision.rule = rows.string(4);
        decision.sentence = rows.string(5);
        decision.at = rows.instant(6);
        decisions.push_back(std::move(decision));
    }
    return decisions;
}

TableFigures figures_of(Database& database, const KnownTable& table)
{
    TableFigures figures;
    figures.table = table.table.name;
    Statement row = database.prepare(
        "SELECT count(*) FILTER (WHERE flags & ?2 = 0), count(*) FILTER (WHERE flags & ?3), count(*) FILTER "
        "(WHERE flags & ?4), count(*) FILTER (WHERE flags & ?5) FROM hawser_record WHERE table_number = ?1");
    row.with(table.number, flag::hidden, flag::dirty, flag::tombstone, flag::partial).step();
    figures.records = row.integer(0);
    figures.dirty = row.integer(1);
    figures.tombstones = row.integer(2);
    figures.partial = row.integer(3);
    return figures;
}

std::int64_t size_of(const std::filesystem::path& path)
{
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    return failed ? 0 : static_cast<std::int64_t>(size);
}

std::int64_t count_rows(Database& database, const std::string& table)
{
    Statement row = database.prepare_once("SELECT count(*) FROM " + table);
    row.step();
    return row.integer(0);
}

/// One kind of row that `trim` removes: what is old enough, or beyond the newest so many. The newest
/// row of all stays, so that its number is not given again.
struct Trimmed {
    std::string table;
    std::string number;
    std::string removable;
    std::string at;
    std::chrono::hours keep;
};

std::int64_t trim_some(Database& database, const Trimmed& kind, Instant now, std::int64_t most)
{
    constexpr int at_once = 500;
    Statement erase = database.prepare_built(
        "DELETE FROM " + kind.table + " WHERE " + kind.number + " IN (SELECT " + kind.number + " FROM " +
        kind.table + " WHERE " + kind.removable + " AND (" + kind.at + " < ?1 OR " + kind.number +
        " <= (SELECT max(" + kind.number + ") FROM " + kind.table + ") - ?2) AND " + kind.number +
        " < (SELECT max(" + kind.number + ") FROM " + kind.table + ") LIMIT ?3)");
    erase.with(Instant{now - kind.keep}, most, at_once).run();
    return database.changes();
}

} // namespace

Result<std::vector<Receipt>> Store::receipts(const RecordKey& key, std::size_t limit) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Receipt>> {
        const RecordKey present = follow_alias(database, tables, key);
        auto table = tables.named(present.table);
        if (!table) return table.error();
        auto receipts = receipts_of(database, **table, present.id, limit);
        std::reverse(receipts.begin(), receipts.end());
        return receipts;
    });
}

Result<std::vector<Effect>> Store::effects(CycleNumber cycle, std::size_t limit) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<Effect>> {
        Statement moved = database.prepare(
            "SELECT table_number, id, CASE WHEN flags & ?2 THEN 'removed' ELSE 'pulled' END FROM "
            "hawser_record r WHERE cycle = ?1 "
            // The answer to what was sent is one effect, not two.
            "AND NOT EXISTS (SELECT 1 FROM hawser_receipt t WHERE t.id = r.id AND t.table_number = "
            "r.table_number AND t.cycle = ?1 AND t.outcome = 'applied' AND (r.flags & ?2 OR t.etag = "
            "r.etag)) "
            "UNION ALL SELECT DISTINCT table_number, id, 'sent' FROM hawser_receipt "
            "WHERE cycle = ?1 AND outcome = 'applied' ORDER BY 1, 2, 3 LIMIT ?3");
        moved.with(cycle.value, flag::tombstone, static_cast<std::int64_t>(limit));
        std::vector<Effect> effects;
        while (moved.step())
            effects.push_back(
                {{tables.numbered(moved.integer(0)).table.name, moved.guid(1)}, moved.string(2)});
        return effects;
    });
}

Result<std::vector<HistoryEntry>> Store::history(const RecordKey& key, std::size_t limit) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::vector<HistoryEntry>> {
        const RecordKey present = follow_alias(database, tables, key);
        auto table = tables.named(present.table);
        if (!table) return table.error();
        std::vector<HistoryEntry> entries;
        add_changes(database, tables, **table, present.id, entries);
        auto receipts = receipts_of(database, **table, present.id, limit);
        std::reverse(receipts.begin(), receipts.end());
        add_receipts(receipts, Raises::questions, entries);
        DecisionFilter decided;
        decided.key = present;
        for (const Decision& decision : list_decisions(database, decided))
            entries.push_back({decision.at, "decision", decision.rule + ": " + decision.sentence,
                               decision.cycle, std::nullopt});
        add_conflicts(database, tables, **table, present.id, entries);
        add_receipts(receipts, Raises::nothing, entries);
        std::stable_sort(entries.begin(), entries.end(), [](const HistoryEntry& a, const HistoryEntry& b) {
            return std::tie(a.at, a.cycle.value) < std::tie(b.at, b.cycle.value);
        });
        if (entries.size() > limit)
            entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(limit));
        return entries;
    });
}

Result<std::vector<Cycle>> Store::cycles(CycleNumber before, std::size_t limit) const
{
    return impl_->read([&](Database& database, const TableSet&) -> Result<std::vector<Cycle>> {
        Statement rows = database.prepare(
            "SELECT number, begun_at, finished_at, outcome, trigger, figures, message, repeats, last_at FROM "
            "hawser_cycle WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2");
        rows.with(before.value, static_cast<std::int64_t>(limit));
        std::vector<Cycle> cycles;
        while (rows.step()) {
            Cycle cycle;
            cycle.number.value = rows.integer(0);
            cycle.begun_at = rows.instant(1);
            cycle.finished_at = rows.optional_instant(2);
            cycle.outcome = parse_cycle_outcome(rows.text(3)).value_or(CycleOutcome::failed);
            cycle.trigger = rows.string(4);
            cycle.figures = rows.string(5);
            cycle.message = rows.string(6);
            cycle.repeats = rows.integer(7);
            cycle.last_at = rows.instant(8);
            cycles.push_back(std::move(cycle));
        }
        return cycles;
    });
}

Result<std::vector<Decision>> Store::decisions(const DecisionFilter& filter) const
{
    return impl_->read([&](Database& database, const TableSet&) -> Result<std::vector<Decision>> {
        return list_decisions(database, filter);
    });
}

Result<void> Store::trim(Instant now, const TrimLimits& limits)
{
    const std::string conflict_columns =
        "DELETE FROM hawser_conflict_column WHERE conflict NOT IN (SELECT number "
        "FROM hawser_conflict)";
    // What a waiting edit covers comes back with its end.
    const std::string covering = "NOT (outcome = 'covered' AND EXISTS (SELECT 1 FROM hawser_change c WHERE "
                                 "c.id = hawser_receipt.id AND "
                                 "c.table_number = hawser_receipt.table_number AND c.live = 1))";
    const std::string uncovered =
        "live = 0 AND NOT EXISTS (SELECT 1 FROM hawser_receipt t WHERE t.id = hawser_change.id AND "
        "t.table_number = hawser_change.table_number AND t.outcome = 'covered')";
    const Trimmed kinds[] = {
        {"hawser_receipt", "number", covering, "at", limits.receipts},
        {"hawser_change", "sequence", uncovered, "settled_at", limits.receipts},
        {"hawser_conflict", "number", "closed_at IS NOT NULL", "closed_at", limits.receipts},
        {"hawser_decision", "number", "1", "at", limits.decisions},
        {"hawser_cycle", "number", "outcome <> 'under way'", "last_at", limits.cycles},
    };
    for (const Trimmed& kind : kinds) {
        for (bool more = true; more;) {
            auto done =
                impl_->write(Turn::engine, Durability::relaxed, [&](TransactionState& state) -> Result<void> {
                    more = trim_some(state.database, kind, now, limits.rows_a_kind) > 0;
                    if (kind.table == "hawser_conflict") state.database.execute(conflict_columns);
                    return {};
                });
            if (!done) return done;
        }
    }
    return impl_->write(Turn::engine, Durability::relaxed, [&](TransactionState& state) -> Result<void> {
        // A tombstone's age is that of the cycle that brought it.
        state.database
            .prepare("DELETE FROM hawser_record WHERE flags & ?1 AND flags & ?2 = 0 AND cycle < (SELECT "
                     "ifnull(min(number), 9223372036854775807) FROM hawser_cycle WHERE last_at >= ?3)")
            .with(flag::tombstone, flag::busy | flag::staged, Instant{now - limits.tombstones})
            .run();
        return {};
    });
}

Result<Statistics> Store::statistics() const
{
    auto queue = queue_figures();
    if (!queue) return queue.error();
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<Statistics> {
        Statistics statistics;
        statistics.queue = *queue;
        for (const auto& [name, table] : tables.by_name)
            statistics.tables.push_back(figures_of(database, *table));
        statistics.file_bytes = size_of(path());
        statistics.log_bytes = size_of(path().string() + "-wal");
        statistics.receipts = count_rows(database, "hawser_receipt");
        statistics.decisions = count_rows(database, "hawser_decision");
        statistics.cycles = count_rows(database, "hawser_cycle");
        return statistics;
    });
}

} // namespace hawser::localstore
