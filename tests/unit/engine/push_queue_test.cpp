#include "tests/engine_world.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>

using namespace hawser;
using namespace hawser::tests;
using localstore::Sequence;

namespace {

Value text(std::string value)
{
    return Value{std::move(value)};
}

/// An office with contacts, a desk that knows them, and the words for what is looked at here.
struct Setting {
    std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    SynchronizerOptions options;
    Desk desk;

    explicit Setting(int contacts = 3, SynchronizerOptions chosen = {})
        : options(std::move(chosen)), desk(office, clock, "ada", options)
    {
        for (int i = 1; i <= contacts; ++i)
            office.put("contacts", guid(i),
                       R"({"firstname":"Ann","lastname":"Number )" + std::to_string(i) +
                           R"(","jobtitle":"Clerk","address1_line1":"Old Street","address1_city":"Pune"})");
        desk.choose({{"contact", ""}, {"account", ""}});
        desk.sync();
        office.log.clear();
    }

    Sequence edit(int contact, Fields fields)
    {
        return desk.write({localstore::ChangeKind::update, {"contact", guid(contact)}, std::move(fields)})
            .front();
    }
    localstore::Change change(Sequence sequence) const
    {
        const auto found = desk.store->change(sequence);
        if (!found) FAIL(found.error().message);
        return *found;
    }
    localstore::ChangeState state(Sequence sequence) const { return change(sequence).state; }
    std::vector<localstore::Conflict> conflicts() const { return *desk.store->conflicts({}); }
    std::string there(int contact, const std::string& column)
    {
        return office.value("contacts", guid(contact), column);
    }
    std::string here(int contact, const std::string& column) const
    {
        return desk.text("contact", guid(contact), column);
    }
    /// A cycle whose deletion is lost on its way, and with it the connection.
    void lose_a_deletion()
    {
        bool lost = false;
        desk.exchange->script = [&](std::size_t, const http::Request& request) {
            if (lost) return Fault::unreachable;
            lost = request.body.find("DELETE ") != std::string::npos;
            return lost ? Fault::drop_request : Fault::none;
        };
        (void)desk.cycle();
        desk.exchange->script = {};
        REQUIRE(lost);
    }
    void resolve(localstore::Side side)
    {
        localstore::Resolution resolution;
        resolution.side = side;
        localstore::WriteContext by;
        by.now = clock->now();
        const auto done = desk.store->resolve(conflicts().front().number, resolution, by);
        if (!done) FAIL(done.error().message);
    }
    /// What happens while the nth request that writes is on its way.
    void during_write(int nth, std::function<void()> happening)
    {
        desk.exchange->script = [this, nth, happening, seen = 0](std::size_t,
                                                                 const http::Request& request) mutable {
            if (request.method == "POST" && request.body.find("PATCH ") != std::string::npos && ++seen == nth)
                happening();
            return Fault::none;
        };
    }
};

} // namespace

TEST_CASE("A contested column stays asked when the rest of its change says what the organization says",
          "[engine][push][mask]")
{
    Setting s;
    const Sequence mixed = s.edit(1, {{"jobtitle", text("Mine")}, {"department", text("Same")}});
    s.office.put("contacts", guid(1), R"({"jobtitle":"Theirs","department":"Same"})");
    s.desk.sync();
    s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);
    CHECK(s.state(mixed) == localstore::ChangeState::contested);
    CHECK(s.here(1, "jobtitle") == "Mine");
    CHECK(s.there(1, "jobtitle") == "Theirs");
    s.resolve(localstore::Side::mine);
    s.desk.sync();
    CHECK(s.there(1, "jobtitle") == "Mine");
    s.desk.check_equal();
}

TEST_CASE("A question ends, with all that it kept back, when the organization comes to say the same",
          "[engine][push][mask]")
{
    Setting s;
    const Sequence mixed = s.edit(1, {{"jobtitle", text("Mine")}, {"department", text("Mine")}});
    s.office.put("contacts", guid(1), R"({"jobtitle":"Theirs","department":"Theirs"})");
    s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);
    const Sequence partly = s.edit(1, {{"jobtitle", text("Mine 2")}, {"mobilephone", text("777")}});
    const Sequence held = s.edit(1, {{"fax", text("778")}});
    Desk::check(s.desk.store->hold(held, "not yet", {}));
    s.office.put("contacts", guid(1),
                 R"({"jobtitle":"Mine 2","department":"Mine","mobilephone":"777","fax":"778"})");
    s.desk.sync();
    CHECK(s.conflicts().empty());
    CHECK_FALSE(localstore::is_live(s.state(mixed)));
    CHECK(s.state(partly) == localstore::ChangeState::applied);
    CHECK(s.state(held) == localstore::ChangeState::superseded);
    s.desk.check_equal();
}

TEST_CASE("An edit in the atomic group of an open conflict waits for the decision", "[engine][push][mask]")
{
    Setting s;
    s.edit(1, {{"address1_line1", text("My Street")}});
    s.office.put("contacts", guid(1), R"({"address1_line1":"Their Street"})");
    s.desk.sync();
    REQUIRE(s.conflicts().size() == 1);

    SECTION("alone")
    {
        const Sequence city = s.edit(1, {{"address1_city", text("My City")}});
        s.desk.sync();
        CHECK(s.state(city) == localstore::ChangeState::contested);
        CHECK(s.here(1, "address1_city") == "My City");
        CHECK(s.there(1, "address1_city") == "Pune");
    }
    SECTION("beside a free column, which goes")
    {
        const Sequence both = s.edit(1, {{"address1_city", text("My City")}, {"department", text("Sales")}});
        s.desk.sync();
        CHECK(s.there(1, "department") == "Sales");
        CHECK(s.there(1, "address1_city") == "Pune");
        CHECK(s.here(1, "address1_city") == "My City");
        CHECK(s.state(both) == localstore::ChangeState::contested);
    }
    s.resolve(localstore::Side::mine);
    s.desk.sync();
    CHECK(s.there(1, "address1_line1") == "My Street");
    CHECK(s.there(1, "address1_city") == "My City");
    s.desk.check_equal();
}

TEST_CASE("A change that is held, undone or followed while an earlier batch travels is not taken for sent",
          "[engine][push][window]")
{
    SynchronizerOptions one_at_a_time;
    one_at_a_time.batch_changes = 1;
    Setting s(3, one_at_a_time);
    s.edit(1, {{"jobtitle", text("First")}});
    const Sequence second = s.edit(2, {{"jobtitle", text("Second")}});
    const Sequence third = s.edit(3, {{"jobtitle", text("Third")}});
    localstore::WriteContext by;
    by.now = s.clock->now();

    SECTION("held")
    {
        s.during_write(1, [&] { Desk::check(s.desk.store->hold(second, "not yet", {})); });
        s.desk.sync();
        CHECK(s.state(second) == localstore::ChangeState::held);
        CHECK(s.there(2, "jobtitle") == "Clerk");
        CHECK(s.here(2, "jobtitle") == "Second");
    }
    SECTION("undone")
    {
        s.during_write(1, [&] { REQUIRE(s.desk.store->undo(second, by)); });
        s.desk.sync();
        CHECK(s.state(second) == localstore::ChangeState::undone);
        CHECK(s.there(2, "jobtitle") == "Clerk");
    }
    SECTION("followed by another of the same record")
    {
        Sequence later{};
        s.during_write(1, [&] { later = s.edit(2, {{"jobtitle", text("Second again")}}); });
        s.desk.sync();
        CHECK(s.state(second) == localstore::ChangeState::applied);
        CHECK(s.state(later) == localstore::ChangeState::applied);
        CHECK(s.office.effects(guid(2), "PATCH") == 2);
        CHECK(s.there(2, "jobtitle") == "Second again");
    }
    SECTION("followed by a deletion")
    {
        s.during_write(1, [&] { s.desk.erase("contact", guid(2)); });
        s.desk.sync();
        CHECK(s.state(second) == localstore::ChangeState::applied);
        CHECK_FALSE(s.office.has("contacts", guid(2)));
    }
    CHECK(s.state(third) == localstore::ChangeState::applied);
    CHECK(s.there(3, "jobtitle") == "Third");
}

TEST_CASE("A group with a contested column waits whole and says for what", "[engine][push][group]")
{
    Setting s;
    const auto group = s.desk.write_all(
        {{localstore::ChangeKind::update,
          {"contact", guid(1)},
          {{"jobtitle", text("Mine")}, {"department", text("Sales")}}},
         {localstore::ChangeKind::update, {"contact", guid(2)}, {{"jobtitle", text("Mine")}}}},
        localstore::Grouping::one_unit);
    s.edit(3, {{"jobtitle", text("Alone")}});
    s.office.put("contacts", guid(1), R"({"jobtitle":"Theirs"})");
    s.office.log.clear();
    s.desk.sync();
    CHECK(s.there(1, "department") == "");
    CHECK(s.there(2, "jobtitle") == "Clerk");
    CHECK(s.there(3, "jobtitle") == "Alone");
    CHECK(s.state(group[0]) == localstore::ChangeState::queued);
    CHECK(s.state(group[1]) == localstore::ChangeState::queued);
    CHECK(s.change(group[1]).waits_for ==
          "waits for change " + std::to_string(group[0].value) + " of its group, which needs a decision");
    s.resolve(localstore::Side::mine);
    const auto before = s.desk.exchange->seen.size();
    int writes = 0;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.body.find("PATCH ") != std::string::npos) ++writes;
        return Fault::none;
    };
    s.desk.sync();
    CHECK(s.desk.exchange->seen.size() > before);
    CHECK(writes == 1);
    CHECK(s.there(1, "jobtitle") == "Mine");
    CHECK(s.there(1, "department") == "Sales");
    CHECK(s.there(2, "jobtitle") == "Mine");
    s.desk.check_equal();
}

TEST_CASE("Undoing a deletion that never arrived deletes nothing and overwrites nothing",
          "[engine][push][undo]")
{
    Setting s;
    s.desk.erase("contact", guid(1));
    s.lose_a_deletion();
    REQUIRE(s.desk.store->open_intents()->size() == 1);
    localstore::WriteContext by;
    by.now = s.clock->now();
    const auto changes = s.desk.store->changes({});
    REQUIRE(changes->size() == 1);
    const auto undone = s.desk.store->undo(changes->front().sequence, by);
    REQUIRE(undone);
    REQUIRE(undone->compensating.size() == 1);
    const bool changed_there = GENERATE(true, false);
    if (changed_there) s.office.put("contacts", guid(1), R"({"jobtitle":"Theirs"})");
    s.office.log.clear();
    s.clock->jump(std::chrono::hours{1});
    s.desk.sync();
    CHECK(s.office.effects(guid(1), "DELETE") == 0);
    CHECK(s.office.effects(guid(1), "PATCH") == 0);
    CHECK(s.there(1, "jobtitle") == (changed_there ? "Theirs" : "Clerk"));
    CHECK(s.here(1, "jobtitle") == (changed_there ? "Theirs" : "Clerk"));
    CHECK(s.desk.store->open_intents()->empty());
    CHECK(s.state(undone->compensating.front().sequence) == localstore::ChangeState::undone);
    s.desk.check_equal();
}

TEST_CASE("Undoing a group with a deletion that never arrived deletes nothing and leaves all as it was",
          "[engine][push][undo]")
{
    Setting s;
    const auto group = s.desk.write_all(
        {{localstore::ChangeKind::remove, {"contact", guid(1)}, {}},
         {localstore::ChangeKind::update, {"contact", guid(2)}, {{"jobtitle", text("Mine")}}}},
        localstore::Grouping::one_unit);
    s.lose_a_deletion();
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->undo(group.front(), by));
    s.office.log.clear();
    s.clock->jump(std::chrono::hours{1});
    s.desk.sync();
    CHECK(s.office.effects(guid(1), "DELETE") + s.office.effects(guid(1), "PATCH") == 0);
    for (const int number : {1, 2}) CHECK(s.there(number, "jobtitle") == "Clerk");
    CHECK(s.desk.store->open_intents()->empty());
    CHECK(s.desk.store->changes({})->empty());
    s.desk.check_equal();
}

TEST_CASE("A new record precedes what refers to it inside a change set", "[engine][push][group]")
{
    Setting s;
    const Guid person = guid(71);
    const Guid firm = guid(72);
    const localstore::Edit contact{
        localstore::ChangeKind::create,
        {"contact", person},
        {{"lastname", text("Poe")}, {"parentcustomerid", Value{Lookup{"account", firm}}}}};
    localstore::Edit account{localstore::ChangeKind::create, {"account", firm}, {{"name", text("Firm")}}};

    SECTION("whatever the order of the edits") {}
    SECTION("and a circle is closed by a second step of the same set")
    {
        account.after.emplace("primarycontactid", Value{Lookup{"contact", person}});
    }
    const bool circle = account.after.contains("primarycontactid");
    s.desk.write_all({contact, account}, localstore::Grouping::one_unit);
    int writes = 0;
    s.desk.exchange->script = [&](std::size_t, const http::Request& request) {
        if (request.body.find("PATCH ") != std::string::npos) ++writes;
        return Fault::none;
    };
    const CycleReport report = s.desk.sync();
    CHECK(report.refused == 0);
    CHECK(writes == 1);
    CHECK(s.office.value("contacts", person, "_parentcustomerid_value") == firm.text());
    CHECK(s.office.value("accounts", firm, "_primarycontactid_value") == (circle ? person.text() : ""));
    s.desk.check_equal();
}

TEST_CASE("A group that refers to a record nobody has is refused at once, with the words",
          "[engine][push][group]")
{
    Setting s;
    const auto group = s.desk.write_all(
        {{localstore::ChangeKind::update,
          {"contact", guid(1)},
          {{"parentcustomerid", Value{Lookup{"account", guid(99)}}}}},
         {localstore::ChangeKind::update, {"contact", guid(2)}, {{"jobtitle", text("Mine")}}}},
        localstore::Grouping::one_unit);
    const CycleReport report = s.desk.sync();
    CHECK(report.refused == 2);
    CHECK(s.state(group[0]) == localstore::ChangeState::parked);
    CHECK(s.change(group[1]).last_error.find(guid(99).text()) != std::string::npos);
    CHECK(s.there(2, "jobtitle") == "Clerk");
}

TEST_CASE("Deletions are counted over the whole queue, groups included, and only they wait",
          "[engine][push][guard]")
{
    std::optional<MassChange> asked;
    bool answer = false;
    SynchronizerOptions asking;
    asking.mass_change_least = 10;
    asking.ask_mass_change = [&](const MassChange& change, std::function<void(bool)> then) {
        asked = change;
        then(answer);
    };
    Setting s(40, asking);
    s.desk.create("contact", {{"lastname", text("New")}});
    std::vector<localstore::Edit> deletions;
    for (int i = 1; i <= 20; ++i)
        deletions.push_back({localstore::ChangeKind::remove, {"contact", guid(i)}, {}});
    SECTION("in one group")
    {
        s.desk.write_all(deletions, localstore::Grouping::one_unit);
    }
    SECTION("one by one")
    {
        s.desk.write_all(deletions, localstore::Grouping::separate);
    }
    SECTION("some behind others")
    {
        for (int i = 1; i <= 20; ++i)
            if (i > 5) s.edit(30, {{"parentcustomerid", Value{Lookup{"contact", guid(i)}}}});
        s.edit(30, {{"parentcustomerid", Value{}}});
        s.desk.write_all(deletions, localstore::Grouping::separate);
    }
    s.edit(40, {{"jobtitle", text("Goes")}});

    const auto stopped = s.desk.cycle();
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == "engine.mass_change");
    REQUIRE(asked);
    CHECK(asked->affected == 20);
    CHECK(asked->of == 40);
    CHECK(asked->outgoing);
    CHECK(s.there(40, "jobtitle") == "Goes");
    CHECK(s.office.has("contacts", guid(1)));
    CHECK(s.office.has("contacts", guid(20)));
    const auto waiting = s.desk.store->changes({});
    REQUIRE(waiting->size() == 20);
    CHECK(waiting->front().waits_for.find("20 of 40 records") != std::string::npos);

    answer = true;
    s.desk.sync();
    CHECK_FALSE(s.office.has("contacts", guid(1)));
    CHECK_FALSE(s.office.has("contacts", guid(20)));
    s.desk.check_equal();
}

TEST_CASE("A group that cannot be frozen is parked alone, and no batch takes more steps than one request",
          "[engine][push][limit]")
{
    const auto clock = monday();
    Office office(*clock);
    const auto counting =
        conflict::parse_policy_file(R"({"version":1,"tables":{"account":{"numberofemployees":"add"}}})");
    REQUIRE(counting);
    constexpr int many = 1'000;
    for (int i = 1; i <= many; ++i)
        office.put("accounts", guid(i), R"({"name":"Firm","numberofemployees":2})");
    Desk desk(office, clock, "ada", {}, 11, std::make_shared<engine::Policies>(*counting));
    desk.choose({{"account", ""}, {"contact", ""}});
    desk.sync();
    std::size_t most = 0;
    desk.exchange->script = [&](std::size_t, const http::Request& request) {
        std::size_t steps = 0;
        for (auto at = request.body.find("\nPATCH "); at != std::string::npos;
             at = request.body.find("\nPATCH ", at + 1))
            ++steps;
        most = std::max(most, steps);
        return Fault::none;
    };
    const auto grouped = [&](int count, const std::string& name) {
        std::vector<localstore::Edit> edits;
        for (int i = 0; i < count; ++i)
            edits.push_back({localstore::ChangeKind::create,
                             {"contact", Guid::make(*desk.random)},
                             {{"lastname", text(name)}}});
        return desk.write_all(edits, localstore::Grouping::one_unit).front();
    };
    const Sequence first = grouped(700, "First");
    const Sequence second = grouped(600, "Second");
    // A thousand steps are what one request takes; the receipt of a counter is one more.
    std::vector<localstore::Edit> counted;
    for (int i = 1; i <= many; ++i)
        counted.push_back(
            {localstore::ChangeKind::update, {"account", guid(i)}, {{"numberofemployees", std::int64_t{3}}}});
    const Sequence third = desk.write_all(counted, localstore::Grouping::one_unit).front();
    const Guid single = desk.create("contact", {{"lastname", text("Single")}});
    desk.sync();
    CHECK(most == 700);
    CHECK(desk.store->change(first)->state == localstore::ChangeState::applied);
    CHECK(desk.store->change(second)->state == localstore::ChangeState::applied);
    CHECK(desk.store->change(third)->state == localstore::ChangeState::parked);
    CHECK(desk.store->change(third)->last_error.find("more than 1000") != std::string::npos);
    CHECK(office.has("contacts", single));
}

TEST_CASE("A change that no longer agrees with its checksum is held and not sent, the others go",
          "[engine][push][damage]")
{
    Setting setting;
    const Sequence damaged = setting.edit(1, {{"jobtitle", text("Pilot")}});
    const Sequence sound = setting.edit(2, {{"jobtitle", text("Baker")}});
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(setting.desk.store->path().c_str(), &handle) == SQLITE_OK);
    const std::string statement = "UPDATE hawser_change SET after = replace(after, 'Pilot', 'Pirat') WHERE "
                                  "sequence = " +
                                  std::to_string(damaged.value);
    const int done = sqlite3_exec(handle, statement.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    REQUIRE(done == SQLITE_OK);

    setting.desk.sync();
    CHECK(setting.state(sound) == localstore::ChangeState::applied);
    CHECK(setting.state(damaged) == localstore::ChangeState::held);
    CHECK(setting.change(damaged).waits_for.find("may be damaged") != std::string::npos);
    CHECK(setting.there(1, "jobtitle") == "Clerk");

    REQUIRE(setting.desk.store->release(damaged, {}));
    setting.desk.sync();
    CHECK(setting.state(damaged) == localstore::ChangeState::applied);
    CHECK(setting.there(1, "jobtitle") == "Pirat");
}
