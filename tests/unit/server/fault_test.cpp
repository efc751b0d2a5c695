#include "tests/unit/server/fixture.h"

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

OrganizationOptions faulty(const std::string& faults)
{
    OrganizationOptions options;
    options.faults = faults;
    return options;
}

/// What happens to one hundred creates, as a line of letters.
std::string story(std::uint64_t seed)
{
    Office office(faulty("drop_request=0.1,drop_answer=0.1,throttle=0.1,error_500=0.1,html_503=0.1,truncate="
                         "0.1,expire_token=0.1"),
                  seed);
    std::string letters;
    for (int at = 0; at < 100; ++at) {
        const Reply reply =
            office.post("contacts", R"({"lastname":"x"})", {{"Prefer", "return=representation"}});
        letters += reply.answer.fate == Fate::drop       ? "d"
                   : reply.answer.fate == Fate::truncate ? "t"
                                                         : std::to_string(reply.status()) + " ";
    }
    return letters + std::to_string(office.organization->count("contact"));
}

} // namespace

TEST_CASE("faults are drawn from the given randomness, so a run can be repeated")
{
    CHECK(story(1) == story(1));
    CHECK(story(1) != story(2));
    for (const char* status : {"201", "401", "429", "500", "503"})
        CHECK(story(1).find(status) != std::string::npos);
}

TEST_CASE("each fault does what its name says, and is in the write log")
{
    struct Case {
        std::string fault;
        int status;
        Fate fate;
        std::size_t rows;
    };
    for (const Case& one :
         {Case{"drop_request", 0, Fate::drop, 0}, Case{"drop_answer", 0, Fate::drop, 1},
          Case{"throttle", 429, Fate::deliver, 0}, Case{"error_500", 500, Fate::deliver, 0},
          Case{"truncate", 201, Fate::truncate, 1}, Case{"expire_token", 401, Fate::deliver, 0}}) {
        INFO(one.fault);
        Office office(faulty(one.fault + "=1"));
        const Reply reply =
            office.post("contacts", R"({"lastname":"x"})", {{"Prefer", "return=representation"}});
        if (one.status != 0) CHECK(reply.status() == one.status);
        CHECK(reply.answer.fate == one.fate);
        CHECK(office.organization->count("contact") == one.rows);
        REQUIRE(office.log.size() == 1 + one.rows);
        const json::value line = json::parse(office.log.back());
        CHECK(line.at("kind") == "fault");
        CHECK(line.at("fault") == json::string_view(one.fault));
        CHECK(line.at("outcome") == (one.rows == 1 ? "carried_out" : "not_carried_out"));
    }
}

TEST_CASE("a gateway's 503 is HTML, and hides whether the request was carried out")
{
    Office office(faulty("html_503=1"));
    for (int at = 0; at < 50; ++at) {
        const Reply reply = office.post("contacts", R"({"lastname":"x"})");
        CHECK(reply.status() == 503);
        CHECK(reply.head("Content-Type") == "text/html");
    }
    CHECK(office.organization->count("contact") > 5);
    CHECK(office.organization->count("contact") < 45);
}

TEST_CASE("a delay is told to the carrier, faults change while running, and wrong ones are refused")
{
    Office office(faulty("delay=150"));
    CHECK(office.get("WhoAmI").answer.delay == std::chrono::milliseconds(150));
    REQUIRE(office.organization->set_faults(""));
    CHECK(office.get("WhoAmI").answer.delay.count() == 0);
    for (const char* wrong :
         {"explode=1", "drop_answer=2", "drop_answer", "drop_answer=-1", "throttle=x", "delay=9999999"})
        CHECK_FALSE(office.organization->set_faults(wrong));
}

TEST_CASE("a user who asks too often is throttled until the window is over")
{
    Office office(
        Office::with({{"requests_per_window", "3"}, {"window_seconds", "60"}, {"retry_after", "17"}}));
    for (int at = 0; at < 3; ++at) CHECK(office.get("WhoAmI").status() == 200);
    const Reply refused = office.get("WhoAmI");
    CHECK(refused.status() == 429);
    CHECK(refused.head("Retry-After") == "17");
    CHECK(refused.code() == "0x80072322");
    office.user = "bob";
    CHECK(office.get("WhoAmI").status() == 200);
    office.user = "ada";
    office.now += std::chrono::seconds(60);
    CHECK(office.get("WhoAmI").status() == 200);
}
