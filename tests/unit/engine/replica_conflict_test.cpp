#include "tests/unit/engine/replica_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A record whose job title and first name both sides changed.
class Dispute : public Home {
public:
    Dispute()
    {
        mine = write(update(
            contact(1),
            {{"jobtitle", text("Buyer")}, {"firstname", text("Jo")}, {"numberofchildren", number(2)}}));
        conflict = contest(
            contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Boss")}, {"firstname", text("Jim")}},
            {"jobtitle", "firstname"});
    }
    ChangeNumber mine = 0;
    ConflictNumber conflict = 0;
};

Resolution choosing(Resolution::Side side, Fields chosen = {})
{
    return {side, std::move(chosen)};
}

constexpr auto my_side = Resolution::Side::mine;
constexpr auto their_side = Resolution::Side::theirs;

} // namespace

TEST_CASE("A conflict shows base, mine and theirs of each contested column, and mine stays here",
          "[replica][conflict]")
{
    Dispute home;
    const auto open = ok(home.replica->conflicts());
    REQUIRE(open.size() == 1);
    CHECK(open.front().number == home.conflict);
    CHECK(open.front().record == contact(1));
    CHECK(open.front().record_name == "Doe");
    CHECK(open.front().reason == "you and Bob both changed it");
    CHECK(open.front().open);
    REQUIRE(open.front().columns.size() == 2);
    for (const ContestedColumn& column : open.front().columns) {
        if (column.column != "jobtitle") continue;
        CHECK(column.base == text("Clerk"));
        CHECK(column.mine == text("Buyer"));
        CHECK(column.theirs == text("Boss"));
    }
    CHECK(home.read(contact(1), "jobtitle") == "Buyer");
    CHECK(home.read(contact(1), "numberofchildren") == "2");
}

TEST_CASE("Mine is sent anew, theirs is taken over, and chosen values go before the side",
          "[replica][conflict]")
{
    Dispute home;
    std::string word;
    SECTION("mine")
    {
        word = "mine";
        ok(home.replica->resolve(home.conflict, choosing(my_side), {"ada"}));
        CHECK(home.read(contact(1), "jobtitle") == "Buyer");
        CHECK(home.read(contact(1), "firstname") == "Jo");
        const auto made = home.queue().back();
        CHECK(made.actor == "ada");
        REQUIRE(made.edits.size() == 2);
        CHECK(made.edits[1].before == text("Boss"));
        CHECK(made.edits[1].after == text("Buyer"));
    }
    SECTION("theirs")
    {
        word = "theirs";
        ok(home.replica->resolve(home.conflict, choosing(their_side)));
        CHECK(home.read(contact(1), "jobtitle") == "Boss");
        CHECK(home.read(contact(1), "firstname") == "Jim");
        REQUIRE(home.queue().size() == 1);
        CHECK(home.queue().front().number == home.mine);
    }
    SECTION("a value and theirs")
    {
        word = "chosen, and theirs";
        ok(home.replica->resolve(home.conflict, choosing(their_side, {{"jobtitle", text("Chair")}})));
        CHECK(home.read(contact(1), "jobtitle") == "Chair");
        CHECK(home.read(contact(1), "firstname") == "Jim");
        CHECK(home.queue().back().edits.front().before == text("Boss"));
    }
    SECTION("a cleared column and mine")
    {
        word = "chosen, and mine";
        ok(home.replica->resolve(home.conflict, choosing(my_side, {{"jobtitle", Null{}}})));
        CHECK(home.read(contact(1), "jobtitle").empty());
        CHECK(home.read(contact(1), "firstname") == "Jo");
    }
    SECTION("values of one's own throughout")
    {
        word = "chosen";
        ok(home.replica->resolve(
            home.conflict, choosing(their_side, {{"jobtitle", text("Chair")}, {"firstname", text("J")}})));
        CHECK(home.read(contact(1), "jobtitle") == "Chair");
    }
    CHECK(home.read(contact(1), "numberofchildren") == "2");
    CHECK(ok(home.replica->get(contact(1))).badge == Badge::saved_here);
    CHECK(ok(home.replica->conflicts()).empty());
    const auto closed = ok(home.replica->conflicts(true));
    REQUIRE(closed.size() == 1);
    CHECK_FALSE(closed.front().open);
    CHECK(closed.front().resolution == word);
    CHECK(code_of(home.replica->resolve(home.conflict, choosing(my_side))) == "store.no_conflict");
}

TEST_CASE("A resolution keeps the rules of an update, and refused changes nothing", "[replica][conflict]")
{
    Dispute home;
    const auto refused = [&](Fields chosen, const std::string& code, std::string_view words) {
        const auto answer = home.replica->resolve(home.conflict, choosing(my_side, std::move(chosen)));
        CHECK(code_of(answer) == code);
        CHECK(says(answer, words));
    };
    refused({{"jobtitel", text("x")}}, "input.unknown_column", "jobtitle");
    refused({{"jobtitle", Value{std::string(101, 'x')}}}, "input.too_long", "100");
    refused({{"jobtitle", number(7)}}, "input.wrong_type", "contact.jobtitle");
    refused({{"createdon", text("2026-01-01T00:00:00Z")}}, "input.read_only", "contact.createdon");
    refused({{"lastname", Null{}}}, "input.required", "contact.lastname");
    refused({{"statuscode", number(2)}, {"statecode", number(0)}}, "input.wrong_status", "Inactive");
    refused({{"lastname", text("Poe")}}, "store.no_conflict", "lastname");
    CHECK(code_of(home.replica->resolve(4711, choosing(my_side))) == "store.no_conflict");
    CHECK(ok(home.replica->conflicts()).size() == 1);
    CHECK(home.queue().size() == 1);
    CHECK(home.read(contact(1), "jobtitle") == "Buyer");
}

TEST_CASE("Editing a contested column moves mine and leaves the conflict open", "[replica][conflict]")
{
    Dispute home;
    home.write(update(contact(1), {{"jobtitle", text("Chair")}}));
    const auto open = ok(home.replica->conflicts());
    REQUIRE(open.size() == 1);
    for (const ContestedColumn& column : open.front().columns)
        if (column.column == "jobtitle") CHECK(column.mine == text("Chair"));
    ok(home.replica->resolve(home.conflict, choosing(my_side)));
    CHECK(home.read(contact(1), "jobtitle") == "Chair");
    CHECK(ok(home.replica->conflicts()).empty());
}

TEST_CASE("A record with an open conflict is deleted only once it is decided", "[replica][conflict]")
{
    Dispute home;
    home.write(update(contact(2), {{"jobtitle", text("Free")}}));
    const auto before = home.queue().size();
    const auto refused =
        home.replica->write({update(account(1), {{"name", text("No")}}), erasure(contact(1))});
    CHECK(code_of(refused) == "store.conflict_open");
    for (const char* word :
         {"conflict 1", "jobtitle", "\"Boss\"", "firstname", "\"Jim\"", "hawser resolve 1"})
        CHECK(says(refused, word));
    CHECK(code_of(home.replica->write_group({erasure(contact(2)), erasure(contact(1))})) ==
          "store.conflict_open");
    CHECK(home.queue().size() == before);
    CHECK(ok(home.replica->conflicts()).size() == 1);
    ok(home.replica->resolve(home.conflict, choosing(their_side)));
    home.write(erasure(contact(1)));
    CHECK(code_of(home.replica->get(contact(1))) == "input.unknown_record");
}

TEST_CASE("Undoing the contested edit withdraws the conflict", "[replica][conflict]")
{
    Dispute home;
    ok(home.replica->undo(home.mine));
    CHECK(ok(home.replica->conflicts()).empty());
    CHECK(home.queue().empty());
    CHECK(home.read(contact(1), "jobtitle") == "Boss");
    CHECK(ok(home.replica->get(contact(1))).badge == Badge::on_server);
}
