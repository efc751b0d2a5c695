#include "engine/courier.h"
#include "tests/catch.h"
#include "tests/virtual_clock.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace hawser;
using namespace hawser::engine;
using namespace hawser::tests;

namespace {

/// A network that answers when the test says so.
class PatientExchange : public http::Exchange {
public:
    Ticket send(http::Request, Done done) override
    {
        under_way.push_back(std::move(done));
        most = std::max(most, under_way.size());
        return ++count;
    }
    void cancel(Ticket) override {}

    void answer_one(std::vector<http::Header> headers = {}, int status = 204)
    {
        const Done done = std::move(under_way.front());
        under_way.erase(under_way.begin());
        done(http::Answer{status, std::move(headers), ""});
    }

    std::vector<Done> under_way{};
    std::size_t most = 0;
    std::size_t count = 0;
};

struct Setting {
    explicit Setting(std::uint64_t chance = 1) : seed(chance) {}

    std::uint64_t seed;
    std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>(Instant{});
    Context context;
    Loop loop{context, clock};
    std::shared_ptr<PatientExchange> exchange = std::make_shared<PatientExchange>();
    Courier courier{loop,
                    {.root = "https://organization.example/api/data/v9.2/"},
                    exchange,
                    fixed_token("token"),
                    seeded_random(seed),
                    std::nullopt};

    void dispatch(int count)
    {
        for (int i = 0; i < count; ++i) {
            http::Request request;
            request.method = "GET";
            request.url = courier.service().root + "contacts?$skip=" + std::to_string(i);
            courier.dispatch(std::move(request));
        }
        while (context.poll() > 0) {
        }
    }
    void answer_all(std::vector<http::Header> headers = {})
    {
        while (!exchange->under_way.empty()) {
            exchange->answer_one(headers);
            while (context.poll() > 0) {
            }
        }
    }
    /// How often one read is sent when it always meets this.
    std::size_t times_sent(int status)
    {
        const std::size_t before = exchange->count;
        dispatch(1);
        do {
            if (!exchange->under_way.empty()) exchange->answer_one({}, status);
            while (context.poll() > 0) {
            }
        } while (!exchange->under_way.empty() || clock->fire_next());
        return exchange->count - before;
    }
};

} // namespace

TEST_CASE("No more requests are under way at once than the organization wants", "[engine][courier]")
{
    Setting s;
    s.dispatch(9);
    CHECK(s.exchange->under_way.size() == 4);
    s.answer_all({{"x-ms-dop-hint", "2"}});
    CHECK(s.exchange->count == 9);
    CHECK(s.exchange->most == 4);

    s.exchange->most = 0;
    s.dispatch(5);
    CHECK(s.exchange->under_way.size() == 2);
    s.answer_all();
    CHECK(s.exchange->count == 14);
    CHECK(s.exchange->most == 2);
}

TEST_CASE("Many who were asked for the same short quiet come back one after the other", "[engine][courier]")
{
    constexpr Clock::Milliseconds quiet{4'000};
    std::vector<Clock::Milliseconds> moments;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Setting s(seed);
        s.dispatch(1);
        s.exchange->answer_one({{"Retry-After", "4"}}, 429);
        const Clock::Milliseconds asked = s.clock->elapsed();
        while (s.exchange->under_way.empty()) {
            while (s.context.poll() > 0) {
            }
            if (s.exchange->under_way.empty() && !s.clock->fire_next()) break;
        }
        REQUIRE(s.exchange->under_way.size() == 1);
        moments.push_back(s.clock->elapsed() - asked);
        s.answer_all();
    }
    const auto [first, last] = std::ranges::minmax(moments);
    CHECK(first >= quiet);
    CHECK(last <= 2 * quiet);
    CHECK(last - first > quiet * 3 / 4);
}

TEST_CASE("Nothing is sent while any of several requests was asked for quiet", "[engine][courier][I4]")
{
    Setting s;
    const auto polled = [&] {
        while (s.context.poll() > 0) {
        }
    };
    SECTION("one that waits is not told of the longer wait of another")
    {
        s.dispatch(2);
        s.exchange->answer_one({{"Retry-After", "1"}}, 429);
        polled();
        s.exchange->answer_one({{"Retry-After", "9"}}, 429);
    }
    SECTION("one waits for its turn")
    {
        s.dispatch(1);
        s.answer_all({{"x-ms-dop-hint", "1"}});
        s.dispatch(2);
        s.exchange->answer_one({{"Retry-After", "9"}}, 429);
    }
    polled();
    REQUIRE(s.exchange->under_way.empty());
    const std::size_t before = s.exchange->count;
    const Clock::Milliseconds asked = s.clock->elapsed();
    while (s.exchange->count == before && s.clock->fire_next()) polled();
    CHECK(s.exchange->count > before);
    CHECK(s.clock->elapsed() - asked >= std::chrono::seconds{9});
    while (!s.exchange->under_way.empty() || s.clock->fire_next()) {
        s.answer_all();
        polled();
    }
}

TEST_CASE("Who sits out a quiet time ends at once when interrupted, and sends nothing", "[engine][courier]")
{
    Setting s;
    s.dispatch(5);
    s.exchange->answer_one({{"Retry-After", "9"}}, 429);
    while (s.context.poll() > 0) {
    }
    const std::size_t before = s.exchange->count;
    const Clock::Milliseconds began = s.clock->elapsed();
    s.loop.interrupt();
    while (s.context.poll() > 0) {
    }
    CHECK(s.exchange->count == before);
    CHECK(s.clock->elapsed() == began);
}

TEST_CASE("Where asking again was in vain, nothing is asked again before something is answered",
          "[engine][courier]")
{
    Setting s;
    CHECK(s.times_sent(503) == 3);
    CHECK(s.times_sent(503) == 1);
    CHECK(s.times_sent(502) == 1);
    CHECK(s.times_sent(404) == 1);
    CHECK(s.times_sent(503) == 3);
}
