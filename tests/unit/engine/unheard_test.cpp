#include "engine/unheard.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A contact and a task that are edited here, while a colleague edits the contact; and a network that loses each
/// answer about contacts.
struct Setting : Workplace {
    Setting()
    {
        fill(office, 1, 1);
        office.put("tasks", guid(20), R"({"subject":"Call"})");
        desk.choose({{"contact", ""}, {"task", ""}});
        desk.sync();
        desk.edit("contact", guid(1), {{"jobtitle", std::string("Mine")}});
        desk.edit("task", guid(20), {{"subject", std::string("Mine")}});
        office.put("contacts", guid(1), R"({"nickname":"Theirs"})");
        desk.exchange->script = [](std::size_t, const http::Request& request) {
            const bool reads = request.method == "GET" || request.body.find("GET ") != std::string::npos;
            const bool contacts = (request.url + request.body).find("contacts?") != std::string::npos;
            return reads && contacts ? Fault::drop_answer : Fault::none;
        };
    }
    std::string job() { return office.value("contacts", guid(1), "jobtitle"); }
};

} // namespace

TEST_CASE("An edit waits while no answer comes about its table, and everything else goes",
          "[engine][push][I2]")
{
    Setting s;
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.job().empty());
    CHECK(s.office.value("tasks", guid(20), "subject") == "Mine");
    const auto changes = s.desk.store->changes({});
    REQUIRE(changes);
    REQUIRE(changes->size() == 1);
    CHECK(changes->front().waits_for.find("answers what changed in contact") != std::string::npos);
    s.desk.exchange->script = {};
    s.desk.sync();
    CHECK(s.job() == "Mine");
    s.desk.check_equal();
}

TEST_CASE("What waits for an answer about its table goes in the end all the same", "[engine][push][I4]")
{
    Setting s;
    for (int cycles = 0; cycles < engine::most_unheard_cycles; ++cycles) {
        CHECK_FALSE(s.desk.cycle());
        s.desk.reboot();
        CHECK(s.job().empty());
    }
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.job() == "Mine");
    s.desk.exchange->script = {};
    s.desk.sync();
    s.desk.check_equal();
    CHECK(s.desk.store->setting(engine::unheard_setting).empty());
}

TEST_CASE("What is kept about unheard tables reads as it was written", "[engine]")
{
    const engine::Unheard tables{{"contact", 2}, {"task", 1}};
    CHECK(engine::parse_unheard(engine::to_text(tables)) == tables);
    CHECK(engine::parse_unheard("contact,=,task=x,account=0,").empty());
    CHECK(engine::after_pull(tables, {"contact", "task", "account"}, {"task", "account"}) ==
          engine::Unheard{{"account", 1}, {"task", 2}});
}
