#include "engine/idle_edits.h"
#include "tests/engine_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

/// An account and a contact that both sides have.
struct Setting : Workplace {
    Setting()
    {
        office.put("accounts", guid(900), R"({"name":"Fabrikam"})");
        fill(office, 1, 1);
        desk.choose({{"contact", ""}, {"account", ""}});
        desk.sync();
    }
    void refer() { desk.edit("contact", guid(1), {{"parentcustomerid", Lookup{"account", guid(900)}}}); }
    void edit_here_and_delete_there()
    {
        desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
        desk.edit("account", guid(900), {{"name", std::string("Contoso")}});
        office.erase("contacts", guid(1));
        office.erase("accounts", guid(900));
    }
    bool was_told(const Guid& contact, const std::string& rule)
    {
        const auto told = desk.store->decisions({});
        return std::ranges::any_of(*told, [&](const localstore::Decision& decision) {
            return decision.key == RecordKey{"contact", contact} && decision.rule == rule;
        });
    }
    std::string account_there() { return office.value("contacts", guid(1), "_parentcustomerid_value"); }
};

} // namespace

TEST_CASE("An edit that refers to a record which is made again waits until that is there",
          "[engine][push][I4]")
{
    Setting s;
    s.desk.edit("account", guid(900), {{"name", std::string("Contoso")}});
    const auto renamed = s.desk.store->changes({})->front().sequence;
    Desk::check(s.desk.store->hold(renamed, "held by you", {}));
    s.office.erase("accounts", guid(900));
    s.desk.sync();
    s.refer();
    s.desk.sync();
    CHECK(s.account_there().empty());
    const auto changes = s.desk.store->changes({});
    REQUIRE(changes->size() == 2);
    CHECK(changes->back().state == localstore::ChangeState::queued);
    CHECK(changes->back().waits_for.find("waits for change " + std::to_string(renamed.value)) == 0);
    Desk::check(s.desk.store->release(renamed, {}));
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(900), "name") == "Contoso");
    CHECK(s.account_there() == guid(900).text());
    s.desk.check_equal();
}

TEST_CASE("Records that refer to each other and were deleted there both come back", "[engine][push][I4]")
{
    Setting s;
    const bool says_more = GENERATE(true, false);
    const Fault fault = GENERATE(Fault::none, Fault::drop_request, Fault::drop_answer, Fault::duplicate);
    if (says_more) s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.refer();
    s.desk.edit("account", guid(900), {{"primarycontactid", Lookup{"contact", guid(1)}}});
    s.office.erase("accounts", guid(900));
    s.office.erase("contacts", guid(1));
    s.desk.exchange->script = [fault, met = false](std::size_t, const http::Request& request) mutable {
        const bool writes = request.body.find("PATCH ") != std::string::npos;
        return writes && !std::exchange(met, true) ? fault : Fault::none;
    };
    s.desk.sync();
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(900), "_primarycontactid_value") == guid(1).text());
    CHECK(s.account_there() == guid(900).text());
    s.desk.check_equal();
}

TEST_CASE("A record that was made again stays though its deletion is told once more", "[engine][push][I5]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"firstname", std::string("Anna")}});
    s.office.erase("contacts", guid(1));
    // It does not arrive, and nothing more is heard.
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_request : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(s.desk.store->open_intents()->size() == 1);
    s.clock->jump(std::chrono::hours{1});
    s.desk.exchange->script = {};
    engine::CycleRequest whole;
    whole.extent = engine::Puller::Extent::full;
    REQUIRE(s.desk.cycle(whole));
    CHECK(s.desk.text("contact", guid(1), "firstname") == "Anna");
    CHECK(s.office.value("contacts", guid(1), "firstname") == "Anna");
    s.desk.check_equal();
}

TEST_CASE("What referred to a record is made again behind it", "[engine][push][I4]")
{
    Setting s;
    s.refer();
    s.desk.sync();
    s.edit_here_and_delete_there();
    s.desk.sync();
    CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    CHECK(s.account_there() == guid(900).text());
    s.desk.check_equal();
}

TEST_CASE("What referred to each other is made again, one without the reference, which is told",
          "[engine][push][I4][I10]")
{
    Setting s;
    s.refer();
    s.desk.edit("account", guid(900), {{"primarycontactid", Lookup{"contact", guid(1)}}});
    s.desk.sync();
    s.edit_here_and_delete_there();
    s.desk.sync();
    CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    CHECK(s.account_there().empty());
    CHECK(s.office.value("accounts", guid(900), "_primarycontactid_value") == guid(1).text());
    CHECK(s.was_told(guid(1), "reconcile.without_reference"));
    s.desk.check_equal();
}

TEST_CASE("What referred to a record that stays deleted is made again without it, which is told",
          "[engine][push][I4][I10]")
{
    Setting s;
    s.refer();
    s.desk.sync();
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.office.erase("accounts", guid(900));
    s.office.erase("contacts", guid(1));
    s.desk.sync();
    CHECK(s.office.value("contacts", guid(1), "jobtitle") == "Buyer");
    CHECK(s.account_there().empty());
    CHECK(s.was_told(guid(1), "reconcile.without_reference"));
    s.desk.check_equal();
}

TEST_CASE("Of groups that came to wait for one another the younger is held until a person chooses",
          "[engine][push][I4][I6][I10]")
{
    Setting s;
    s.office.put("contacts", guid(2), R"({"lastname":"Two"})");
    s.desk.sync();
    using localstore::ChangeKind;
    const auto older = s.desk.write_all(
        {{ChangeKind::update,
          {"contact", guid(1)},
          {{"jobtitle", std::string("Buyer")}, {"parentcustomerid", Lookup{"account", guid(900)}}}},
         {ChangeKind::update, {"contact", guid(2)}, {{"fax", std::string("2")}}}},
        localstore::Grouping::one_unit);
    const auto younger =
        s.desk.write_all({{ChangeKind::update, {"account", guid(900)}, {{"name", std::string("Contoso")}}},
                          {ChangeKind::update, {"contact", guid(1)}, {{"nickname", std::string("One")}}}},
                         localstore::Grouping::one_unit);
    // Made again by the younger group, the account holds up the older one, which is before it.
    s.office.erase("accounts", guid(900));
    s.desk.sync();
    const auto decisions = s.desk.store->decisions({});
    CHECK(std::ranges::count(*decisions, "group.stuck", &localstore::Decision::rule) == 1);
    for (const localstore::Sequence change : younger) {
        CHECK(s.desk.store->change(change)->state == localstore::ChangeState::held);
        CHECK(s.desk.store->change(change)->waits_for.find("its group waits for change") == 0);
    }
    CHECK(s.office.value("contacts", guid(2), "fax").empty());
    localstore::WriteContext by;
    by.now = s.clock->now();
    REQUIRE(s.desk.store->undo(older.front(), by));
    REQUIRE(s.desk.store->release(younger.front(), {}));
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(900), "name") == "Contoso");
    CHECK(s.office.value("contacts", guid(1), "nickname") == "One");
    CHECK(s.desk.store->queue_figures()->live() == 0);
    s.desk.check_equal();
}

TEST_CASE(
    "What only went along with a record that is made again decides no question that its deletion closed",
    "[engine][push][I3]")
{
    Setting s;
    s.desk.edit("contact", guid(1), {{"jobtitle", std::string("Buyer")}});
    s.desk.edit("contact", guid(1), {{"telephone1", std::string("Mine")}});
    s.office.put("contacts", guid(1), R"({"telephone1":"Theirs"})");
    // It is read, and nothing can be sent.
    s.desk.exchange->script = [](std::size_t, const http::Request& request) {
        return request.body.find("PATCH ") != std::string::npos ? Fault::unreachable : Fault::none;
    };
    (void)s.desk.cycle();
    REQUIRE(s.desk.store->conflicts({})->size() == 1);
    s.office.erase("contacts", guid(1));
    s.clock->jump(std::chrono::hours{1});
    (void)s.desk.cycle();
    const auto state = s.desk.store->state({"contact", guid(1)});
    REQUIRE(state->shadow->remote == localstore::Remote::deleted);
    REQUIRE(state->live.size() == 2);
    const Fields there{{"telephone1", std::string("Theirs")}};
    bool shown = true;
    Desk::check(s.desk.store->transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto done = engine::settle_shown(
                transaction, *state, {state->live.front()},
                {{"jobtitle", std::string("Buyer")}, {"telephone1", std::string("Theirs")}},
                {"W/\"9\"", there, {}}, conflict::Policy{}, s.clock->now());
            if (!done) return done.error();
            shown = *done;
            return {};
        }));
    CHECK_FALSE(shown);
}

TEST_CASE("A record that the same user made again at another installation proves nothing for a unit here",
          "[engine][push][I1]")
{
    Setting s;
    Desk elsewhere{s.office, s.clock, "ada", {}, 12};
    elsewhere.choose({{"contact", ""}, {"account", ""}});
    elsewhere.sync();
    localstore::Edit made{localstore::ChangeKind::create, {"account", guid(901)}, {}};
    made.after["name"] = std::string("Works");
    localstore::Edit edited{localstore::ChangeKind::update, {"contact", guid(1)}, {}};
    edited.after["jobtitle"] = std::string("Buyer");
    (void)s.desk.write_all({edited, made}, localstore::Grouping::one_unit);
    elsewhere.edit("contact", guid(1), {{"department", std::string("Sales")}});
    s.office.erase("contacts", guid(1));
    s.desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        if (lost) return Fault::unreachable;
        lost = request.body.find("PATCH ") != std::string::npos;
        return lost ? Fault::drop_request : Fault::none;
    };
    CHECK_FALSE(s.desk.cycle());
    REQUIRE(s.desk.store->open_intents()->size() == 1);
    elsewhere.sync();
    REQUIRE(s.office.value("contacts", guid(1), "department") == "Sales");
    s.desk.exchange->script = {};
    s.clock->pass(std::chrono::hours{1});
    s.desk.erase("contact", guid(1));
    (void)s.desk.cycle();
    s.desk.sync();
    // It may have been made, and deleted before anybody told: a person decides.
    const auto waiting = *s.desk.store->changes({});
    REQUIRE(waiting.size() == 2);
    CHECK(waiting.front().state == localstore::ChangeState::held);
    REQUIRE(s.desk.store->release(waiting.front().sequence, {}));
    s.desk.sync();
    CHECK(s.office.value("accounts", guid(901), "name") == "Works");
}

TEST_CASE("A deletion that was kept until an answer came, and left behind when the process ended, is older "
          "than what the "
          "organization shows since",
          "[engine][pull][I5]")
{
    auto clock = monday();
    Office office{*clock};
    fill(office, 1, 3);
    Desk desk{office, clock};
    desk.choose({{"contact", ""}});
    desk.sync();
    const auto leave = [&] {
        Desk::check(
            desk.store->transact(localstore::Durability::full, [](localstore::Transaction& transaction) {
                return transaction.records.stage({"contact", guid(1)}, "", std::nullopt,
                                                 localstore::CycleNumber{1});
            }));
    };
    const bool is_edited = GENERATE(false, true);
    if (is_edited) desk.edit("contact", guid(1), {{"jobtitle", std::string("Admiral")}});
    leave();
    office.put("contacts", guid(1), R"({"nickname":"Annie"})");
    desk.reboot();
    desk.sync();
    CHECK(desk.text("contact", guid(1), "nickname") == "Annie");
    desk.check_equal();
    // One that nothing was heard of since still counts.
    leave();
    office.erase("contacts", guid(1));
    desk.sync();
    CHECK_FALSE(desk.has("contact", guid(1)));
}
