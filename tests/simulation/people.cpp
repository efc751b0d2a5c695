#include "localstore/transaction.h"
#include "tests/simulation/world.h"

#include <algorithm>
#include <utility>

namespace hawser::simulation {

namespace {

using localstore::ChangeKind;
using Milliseconds = Clock::Milliseconds;

std::string described(const localstore::Edit& edit)
{
    const char* const verb = edit.kind == ChangeKind::create   ? " creates "
                             : edit.kind == ChangeKind::remove ? " deletes "
                                                               : " edits ";
    std::string text = verb + edit.key.table + " " + edit.key.id.text();
    for (const auto& [column, value] : edit.after) text += " " + column + "=\"" + plain(value) + "\"";
    return text;
}

Guid drawn_id(Draw& draw)
{
    Guid id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(draw.next() & 0xff);
    return id;
}

std::vector<RecordKey> keys_of(const Installation& desk, std::string_view table)
{
    std::vector<RecordKey> keys;
    for (const auto& [id, row] : desk.see_all(*tracked(table))) keys.push_back({std::string(table), id});
    return keys;
}

const RecordKey& one_of(const std::vector<RecordKey>& keys, Draw& draw)
{
    return keys[std::min(draw.below(keys.size()), draw.below(keys.size()))];
}

/// What was entered into each record, nothing where it was deleted.
std::map<RecordKey, std::optional<Fields>> entered_in(const std::vector<localstore::Edit>& edits)
{
    std::map<RecordKey, std::optional<Fields>> entered;
    for (const localstore::Edit& edit : edits) {
        std::optional<Fields>& fields = entered.try_emplace(edit.key, Fields{}).first->second;
        if (edit.kind == ChangeKind::remove)
            fields.reset();
        else
            for (const auto& [column, value] : edit.after) fields->insert_or_assign(column, value);
    }
    return entered;
}

/// Whether a record is as it was, and in what was entered as it was entered.
bool shows(const RecordKey& key, const Row& was, const std::optional<Fields>& entered, const Row& now)
{
    if (!now || !entered) return now.has_value() == entered.has_value();
    return std::ranges::all_of(tracked(key.table)->columns, [&](const TrackedColumn& column) {
        const auto value = entered->find(column.name);
        return text_of(now, column.name) ==
               (value == entered->end() ? text_of(was, column.name) : plain(value->second));
    });
}

/// What an answer had brought, and a loss of power took before it was safe, is gone: nobody entered that.
void forget_lost(Row& from, const Row& now, const TrackedTable& table,
                 const std::function<bool(const std::string&)>& typed)
{
    for (const TrackedColumn& column : table.columns)
        if (const std::string name(column.name); !typed(name)) (*from)[name] = text_of(now, name);
}

} // namespace

/// What a person did when everything ended is seen on what is left of it.
bool World::survive(Installation& desk)
{
    if (!desk.crashed()) return false;
    tell(place(desk.setup().number) + ": everything ends at a write; the process starts again");
    count("mishap: cut off at a write");
    count("cut off: " + desk.end_in_words());
    oracle_.lost_power(desk.setup().number);
    desk.kill();
    desk.start();
    for (const auto& [key, row] : oracle_.organization()) oracle_.cannot_be_counted(key);
    return true;
}

/// Deeds whose effect on what can be seen is not known beforehand.
void World::watched(Installation& desk, const std::function<void()>& deeds)
{
    std::map<RecordKey, Row> before;
    for (const TrackedTable& table : tables_of(script_.meetings))
        for (const auto& [id, row] : desk.see_all(table)) before[{std::string(table.name), id}] = row;
    deeds();
    const bool cut_off = survive(desk);
    for (const TrackedTable& table : tables_of(script_.meetings))
        for (const auto& [id, row] : desk.see_all(table)) {
            const RecordKey key{std::string(table.name), id};
            Row was = std::exchange(before[key], std::nullopt);
            if (cut_off && was) {
                // Of a list it cannot be told who took out whom.
                for (const TrackedColumn& column : table.columns)
                    if (const std::string name(column.name);
                        column.meeting == Meeting::unites && text_of(was, name) != text_of(row, name))
                        oracle_.took_back(desk.setup().number, key, {{name, {}}});
                forget_lost(was, row, table, [&](const std::string& column) {
                    return table.column(column)->meeting != Meeting::unites &&
                           oracle_.has_typed(desk.setup().number, {key, column});
                });
            }
            if (was != Row(row)) acted(desk, key, was, row);
            before.erase(key);
        }
    for (const auto& [key, row] : before) {
        acted(desk, key, row, std::nullopt);
        const auto state = desk.store().state(key);
        if (state && state->live.empty()) oracle_.left(desk.setup().number, key);
    }
}

void World::acted(Installation& desk, const RecordKey& key, const Row& before, const Row& after)
{
    // Only what is deleted, cleared, or may give way asks what it stood on.
    const bool asks = !after || std::ranges::any_of(tracked(key.table)->columns, [&](const auto& column) {
        const std::string to = text_of(after, column.name);
        return (to.empty() || column.meeting == Meeting::theirs) && to != text_of(before, column.name);
    });
    std::string etag;
    if (asks)
        if (const auto state = desk.store().state(key); state && state->known)
            etag = state->shadow ? state->shadow->etag : state->etag;
    oracle_.acted(desk.setup().number, key, before, after, etag);
}

void World::write(Installation& desk, const std::vector<localstore::Edit>& edits,
                  localstore::Grouping grouping)
{
    const std::size_t who = desk.setup().number;
    std::map<RecordKey, Row> before;
    for (const localstore::Edit& edit : edits) before[edit.key] = desk.see(edit.key);
    const auto made = desk.write(edits, grouping);
    const bool cut_off = survive(desk);
    for (const localstore::Edit& edit : edits)
        if (telling_)
            tell(place(who) + described(edit) + (edits.size() > 1 ? " (one unit)" : "") +
                 (made ? "" : "; refused: " + made.error().message));
    if (!made) count("refused: " + made.error().code);
    report_.counts[made ? "edits" : "refused edits"] += edits.size();
    const std::map<RecordKey, std::optional<Fields>> entered = entered_in(edits);
    std::map<RecordKey, Row> parts;
    for (const auto& [key, fields] : entered)
        parts[key] = fields ? Row(texts_of(*tracked(key.table), *fields)) : Row{};
    for (const auto& [key, was] : before) {
        const Row now = desk.see(key);
        oracle_.require(made.has_value() || now == was || cut_off, 1,
                        "a refused edit changed what can be seen");
        oracle_.require(!made || shows(key, was, entered.at(key), now), 1,
                        place(who) + " does not see what was entered into " + key.table + " " +
                            key.id.text() + (cut_off ? " after a loss of power" : ""));
        if (!made && now == was) continue;
        // It had come a moment before, and was not safe: nobody deleted it.
        if (cut_off && !now && entered.at(key)) continue;
        Row from = was;
        if (const auto& typed = entered.at(key); cut_off && from && now && typed)
            forget_lost(from, now, *tracked(key.table),
                        [&](const std::string& column) { return typed->contains(column); });
        acted(desk, key, from, now);
    }
    if (made && grouping == localstore::Grouping::one_unit) oracle_.acted_as_one(who, parts);
    if (made && desk.has_engine() && desk.setup().seat.in_background) desk.engine().nudge();
}

Fields World::some_fields(Installation& desk, const RecordKey& key, const Row& row, Draw& draw)
{
    Fields fields;
    static constexpr std::string_view of_contacts[] = {"firstname",  "lastname",        "jobtitle",
                                                       "telephone1", "description",     "department",
                                                       "nickname",   "parentcustomerid"};
    static constexpr std::string_view of_accounts[] = {"name", "telephone1", "numberofemployees",
                                                       "description"};
    const bool account = key.table == "account";
    for (std::uint64_t i = draw.below(3) + 1; i > 0; --i) {
        const std::string column(account ? draw.pick(std::to_array(of_accounts))
                                         : draw.pick(std::to_array(of_contacts)));
        const std::string mark =
            "P" + std::to_string(desk.setup().number) + "-" + std::to_string(draw.below(1'000'000'000));
        const std::string present = text_of(row, column);
        if (column == "numberofemployees") {
            fields[column] = std::int64_t{(present.empty() ? 0 : std::stoi(present)) + draw.between(1, 9)};
        } else if (column == "parentcustomerid") {
            const std::vector<RecordKey> accounts = keys_of(desk, "account");
            if (!accounts.empty()) fields[column] = Lookup{"account", one_of(accounts, draw).id};
        } else if (account && column == "description") {
            fields[column] = present.substr(0, 1'500) + "\n" + mark;
        } else if (draw.chance(0.06) && column != "lastname" && column != "name" && row) {
            fields[column] = Null{};
        } else {
            fields[column] = column == "description" && draw.chance(0.3) ? mark + "  " : mark;
        }
    }
    return fields;
}

std::optional<localstore::Edit> World::some_edit(Installation& desk, Draw& draw)
{
    const std::vector<RecordKey> keys = keys_of(desk, draw.chance(0.25) ? "account" : "contact");
    if (keys.empty()) return std::nullopt;
    const RecordKey& key = one_of(keys, draw);
    return localstore::Edit{ChangeKind::update, key, some_fields(desk, key, desk.see(key), draw)};
}

localstore::Edit World::some_creation(Installation& desk, Draw& draw)
{
    const bool account = draw.chance(0.3);
    const RecordKey key{account ? "account" : "contact", drawn_id(draw)};
    Fields fields = some_fields(desk, key, std::nullopt, draw);
    const std::string mark =
        "N" + std::to_string(desk.setup().number) + "-" + std::to_string(draw.below(1'000'000'000));
    // The organization may have shortened a column since.
    const bool too_long = draw.chance(0.06);
    fields[account ? "name" : "lastname"] = too_long ? mark + std::string(200, '+') : mark;
    return {ChangeKind::create, key, std::move(fields)};
}

/// Whoever finds that two are one tells the replica which one is meant, and goes on with the id they know.
void World::edit_by_former_id(Installation& desk, Draw& draw)
{
    const std::size_t who = desk.setup().number;
    std::map<RecordKey, RecordKey>& known = former_ids_[who];
    if (known.empty() || draw.chance(0.2)) {
        const std::vector<RecordKey> keys = keys_of(desk, "contact");
        if (keys.empty()) return;
        const RecordKey former{"contact", drawn_id(draw)};
        const RecordKey present = one_of(keys, draw);
        const Result<void> done =
            desk.store().transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
                return transaction.records.alias(former, present, "met in an address book", desk.now());
            });
        if (survive(desk) || !done) return;
        tell(place(who) + ": contact " + former.id.text() + " is contact " + present.id.text());
        known.emplace(former, present);
    }
    const auto& [former, present] =
        *std::next(known.begin(), static_cast<std::ptrdiff_t>(draw.below(known.size())));
    const Row was = desk.see(present);
    oracle_.require(desk.see(former) == was, 1,
                    place(who) + " sees something else under a former id of contact " + present.id.text());
    if (!was) return;
    const localstore::Edit edit{ChangeKind::update, former, some_fields(desk, present, was, draw)};
    const auto made = desk.write({edit}, localstore::Grouping::separate);
    const bool cut_off = survive(desk);
    tell(place(who) + described(edit) + (made ? "" : "; refused: " + made.error().message));
    count(made ? "edits" : "refused edits");
    const Row now = desk.see(present);
    oracle_.require(!made || shows(present, was, edit.after, now), 1,
                    place(who) + " does not see what was entered under a former id of contact " +
                        present.id.text());
    const bool is_lost = cut_off && !now;
    if ((made || now != was) && !is_lost) acted(desk, present, was, now);
    if (made && desk.has_engine() && desk.setup().seat.in_background) desk.engine().nudge();
}

void World::act(const Deed& deed, Installation& desk)
{
    Draw draw(deed.draw);
    switch (deed.act) {
    case Act::create:
        return write(desk, {some_creation(desk, draw)});
    case Act::edit:
        if (const auto edit = some_edit(desk, draw)) write(desk, {*edit});
        return;
    case Act::erase: {
        const std::vector<RecordKey> keys = keys_of(desk, draw.chance(0.9) ? "contact" : "account");
        if (!keys.empty()) write(desk, {{ChangeKind::remove, one_of(keys, draw), {}}});
        return;
    }
    case Act::unit: {
        std::vector<localstore::Edit> edits;
        for (std::uint64_t i = 1 + draw.below(2); i > 0; --i)
            if (auto edit = some_edit(desk, draw)) edits.push_back(std::move(*edit));
        edits.push_back(some_creation(desk, draw));
        const std::vector<RecordKey> keys = keys_of(desk, "contact");
        if (!keys.empty() && draw.chance(0.25)) edits.push_back({ChangeKind::remove, one_of(keys, draw), {}});
        std::set<RecordKey> different;
        for (const localstore::Edit& edit : edits) different.insert(edit.key);
        if (different.size() == edits.size()) write(desk, edits, localstore::Grouping::one_unit);
        return;
    }
    case Act::meet:
        if (script_.meetings) meet(desk, draw);
        return;
    case Act::former_id:
        return edit_by_former_id(desk, draw);
    case Act::undo:
    case Act::discard:
    case Act::hold:
    case Act::release:
    case Act::retry:
    case Act::resolve:
        return act_on_queue(deed, desk);
    default:
        return act_on_machine(deed, desk);
    }
}

void World::act_on_queue(const Deed& deed, Installation& desk)
{
    Draw draw(deed.draw);
    const std::string who = place(desk.setup().number);
    if (deed.act == Act::resolve) {
        const auto conflicts = desk.store().conflicts({});
        if (conflicts && !conflicts->empty()) resolve(desk, draw.pick(*conflicts), draw);
        return;
    }
    localstore::ChangeFilter filter;
    if (deed.act == Act::hold) filter.states = {localstore::ChangeState::queued};
    if (deed.act == Act::release) filter.states = {localstore::ChangeState::held};
    if (deed.act == Act::retry) filter.states = {localstore::ChangeState::parked};
    const auto changes = desk.store().changes(filter);
    if (!changes || changes->empty()) return;
    const localstore::Change& change = draw.pick(*changes);
    const localstore::Sequence sequence = change.sequence;
    std::string outcome = "done";
    const auto told = [&](const auto& done) {
        if (!done) outcome = done.error().message;
    };
    const auto gave_up = [&](const Result<localstore::Undone>& done) {
        told(done);
        if (done) forget_dropped(desk, *done);
    };
    watched(desk, [&] {
        switch (deed.act) {
        case Act::undo:
            return gave_up(desk.store().undo(sequence, desk.context_of_a_person()));
        case Act::discard:
            return gave_up(desk.store().discard(sequence, desk.context_of_a_person()));
        case Act::hold:
            return told(desk.store().hold(sequence, "not yet", desk.context_of_a_person()));
        default:
            return told(send_again(desk, change));
        }
    });
    tell(who + ": " + std::string(name(deed.act)) + " change " + std::to_string(sequence.value) + " (" +
         std::string(to_text(change.kind)) + " of " + change.key.table + " " + change.key.id.text() + ", " +
         std::string(to_text(change.state)) + "): " + outcome);
}

/// What was held goes on top of what is shown; what was refused goes as it is.
Result<void> World::send_again(Installation& desk, const localstore::Change& change)
{
    const bool is_held = change.state == localstore::ChangeState::held;
    const std::vector<localstore::Change> members = with_group(desk, change);
    if (is_held) show_theirs(desk, members);
    std::map<RecordKey, Texts> chosen;
    for (const localstore::Change& member : members) chosen[member.key].merge(chosen_in(desk, member));
    const auto person = desk.context_of_a_person();
    const auto done =
        is_held ? desk.store().release(change.sequence, person) : desk.store().retry(change.sequence, person);
    if (!done) return done.error();
    for (const auto& [key, columns] : chosen) oracle_.insisted(desk.setup().number, key, columns);
    if (change.group.value == 0)
        oracle_.parted(desk.setup().number, change.key, texts_of(*tracked(change.key.table), change.after));
    return {};
}

/// What goes with a change.
std::vector<localstore::Change> World::with_group(Installation& desk, const localstore::Change& change) const
{
    if (change.group.value == 0) return {change};
    localstore::ChangeFilter filter;
    filter.group = change.group;
    return desk.store().changes(filter).value_or(std::vector{change});
}

/// What whoever lets a change go that was sent before chooses to be sent once more: all of it when they are told that
/// it may have been applied, else what others wrote over since, which they are shown.
Texts World::chosen_in(Installation& desk, const localstore::Change& change) const
{
    const TrackedTable& table = *tracked(change.key.table);
    Texts columns = texts_of(table, change.after);
    const std::string said = change.last_error + change.waits_for;
    if (said.find("may already have been applied") != std::string::npos) return columns;
    const auto state = desk.store().state(change.key);
    const bool is_held = change.state == localstore::ChangeState::held;
    if (!is_held || change.attempts == 0 || !state || !state->shadow) return {};
    const Texts there = texts_of(table, state->shadow->fields);
    const Texts before = texts_of(table, change.before);
    std::erase_if(columns, [&](const auto& entry) {
        return text_of(there, entry.first) == text_of(before, entry.first);
    });
    return columns;
}

void World::show_theirs(Installation& desk, const std::vector<localstore::Change>& members)
{
    for (const localstore::Change& member : members) {
        const auto state = desk.store().state(member.key);
        if (!state || !state->shadow) continue;
        oracle_.was_shown(desk.setup().number, member.key,
                          texts_of(*tracked(member.key.table), state->shadow->fields));
    }
}

/// Before what can be seen is compared: what shows counts as entered.
void World::forget_dropped(Installation& desk, const localstore::Undone& undone)
{
    for (const localstore::Change& dropped : undone.dropped) {
        const auto change = desk.store().change(dropped.sequence);
        if (!change) continue;
        if (change->kind == ChangeKind::remove) oracle_.left(desk.setup().number, change->key);
        oracle_.took_back(desk.setup().number, change->key,
                          texts_of(*tracked(change->key.table), change->after));
    }
}

bool World::is_open(Installation& desk, const localstore::Conflict& conflict)
{
    const auto open = desk.store().conflicts({});
    return !open ||
           std::ranges::any_of(*open, [&](const auto& one) { return one.number == conflict.number; });
}

/// One of the sides, for the whole question, having seen both.
void World::resolve(Installation& desk, const localstore::Conflict& conflict, Draw& draw)
{
    const std::size_t who = desk.setup().number;
    localstore::Resolution resolution;
    const bool mine = draw.chance(0.5);
    resolution.side = mine ? localstore::Side::mine : localstore::Side::theirs;
    for (const localstore::ConflictColumn& column : conflict.columns)
        resolution.seen[column.column] = column.theirs;
    Result<std::optional<localstore::Sequence>> done = std::optional<localstore::Sequence>();
    watched(desk,
            [&] { done = desk.store().resolve(conflict.number, resolution, desk.context_of_a_person()); });
    for (const localstore::ConflictColumn& column : conflict.columns)
        tell(place(who) + ": conflict " + conflict.label() + ": " + column.column + " was " +
             to_json(column.base) + ", mine " + to_json(column.mine) + ", theirs " + to_json(column.theirs));
    tell(place(who) + ": takes " + (mine ? "mine" : "theirs") + " in conflict " + conflict.label() + " of " +
         conflict.key.table + " " + conflict.key.id.text() +
         (done ? "" : "; refused: " + done.error().message));
    // What ended at its last write may have taken place.
    if (!done && is_open(desk, conflict)) return;
    count("resolved");
    for (const localstore::ConflictColumn& column : conflict.columns)
        if (tracked(conflict.key.table)->column(column.column))
            oracle_.decided(who, conflict.key, column.column, plain(column.mine), plain(column.theirs), mine);
}

void World::begin_cycle(Installation& desk)
{
    if (!desk.has_engine()) return;
    const std::size_t where = desk.setup().number;
    tell(place(where) + ": a cycle is asked for");
    desk.begin([this, where](engine::Engine& engine) -> engine::Task<void> {
        auto running = engine.cycle({});
        const Result<CycleReport> report = co_await std::move(running);
        if (!report) count("cycle failed: " + report.error().code);
        tell(place(where) + ": the cycle ends: " + (report ? "well" : report.error().message));
    });
}

void World::begin_verify(Installation& desk)
{
    desk.begin([this](engine::Engine& engine) -> engine::Task<void> {
        auto running = engine.verify();
        const Result<Verification> found = co_await std::move(running);
        count(found ? "verified" : "verify failed: " + found.error().code);
    });
}

void World::begin_departure(Installation& desk, bool now)
{
    tell(place(desk.setup().number) + ": goes offline " + (now ? "now" : "after a pull"));
    const auto how = now ? Synchronizer::Departure::now : Synchronizer::Departure::pull_first;
    desk.begin([this, how](engine::Engine& engine) -> engine::Task<void> {
        auto going = engine.go_offline(how);
        const Result<void> gone = co_await std::move(going);
        count(gone ? "went offline" : "stayed online");
    });
}

void World::begin_return(Installation& desk)
{
    tell(place(desk.setup().number) + ": comes back online");
    failed_at_.erase(desk.setup().number);
    desk.begin([this](engine::Engine& engine) -> engine::Task<void> {
        auto coming = engine.go_online();
        const Result<CycleReport> back = co_await std::move(coming);
        count(back ? "came back" : "did not come back");
    });
}

/// Another program writes to the file for a while, in which people work on.
void World::hold_file(Installation& desk, Milliseconds time)
{
    if (desk.is_file_held() || !desk.hold_file()) return;
    const std::size_t where = desk.setup().number;
    count("happened: file held");
    tell(place(where) + ": another program holds the file");
    time_->call_after(time, [this, where] {
        tell(place(where) + ": the other program lets go of the file");
        desks_[where]->let_go_of_file();
        desks_[where]->begin_where_possible();
    });
}

/// At any step of its files' work, or where a commit was about to become safe.
void World::crash_soon(Installation& desk, Draw& draw)
{
    constexpr tests::Loss losses[] = {tests::Loss::nothing, tests::Loss::unsynced, tests::Loss::torn};
    const auto at = draw.chance(0.65) ? tests::EndAt::any_step : tests::EndAt::a_sync;
    desk.crash_after(1 + draw.below(40), draw.pick(std::to_array(losses)), draw.next(), at);
}

void World::act_on_machine(const Deed& deed, Installation& desk)
{
    Draw draw(deed.draw);
    const std::size_t where = desk.setup().number;
    const std::string who = place(where);
    if (!desk.has_engine() && deed.act != Act::kill) return;
    switch (deed.act) {
    case Act::cycle:
        return begin_cycle(desk);
    case Act::verify:
        return begin_verify(desk);
    case Act::go_offline:
        return begin_departure(desk, draw.chance(0.5));
    case Act::go_online:
        return begin_return(desk);
    case Act::kill:
        doomed_.insert(where);
        return;
    case Act::suspend:
        tell(who + ": the machine sleeps");
        desk.engine().suspend();
        time_->call_after(Milliseconds{draw.between(1'000, 600'000)}, [this, where] {
            if (!desks_[where]->has_engine()) return;
            tell(place(where) + ": the machine wakes");
            failed_at_.erase(where);
            desks_[where]->engine().resume();
        });
        return;
    case Act::clock_jump:
        desk.clock->wrong_by = std::chrono::seconds{draw.between(-400'000, 400'000)};
        return tell(who + ": the wall clock is wrong by " + std::to_string(desk.clock->wrong_by.count()) +
                    " s");
    case Act::disk_full:
        tell(who + ": the disk is full");
        failed_at_.erase(where);
        desk.limit_disk(draw.below(24'000));
        time_->call_after(Milliseconds{draw.between(1'000, 120'000)}, [this, where] {
            tell(place(where) + ": there is room on the disk again");
            desks_[where]->limit_disk(std::nullopt);
            desks_[where]->begin_where_possible();
        });
        return;
    case Act::crash:
        return crash_soon(desk, draw);
    case Act::busy:
        return hold_file(desk, Milliseconds{draw.between(100, 20'000)});
    case Act::keep_copy:
        tell(who + ": the replica file is copied");
        if (desk.keep_copy()) oracle_.replica_kept(where);
        return;
    case Act::older_copy:
        if (!desk.bring_back_copy()) return;
        count("happened: older copy");
        tell(who + ": the older copy replaces the replica");
        former_ids_.erase(where);
        oracle_.replica_replaced(where);
        return desk.start();
    case Act::wrong_user:
        desk.tokens->next.push_back(office_->token(desk.setup().seat.user == "ada" ? "bob" : "ada"));
        desk.tokens->next.push_back(desk.setup().token);
        return;
    case Act::renew_token:
        tell(who + ": signs in anew");
        desk.tokens->token = office_->token(desk.setup().seat.user);
        return;
    default:
        return;
    }
}

} // namespace hawser::simulation
