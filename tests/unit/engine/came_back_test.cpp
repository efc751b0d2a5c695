#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A contact that both sides have, and a network that lets no write through when it is told so.
struct Setting : Workplace {
    Setting()
    {
        fill(office, 1, 1);
        desk.choose({{"contact", ""}});
        desk.sync();
    }
    void stop_writes()
    {
        desk.exchange->script = [](std::size_t, const http::Request& request) {
            return request.body.find("PATCH ") == std::string::npos ? Fault::none : Fault::unreachable;
        };
    }
    /// A question about a title is open, and the record is deleted there; it was edited here since.
    void ask_and_delete()
    {
        edit({{"jobtitle", std::string("Mine")}});
        put(R"({"jobtitle":"Theirs"})");
        desk.sync();
        REQUIRE(desk.store->queue_figures()->open_conflicts == 1);
        office.erase("contacts", guid(1));
        edit({{"nickname", std::string("Annie")}});
    }
    void edit(Fields fields) { desk.edit("contact", guid(1), std::move(fields)); }
    void put(const char* json) { office.put("contacts", guid(1), json); }
    std::string there(const char* column) { return office.value("contacts", guid(1), column); }
};

} // namespace

TEST_CASE("A question that a deletion closed is asked again when somebody else brings the record back",
          "[engine][conflict][I3]")
{
    Setting s;
    s.ask_and_delete();
    s.stop_writes();
    CHECK_FALSE(s.desk.cycle());
    CHECK(s.desk.store->queue_figures()->open_conflicts == 0);
    s.put(R"({"lastname":"Number 1","jobtitle":"Theirs"})");
    s.desk.exchange->script = {};
    s.desk.sync();
    CHECK(s.there("jobtitle") == "Theirs");
    CHECK(s.desk.store->queue_figures()->open_conflicts == 1);
}

TEST_CASE("What was decided about a record is not asked again when somebody else brings it back",
          "[engine][conflict]")
{
    Setting s;
    s.edit({{"jobtitle", std::string("Mine")}, {"nickname", std::string("Annie")}});
    s.put(R"({"jobtitle":"Theirs"})");
    s.stop_writes();
    CHECK_FALSE(s.desk.cycle());
    const auto open = s.desk.store->conflicts({});
    REQUIRE(open);
    REQUIRE(open->size() == 1);
    localstore::WriteContext by;
    by.now = s.clock->now();
    localstore::Resolution theirs;
    theirs.side = localstore::Side::theirs;
    REQUIRE(s.desk.store->resolve(open->front().number, theirs, by));
    s.office.erase("contacts", guid(1));
    CHECK_FALSE(s.desk.cycle());
    s.put(R"({"lastname":"Number 1","jobtitle":"Other"})");
    s.desk.exchange->script = {};
    s.desk.sync();
    CHECK(s.there("jobtitle") == "Other");
    CHECK(s.there("nickname") == "Annie");
    s.desk.check_equal();
}

TEST_CASE("An edit that was set back takes nothing from a record that somebody else brings back",
          "[engine][reconcile][I3]")
{
    Setting s;
    s.edit({{"telephone1", std::string("555")}});
    s.edit({{"telephone1", Null{}}, {"nickname", std::string("Annie")}});
    s.office.erase("contacts", guid(1));
    s.stop_writes();
    CHECK_FALSE(s.desk.cycle());
    s.put(R"({"lastname":"Number 1","telephone1":"777"})");
    s.desk.exchange->script = {};
    s.desk.sync();
    CHECK(s.there("telephone1") == "777");
    CHECK(s.there("nickname") == "Annie");
    s.desk.check_equal();
}

TEST_CASE("A question that a deletion closed is asked again where a part of what was sent is there",
          "[engine][conflict][I3]")
{
    Setting s;
    s.ask_and_delete();
    bool written = false;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (written) return Fault::busy;
        written = request.body.find("PATCH ") != std::string::npos;
        if (written) s.put(R"({"lastname":"Number 1","jobtitle":"Theirs","nickname":"Annie"})");
        return Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(written);
    s.desk.exchange->script = {};
    s.clock->pass(std::chrono::hours{1});
    s.desk.sync();
    CHECK(s.there("jobtitle") == "Theirs");
    CHECK(s.desk.store->queue_figures()->open_conflicts == 1);
}
