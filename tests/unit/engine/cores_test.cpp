#include "base/time_text.h"
#include "engine/backoff.h"
#include "engine/connection.h"
#include "engine/diagnosis.h"
#include "engine/etag.h"
#include "engine/figures.h"
#include "engine/mass_change.h"
#include "engine/page_size.h"
#include "engine/page_trouble.h"
#include "engine/pull.h"
#include "engine/pull_mode.h"
#include "engine/saved_error.h"
#include "engine/schedule.h"
#include "engine/sweep.h"
#include "tests/catch.h"

using namespace hawser;
using namespace hawser::engine;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_instant("2026-11-02T12:00:00Z");

Error failure(ErrorKind kind, std::string code = "x")
{
    return {kind, std::move(code), "x"};
}

} // namespace

TEST_CASE("Backoff doubles up to its limit, never below half, and starts anew after a success", "[engine]")
{
    const auto random = seeded_random(3);
    for (int run = 0; run < 50; ++run) {
        Backoff backoff(2s, 300s);
        auto full = 2000ms;
        for (int i = 0; i < 20; ++i) {
            const auto wait = backoff.failed(*random);
            CHECK(wait <= full);
            CHECK(wait >= full / 2);
            full = std::min<std::chrono::milliseconds>(full * 2, 300s);
        }
        backoff.succeeded();
        CHECK(backoff.failed(*random) <= 2s);
    }
}

TEST_CASE("The page size aims at the target and keeps still within a round", "[engine]")
{
    PageSize size(4u << 20, 30);
    const std::size_t first = size.rows();
    CHECK(first > 1);
    CHECK(first <= PageSize::most_rows);
    size.weighed(8u << 20, 1'000);
    CHECK(size.rows() == first);
    size.begin_round();
    CHECK(size.rows() == 500);

    SECTION("a page that was too large halves it for good")
    {
        CHECK(size.halve());
        CHECK(size.rows() == 250);
        size.weighed(100'000, 1'000);
        size.begin_round();
        CHECK(size.rows() == 250);
    }
    SECTION("one row cannot be halved")
    {
        while (size.rows() > 1) CHECK(size.halve());
        CHECK_FALSE(size.halve());
    }
    SECTION("a few rows say nothing about the next round")
    {
        size.weighed(50u << 20, 2);
        size.begin_round();
        CHECK(size.rows() == 500);
    }
}

TEST_CASE("A mass change needs both the share and the number", "[engine]")
{
    const MassChangeLimits limits{0.3, 50};
    CHECK_FALSE(is_mass_change(limits, 49, 49));
    CHECK(is_mass_change(limits, 50, 100));
    CHECK_FALSE(is_mass_change(limits, 50, 1'000));
    CHECK(is_mass_change(limits, 300, 1'000));
}

TEST_CASE("Only the user's word ends a stay offline that the user chose", "[engine]")
{
    using State = ConnectionState;
    using Event = ConnectionEvent;
    for (const Event event : {Event::reached, Event::lost, Event::departed, Event::departure_failed})
        CHECK(after(State::offline_by_choice, event) == State::offline_by_choice);
    CHECK(after(State::offline_by_choice, Event::asked_to_return) == State::going_online);
    CHECK(after(State::going_online, Event::reached) == State::online);
    CHECK(after(State::going_online, Event::lost) == State::disconnected);
    CHECK(after(State::disconnected, Event::reached) == State::online);
    CHECK(after(State::online, Event::asked_to_leave) == State::going_offline);
    CHECK(after(State::going_offline, Event::lost) == State::going_offline);
    CHECK(after(State::going_offline, Event::departed) == State::offline_by_choice);
    CHECK(after(State::going_offline, Event::departure_failed) == State::going_offline);
    CHECK(after(State::online, Event::asked_to_leave_now) == State::offline_by_choice);
    CHECK(event_of(failure(ErrorKind::offline)) == Event::lost);
    CHECK(event_of(failure(ErrorKind::retry)) == std::nullopt);
}

TEST_CASE("Delta is tried first, a refusal is remembered, and tried again after a day", "[engine]")
{
    Table table;
    table.change_tracking = true;
    const PullProbe fresh = choose_pull_mode(table, {}, noon);
    CHECK(fresh.mode == PullMode::delta);
    const Error missing{ErrorKind::park, "server.access", "Principal 77 is missing prvReadContact on OTC=2"};
    const PullProbe refused = delta_refused(missing, noon);
    CHECK(refused.mode == PullMode::filter);
    CHECK(refused.reason.find("organization-wide read (prvReadContact)") != std::string::npos);
    CHECK(refused.reason.find("Principal") == std::string::npos);
    CHECK(
        delta_refused({ErrorKind::park, "server.refused", "no tracking"}, noon).reason.find("no tracking") !=
        std::string::npos);
    CHECK(choose_pull_mode(table, refused, noon + 23h).mode == PullMode::filter);
    CHECK(choose_pull_mode(table, refused, noon + 25h).mode == PullMode::delta);
    CHECK(choose_pull_mode(table, refused, noon - 1h).mode == PullMode::delta);
    table.change_tracking = false;
    CHECK(choose_pull_mode(table, {}, noon).mode == PullMode::filter);
}

TEST_CASE("A page's failure names its remedy", "[engine]")
{
    const PageAsked first_delta{true, false, false};
    const PageAsked by_token{true, false, true};
    const PageAsked resumed{true, true, false};
    const PageAsked by_filter{false, false, false};
    CHECK(remedy_for(failure(ErrorKind::rebaseline), by_token) == PageRemedy::rebaseline);
    CHECK(remedy_for(failure(ErrorKind::rebaseline), resumed) == PageRemedy::restart);
    CHECK(remedy_for(failure(ErrorKind::park, "server.access"), first_delta) == PageRemedy::use_filter);
    CHECK(remedy_for(failure(ErrorKind::park, "server.access"), by_token) == PageRemedy::use_filter);
    CHECK(remedy_for(failure(ErrorKind::park, "server.refused"), by_token) == PageRemedy::rebaseline);
    CHECK(remedy_for(failure(ErrorKind::park, "server.refused"), resumed) == PageRemedy::restart);
    CHECK(remedy_for(failure(ErrorKind::park, "server.access"), by_filter) == PageRemedy::table_off);
    CHECK(remedy_for(failure(ErrorKind::refuse, "net.too_large"), by_filter) == PageRemedy::halve);
    for (const ErrorKind kind :
         {ErrorKind::offline, ErrorKind::retry, ErrorKind::wait, ErrorKind::sign_in, ErrorKind::stop})
        CHECK(remedy_for(failure(kind), by_token) == PageRemedy::give_up);
}

TEST_CASE("The timetable always has a next moment, and Retry-After comes before every wish", "[engine]")
{
    const auto random = seeded_random(5);
    Timetable times({15min, 500ms, 2s, 300s}, 0ms);
    CHECK(times.next() == 0ms);
    times.succeeded(1'000ms);
    CHECK(times.next() == 1'000ms + 15min);

    SECTION("edits gather for a moment")
    {
        times.nudged(5'000ms);
        CHECK(times.next() == 5'500ms);
        times.nudged(5'400ms);
        CHECK(times.next() == 5'500ms);
    }
    SECTION("after a failure edits wait for the backoff, a person does not")
    {
        times.failed(failure(ErrorKind::retry), 5'000ms, *random);
        const auto retry = times.next();
        CHECK(retry > 5'000ms);
        CHECK(retry <= 7'000ms);
        times.nudged(5'001ms);
        CHECK(times.next() == retry);
        times.hurried(5'002ms);
        CHECK(times.next() == 5'002ms);
    }
    SECTION("nothing is sent before the server's own time is over")
    {
        Error wait = failure(ErrorKind::wait);
        wait.retry_after = 90s;
        times.failed(wait, 5'000ms, *random);
        times.hurried(6'000ms);
        CHECK(times.next() == 95'000ms);
        times.not_later_than(10'000ms);
        CHECK(times.next() == 95'000ms);
    }
    SECTION("failures never push the next moment beyond the longest backoff")
    {
        for (int i = 0; i < 100; ++i) {
            times.failed(failure(ErrorKind::offline), 5'000ms, *random);
            CHECK(times.next() <= 5'000ms + 300s);
        }
    }
}

TEST_CASE("Many whom the server told the same time come back one after the other", "[engine]")
{
    Error wait = failure(ErrorKind::wait);
    wait.retry_after = 30s;
    std::vector<Timetable> many(200, Timetable({15min, 500ms, 2s, 300s}, 0ms));
    const auto random = seeded_random(5);
    for (const auto widest : {30s, 60s, 120s, 240s, 300s, 300s}) {
        std::vector<std::chrono::milliseconds> moments;
        for (Timetable& times : many) {
            times.failed(wait, 5'000ms, *random);
            times.nudged(6'000ms);
            times.not_later_than(35'000ms);
            moments.push_back(times.next() - 35'000ms);
        }
        const auto [first, last] = std::ranges::minmax(moments);
        CHECK(first >= 0ms);
        CHECK(last <= widest);
        CHECK(last - first > widest * 9 / 10);
    }
}

TEST_CASE("The reasons of a cycle are gathered and taken together", "[engine]")
{
    WorkReasons reasons;
    CHECK_FALSE(reasons.any());
    reasons.add(Reason::timer);
    reasons.add(Reason::edited);
    CHECK(reasons.take() == Reason::edited);
    CHECK_FALSE(reasons.any());
}

TEST_CASE("A sweep is due by its cadence, never before the first full pull, and goes on when unfinished",
          "[engine]")
{
    localstore::Scope scope;
    scope.mode = "filter";
    localstore::Checkpoint pull;
    localstore::Checkpoint sweep;
    const SynchronizerOptions options;
    CHECK_FALSE(sweep_due(scope, pull, sweep, options, noon));
    pull.full_finished_at = noon;
    CHECK_FALSE(sweep_due(scope, pull, sweep, options, noon + 23h));
    CHECK(sweep_due(scope, pull, sweep, options, noon + 24h));
    sweep.finished_at = noon + 24h;
    CHECK_FALSE(sweep_due(scope, pull, sweep, options, noon + 25h));
    sweep.under_way = true;
    CHECK(sweep_due(scope, pull, sweep, options, noon + 25h));
    scope.mode = "delta";
    sweep.under_way = false;
    CHECK_FALSE(sweep_due(scope, pull, sweep, options, noon + 50h));
    CHECK(sweep_due(scope, pull, sweep, options, noon + 24h * 8));
}

TEST_CASE("Etags are compared by the version they hold, when they hold one", "[engine]")
{
    CHECK(version_of("W/\"468026\"") == 468026);
    CHECK_FALSE(version_of("W/\"abc\""));
    CHECK_FALSE(version_of("\""));
    CHECK(is_newer("W/\"12\"", "W/\"9\""));
    CHECK_FALSE(is_newer("W/\"9\"", "W/\"12\""));
    CHECK_FALSE(is_newer("W/\"9\"", "W/\"9\""));
    CHECK(is_newer("W/\"x\"", "W/\"9\""));
}

TEST_CASE("What is kept as text reads back", "[engine]")
{
    Figures figures;
    figures.pulled = 3;
    figures.requests = 9;
    CHECK(parse_figures(to_json(figures)) == figures);
    CHECK(parse_figures("nonsense") == Figures{});

    Error error{ErrorKind::wait, "server.throttled", "later \"please\"", 30s};
    CHECK(parse_saved_error(error_text(error)) == error);
    CHECK_FALSE(parse_saved_error(""));

    const Watermark watermark = parse_watermark(to_text(Watermark{12, 34}));
    CHECK(watermark.ask_from == 12);
    CHECK(watermark.newest == 34);
    CHECK(parse_watermark("x").newest == 0);
}
