#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

TEST_CASE("A question that a deletion closed is asked again when somebody else brings the record back",
          "[engine][conflict][I3]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
    fill(office, 1, 1);
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Mine")}});
    office.put("contacts", guid(1), R"({"jobtitle":"Theirs"})");
    desk.sync();
    REQUIRE(desk.store->queue_figures()->open_conflicts == 1);
    office.erase("contacts", guid(1));
    desk.edit("contact", guid(1), {{"nickname", std::string("Annie")}});
    desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") == std::string::npos ? Fault::none : Fault::unreachable;
    };
    CHECK_FALSE(desk.cycle());
    CHECK(desk.store->queue_figures()->open_conflicts == 0);
    office.put("contacts", guid(1), R"({"lastname":"Number 1","jobtitle":"Theirs"})");
    desk.exchange->script = {};
    desk.sync();
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Theirs");
    CHECK(desk.store->queue_figures()->open_conflicts == 1);
}

TEST_CASE("What was decided about a record is not asked again when somebody else brings it back",
          "[engine][conflict]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
    fill(office, 1, 1);
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"jobtitle", std::string("Mine")}, {"nickname", std::string("Annie")}});
    office.put("contacts", guid(1), R"({"jobtitle":"Theirs"})");
    desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") == std::string::npos ? Fault::none : Fault::unreachable;
    };
    CHECK_FALSE(desk.cycle());
    const auto open = desk.store->conflicts({});
    REQUIRE(open);
    REQUIRE(open->size() == 1);
    localstore::WriteContext by;
    by.now = clock->now();
    localstore::Resolution theirs;
    theirs.side = localstore::Side::theirs;
    REQUIRE(desk.store->resolve(open->front().number, theirs, by));
    office.erase("contacts", guid(1));
    CHECK_FALSE(desk.cycle());
    office.put("contacts", guid(1), R"({"lastname":"Number 1","jobtitle":"Other"})");
    desk.exchange->script = {};
    desk.sync();
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Other");
    CHECK(office.value("contacts", guid(1), "nickname") == "Annie");
    desk.check_equal();
}

TEST_CASE("An edit that was set back takes nothing from a record that somebody else brings back",
          "[engine][reconcile][I3]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
    fill(office, 1, 1);
    desk.choose({{"contact", ""}});
    desk.sync();
    desk.edit("contact", guid(1), {{"telephone1", std::string("555")}});
    desk.edit("contact", guid(1), {{"telephone1", Null{}}, {"nickname", std::string("Annie")}});
    office.erase("contacts", guid(1));
    desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") == std::string::npos ? Fault::none : Fault::unreachable;
    };
    CHECK_FALSE(desk.cycle());
    office.put("contacts", guid(1), R"({"lastname":"Number 1","telephone1":"777"})");
    desk.exchange->script = {};
    desk.sync();
    CHECK(office.value("contacts", guid(1), "telephone1") == "777");
    CHECK(office.value("contacts", guid(1), "nickname") == "Annie");
    desk.check_equal();
}
