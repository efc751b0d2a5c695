#include "engine/carry/journal_export.h"
#include "engine/carry/journal_import.h"
#include "tests/adding_policies.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// One user with an old machine, which is out of reach, and a new one.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk old_one{office, clock, "ada", {}, 11, adding()};
    Desk new_one{office, clock, "ada", {}, 12, adding()};

    Setting()
    {
        fill(office, 1, 4);
        office.put("accounts", guid(9), R"({"name":"Firm","numberofemployees":10})");
        for (Desk* desk : {&old_one, &new_one}) desk->choose({{"contact", ""}, {"account", ""}});
        old_one.sync();
    }
    /// All that waits on the old machine, to the new one.
    Imported carry()
    {
        const auto file = folder / ("journal" + std::to_string(++journals_));
        const auto written = carry::write_journal(*old_one.store, file, Contents::whole, clock->now());
        REQUIRE(written);
        auto imported = carry::read_journal(*new_one.store, file, {}, clock->now());
        if (!imported) FAIL(imported.error().message);
        return *imported;
    }
    /// The request of the next cycle arrives, and its answer does not.
    void lose_an_answer()
    {
        old_one.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
            if (lost) return Fault::unreachable;
            lost = request.body.find("PATCH ") != std::string::npos;
            return lost ? Fault::drop_answer : Fault::none;
        };
        CHECK_FALSE(old_one.cycle());
        old_one.exchange->script = {};
        REQUIRE(old_one.store->open_intents()->size() == 1);
        clock->jump(std::chrono::hours{1});
    }
    std::string contact(int number, const char* column)
    {
        return office.value("contacts", guid(number), column);
    }
    int effects(const Guid& id) { return office.effects(id, "PATCH") + office.effects(id, "POST"); }
    std::string employees() { return office.value("accounts", guid(9), "numberofemployees"); }

    Folder folder;

private:
    int journals_ = 0;
};

} // namespace

TEST_CASE(
    "The queue of a machine that died goes on where it was, on a machine that was never in touch before",
    "[engine][carry][I1]")
{
    Setting s;
    s.old_one.edit("contact", guid(1), {{"jobtitle", std::string("Admiral")}});
    s.old_one.erase("contact", guid(2));
    const Guid made = s.old_one.create("contact", {{"lastname", std::string("Lovelace")}});
    s.old_one.edit("contact", made, {{"firstname", std::string("Ada")}});
    s.old_one.edit("account", guid(9), {{"numberofemployees", std::int64_t{13}}});
    s.office.put("contacts", guid(1), R"({"nickname":"Annie"})");
    s.office.put("accounts", guid(9), R"({"numberofemployees":11})");

    const bool in_touch = GENERATE(false, true);
    if (in_touch) s.new_one.sync();
    CHECK(s.carry().changes == 5);
    s.new_one.sync();
    CHECK(s.contact(1, "jobtitle") == "Admiral");
    CHECK(s.contact(1, "nickname") == "Annie");
    CHECK_FALSE(s.office.has("contacts", guid(2)));
    CHECK(s.office.value("contacts", made, "firstname") == "Ada");
    CHECK(s.employees() == "14");
    s.new_one.check_equal();
}

TEST_CASE("A carried edit of what somebody else changed meanwhile is a question, not an answer",
          "[engine][carry][I3]")
{
    Setting s;
    s.old_one.edit("contact", guid(1), {{"jobtitle", std::string("Admiral")}});
    s.office.put("contacts", guid(1), R"({"jobtitle":"Captain"})");
    const bool in_touch = GENERATE(false, true);
    if (in_touch) s.new_one.sync();
    s.carry();
    s.new_one.sync();
    CHECK(s.contact(1, "jobtitle") == "Captain");
    const auto open = s.new_one.store->conflicts({});
    REQUIRE(open->size() == 1);
    CHECK(open->front().columns.front().base != open->front().columns.front().theirs);
}

TEST_CASE("A carried edit of a record that is gone by now is decided like any other", "[engine][carry][I9]")
{
    Setting s;
    s.old_one.edit("contact", guid(1), {{"jobtitle", std::string("Admiral")}});
    s.old_one.erase("contact", guid(2));
    s.office.erase("contacts", guid(1));
    s.office.erase("contacts", guid(2));
    const bool in_touch = GENERATE(false, true);
    if (in_touch) s.new_one.sync();
    s.carry();
    (void)s.new_one.cycle();
    CHECK_FALSE(s.office.has("contacts", guid(2)));
    const auto waiting = s.new_one.store->changes({});
    REQUIRE(waiting->size() <= 1);
    // Either it waits for a person, or the record is there again with the edit: nothing is lost silently.
    if (waiting->empty())
        CHECK(s.contact(1, "jobtitle") == "Admiral");
    else
        CHECK(waiting->front().state != localstore::ChangeState::queued);
}

TEST_CASE("What the old machine sent without hearing an answer is not sent again by the new one",
          "[engine][carry][I2]")
{
    Setting s;
    const int before = s.effects(guid(9));
    s.old_one.edit("account", guid(9), {{"numberofemployees", std::int64_t{13}}});
    s.lose_an_answer();
    REQUIRE(s.employees() == "13");
    CHECK(s.carry().unknown == 1);
    s.new_one.sync();
    CHECK(s.employees() == "13");
    CHECK(s.effects(guid(9)) == before + 1);
    CHECK(s.new_one.store->open_intents()->empty());
    s.new_one.check_equal();
    // The old one was only out of reach.
    s.old_one.sync();
    CHECK(s.employees() == "13");
    CHECK(s.effects(guid(9)) == before + 1);
    s.old_one.check_equal();
}

TEST_CASE("A creation whose answer was lost is made once, whichever machine asks first",
          "[engine][carry][I2]")
{
    Setting s;
    const Guid made = s.old_one.create("contact", {{"lastname", std::string("Lovelace")}});
    s.lose_an_answer();
    REQUIRE(s.effects(made) == 1);
    s.carry();
    const bool old_first = GENERATE(true, false);
    if (old_first) s.old_one.sync();
    s.new_one.sync();
    s.old_one.sync();
    CHECK(s.effects(made) == 1);
    s.new_one.check_equal();
    s.old_one.check_equal();
}

TEST_CASE("Where both machines send the same edits, each takes effect once", "[engine][carry][I2]")
{
    Setting s;
    s.new_one.sync();
    const int before = s.effects(guid(1));
    s.old_one.edit("contact", guid(1), {{"jobtitle", std::string("Admiral")}});
    const Guid made = s.old_one.create("contact", {{"lastname", std::string("Lovelace")}});
    s.carry();
    Desk& first = GENERATE(0, 1) == 0 ? s.old_one : s.new_one;
    Desk& second = &first == &s.old_one ? s.new_one : s.old_one;
    first.sync();
    second.sync();
    CHECK(s.contact(1, "jobtitle") == "Admiral");
    CHECK(s.effects(guid(1)) == before + 1);
    CHECK(s.effects(made) == 1);
    s.old_one.check_equal();
    s.new_one.check_equal();
}

TEST_CASE("Nothing of a journal is sent before the organization was compared with as a whole",
          "[engine][carry][I3]")
{
    Setting s;
    s.new_one.sync();
    s.old_one.edit("contact", guid(1), {{"jobtitle", std::string("Admiral")}});
    s.carry();
    bool compared = false, sent_before = false;
    s.new_one.exchange->script = [&](std::size_t, const http::Request& request) {
        const bool whole_round = request.url.find("/contacts?") != std::string::npos &&
                                 request.url.find("deltatoken") == std::string::npos;
        compared = compared || whole_round;
        sent_before = sent_before || (!compared && request.body.find("PATCH ") != std::string::npos);
        return Fault::none;
    };
    s.new_one.sync();
    CHECK(compared);
    CHECK_FALSE(sent_before);
    CHECK(s.contact(1, "jobtitle") == "Admiral");
}
