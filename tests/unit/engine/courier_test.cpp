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

    void answer_one(std::vector<http::Header> headers = {})
    {
        const Done done = std::move(under_way.front());
        under_way.erase(under_way.begin());
        done(http::Answer{204, std::move(headers), ""});
    }

    std::vector<Done> under_way{};
    std::size_t most = 0;
    std::size_t count = 0;
};

struct Setting {
    std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>(Instant{});
    Context context;
    Loop loop{context, clock};
    std::shared_ptr<PatientExchange> exchange = std::make_shared<PatientExchange>();
    Courier courier{loop,
                    {.root = "https://organization.example/api/data/v9.2/"},
                    exchange,
                    fixed_token("token"),
                    seeded_random(1),
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
