#include "engine/status.h"

#include "base/time_text.h"
#include "engine/courier.h"
#include "engine/cycle_report.h"
#include "engine/face.h"
#include "engine/mass_questions.h"
#include "engine/replica_implementation.h"
#include "engine/saved_error.h"
#include "localstore/engine_lock.h"

#include <algorithm>
#include <map>

namespace hawser::engine {
namespace {

constexpr std::size_t waiting_most = 100;

ConnectionState state_of(localstore::ConnectionState state)
{
    switch (state) {
    case localstore::ConnectionState::online:
        return ConnectionState::online;
    case localstore::ConnectionState::going_offline:
        return ConnectionState::going_offline;
    case localstore::ConnectionState::offline_by_choice:
        return ConnectionState::offline_by_choice;
    case localstore::ConnectionState::going_online:
        return ConnectionState::going_online;
    case localstore::ConnectionState::disconnected:
        break;
    }
    return ConnectionState::disconnected;
}

PullMode mode_of(const localstore::Scope& scope)
{
    if (scope.mode == "delta") return PullMode::delta;
    if (scope.mode == "filter") return PullMode::filter;
    return PullMode::off;
}

Result<TableStatus> table_status(const localstore::Store& store, const localstore::Scope& scope)
{
    TableStatus status;
    status.table = scope.table;
    status.mode = mode_of(scope);
    status.reason = scope.reason;
    const auto counted = store.count(scope.table, std::nullopt);
    if (!counted) return counted.error();
    status.records = static_cast<std::uint64_t>(*counted);
    const auto checkpoint = store.checkpoint(scope.number, localstore::Lane::pull);
    if (!checkpoint) return checkpoint.error();
    status.complete = checkpoint->full_finished_at.has_value();
    status.as_of = checkpoint->finished_at;
    if (!status.complete)
        status.missing = checkpoint->under_way ? "the first pull has brought " +
                                                     std::to_string(checkpoint->rows) + " rows so far"
                                               : "it has not been pulled yet";
    status.refused = scope.aboard && scope.mode == "off";
    if (status.refused)
        status.missing =
            (status.complete ? "it is not pulled any more: " : "it cannot be pulled: ") + scope.reason;
    if (!scope.aboard) status.missing = "it is not aboard: " + scope.reason;
    return status;
}

int urgency(localstore::ChangeState state)
{
    switch (state) {
    case localstore::ChangeState::parked:
        return 0;
    case localstore::ChangeState::contested:
        return 1;
    case localstore::ChangeState::held:
        return 2;
    default:
        return 3;
    }
}

std::string conflict_words(const localstore::Store& store, const RecordKey& key)
{
    localstore::ConflictFilter filter;
    filter.table = key.table;
    filter.id = key.id;
    const auto open = store.conflicts(filter);
    if (!open || open->empty()) return "a conflict is open: choose a side";
    return "conflict " + open->front().label() + " is open: choose a side (" + face_of(open->front()).reason +
           ")";
}

std::string reason_for(const localstore::Store& store, const localstore::Change& change,
                       localstore::ConnectionState connection)
{
    if (change.state == localstore::ChangeState::contested) return conflict_words(store, change.key);
    if (std::string reason = reason_of(change); !reason.empty()) return reason;
    if (urgency(change.state) != 3) return std::string(localstore::to_text(change.state));
    return connection == localstore::ConnectionState::offline_by_choice ? "goes out when you go online"
                                                                        : "waits for the next cycle";
}

/// Nothing is sent while the organization wants quiet.
void hold(Waiting& waiting, Instant until, bool of_its_own)
{
    if (!of_its_own) waiting.reason = "the organization asked us to send nothing for a while";
    waiting.next_attempt = std::max(waiting.next_attempt.value_or(until), until);
}

Result<std::vector<Waiting>> waiting_of(const Replica::Impl& impl, localstore::ConnectionState connection,
                                        std::optional<Instant> held)
{
    std::vector<Waiting> waiting;
    std::map<RecordKey, std::string> names;
    using State = localstore::ChangeState;
    for (const std::vector<State>& states : {std::vector<State>{State::parked},
                                             {State::contested},
                                             {State::held},
                                             {State::queued, State::in_flight}}) {
        if (waiting.size() >= waiting_most) break;
        localstore::ChangeFilter filter;
        filter.states = states;
        filter.limit = waiting_most - waiting.size();
        const auto changes = impl.store->changes(filter);
        if (!changes) return changes.error();
        for (const localstore::Change& change : *changes) {
            auto named = names.find(change.key);
            if (named == names.end()) named = names.emplace(change.key, impl.name_of(change.key)).first;
            waiting.push_back({change.key, named->second, change.sequence.value,
                               reason_for(*impl.store, change, connection), change.next_attempt});
            if (held && urgency(change.state) == 3) hold(waiting.back(), *held, !reason_of(change).empty());
        }
    }
    return waiting;
}

/// The earliest moment at which something can happen by itself: a plan of the background counts only
/// while there is one.
std::optional<Instant> next_attempt(const localstore::Store& store, std::optional<Instant> next,
                                    std::optional<Instant> held, bool in_background)
{
    const auto planned = parse_instant(store.setting(next_attempt_setting));
    if (in_background && planned) next = std::min(next.value_or(*planned), *planned);
    return held ? std::max(next.value_or(*held), *held) : next;
}

/// Of what the last cycles met, what has not been given up or taken back since.
bool deletions_wait(const localstore::Store& store, const std::vector<localstore::Scope>& scopes,
                    bool pending)
{
    const MassQuestions questions = parse_mass_questions(store.setting(mass_questions_setting));
    return std::ranges::any_of(questions, [&](const std::string& table) {
        if (table.empty()) return pending;
        return std::ranges::find(scopes, table, &localstore::Scope::table) != scopes.end();
    });
}

} // namespace

std::optional<Instant> held_until(const localstore::Store& store, Instant now)
{
    const auto held = parse_instant(store.setting(held_until_setting));
    if (held && *held > now && *held <= now + Courier::longest_wait) return held;
    return std::nullopt;
}

Result<Status> status_from_disk(const Replica& replica)
{
    const Replica::Impl& impl = *replica.impl();
    const localstore::Store& store = *impl.store;
    Status status;
    const auto connection = store.connection();
    if (!connection) return connection.error();
    status.state = state_of(connection->state);
    status.state_reason = connection->reason;
    status.state_since = connection->since;

    const auto figures = store.queue_figures();
    if (!figures) return figures.error();
    status.pending = static_cast<std::uint64_t>(figures->queued + figures->in_flight);
    status.pending_records = static_cast<std::uint64_t>(figures->records);
    status.parked = static_cast<std::uint64_t>(figures->parked);
    status.held = static_cast<std::uint64_t>(figures->held);
    status.conflicts = static_cast<std::uint64_t>(figures->open_conflicts);
    status.oldest_pending = figures->oldest;
    status.offline_since = parse_instant(store.setting(offline_since_setting));
    status.last_error = parse_saved_error(store.setting(last_error_setting));

    const auto cycles = store.cycles(localstore::CycleNumber{}, 1);
    if (!cycles) return cycles.error();
    if (!cycles->empty()) status.last_cycle = report_of(cycles->front());
    status.engine = localstore::EngineLock::holder(store.path());
    const auto held = connection->state == localstore::ConnectionState::offline_by_choice
                          ? std::nullopt
                          : held_until(store, impl.now());
    status.next_attempt = next_attempt(store, figures->next_attempt, held, !status.engine.empty());

    const auto scopes = store.scopes();
    if (!scopes) return scopes.error();
    for (const localstore::Scope& scope : *scopes) {
        auto table = table_status(store, scope);
        if (!table) return table.error();
        status.tables.push_back(*std::move(table));
    }
    status.deletions_wait = deletions_wait(store, *scopes, status.pending > 0);
    auto waiting = waiting_of(impl, connection->state, held);
    if (!waiting) return waiting.error();
    status.waiting = *std::move(waiting);
    return status;
}

} // namespace hawser::engine
