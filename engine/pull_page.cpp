#include "base/body.h"
#include "engine/etag.h"
#include "engine/mass_change.h"
#include "engine/pull.h"
#include "engine/read_back.h"
#include "engine/reconcile.h"
#include "engine/restored.h"
#include "engine/scope_mode.h"
#include "engine/stray.h"
#include "localstore/transaction.h"
#include "transport/odata/url.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace hawser::engine {

namespace {

/// Rows in one transaction while somebody waits for the write lock; without anybody a page is one.
constexpr std::size_t rows_before_yielding = 250;
/// Versions that a first round is followed back: what other transactions had not committed then.
constexpr std::int64_t first_overlap = 1'000;

/// What people sort lists by: indexed once the rows are here.
std::vector<std::string> usual_order(const Table& table)
{
    std::vector<std::string> columns;
    for (const std::string_view name : {std::string_view(table.primary_name), std::string_view("modifiedon"),
                                        std::string_view("scheduledstart")})
        if (table.column(name)) columns.emplace_back(name);
    return columns;
}

/// What was made here and never was in a scope goes once nothing of it waits any more.
Result<void> leave_later(const Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                         const PullRound& round, const localstore::RecordState& state)
{
    const std::string name = name_of(round.table->table(), state.key, state.local ? &*state.local : nullptr);
    const Result<void> told = transaction.journal.decide_once(
        cycle.number, state.key, "reconcile.out_of_reach",
        name + " is outside this replica's scope and leaves it once your changes of it are settled.",
        around.now());
    return told ? transaction.records.unlink(state.key, round.scope.number) : told;
}

/// A row outside the scope takes its record out of it; one that was only made here goes with it.
Result<void> take_out(const Surroundings& around, CycleWork& cycle, localstore::Transaction& transaction,
                      const PullRound& round, const RecordKey& key, const Fields& fields)
{
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    if (std::ranges::find(state->scopes, round.scope.number) == state->scopes.end()) {
        const auto outside = is_outside(around, round.table->table(), *state, fields);
        if (!outside) return outside.error();
        if (!*outside) return {};
        if (state->dirty()) return leave_later(around, cycle, transaction, round, *state);
    }
    const RemoteWord left{conflict::Presence::out_of_reach, {}, {}, round.scope.number};
    return reconcile_record(cycle, transaction, *round.table, key, left, around.now());
}

/// What stayed on the server counts as unchanged there. Says whether that can be: not of a record that
/// changes here in just those columns, nor of one whose last version is not known.
bool complete(const localstore::RecordState& state, const std::vector<std::string>& without, Fields& fields)
{
    if (!state.shadow || state.shadow->remote != localstore::Remote::present) return false;
    for (const std::string& column : without) {
        const auto is_about = [&](const localstore::Change& change) { return change.after.contains(column); };
        if (std::ranges::any_of(state.live, is_about)) return false;
        const auto held = state.shadow->fields.find(column);
        if (held != state.shadow->fields.end()) fields.insert_or_assign(column, held->second);
    }
    return true;
}

} // namespace

Task<Result<ReadPage>> Puller::read(PullRound& round, http::Answer answer)
{
    auto reading = read_page(around_, round.table, round.plan, std::move(answer), std::move(rows_room_));
    Result<ReadPage> page = co_await std::move(reading);
    if (!page) co_return page.error();
    // Before anything is stored: a link that may not be followed must not become a resume link.
    if (!page->end.next_link.empty()) {
        const auto next = odata::same_service(around_.courier.service().root, page->end.next_link);
        if (!next) co_return next.error();
        const std::size_t brought = page->end.rows + page->end.tombstones;
        const Result<void> followed = round.trail.follow(page->end.next_link, brought, page->rows.first());
        if (!followed) co_return followed.error();
    }
    co_return page;
}

Task<Result<Puller::Next>> Puller::store(PullRound& round, const ReadPage& page)
{
    size_of(*round.table).weighed(page.bytes, page.end.rows);
    // A full set where changes were asked for: the token was too old and the organization did not say
    // so. What the set lacks is then looked at, as after any full round.
    const bool silently_full = round.mode == PullMode::delta && round.kind == localstore::RoundKind::delta &&
                               !round.begun && !page.end.changes_only;
    if (!round.begun) {
        const Result<void> begun = begin(round, silently_full ? localstore::RoundKind::full : round.kind);
        if (!begun) co_return begun.error();
    }
    const Result<void> stored = store_rows(round, page);
    if (!stored) co_return stored.error();
    auto merging = merge_whole(round);
    const Result<void> merged = co_await std::move(merging);
    if (!merged) co_return merged.error();
    const Result<void> linked = keep_link(round, page);
    if (!linked) co_return linked.error();
    if (!page.end.next_link.empty()) co_return Next::another_page;
    auto finishing = finish(round, page);
    const Result<void> finished = co_await std::move(finishing);
    if (!finished) co_return finished.error();
    co_return Next::round_over;
}

/// Also of a row that a token leads to: an organization that was restored takes tokens that are older than its copy.
Result<void> Puller::look_backwards(const PullRound& round, localstore::Transaction& transaction,
                                    const RecordKey& key, const PageRows::Row& row, std::string_view etag)
{
    const auto here = transaction.records.etag(key);
    if (!here) return here.error();
    const auto held = version_of(*here);
    if (!held || row.version <= 0 || row.version >= *held) return {};
    const auto state = transaction.records.state(key);
    if (!state) return state.error();
    if (is_overtaken(*state, etag, cycle_.number)) return {};
    const Result<void> noted =
        note_restored(cycle_, transaction,
                      "it holds version " + std::to_string(row.version) + " of " + round.scope.table + " " +
                          row.id.text() + ", and version " + std::to_string(*held) + " is here",
                      around_.now());
    if (!noted || state->open_intent) return noted;
    // Before the row is taken: what was lost and what was written there since are two sides then.
    const auto again = requeue_lost(cycle_, transaction, key, row.version, around_.now());
    return again ? Result<void>{} : again.error();
}

Result<void> Puller::store_row(PullRound& round, localstore::Transaction& transaction,
                               localstore::RowTaker& taker, const ReadPage& page, const PageRows::Row& row)
{
    const std::string_view body = page.rows.body(row);
    const std::string etag(page.rows.etag(row));
    const RecordKey key{round.scope.table, row.id};
    std::optional<Fields> fields;
    const auto decode = [&]() -> Result<void> {
        if (fields) return {};
        Result<Fields> decoded = decode_body(round.table->layout(), round.table->table(), body);
        if (!decoded) return decoded.error();
        fields = std::move(*decoded);
        return {};
    };
    if (round.local_filter) {
        const Result<void> decoded = decode();
        if (!decoded) return decoded;
        const Table& table = round.table->table();
        if (!is_inside(*round.local_filter, table, row.id, *fields))
            return take_out(around_, cycle_, transaction, round, key, *fields);
    }
    if (round.suspect) {
        const Result<void> looked = look_backwards(round, transaction, key, row, etag);
        if (!looked) return looked;
    }
    const auto quality = row.partial ? localstore::Quality::partial : localstore::Quality::whole;
    const auto taken = taker.take(row.id, etag, body, quality);
    if (!taken) return taken.error();
    switch (*taken) {
    case localstore::Taken::inserted:
    case localstore::Taken::updated:
        ++cycle_.figures.pulled;
        return {};
    case localstore::Taken::unchanged:
        return {};
    case localstore::Taken::dirty:
    case localstore::Taken::in_flight:
        break;
    }
    const auto seen = transaction.rounds.note_seen(round.scope.number, round.generation, row.id, etag);
    if (!seen) return seen.error();
    const Result<void> decoded = decode();
    if (!decoded) return decoded;
    if (row.partial) {
        const auto state = transaction.records.state(key);
        if (!state) return state.error();
        if (!complete(*state, round.without, *fields)) {
            round.unmerged.push_back(row.id);
            return {};
        }
    }
    RemoteWord word{conflict::Presence::present, etag, std::move(*fields), {}};
    return reconcile_record(cycle_, transaction, *round.table, key, word, around_.now());
}

Result<void> Puller::store_rows(PullRound& round, const ReadPage& page)
{
    const std::vector<PageRows::Row>& rows = page.rows.rows();
    std::size_t at = 0;
    while (at < rows.size()) {
        const Result<void> stored = around_.store.transact(
            localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
                auto taker =
                    transaction.rounds.take_rows(round.scope.number, round.generation, cycle_.number);
                if (!taker) return taker.error();
                const std::size_t began = at;
                while (at < rows.size()) {
                    const Result<void> done = store_row(round, transaction, *taker, page, rows[at]);
                    if (!done) return done;
                    round.highest = std::max(round.highest, rows[at].version);
                    ++at;
                    const bool pause = (at - began) % rows_before_yielding == 0;
                    if (pause && transaction.should_yield()) break;
                }
                return {};
            });
        if (!stored) return stored;
    }
    round.rows += static_cast<std::int64_t>(rows.size());
    around_.log.debug("page", {{"table", round.scope.table},
                               {"rows", static_cast<std::int64_t>(rows.size())},
                               {"of_round", round.rows}});
    around_.progress("pull", round.scope.table, static_cast<std::uint64_t>(round.rows), 0);
    return {};
}

/// Reads whole what a page brought without columns that edits here are about, before the link moves: a
/// version that is passed over never comes again. What is too large to be read waits until it is sent.
Task<Result<void>> Puller::merge_whole(PullRound& round)
{
    const std::vector<Guid> ids = std::exchange(round.unmerged, {});
    if (ids.empty()) co_return Result<void>{};
    std::vector<ReadBack> reads;
    reads.reserve(ids.size());
    for (const Guid& id : ids) reads.push_back({{round.scope.table, id}, round.table});
    auto reading = read_back(around_, std::move(reads));
    const Result<std::vector<Found>> found = co_await std::move(reading);
    if (!found) co_return found.error();
    const auto missed = std::ranges::find_if(*found, [](const Found& one) {
        return one.presence == Found::Presence::no_answer && !one.too_large;
    });
    const Result<void> merged = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            for (std::size_t i = 0; i < ids.size(); ++i) {
                const Found& one = (*found)[i];
                if (one.presence != Found::Presence::present) continue;
                const RemoteWord word{conflict::Presence::present, one.etag, one.fields, {}};
                const Result<void> done = reconcile_record(cycle_, transaction, *round.table,
                                                           {round.scope.table, ids[i]}, word, around_.now());
                if (!done) return done;
            }
            return {};
        });
    if (!merged || missed == found->end()) co_return merged;
    const Guid& id = ids[static_cast<std::size_t>(missed - found->begin())];
    co_return Error{ErrorKind::retry, "server.unavailable",
                    "the organization gave no usable answer about " + round.scope.table + " " + id.text() +
                        ", which was changed here and there"};
}

Result<void> Puller::keep_link(const PullRound& round, const ReadPage& page)
{
    const std::vector<Guid>& dead = page.rows.tombstones();
    const std::string& link = page.end.next_link;
    if (dead.empty() && link.empty()) return {};
    return around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const Result<void> noted =
                transaction.rounds.note_gone(round.scope.number, round.generation, dead);
            if (!noted || link.empty()) return noted;
            return transaction.rounds.set_resume_link(round.scope.number, round.generation, link, round.rows);
        });
}

Task<Result<void>> Puller::bury(const PullRound& round)
{
    std::vector<localstore::Gone> gone;
    const Result<void> listed = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            auto noted = transaction.rounds.gone(round.scope.number, round.generation);
            if (!noted) return noted.error();
            gone = std::move(*noted);
            return {};
        });
    if (!listed || gone.empty()) co_return listed;
    auto guarding = absence_.guard(round.scope.table, gone.size());
    const Result<void> allowed = co_await std::move(guarding);
    if (!allowed) co_return allowed;
    std::vector<Guid> sure;
    std::vector<Guid> doubtful;
    for (const auto& [id, brought] : gone) {
        const auto state = around_.store.state({round.scope.table, id});
        if (!state) co_return state.error();
        // What was ever sent from here may have brought the record back since. No time is compared:
        // a clock may have been set meanwhile.
        const auto receipts = around_.store.receipts(state->key, 1);
        if (!receipts) co_return receipts.error();
        (state->dirty() || brought || !receipts->empty() ? doubtful : sure).push_back(id);
    }
    const Result<void> buried = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            RemoteWord word;
            word.presence = conflict::Presence::deleted;
            for (const Guid& id : sure) {
                const Result<void> done = reconcile_record(cycle_, transaction, *round.table,
                                                           {round.scope.table, id}, word, around_.now());
                if (!done) return done;
            }
            return {};
        });
    if (!buried) co_return buried;
    auto confirming = absence_.confirm(round.scope, std::move(doubtful), Suspicion::tombstone);
    co_return co_await std::move(confirming);
}

/// Deletes what the round says or shows to be gone. A mass deletion waits for a person's word, and holds
/// back nothing else of its table: changes are asked for again from the token before them, and what a
/// whole round did not bring is left to a sweep, which begins when the round ends.
Task<Result<void>> Puller::finish(PullRound& round, const ReadPage& page)
{
    const bool full = round.kind == localstore::RoundKind::full;
    auto burying = bury(round);
    Result<void> gone = co_await std::move(burying);
    if (gone && full) {
        auto confirming = absence_.confirm_unseen(round.scope, round.generation);
        gone = co_await std::move(confirming);
    }
    const bool waits = !gone && gone.error().code == mass_change_code;
    if (!gone && !(waits && full)) {
        const Result<void> left = waits ? abandon(round.scope) : Result<void>{};
        co_return left ? gone : left;
    }
    const auto end = end_of(round, page);
    if (!end) co_return end.error();
    const Result<void> finished = around_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const Result<void> over =
                transaction.rounds.finish_round(round.scope.number, round.generation, *end);
            if (!over || !waits) return over;
            const auto sweep = transaction.rounds.begin_round(round.scope.number,
                                                              localstore::RoundKind::sweep, around_.now());
            if (!sweep) return sweep.error();
            return {};
        });
    if (!finished || !full) co_return finished;
    const Result<void> indexed = around_.store.index(round.scope.table, usual_order(round.table->table()));
    co_return indexed ? gone : indexed;
}

/// Where the next round goes on.
Result<localstore::Finish> Puller::end_of(const PullRound& round, const ReadPage& page)
{
    localstore::Finish end;
    end.now = around_.now();
    if (round.mode == PullMode::delta && !page.end.delta_link.empty()) {
        const auto link = odata::same_service(around_.courier.service().root, page.end.delta_link);
        if (!link) return link.error();
        end.token = *link;
    } else {
        const std::int64_t newest = std::max({round.highest, page.end.highest_version, round.since});
        const std::int64_t known = round.kind == localstore::RoundKind::full
                                       ? std::max<std::int64_t>(newest - first_overlap, 0)
                                       : round.newest;
        end.watermark = to_text(Watermark{known, newest});
        if (round.mode == PullMode::delta) {
            const PullProbe untracked{PullMode::filter, "the organization gave no delta link for this table",
                                      around_.now()};
            const Result<void> remembered = remember_probe(around_.store, round.scope, untracked);
            if (!remembered) return remembered.error();
        }
    }
    return end;
}

Watermark parse_watermark(std::string_view text)
{
    Watermark watermark;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return watermark;
    const std::string_view first = text.substr(0, colon);
    const std::string_view second = text.substr(colon + 1);
    const auto a = std::from_chars(first.data(), first.data() + first.size(), watermark.ask_from);
    const auto b = std::from_chars(second.data(), second.data() + second.size(), watermark.newest);
    if (a.ec != std::errc{} || b.ec != std::errc{}) return {};
    return watermark;
}

std::string to_text(const Watermark& watermark)
{
    return std::to_string(watermark.ask_from) + ":" + std::to_string(watermark.newest);
}

} // namespace hawser::engine
