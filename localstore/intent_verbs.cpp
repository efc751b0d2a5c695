#include "localstore/fields_json.h"
#include "localstore/file_check.h"
#include "localstore/net_effect.h"
#include "localstore/receipt_row.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <set>

namespace hawser::localstore {
namespace {

Error bad_intent(const NewIntent& intent, std::string_view why)
{
    return refusal(code::bad_intent,
                   "The intent " + intent.id.text() + " cannot be made: " + std::string(why) + ".");
}

/// What is frozen: one record with its covered changes. Nothing is folded, so its bodies stay unread.
struct Frozen {
    RecordKey key;
    std::int64_t record = 0;
    ColumnSet masked{};
    std::vector<Covered> covered{};
};

Result<Frozen> load_frozen(TransactionState& state, const RecordKey& key)
{
    Frozen frozen{.key = follow_alias(state.database, *state.tables, key)};
    const auto table = state.tables->named(frozen.key.table);
    if (!table) return table.error();
    Statement row =
        state.database.prepare("SELECT record, flags FROM hawser_record WHERE table_number = ?1 AND id = ?2");
    if (!row.with((*table)->number, frozen.key.id).step()) return frozen;
    frozen.record = row.integer(0);
    const std::int64_t flags = row.integer(1);
    if ((flags & flag::in_flight) != 0)
        return refusal(code::intent_open, describe(key) + " is in an open intent already.");
    if ((flags & flag::dirty) != 0 && (flags & flag::conflict) != 0)
        frozen.masked = masked_columns(state.fold, (*table)->table,
                                       open_conflict(state.database, **table, frozen.key.id));
    return frozen;
}

Result<Covered> cover(const NewIntent& intent, const ColumnSet& masked, const Change& change,
                      const Covered& asked)
{
    if (change.state != ChangeState::queued)
        return bad_intent(intent, "the change " + std::to_string(change.sequence.value) + " is " +
                                      std::string(to_text(change.state)));
    Covered covered{change.sequence, {}};
    if (asked.none) return covered;
    covered.columns = free_columns(change, masked);
    if (!asked.columns.empty()) {
        for (const std::string& name : asked.columns)
            if (std::find(covered.columns.begin(), covered.columns.end(), name) == covered.columns.end())
                return bad_intent(intent, "the column " + name + " of the change " +
                                              std::to_string(change.sequence.value) +
                                              " is not free to travel");
        covered.columns = asked.columns;
    }
    return covered;
}

Result<void> check_groups(TransactionState& state, const NewIntent& intent, const std::set<Sequence>& covered,
                          const std::set<GroupNumber>& groups, std::size_t records)
{
    for (const GroupNumber group : groups) {
        ChangeFilter members;
        members.group = group;
        for (const Change& member : list_changes(state.database, *state.tables, members))
            if (!covered.contains(member.sequence))
                return bad_intent(intent, "the group " + std::to_string(group.value) +
                                              " would not travel whole, the change " +
                                              std::to_string(member.sequence.value) + " is missing");
        if (records > 1 && intent.atomicity != Atomicity::one_change_set)
            return bad_intent(intent, "a group over several records travels as one change set");
    }
    return {};
}

Result<std::vector<Frozen>> freeze(TransactionState& state, const NewIntent& intent)
{
    std::vector<Frozen> frozen;
    std::set<Sequence> sequences;
    std::set<GroupNumber> groups;
    for (const Covered& asked : intent.changes) {
        const auto change = find_change(state.database, *state.tables, asked.sequence);
        if (!change) return no_change(asked.sequence);
        if (!is_live(change->state)) return already_settled(*change);
        if (!sequences.insert(asked.sequence).second) return bad_intent(intent, "it names a change twice");
        if (change->group.value != 0) groups.insert(change->group);
        auto place =
            std::find_if(frozen.begin(), frozen.end(), [&](const Frozen& f) { return f.key == change->key; });
        if (place == frozen.end()) {
            auto record = load_frozen(state, change->key);
            if (!record) return record.error();
            frozen.push_back(std::move(*record));
            place = frozen.end() - 1;
        }
        auto covered = cover(intent, place->masked, *change, asked);
        if (!covered) return covered.error();
        place->covered.push_back(std::move(*covered));
    }
    if (auto fine = check_groups(state, intent, sequences, groups, frozen.size()); !fine) return fine.error();
    return frozen;
}

void insert_steps(Database& database, std::int64_t number, const std::vector<IntentStep>& steps)
{
    Statement add = database.prepare(
        "INSERT INTO hawser_intent_step (intent, number, kind, target, id, method, path, condition, body, "
        "content_id, sent, state, status, etag, answer, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
        "?10, "
        "?11, 0, 0, '', '', ?12)");
    int position = 0;
    for (const IntentStep& step : steps) {
        const std::string sent = encode_fields(step.sent);
        add.with(number, position++, to_text(step.kind), step.key.table, step.key.id, step.method, step.path,
                 step.condition, step.body, step.content_id, sent,
                 step_sum(step.method, step.path, step.condition, step.body))
            .run();
    }
}

void freeze_record(TransactionState& state, std::int64_t number, Frozen& frozen)
{
    Database& database = state.database;
    Statement covered =
        database.prepare("INSERT INTO hawser_intent_change (intent, sequence, columns) VALUES (?1, ?2, ?3)");
    Statement change = database.prepare("UPDATE hawser_change SET state = ?2, intent = ?3, waits_for = '', "
                                        "next_attempt = NULL WHERE sequence = ?1");
    for (const Covered& one : frozen.covered) {
        covered.with(number, one.sequence.value, join_names(one.columns)).run();
        change.with(one.sequence.value, to_text(ChangeState::in_flight), number).run();
    }
    database.prepare("UPDATE hawser_record SET flags = flags | ?2 WHERE record = ?1")
        .with(frozen.record, flag::in_flight)
        .run();
    state.touched(frozen.key);
}

/// An open intent on its way to be settled.
struct Settling {
    std::int64_t number = 0;
    Intent intent;
    std::vector<Guid> requests; ///< The client request id of each attempt.
    std::string words;
    CycleNumber cycle{};
    Instant now{};
};

Result<Settling> begin_settling(TransactionState& state, const Guid& id, std::string_view words,
                                CycleNumber cycle, Instant now)
{
    auto intent = find_intent(state.database, *state.tables, id);
    if (!intent) return intent.error();
    Settling settling;
    settling.intent = std::move(*intent);
    settling.words = std::string(words);
    settling.cycle = cycle;
    settling.now = now;
    Statement number = state.database.prepare("SELECT number FROM hawser_intent WHERE id = ?1");
    number.with(id).step();
    settling.number = number.integer(0);
    for (const Attempt& attempt : settling.intent.attempts)
        settling.requests.push_back(attempt.client_request_id);
    return settling;
}

/// The record's answer: the last answered step that names it.
const IntentStep* answer_of(const Intent& intent, const RecordKey& key)
{
    const IntentStep* found = nullptr;
    for (const IntentStep& step : intent.steps)
        if (step.state == StepState::answered && step.key == key) found = &step;
    return found;
}

void write_receipt(TransactionState& state, const Settling& settling, const Subject& subject,
                   const std::vector<Covered>& covered, IntentOutcome outcome, std::string_view etag)
{
    const IntentStep* answer = answer_of(settling.intent, subject.key());
    Receipt receipt{settling.intent.id, subject.key(), {}, outcome};
    for (const Covered& one : covered) receipt.changes.push_back(one.sequence);
    receipt.status = answer == nullptr ? 0 : answer->status;
    receipt.etag = etag;
    receipt.words = settling.words;
    receipt.requests = settling.requests;
    receipt.cycle = settling.cycle;
    receipt.at = settling.now;
    add_receipt(state.database, subject.table(), receipt);
}

void erase_intent(Database& database, std::int64_t number)
{
    database.prepare("DELETE FROM hawser_intent_step WHERE intent = ?1").with(number).run();
    database.prepare("DELETE FROM hawser_intent_change WHERE intent = ?1").with(number).run();
    database.prepare("DELETE FROM hawser_intent_attempt WHERE intent = ?1").with(number).run();
    database.prepare("DELETE FROM hawser_intent WHERE number = ?1").with(number).run();
}

/// Runs `settle(subject, covered)` for each record of the intent and forgets the intent.
template <class Settle>
Result<void> settle_records(TransactionState& state, const Settling& settling, Settle&& settle)
{
    std::map<RecordKey, std::vector<Covered>> records;
    for (const Covered& covered : settling.intent.changes) {
        const auto change = find_change(state.database, *state.tables, covered.sequence);
        if (change) records[change->key].push_back(covered);
    }
    for (auto& [key, covered] : records) {
        auto subject = load_subject(state, key);
        if (!subject) return subject.error();
        subject->row.set(flag::in_flight, false);
        for (const Covered& one : covered) {
            set_intent(state.database, one.sequence, 0);
            if (Change* change = subject->find(one.sequence)) change->state = ChangeState::queued;
        }
        if (Result<void> done = settle(*subject, covered); !done) return done;
        subject->finish(settling.now);
    }
    erase_intent(state.database, settling.number);
    state.notice.queue = true;
    return {};
}

void back_to(Subject& subject, const std::vector<Covered>& covered, ChangeState state, std::string_view words,
             std::optional<Instant> next_attempt, std::string_view waits_for = {})
{
    for (const Covered& one : covered) {
        Change* change = subject.find(one.sequence);
        if (change == nullptr) continue;
        change->state = state;
        change->last_error = std::string(words);
        change->next_attempt = next_attempt;
        if (state == ChangeState::parked) change->waits_for = waits_for;
        subject.store_state(one.sequence);
    }
}

Result<void> park_all(TransactionState& state, const Settling& settling, IntentOutcome outcome)
{
    const std::string_view waits_for = outcome == IntentOutcome::refused
                                           ? "a person: the server refused it"
                                           : "a person: nobody can tell whether it was applied";
    return settle_records(
        state, settling, [&](Subject& subject, const std::vector<Covered>& covered) -> Result<void> {
            back_to(subject, covered, ChangeState::parked, settling.words, std::nullopt, waits_for);
            write_receipt(state, settling, subject, covered, outcome, "");
            return {};
        });
}

void take_representation(Subject& subject, const Acknowledged& answer, CycleNumber cycle)
{
    Shadow next = *subject.shadow;
    next.remote = answer.representation ? Remote::present : Remote::deleted;
    // A deletion is answered without a version: the one that it deleted stays.
    if (answer.representation || !answer.etag.empty()) next.etag = answer.etag;
    if (answer.representation) {
        if (answer.coverage == Coverage::whole_record) next.fields.clear();
        for (const auto& [name, value] : *answer.representation) {
            if (is_null(value))
                next.fields.erase(name);
            else
                next.fields.insert_or_assign(name, value);
        }
    }
    subject.set_shadow(std::move(next));
    subject.row.cycle = cycle.value;
}

void apply_covered(Subject& subject, const std::vector<Covered>& covered, bool gone, const Settling& settling)
{
    for (const Covered& one : covered) {
        const Change* change = subject.find(one.sequence);
        if (change == nullptr) continue;
        const bool whole = change->kind == ChangeKind::remove || change->after.empty();
        if (!whole && one.columns.empty()) {
            subject.store_state(one.sequence);
            continue;
        }
        settle_columns(subject, one.sequence, whole ? std::span<const std::string>{} : std::span(one.columns),
                       ChangeState::applied, settling.words, settling.now);
    }
    if (!gone || covered.empty()) return;
    // What stood before the deletion and did not travel has nothing left to act on.
    const Sequence last = covered.back().sequence;
    std::vector<Sequence> before;
    for (const Change& change : subject.live)
        if (change.sequence < last) before.push_back(change.sequence);
    for (const Sequence sequence : before)
        settle_columns(subject, sequence, {}, ChangeState::superseded, "the record was deleted later",
                       settling.now);
}

/// The answer is younger than all that was staged: it says the same version, deletes it, or says that the record lives.
void drop_overtaken_staged(TransactionState& state, Subject& subject, const Acknowledged& answer)
{
    if (!subject.row.has(flag::staged)) return;
    const bool lives = answer.representation && answer.is_there;
    state.database
        .prepare("DELETE FROM hawser_staged WHERE record = ?1 AND (etag = ?2 OR (?3 AND body IS NULL))")
        .with(subject.row.record, subject.shadow->etag, lives ? 1 : 0)
        .run();
    if (state.database.changes() > 0) subject.row.set(flag::staged, false);
}

} // namespace

Result<void> IntentVerbs::open(const NewIntent& intent)
{
    return verb(state_, [&]() -> Result<void> {
        if (intent.id.is_nil()) return bad_intent(intent, "it has no id");
        if (intent.changes.empty()) return bad_intent(intent, "it covers no change");
        if (intent.steps.empty() || intent.steps.size() > most_steps)
            return bad_intent(intent, "it has no step, or more than " + std::to_string(most_steps));
        if (find_intent(state_.database, *state_.tables, intent.id))
            return bad_intent(intent, "its id is in use");
        auto frozen = freeze(state_, intent);
        if (!frozen) return frozen.error();
        Database& database = state_.database;
        database
            .prepare("INSERT INTO hawser_intent (id, atomicity, destination, cycle, made_at) VALUES (?1, ?2, "
                     "?3, ?4, ?5)")
            .with(intent.id, static_cast<int>(intent.atomicity), static_cast<int>(intent.destination),
                  intent.cycle.value, intent.made_at)
            .run();
        const std::int64_t number = database.last_row();
        insert_steps(database, number, intent.steps);
        for (Frozen& record : *frozen) freeze_record(state_, number, record);
        state_.notice.queue = true;
        return {};
    });
}

Result<int> IntentVerbs::begin_attempt(const Guid& intent, const Guid& client_request_id, Instant now)
{
    return verb(state_, [&]() -> Result<int> {
        Database& database = state_.database;
        Statement found = database.prepare(
            "SELECT number, (SELECT count(*) FROM hawser_intent_attempt a WHERE a.intent = i.number) FROM "
            "hawser_intent i WHERE id = ?1");
        if (!found.with(intent).step())
            return refusal(code::no_intent, "There is no open intent " + intent.text() + ".");
        const std::int64_t number = found.integer(0);
        const int attempt = static_cast<int>(found.integer(1)) + 1;
        found.reset();
        database
            .prepare(
                "INSERT INTO hawser_intent_attempt (intent, number, client_request_id, at) VALUES (?1, ?2, "
                "?3, ?4)")
            .with(number, attempt, client_request_id, now)
            .run();
        database.prepare("UPDATE hawser_intent_step SET state = 1 WHERE intent = ?1 AND state <> 2")
            .with(number)
            .run();
        database
            .prepare(
                "UPDATE hawser_change SET attempts = attempts + 1 WHERE sequence IN (SELECT sequence FROM "
                "hawser_intent_change WHERE intent = ?1)")
            .with(number)
            .run();
        return attempt;
    });
}

Result<void> IntentVerbs::store_answer(const Guid& intent, const StepAnswer& answer)
{
    return verb(state_, [&]() -> Result<void> {
        if (answer.state != StepState::answered && answer.state != StepState::unknown)
            return refusal(code::bad_intent, "An answer is answered or unknown, nothing else.");
        state_.database
            .prepare(
                "UPDATE hawser_intent_step SET state = ?3, status = ?4, etag = ?5, answer = ?6 WHERE intent "
                "= (SELECT number FROM hawser_intent WHERE id = ?1) AND number = ?2 AND state <> 2")
            .with(intent, answer.number, static_cast<int>(answer.state), answer.status, answer.etag,
                  answer.answer)
            .run();
        if (state_.database.changes() == 0)
            return refusal(code::no_intent, "The intent " + intent.text() + " has no step " +
                                                std::to_string(answer.number) + " that waits for an answer.");
        return {};
    });
}

Result<Intent> IntentVerbs::get(const Guid& intent) const
{
    return verb(state_, [&] { return find_intent(state_.database, *state_.tables, intent); });
}

Result<std::vector<Intent>> IntentVerbs::open_intents() const
{
    return verb(state_, [&]() -> Result<std::vector<Intent>> {
        return list_open_intents(state_.database, *state_.tables);
    });
}

Result<void> IntentVerbs::applied(const Guid& intent, std::span<const Acknowledged> acknowledged,
                                  std::string_view words, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto settling = begin_settling(state_, intent, words, cycle, now);
        if (!settling) return settling.error();
        return settle_records(
            state_, *settling, [&](Subject& subject, const std::vector<Covered>& covered) -> Result<void> {
                const auto answer =
                    std::find_if(acknowledged.begin(), acknowledged.end(),
                                 [&](const Acknowledged& one) { return one.key == subject.key(); });
                const bool known = answer != acknowledged.end();
                if (known) take_representation(subject, *answer, cycle);
                apply_covered(subject, covered, known && !answer->representation, *settling);
                if (known) drop_overtaken_staged(state_, subject, *answer);
                write_receipt(state_, *settling, subject, covered, IntentOutcome::applied,
                              !known                         ? std::string_view()
                              : answer->receipt_etag.empty() ? std::string_view(answer->etag)
                                                             : std::string_view(answer->receipt_etag));
                return {};
            });
    });
}

Result<void> IntentVerbs::conflict(const Guid& intent, std::string_view words, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto settling = begin_settling(state_, intent, words, cycle, now);
        if (!settling) return settling.error();
        return settle_records(
            state_, *settling, [&](Subject& subject, const std::vector<Covered>& covered) -> Result<void> {
                back_to(subject, covered, ChangeState::queued, words, std::nullopt);
                write_receipt(state_, *settling, subject, covered, IntentOutcome::conflict, "");
                return {};
            });
    });
}

Result<void> IntentVerbs::refused(const Guid& intent, std::string_view words, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto settling = begin_settling(state_, intent, words, cycle, now);
        if (!settling) return settling.error();
        return park_all(state_, *settling, IntentOutcome::refused);
    });
}

Result<void> IntentVerbs::unprovable(const Guid& intent, std::string_view words, CycleNumber cycle,
                                     Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto settling = begin_settling(state_, intent, words, cycle, now);
        if (!settling) return settling.error();
        return park_all(state_, *settling, IntentOutcome::indeterminate);
    });
}

Result<void> IntentVerbs::later(const Guid& intent, std::string_view words,
                                std::optional<Instant> next_attempt, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto settling = begin_settling(state_, intent, words, cycle, now);
        if (!settling) return settling.error();
        return settle_records(
            state_, *settling, [&](Subject& subject, const std::vector<Covered>& covered) -> Result<void> {
                back_to(subject, covered, ChangeState::queued, words, next_attempt);
                write_receipt(state_, *settling, subject, covered, IntentOutcome::later, "");
                return {};
            });
    });
}

Result<void> IntentVerbs::indeterminate(const Guid& intent, std::span<const Indeterminate> records,
                                        std::string_view sentence, CycleNumber cycle, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        auto settling = begin_settling(state_, intent, sentence, cycle, now);
        if (!settling) return settling.error();
        for (const Indeterminate& record : records)
            if (record.columns.empty())
                return refusal(code::bad_intent, "An indeterminate record names its columns.");
        auto settled = settle_records(
            state_, *settling, [&](Subject& subject, const std::vector<Covered>& covered) -> Result<void> {
                back_to(subject, covered, ChangeState::queued, sentence, std::nullopt);
                write_receipt(state_, *settling, subject, covered, IntentOutcome::indeterminate, "");
                return {};
            });
        if (!settled) return settled;
        for (const Indeterminate& record : records) {
            NewConflict conflict{record.key, ConflictReason::indeterminate, std::string(sentence), {}, cycle,
                                 now};
            for (const std::string& name : record.columns) conflict.columns.push_back({name, {}, {}, {}});
            if (auto opened = contest(state_, conflict); !opened) return opened.error();
        }
        return {};
    });
}

} // namespace hawser::localstore
