#include "conflict/reconcile.h"
#include "sample.h"
#include "tests/catch.h"

using namespace hawser;
using namespace hawser::conflict;

namespace {

Value text(const char* value)
{
    return std::string(value);
}

/// One side of a small-scope case: gone, or one of three versions of a two-column record.
enum class Side { absent, v0, v1, v2 };

constexpr Side sides[] = {Side::absent, Side::v0, Side::v1, Side::v2};

Fields fields(Side side)
{
    Fields result{{"kept", text("same")}};
    result["c"] = text(side == Side::v0 ? "0" : side == Side::v1 ? "1" : "2");
    result["modifiedon"] = text(side == Side::v0 ? "m0" : side == Side::v1 ? "m1" : "m2");
    return result;
}

std::string etag(Side side)
{
    return side == Side::v0 ? "W/\"1\"" : side == Side::v1 ? "W/\"2\"" : "W/\"3\"";
}

Policy policy()
{
    Policy result;
    result.rules["modifiedon"] = Rule::volatile_column;
    return result;
}

Situation situation(Side base, Side local, Side remote)
{
    Situation result;
    if (base != Side::absent) result.base = Copy{fields(base), etag(base)};
    if (local != Side::absent) result.local = fields(local);
    result.presence = remote == Side::absent ? Presence::deleted : Presence::present;
    if (remote != Side::absent) result.remote = Copy{fields(remote), etag(remote)};
    return result;
}

/// The table of reconcile.h, said once more and independently.
Outcome expected(Side base, Side local, Side remote)
{
    if (local == Side::absent && remote == Side::absent) return Outcome::echo;
    if (base == Side::absent) {
        if (local == Side::absent) return Outcome::take_remote;
        if (remote == Side::absent) return Outcome::keep_local;
        return local == remote ? Outcome::echo : Outcome::contested;
    }
    if (local == Side::absent) return remote == base ? Outcome::keep_local : Outcome::revived;
    if (remote == Side::absent) return local == base ? Outcome::deleted_remotely : Outcome::revived;
    if (local == remote) return Outcome::echo;
    if (local == base) return Outcome::take_remote;
    return remote == base ? Outcome::keep_local : Outcome::contested;
}

void check_consistency(const Situation& given, const Plan& plan)
{
    const bool settled = plan.send == Send::nothing && plan.contested.empty();
    switch (plan.outcome) {
    case Outcome::echo:
    case Outcome::take_remote:
        CHECK(settled);
        CHECK_FALSE(plan.shadow);
        if (given.remote) CHECK(same_record(*plan.local, given.remote->fields, policy()));
        break;
    case Outcome::keep_local:
        CHECK(plan.send != Send::nothing);
        CHECK(plan.local == given.local);
        if (given.base) CHECK(plan.condition == given.remote->etag);
        if (!given.base) CHECK(plan.send == Send::create);
        if (!given.local) CHECK(plan.send == Send::remove);
        break;
    case Outcome::contested:
        CHECK_FALSE(plan.contested.empty());
        REQUIRE(plan.shadow);
        CHECK(*plan.shadow == *given.remote);
        for (const Contested& contested : plan.contested)
            CHECK_FALSE(plan.changes.contains(contested.column));
        break;
    case Outcome::revived:
        CHECK(plan.local.has_value());
        CHECK_FALSE(plan.shadow);
        CHECK((plan.send == Send::create) == given.local.has_value());
        break;
    case Outcome::deleted_remotely:
        CHECK_FALSE(plan.local);
        break;
    default:
        break;
    }
}

} // namespace

TEST_CASE("Every combination of absent, equal and changed copies has the outcome the table says")
{
    for (const Side base : sides) {
        for (const Side local : sides) {
            for (const Side remote : sides) {
                INFO("base " << static_cast<int>(base) << " local " << static_cast<int>(local) << " remote "
                             << static_cast<int>(remote));
                const Situation given = situation(base, local, remote);
                const Plan plan = reconcile(given, policy());
                CHECK(outcome_name(plan.outcome) == outcome_name(expected(base, local, remote)));
                check_consistency(given, plan);
                const bool quiet = plan.outcome == Outcome::take_remote || plan.outcome == Outcome::echo;
                if (!quiet) CHECK_FALSE(plan.decisions.empty());
            }
        }
    }
}

TEST_CASE("Out of reach deletes nothing and sends nothing, whatever was changed")
{
    for (const Side base : sides) {
        for (const Side local : sides) {
            Situation given = situation(base, local, Side::absent);
            given.presence = Presence::out_of_reach;
            const Plan plan = reconcile(given, policy());
            CHECK(plan.outcome == Outcome::unlinked);
            CHECK(plan.send == Send::nothing);
            CHECK(plan.local == given.local);
            CHECK(plan.shadow == given.base);
            REQUIRE(plan.decisions.size() == 1);
            const bool waits =
                plan.decisions.front().sentence.find("your changes of it wait") != std::string::npos;
            CHECK(waits == (base != local));
        }
    }
}

TEST_CASE("Edits of different columns merge, and only mine are sent")
{
    Situation given;
    given.name = "contact Jane";
    given.base = Copy{{{"a", text("0")}, {"b", text("0")}, {"c", text("0")}}, "1"};
    given.local = Fields{{"a", text("1")}, {"b", text("0")}, {"c", text("2")}};
    given.remote = Copy{{{"a", text("0")}, {"b", text("1")}, {"c", text("2")}}, "2"};
    const Plan plan = reconcile(given, Policy{});
    CHECK(plan.outcome == Outcome::merged);
    CHECK(*plan.local == Fields{{"a", text("1")}, {"b", text("1")}, {"c", text("2")}});
    CHECK(plan.changes == Fields{{"a", text("1")}});
    CHECK(plan.send == Send::update);
    CHECK(plan.condition == "2");
    CHECK(*plan.shadow == *given.remote);
    CHECK(plan.decisions.front().sentence ==
          "Merged contact Jane. Yours: a. The organization's: b. Changed by both: c.");
}

TEST_CASE("The rest of a contested record goes on")
{
    Situation given;
    given.base = Copy{{{"a", text("0")}, {"b", text("0")}, {"c", text("0")}}, "1"};
    given.local = Fields{{"a", text("1")}, {"b", text("1")}, {"c", text("0")}};
    given.remote = Copy{{{"a", text("2")}, {"b", text("0")}, {"c", text("2")}}, "2"};
    const Plan plan = reconcile(given, Policy{});
    CHECK(plan.outcome == Outcome::contested);
    CHECK(*plan.local == Fields{{"a", text("1")}, {"b", text("1")}, {"c", text("2")}});
    CHECK(plan.changes == Fields{{"b", text("1")}});
    REQUIRE(plan.contested.size() == 1);
    CHECK(plan.contested[0] ==
          Contested{"a", text("0"), text("1"), text("2"), std::string(both_changed), ""});
}

TEST_CASE("An equal etag proves nothing unless that version's body is the base")
{
    Situation given;
    given.base = Copy{{{"a", text("as we sent it ")}}, "7"};
    given.local = Fields{{"a", text("as we sent it ")}, {"b", text("mine")}};
    given.remote = Copy{{{"a", text("as we sent it")}}, "7"};
    given.base_body = BaseBody::assumed;
    const Plan assumed = reconcile(given, Policy{});
    CHECK(assumed.outcome == Outcome::merged);
    CHECK(assumed.local->at("a") == text("as we sent it"));
    CHECK(assumed.shadow->fields == given.remote->fields);
    given.base_body = BaseBody::stored;
    CHECK(reconcile(given, Policy{}).outcome == Outcome::keep_local);
}

TEST_CASE("A party list that changed without its activity's version is still noticed")
{
    const Collection anna{{{"address:anna@x", R"({"address":"anna@x","roles":[5]})"}}};
    Collection both = anna;
    both.elements.push_back({"address:bert@x", R"({"address":"bert@x","roles":[5]})"});
    Situation given;
    given.base = Copy{{{"requiredattendees", anna}, {"subject", text("s")}}, "7"};
    given.local = Fields{{"requiredattendees", anna}, {"subject", text("mine")}};
    given.remote = Copy{{{"requiredattendees", both}, {"subject", text("s")}}, "7"};
    CHECK(reconcile(given, Policy{}).local->at("requiredattendees") == Value{both});
    given.remote->fields.erase("requiredattendees");
    CHECK_FALSE(reconcile(given, Policy{}).local->contains("requiredattendees"));
}

TEST_CASE("A column whose fate is unknown is contested even where only mine seems changed")
{
    Situation given;
    given.base = Copy{{{"a", text("0")}, {"b", text("0")}}, "1"};
    given.local = Fields{{"a", text("1")}, {"b", text("1")}};
    given.remote = Copy{{{"a", text("0")}, {"b", text("0")}, {"c", text("new")}}, "2"};
    given.indeterminate = {"a"};
    const Plan plan = reconcile(given, Policy{});
    CHECK(plan.outcome == Outcome::contested);
    REQUIRE(plan.contested.size() == 1);
    CHECK(plan.contested[0].reason == may_be_applied);
    CHECK(plan.changes == Fields{{"b", text("1")}});
    given.remote->fields["a"] = text("1");
    CHECK(reconcile(given, Policy{}).outcome == Outcome::merged);
}

TEST_CASE("An open conflict follows the server, keeps its base and ends when both agree")
{
    Situation given;
    given.base = Copy{{{"a", text("2")}}, "2"};
    given.local = Fields{{"a", text("1")}};
    given.open_conflicts = {{"a", text("0"), text("1"), text("2"), std::string(both_changed), ""}};
    given.remote = Copy{{{"a", text("2")}, {"b", text("x")}}, "3"};
    const Plan waiting = reconcile(given, Policy{});
    CHECK(waiting.outcome == Outcome::contested);
    CHECK(waiting.contested == given.open_conflicts);
    CHECK(waiting.send == Send::nothing);
    CHECK(waiting.local->at("a") == text("1"));

    given.remote->fields["a"] = text("3");
    const Plan moved = reconcile(given, Policy{});
    REQUIRE(moved.contested.size() == 1);
    CHECK(moved.contested[0].base == text("0"));
    CHECK(moved.contested[0].theirs == text("3"));

    given.remote->fields["a"] = text("1");
    const Plan agreed = reconcile(given, Policy{});
    CHECK(agreed.outcome == Outcome::merged);
    CHECK(agreed.send == Send::nothing);
    CHECK_FALSE(agreed.shadow);
    CHECK(agreed.agreed == std::vector<std::string>{"a"});
    CHECK(agreed.contested.empty());

    given.presence = Presence::deleted;
    given.remote.reset();
    const Plan revived = reconcile(given, Policy{});
    CHECK(revived.outcome == Outcome::revived);
    CHECK(revived.agreed == std::vector<std::string>{"a"});
}

TEST_CASE("A column that was too large to read counts as unchanged and is never sent")
{
    Situation given;
    given.base = Copy{{{"a", text("0")}, {"body", text("long")}}, "1"};
    given.local = Fields{{"a", text("1")}, {"body", text("longer")}};
    given.remote = Copy{{{"a", text("0")}, {"b", text("x")}}, "2"};
    given.not_read = {"body"};
    const Plan plan = reconcile(given, Policy{});
    CHECK(plan.outcome == Outcome::merged);
    CHECK(plan.local->at("body") == text("longer"));
    CHECK(plan.changes == Fields{{"a", text("1")}});
}

TEST_CASE("A series that is gone under its id is looked up, not created again")
{
    Situation given = situation(Side::v0, Side::v1, Side::absent);
    given.revival = Revival::look_up_first;
    const Plan plan = reconcile(given, policy());
    CHECK(plan.outcome == Outcome::unlinked);
    CHECK(plan.send == Send::nothing);
    CHECK(plan.local == given.local);
    given.local = given.base->fields;
    CHECK(reconcile(given, policy()).outcome == Outcome::deleted_remotely);
}

TEST_CASE("A deletion survives the server's bookkeeping and yields to an edit")
{
    Situation given = situation(Side::v0, Side::absent, Side::v0);
    given.remote->fields["modifiedon"] = text("later");
    given.remote->etag = "9";
    const Plan deleted = reconcile(given, policy());
    CHECK(deleted.outcome == Outcome::keep_local);
    CHECK(deleted.send == Send::remove);
    CHECK(deleted.condition == "9");
    given.remote->fields["c"] = text("edited");
    const Plan revived = reconcile(given, policy());
    CHECK(revived.outcome == Outcome::revived);
    CHECK(revived.decisions.front().rule == "reconcile.edit_beats_deletion");
    CHECK(revived.local->at("c") == text("edited"));
}

TEST_CASE("A record made and deleted here, but created there, comes back")
{
    Situation given = situation(Side::absent, Side::absent, Side::v0);
    given.local_absence = LocalAbsence::deleted_here;
    CHECK(reconcile(given, policy()).outcome == Outcome::revived);
}

TEST_CASE("A record made here that comes back with the server's own columns is an echo")
{
    Situation given;
    given.local = Fields{{"a", text("1")}};
    given.remote = Copy{{{"a", text("1")}, {"fullname", text("computed")}}, "1"};
    const Plan plan = reconcile(given, Policy{});
    CHECK(plan.outcome == Outcome::echo);
    CHECK(plan.local == given.remote->fields);
}

TEST_CASE("When nothing newer is known, what waits stays as it is")
{
    Situation given = situation(Side::v0, Side::v1, Side::v0);
    given.remote.reset();
    const Plan plan = reconcile(given, policy());
    CHECK(plan.outcome == Outcome::keep_local);
    CHECK(plan.condition == given.base->etag);
    CHECK(plan.changes == Fields{{"c", text("1")}});
    CHECK(reconcile(Situation{}, policy()).outcome == Outcome::echo);
}

TEST_CASE("Equal additions on both sides are two additions, not an echo")
{
    Policy adding;
    adding.rules["n"] = Rule::add;
    Situation given;
    given.base = Copy{{{"n", std::int64_t{1}}}, "1"};
    given.local = Fields{{"n", std::int64_t{2}}};
    given.remote = Copy{{{"n", std::int64_t{2}}}, "2"};
    const Plan plan = reconcile(given, adding);
    CHECK(plan.outcome == Outcome::merged);
    CHECK(plan.changes == Fields{{"n", std::int64_t{3}}});
}

TEST_CASE("A merge that makes no sense waits for a person")
{
    Situation given;
    given.base = Copy{{{"actualstart", text("2021-01-01")}, {"actualend", text("2021-01-05")}}, "1"};
    given.local = Fields{{"actualstart", text("2021-01-04")}, {"actualend", text("2021-01-05")}};
    given.remote = Copy{{{"actualstart", text("2021-01-01")}, {"actualend", text("2021-01-02")}}, "2"};
    const Plan plan = reconcile(given, Policy{}, validator_for(Table{}));
    CHECK(plan.outcome == Outcome::contested);
    CHECK(plan.send == Send::nothing);
    CHECK(plan.contested.size() == 2);
}

TEST_CASE("Reconciling again with the plan's shadow changes nothing, whatever the rules")
{
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        const auto random = seeded_random(seed);
        INFO("seed " << seed);
        const Policy rules = sample::any_policy(*random);
        Situation given;
        given.base = Copy{sample::any_fields(*random), "1"};
        given.local = sample::edited(*random, given.base->fields);
        given.remote = Copy{sample::edited(*random, given.base->fields), "2"};
        const Plan first = reconcile(given, rules);
        if (!first.shadow) {
            REQUIRE(same_record(*first.local, given.remote->fields, rules));
            continue;
        }
        Situation again = given;
        again.base = first.shadow;
        again.local = first.local;
        again.open_conflicts = first.contested;
        const Plan second = reconcile(again, rules);
        REQUIRE(second.local == first.local);
        REQUIRE(second.changes == first.changes);
        REQUIRE(second.contested == first.contested);
        REQUIRE(second.agreed.empty());
    }
}
