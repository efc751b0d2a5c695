#include "engine/engine.h"

#include "base/time_text.h"
#include "engine/diagnosis.h"
#include "engine/look.h"
#include "engine/plan.h"
#include "engine/push_draft.h"
#include "engine/saved_error.h"
#include "engine/status.h"
#include "engine/verify.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <utility>

namespace hawser::engine {

namespace {

/// hawser::ConnectionState and the store's are the same words.
static_assert(static_cast<int>(ConnectionState::going_online) ==
              static_cast<int>(localstore::ConnectionState::going_online));

ConnectionState from_store(localstore::ConnectionState state)
{
    return static_cast<ConnectionState>(state);
}

localstore::ConnectionState to_store(ConnectionState state)
{
    return static_cast<localstore::ConnectionState>(state);
}

Timetable::Options timetable_options(const SynchronizerOptions& options)
{
    return {options.interval, options.nudge_delay, options.backoff_first, options.backoff_most};
}

Expected expected_of(const localstore::Store& store)
{
    const localstore::Binding binding = store.binding();
    return {binding.organization, binding.user};
}

bool is_offline(ConnectionState state)
{
    return state == ConnectionState::offline_by_choice || state == ConnectionState::disconnected;
}

} // namespace

Result<std::unique_ptr<Engine>> Engine::make(EngineParts parts)
{
    auto service = dataverse::parse_service(parts.store.binding().url);
    if (!service) return service.error();
    service->timeout = parts.options.request_timeout;
    const auto patience = static_cast<std::uint64_t>(parts.options.request_timeout.count()) / 5;
    if (const std::uint64_t rate = parts.options.bytes_a_second; rate > 0)
        parts.options.page_bytes = std::min<std::uint64_t>(parts.options.page_bytes, rate * patience);
    // The pull sets the limit of its pages itself; a definition is no page.
    service->max_answer_bytes = std::max(service->max_answer_bytes, parts.options.page_bytes_most);
    // Privileges are granted later, too: receipts are tried again after a day.
    const auto refused = parse_instant(parts.store.setting(no_receipts_setting));
    const Instant now = parts.clock->now();
    if (refused && now >= *refused && now - *refused < std::chrono::hours{24})
        parts.policies.without_receipts();
    return std::unique_ptr<Engine>(new Engine(std::move(parts), std::move(*service)));
}

Engine::Engine(EngineParts parts, dataverse::Service service)
    : parts_(std::move(parts)),
      loop_(parts_.context, parts_.clock),
      courier_(loop_, std::move(service), parts_.exchange, parts_.tokens, parts_.random,
               expected_of(parts_.store), Log(parts_.options.log)),
      around_{loop_,          courier_,       parts_.store,           parts_.policies,
              *parts_.random, parts_.options, Log(parts_.options.log)},
      timetable_(timetable_options(parts_.options), parts_.clock->elapsed())
{
    const Instant now = parts_.clock->now();
    if (const auto held = held_until(parts_.store, now)) courier_.hold_back(*held - now);
    courier_.on_hold = [this](Instant until) {
        (void)parts_.store.transact(
            localstore::Durability::relaxed, [&](localstore::Transaction& transaction) {
                return transaction.journal.set_setting(held_until_setting, hawser::to_text(until));
            });
    };
}

Engine::~Engine() = default;

Task<void> Engine::turn()
{
    while (busy_) {
        auto bell = std::make_shared<Bell>();
        waiting_.push_back(bell);
        auto resting = loop_.rest(*bell, std::nullopt);
        co_await std::move(resting);
        std::erase(waiting_, bell);
    }
    busy_ = true;
}

void Engine::pass_on()
{
    busy_ = false;
    if (!waiting_.empty()) waiting_.front()->ring();
    bell_.ring();
}

Result<ConnectionState> Engine::state() const
{
    const auto connection = parts_.store.connection();
    if (!connection) return connection.error();
    return from_store(connection->state);
}

/// Only a change is written. A stay offline begins when the connection is no longer online and ends when
/// it is again, whatever is tried, lost or chosen in between.
Result<void> Engine::happened(ConnectionEvent event, const std::string& reason)
{
    const auto connection = parts_.store.connection();
    if (!connection) return connection.error();
    const ConnectionState before = from_store(connection->state);
    const ConnectionState next = after(before, event);
    const bool told = event == ConnectionEvent::departure_failed || is_offline(next);
    if (next == before && (!told || connection->reason == reason)) return {};
    if (next != before)
        around_.log.info("connection", {{"from", to_text(before)}, {"to", to_text(next)}, {"why", reason}});
    const Instant now = parts_.clock->now();
    const bool never_yet = parts_.store.setting(offline_since_setting).empty();
    const bool begins = before == ConnectionState::online ? next != before : is_offline(next) && never_yet;
    return parts_.store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            if (begins) {
                const Result<void> marked =
                    transaction.journal.set_setting(offline_since_setting, hawser::to_text(now));
                if (!marked) return marked;
            }
            const Instant since = next == before ? connection->since : now;
            return transaction.journal.set_connection({to_store(next), since, reason});
        });
}

Result<void> Engine::awake() const
{
    if (ended_) return stopped();
    if (suspended_) return suspended();
    return {};
}

/// What ended early because the machine goes to sleep says so: it is not the end of this engine.
Error Engine::ended_by(Error error) const
{
    const bool early = error.code == stopped().code || error.code == "net.cancelled";
    return early && suspended_ && !ended_ ? suspended() : error;
}

Result<void> Engine::may_begin() const
{
    if (const Result<void> begins = awake(); !begins) return begins;
    if (around_.leaving) return stopped();
    const auto now = state();
    if (!now) return now.error();
    if (!may_talk(*now))
        return Error{ErrorKind::offline, "engine.offline_by_choice",
                     "this replica is offline because you chose so; go online first"};
    return {};
}

/// What people and other processes may want to know of the last cycle, written only when it is news.
Result<void> Engine::remember(const CycleEnd& end)
{
    const std::string error = end.error ? error_text(*end.error) : std::string();
    const auto wait = timetable_.next() - parts_.clock->elapsed();
    const Instant next = parts_.clock->now() +
                         std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds{0});
    const std::string next_text = in_background_ ? hawser::to_text(next) : std::string();
    const bool same = parts_.store.setting(last_error_setting) == error &&
                      parts_.store.setting(next_attempt_setting) == next_text;
    if (same) return {};
    if (in_background_) around_.log.debug("cycle.next", {{"at", next_text}});
    return parts_.store.transact(
        localstore::Durability::relaxed, [&](localstore::Transaction& transaction) -> Result<void> {
            const Result<void> kept = transaction.journal.set_setting(last_error_setting, error);
            if (!kept) return kept;
            return transaction.journal.set_setting(next_attempt_setting, next_text);
        });
}

Task<Result<CycleReport>> Engine::run_cycle(CycleRequest request)
{
    const Result<void> allowed = may_begin();
    if (!allowed) co_return allowed.error();
    const Result<ConnectionState> before = state();
    if (!before) co_return before.error();
    // A copied file knows less than the organization does: a whole pull comes before anything else.
    const bool compare_first = !parts_.store.setting(localstore::compare_first_setting).empty();
    if (compare_first) {
        request.compare_first = true;
        request.extent = Puller::Extent::full;
        request.tables.clear();
    }
    Cycle cycle(around_, sizes_, std::move(request));
    auto running = cycle.run();
    CycleEnd end = co_await std::move(running);
    const auto elapsed = parts_.clock->elapsed();
    if (end.error) {
        timetable_.failed(*end.error, elapsed, *parts_.random);
        // A departure ends only with a whole cycle; being back needs no more than being let in.
        const bool back = end.reached && *before != ConnectionState::going_offline;
        const auto event = event_of(*end.error);
        if (event || back) {
            const Result<void> told =
                event ? happened(*event, end.error->message) : happened(ConnectionEvent::reached, {});
            if (!told) co_return told.error();
        }
    } else {
        timetable_.succeeded(elapsed);
        const Result<void> told =
            *before == ConnectionState::going_offline ? depart() : happened(ConnectionEvent::reached, {});
        if (!told) co_return told.error();
        if (compare_first) {
            const Result<void> compared =
                parts_.store.transact(localstore::Durability::full, [](localstore::Transaction& transaction) {
                    return transaction.journal.set_setting(localstore::compare_first_setting, "");
                });
            if (!compared) co_return compared.error();
        }
    }
    if (end.next) {
        const auto wait = std::chrono::duration_cast<Clock::Milliseconds>(*end.next - parts_.clock->now());
        timetable_.not_later_than(elapsed + wait);
    }
    const Result<void> kept = remember(end);
    if (end.report && parts_.options.cycle_finished) parts_.options.cycle_finished(*end.report);
    if (end.error) co_return ended_by(*end.error);
    if (!kept) co_return kept.error();
    co_return *end.report;
}

Task<Result<void>> Engine::connect()
{
    auto waiting = turn();
    co_await std::move(waiting);
    if (const Result<void> begins = awake(); !begins) {
        pass_on();
        co_return begins;
    }
    courier_.doubt();
    const auto scopes = parts_.store.scopes();
    std::vector<std::string> tables;
    if (scopes)
        for (const localstore::Scope& scope : *scopes) tables.push_back(scope.table);
    Troubles troubles;
    auto admitting = Cycle::admit(around_, std::move(tables), troubles);
    Result<void> admitted = co_await std::move(admitting);
    if (admitted) admitted = troubles.outcome();
    if (admitted)
        admitted = happened(ConnectionEvent::reached, {});
    else if (const auto event = event_of(admitted.error())) {
        const Result<void> told = happened(*event, admitted.error().message);
        if (!told) admitted = told;
    }
    pass_on();
    if (!admitted) co_return ended_by(admitted.error());
    co_return admitted;
}

Task<Result<CycleReport>> Engine::cycle(CycleRequest request)
{
    auto waiting = turn();
    co_await std::move(waiting);
    auto running = run_cycle(std::move(request));
    Result<CycleReport> report = co_await std::move(running);
    pass_on();
    co_return report;
}

Task<Result<void>> Engine::go_offline(Synchronizer::Departure departure)
{
    if (departure == Synchronizer::Departure::now) {
        // Nothing to wait for: what is under way ends early and stays on disk.
        around_.leaving = busy_;
        if (busy_) loop_.interrupt();
        auto waiting = turn();
        co_await std::move(waiting);
        heed_again();
        const Result<void> gone = happened(ConnectionEvent::asked_to_leave_now, "you chose to be offline");
        pass_on();
        co_return gone;
    }
    auto waiting = turn();
    co_await std::move(waiting);
    auto leaving = leave_after_pull();
    const Result<void> left = co_await std::move(leaving);
    pass_on();
    co_return left;
}

Task<Result<void>> Engine::leave_after_pull()
{
    const auto former = parts_.store.connection();
    if (!former) co_return former.error();
    const std::string former_stay = parts_.store.setting(offline_since_setting);
    const bool gone_already = from_store(former->state) == ConnectionState::offline_by_choice;
    const Result<void> asked =
        happened(ConnectionEvent::asked_to_leave,
                 gone_already ? "you chose to be offline" : "pulling before going offline");
    if (!asked || gone_already) co_return asked;
    auto running = run_cycle(CycleRequest{});
    const Result<CycleReport> report = co_await std::move(running);
    const auto now = state();
    if (!now) co_return now.error();
    if (*now == ConnectionState::offline_by_choice) co_return Result<void>{};
    const Result<std::string> missing = not_aboard();
    if (!missing) co_return missing.error();
    Error why = report ? Error{ErrorKind::park, {}, *missing} : report.error();
    why.code = "engine.pull_unfinished";
    why.message = "the pull before going offline did not finish: " + why.message +
                  "; nothing has changed, so try again or go without it";
    const auto event = report ? std::optional(ConnectionEvent::reached) : event_of(report.error());
    const Result<void> back =
        return_to(*former, former_stay, event, report ? std::string() : report.error().message);
    if (!back) co_return back;
    co_return why;
}

/// What of the chosen tables is not aboard, by name and reason; empty when all is.
Result<std::string> Engine::not_aboard() const
{
    const auto scopes = parts_.store.scopes();
    if (!scopes) return scopes.error();
    std::string missing;
    for (const localstore::Scope& scope : *scopes)
        if (scope.aboard && scope.mode == "off")
            missing += (missing.empty() ? "" : "; ") + scope.table + " cannot be pulled: " + scope.reason;
    return missing;
}

/// The pull before going offline is over. When a crash had interrupted the first try and something is not
/// aboard, nobody is there to be asked: the departure stays open, with the reason, until somebody says how
/// it goes on.
Result<void> Engine::depart()
{
    const Result<std::string> missing = not_aboard();
    if (!missing) return missing.error();
    if (missing->empty()) return happened(ConnectionEvent::departed, "you chose to be offline");
    return happened(ConnectionEvent::departure_failed,
                    "you chose to go offline, but " + *missing + "; go without it, or come back online");
}

/// As before a departure that did not come about, but for what its pull has found out meanwhile.
Result<void> Engine::return_to(const localstore::Connection& former, const std::string& former_stay,
                               std::optional<ConnectionEvent> event, const std::string& reason)
{
    // A departure that a crash had left open has now been answered for.
    const bool left_open = from_store(former.state) == ConnectionState::going_offline;
    const ConnectionState before = left_open ? ConnectionState::online : from_store(former.state);
    const ConnectionState next = event ? after(before, *event) : before;
    localstore::Connection back{to_store(next), former.since, is_offline(next) ? reason : std::string()};
    if (next == before && reason.empty() && !left_open) back.reason = former.reason;
    if (next != before || left_open) back.since = parts_.clock->now();
    return parts_.store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            if (!is_offline(next)) {
                const Result<void> marked =
                    transaction.journal.set_setting(offline_since_setting, former_stay);
                if (!marked) return marked;
            }
            return transaction.journal.set_connection(back);
        });
}

Task<Result<CycleReport>> Engine::come_back()
{
    const Result<void> asked = happened(ConnectionEvent::asked_to_return, "coming back online");
    if (!asked) co_return asked.error();
    courier_.doubt();
    auto running = run_cycle(CycleRequest{});
    co_return co_await std::move(running);
}

Task<Result<CycleReport>> Engine::go_online()
{
    auto waiting = turn();
    co_await std::move(waiting);
    auto coming = come_back();
    Result<CycleReport> report = co_await std::move(coming);
    pass_on();
    co_return report;
}

template <class Found>
Task<Result<Found>> Engine::reading(std::function<Task<Result<Found>>()> read)
{
    auto waiting = turn();
    co_await std::move(waiting);
    const Result<void> allowed = may_begin();
    Result<Found> found = allowed ? Result<Found>(Found{}) : Result<Found>(allowed.error());
    if (allowed) {
        auto under_way = read();
        found = co_await std::move(under_way);
    }
    pass_on();
    if (!found) co_return ended_by(found.error());
    co_return found;
}

Task<Result<Verification>> Engine::verify()
{
    return reading<Verification>([this] { return compare_all(around_); });
}

Task<Result<Plan>> Engine::plan(std::vector<std::string> tables)
{
    return reading<Plan>([this, tables = std::move(tables)] { return look_ahead(around_, tables); });
}

Task<Result<Sighting>> Engine::look(RecordKey record)
{
    return reading<Sighting>([this, record = std::move(record)] { return look_at_record(around_, record); });
}

void Engine::run_in_background()
{
    if (std::exchange(in_background_, true)) return;
    reasons_.add(Reason::started);
    timetable_.hurried(parts_.clock->elapsed());
    loop_.start([this] { return background(); });
}

Task<void> Engine::background()
{
    while (!ended_) {
        const auto connection = state();
        const bool chosen = connection && *connection == ConnectionState::offline_by_choice;
        const auto wait = timetable_.next() - parts_.clock->elapsed();
        const bool due = wait <= Clock::Milliseconds{0};
        if (chosen || suspended_ || unreachable_ || busy_ || !waiting_.empty()) {
            auto resting = loop_.rest(bell_, std::nullopt);
            co_await std::move(resting);
            continue;
        }
        if (!due) {
            auto resting = loop_.rest(bell_, wait);
            co_await std::move(resting);
            continue;
        }
        if (!reasons_.any()) reasons_.add(Reason::timer);
        const Reason reason = reasons_.take();
        auto waiting = turn();
        co_await std::move(waiting);
        CycleRequest request;
        request.reason = reason;
        auto running = connection && *connection == ConnectionState::going_online
                           ? come_back()
                           : run_cycle(std::move(request));
        const Result<CycleReport> report = co_await std::move(running);
        pass_on();
        // A cycle that could not even begin (a disk fault, say) must not spin.
        if (!report && timetable_.next() <= parts_.clock->elapsed())
            timetable_.failed(report.error(), parts_.clock->elapsed(), *parts_.random);
    }
}

Task<void> Engine::settle_down()
{
    auto waiting = turn();
    co_await std::move(waiting);
    pass_on();
}

void Engine::nudge()
{
    Cycle::edited(around_);
    reasons_.add(Reason::edited);
    timetable_.nudged(parts_.clock->elapsed());
    bell_.ring();
}

void Engine::reachable(bool yes)
{
    const bool back = unreachable_ && yes;
    unreachable_ = !yes;
    if (back) {
        courier_.doubt();
        reasons_.add(Reason::reconnected);
        timetable_.hurried(parts_.clock->elapsed());
    }
    bell_.ring();
}

void Engine::suspend()
{
    suspended_ = true;
    around_.leaving = busy_;
    if (busy_) loop_.interrupt();
}

void Engine::resume()
{
    suspended_ = false;
    heed_again();
    courier_.doubt();
    reasons_.add(Reason::resumed);
    timetable_.hurried(parts_.clock->elapsed());
    bell_.ring();
}

/// What had to end early is over. An engine that was told to leave stays so.
void Engine::heed_again()
{
    if (ended_) return;
    around_.leaving = false;
    loop_.go_on();
}

void Engine::leave()
{
    ended_ = around_.leaving = true;
    bell_.ring();
}

void Engine::leave_now()
{
    leave();
    loop_.interrupt();
}

} // namespace hawser::engine
