#include "localstore/copies.h"
#include "localstore/numbers.h"
#include "localstore/verbs.h"

namespace hawser::localstore {

Result<CycleNumber> JournalVerbs::begin_cycle(std::string_view trigger, Instant now)
{
    return verb(state_, [&]() -> Result<CycleNumber> {
        Database& database = state_.database;
        database
            .prepare("INSERT INTO hawser_cycle (begun_at, finished_at, outcome, trigger, figures, message, "
                     "repeats, last_at) VALUES (?1, NULL, ?2, ?3, '', '', 1, ?1)")
            .with(now, to_text(CycleOutcome::under_way), trigger)
            .run();
        return CycleNumber{database.last_row()};
    });
}

Result<void> JournalVerbs::finish_cycle(CycleNumber cycle, CycleOutcome outcome, std::string_view figures,
                                        std::string_view message, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        Database& database = state_.database;
        state_.notice.cycles = true;
        if (outcome == CycleOutcome::idle) {
            Statement former = database.prepare(
                "SELECT number FROM hawser_cycle WHERE number < ?1 ORDER BY number DESC LIMIT 1");
            const bool any = former.with(cycle.value).step();
            const std::int64_t number = any ? former.integer(0) : 0;
            former.reset();
            database
                .prepare("UPDATE hawser_cycle SET repeats = repeats + 1, last_at = ?2 WHERE number = ?1 AND "
                         "outcome = 'idle'")
                .with(number, now)
                .run();
            if (any && database.changes() > 0) {
                database.prepare("DELETE FROM hawser_cycle WHERE number = ?1").with(cycle.value).run();
                return {};
            }
        }
        database
            .prepare("UPDATE hawser_cycle SET finished_at = ?2, outcome = ?3, figures = ?4, message = ?5, "
                     "last_at = ?2 WHERE number = ?1")
            .with(cycle.value, now, to_text(outcome), figures, message)
            .run();
        return {};
    });
}

void write_decision(Database& database, CycleNumber cycle, const RecordKey& key, std::string_view rule,
                    std::string_view sentence, Instant now)
{
    database
        .prepare("INSERT INTO hawser_decision (cycle, target, id, rule, sentence, at) VALUES (?1, ?2, ?3, "
                 "?4, ?5, ?6)")
        .with(cycle.value, key.table, key.id, rule, sentence, now)
        .run();
}

void write_deed(TransactionState& state, const Change& change, std::string_view rule, std::string_view done,
                const WriteContext& context, std::string_view more)
{
    std::string sentence = "Change " + std::to_string(change.sequence.value) + " was " + std::string(done) +
                           " by " + (context.actor.empty() ? "you" : context.actor);
    if (!context.on_behalf_of.empty()) sentence += " on behalf of " + context.on_behalf_of;
    sentence += std::string(more) + ".";
    write_decision(state.database, CycleNumber{}, change.key, rule, sentence, context.now);
}

Result<void> JournalVerbs::decide(CycleNumber cycle, const RecordKey& key, std::string_view rule,
                                  std::string_view sentence, Instant now)
{
    return verb(state_, [&]() -> Result<void> {
        write_decision(state_.database, cycle, key, rule, sentence, now);
        return {};
    });
}

Result<void> JournalVerbs::decide_once(CycleNumber cycle, const RecordKey& key, std::string_view rule,
                                       std::string_view sentence, Instant now)
{
    const Result<bool> said = verb(state_, [&]() -> Result<bool> {
        Statement newest = state_.database.prepare(
            "SELECT rule = ?3 AND sentence = ?4 FROM hawser_decision WHERE id = ?1 AND target = ?2 "
            "ORDER BY number DESC LIMIT 1");
        return newest.with(key.id, key.table, rule, sentence).step() && newest.integer(0) != 0;
    });
    if (!said) return said.error();
    return *said ? Result<void>{} : decide(cycle, key, rule, sentence, now);
}

Result<void> JournalVerbs::set_setting(std::string_view name, std::string_view value)
{
    return verb(state_, [&]() -> Result<void> {
        state_.database
            .prepare(
                "INSERT INTO hawser_setting (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = "
                "excluded.value")
            .with(name, value)
            .run();
        return {};
    });
}

Result<void> JournalVerbs::set_connection(const Connection& connection)
{
    return verb(state_, [&]() -> Result<void> {
        state_.database
            .prepare("UPDATE hawser_connection SET state = ?1, since = ?2, reason = ?3 WHERE one = 1")
            .with(to_text(connection.state), connection.since, connection.reason)
            .run();
        state_.notice.cycles = true;
        return {};
    });
}

Result<void> JournalVerbs::set_instance(const Guid& instance)
{
    return verb(state_, [&]() -> Result<void> {
        Database& database = state_.database;
        Statement cycle = database.prepare("SELECT ifnull(max(number), 0) FROM hawser_cycle");
        cycle.step();
        const std::int64_t change = next_number(database, Numbered::change) - 1;
        Statement former = database.prepare("SELECT instance FROM hawser_meta WHERE one = 1");
        if (former.step()) keep_identities(database, former.guid(0), Sequence{change});
        former.reset();
        for (const auto& [name, last] :
             {std::pair(former_cycle_setting, cycle.integer(0)), std::pair(former_change_setting, change)}) {
            const Result<void> kept = set_setting(name, std::to_string(last));
            if (!kept) return kept;
        }
        if (const Result<void> acted = set_setting(copied_setting, ""); !acted) return acted;
        database.prepare("UPDATE hawser_meta SET instance = ?1 WHERE one = 1").with(instance).run();
        keep_binding_copy(state_.database);
        return {};
    });
}

} // namespace hawser::localstore
