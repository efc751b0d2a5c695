#include "engine/carry/journal_export.h"
#include "engine/carry/journal_founding.h"
#include "engine/carry/journal_import.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A machine whose journal somebody has, a laboratory that has nothing of it, and a replica for that.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Office laboratory{*clock};
    Desk machine{office, clock, "ada", {}, 11};
    Desk desk{laboratory, clock, "ada", {}, 12};

    Setting()
    {
        fill(office, 1, 4);
        office.put("accounts", guid(9), R"({"name":"Firm","telephone1":"1"})");
        office.put("contacts", guid(3),
                   R"x({"parentcustomerid_account@odata.bind":"/accounts()x" + guid(9).text() + R"x()"})x");
        machine.choose({{"contact", ""}, {"account", ""}});
        machine.sync();
        machine.edit("contact", guid(3), {{"jobtitle", std::string("Admiral")}});
        machine.edit("account", guid(9), {{"telephone1", std::string("2")}});
        machine.erase("contact", guid(2));
        made = machine.create("contact", {{"lastname", std::string("Lovelace")},
                                          {"parentcustomerid", Lookup{"contact", guid(4)}}});
        REQUIRE(carry::write_journal(*machine.store, journal(), Contents::whole, clock->now()));
    }
    std::filesystem::path journal() const { return folder / "queue.hjournal"; }
    Founded found()
    {
        auto founded = carry::found_records(*desk.store, journal(), clock->now());
        if (!founded) FAIL(founded.error().message);
        return *founded;
    }
    Imported import()
    {
        ImportOptions options;
        options.compare_first = false;
        options.of_another_organization = true;
        auto imported = carry::read_journal(*desk.store, journal(), options, clock->now());
        if (!imported) FAIL(imported.error().message);
        return *imported;
    }
    std::string there(const char* set, const Guid& id, const char* column)
    {
        return laboratory.value(set, id, column);
    }

    Guid made;
    Folder folder;
};

} // namespace

TEST_CASE("What a journal stands on and refers to is made in an organization that has none of it",
          "[engine][carry]")
{
    Setting s;
    const Founded founded = s.found();
    CHECK(founded.records == 4);
    CHECK(founded.waiting == 4);
    CHECK(founded.tables == std::vector<std::string>{"account", "contact"});
    s.desk.choose({{"contact", ""}, {"account", ""}});
    s.desk.sync();
    CHECK(s.there("contacts", guid(3), "lastname") == s.office.value("contacts", guid(3), "lastname"));
    CHECK(s.there("contacts", guid(3), "_parentcustomerid_value") == guid(9).text());
    CHECK(s.laboratory.has("contacts", guid(4)));
    CHECK_FALSE(s.laboratory.has("contacts", guid(1)));
    CHECK(s.there("contacts", guid(3), "jobtitle") != "Admiral");
    // Once, however often.
    const Founded again = s.found();
    CHECK(again.records == 0);
    CHECK(again.waiting == 0);
}

TEST_CASE("The changes of a journal go on top of what was made for them", "[engine][carry]")
{
    Setting s;
    s.found();
    s.desk.choose({{"contact", ""}, {"account", ""}});
    s.desk.sync();
    CHECK(s.import().changes == 4);
    s.desk.sync();
    CHECK(s.there("contacts", guid(3), "jobtitle") == "Admiral");
    CHECK(s.there("accounts", guid(9), "telephone1") == "2");
    CHECK_FALSE(s.laboratory.has("contacts", guid(2)));
    CHECK(s.there("contacts", s.made, "_parentcustomerid_value") == guid(4).text());
    CHECK(s.laboratory.effects(guid(3), "PATCH") == 2);
    CHECK(s.desk.store->conflicts({})->empty());
    s.desk.check_equal();
    CHECK(s.import().changes == 0);
    s.found();
    CHECK(s.desk.cycle());
    CHECK_FALSE(s.laboratory.has("contacts", guid(2)));
}

TEST_CASE("A replica that ended before it knew that it queued what a journal stands on queues it once",
          "[engine][carry]")
{
    Setting s;
    s.found();
    Desk::check(
        s.desk.store->transact(localstore::Durability::full, [](localstore::Transaction& transaction) {
            return transaction.journal.set_setting("carried.founded", "");
        }));
    const Founded again = s.found();
    CHECK(again.records == 0);
    CHECK(again.waiting == 4);
}

TEST_CASE("Nothing is made of a redacted journal", "[engine][carry]")
{
    Setting s;
    const auto file = s.folder / "redacted.hjournal";
    REQUIRE(carry::write_journal(*s.machine.store, file, Contents::redacted, s.clock->now()));
    const auto founded = carry::found_records(*s.desk.store, file, s.clock->now());
    REQUIRE_FALSE(founded);
    CHECK(founded.error().code == "journal.redacted");
    CHECK(s.desk.store->changes({})->empty());
}

TEST_CASE("A plan reads what no pull brings, and says what would be asked about", "[engine][carry][plan]")
{
    Setting s;
    s.office.put("accounts", guid(9), R"({"telephone1":"3"})");
    s.office.erase("contacts", guid(3));
    // A replica without tables of its own, as one that only sends a journal.
    Desk sender{s.office, s.clock, "ada", {}, 13};
    ImportOptions options;
    options.compare_first = false;
    REQUIRE(carry::read_journal(*sender.store, s.journal(), options, s.clock->now()));
    const auto plan = sender.run<Plan>([](engine::Engine& one) { return one.plan({}); });
    REQUIRE(plan);
    std::map<RecordKey, std::string> actions, sentences;
    for (const Plan::Line& line : plan->lines) {
        actions[line.record] += line.action + " ";
        sentences[line.record] += line.sentence;
    }
    CHECK(actions[{"account", guid(9)}] == "conflict ");
    CHECK(sentences[{"account", guid(9)}].find(R"("2" here, "3" there, "1" before)") != std::string::npos);
    CHECK(actions[{"contact", guid(2)}] == "delete ");
    CHECK(actions[{"contact", guid(3)}].starts_with("revive"));
    CHECK(actions[{"contact", s.made}] == "create ");
}
