#include "tests/unit/engine/replica_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

Fields job(const char* title)
{
    return {{"jobtitle", text(title)}};
}

ChangeExplanation explained(const Home& home, ChangeNumber number)
{
    return ok(home.replica->explain(number));
}

Value sent(const ChangeExplanation& explained, std::string_view column)
{
    REQUIRE(explained.effect);
    const auto found = std::ranges::find(explained.effect->edits, column, &ColumnEdit::column);
    REQUIRE(found != explained.effect->edits.end());
    return found->after;
}

} // namespace

TEST_CASE("A change is explained with what the organization had and what would be sent of it",
          "[replica][explain]")
{
    Home home;
    const auto first = home.write(update(contact(1), job("Buyer")));
    const auto second =
        home.write(update(contact(1), {{"jobtitle", text("Poet")}, {"firstname", text("Jo")}}));
    const ChangeExplanation known = explained(home, first);
    CHECK(known.change.record_name == "Doe");
    CHECK(known.change.edits.front().before == text("Clerk"));
    REQUIRE(known.base);
    CHECK(known.base->at("jobtitle") == text("Clerk"));
    CHECK(known.base_etag == "1");
    REQUIRE(known.effect);
    CHECK(known.effect->kind == ChangeKind::update);
    CHECK(known.effect->changes == std::vector{first, second});
    CHECK(sent(known, "jobtitle") == text("Poet"));
    CHECK(sent(known, "firstname") == text("Jo"));
    CHECK(known.waits_for.empty());
    REQUIRE(known.waited_for_by.size() == 1);
    CHECK(known.waited_for_by.front().change == second);
    CHECK(known.waited_for_by.front().why == "is a later edit of the same record");
    CHECK(explained(home, second).waits_for.front().change == first);
    CHECK(known.attempts.empty());
    CHECK(known.group.empty());
}

TEST_CASE("What a held change would send is what is sent once it is released", "[replica][explain]")
{
    Home home;
    ok(home.replica->write_group({update(contact(1), job("Buyer")), update(contact(2), job("Buyer"))}));
    const auto queue = home.queue();
    ok(home.replica->hold(queue.front().number));
    const ChangeExplanation held = explained(home, queue.front().number);
    CHECK(held.change.state == ChangeState::held);
    CHECK(held.group == std::vector{queue[0].number, queue[1].number});
    CHECK(sent(held, "jobtitle") == text("Buyer"));
    const auto later = home.write(update(contact(1), {{"firstname", text("Jo")}}));
    CHECK_FALSE(explained(home, later).effect);
    ok(home.replica->release(queue.front().number));
    CHECK(sent(explained(home, later), "firstname") == text("Jo"));
}

TEST_CASE("A change that makes a record names what refers to it, and has no base", "[replica][explain]")
{
    Home home;
    const auto made = home.write(creation(account(5), {{"name", text("Beta")}}));
    const auto user =
        home.write(update(contact(1), {{"parentcustomerid", Value{Lookup{"account", id_of(5)}}}}));
    home.park(made, "the name is taken");
    const ChangeExplanation parked = explained(home, made);
    CHECK_FALSE(parked.base);
    CHECK(parked.base_etag.empty());
    CHECK(parked.change.reason == "the name is taken");
    CHECK(parked.effect->kind == ChangeKind::create);
    CHECK(sent(parked, "name") == text("Beta"));
    REQUIRE(parked.waited_for_by.size() == 1);
    CHECK(parked.waited_for_by.front().change == user);
    CHECK(parked.waited_for_by.front().record == contact(1));
    CHECK(parked.waited_for_by.front().why == "refers to the record that this one makes");
    const ChangeExplanation waiting = explained(home, user);
    REQUIRE(waiting.waits_for.size() == 1);
    CHECK(waiting.waits_for.front().state == ChangeState::parked);
    CHECK(waiting.waits_for.front().why == "makes a record that this one refers to");
}

TEST_CASE("A change that was sent tells what was sent, by which request, and what was answered",
          "[replica][explain]")
{
    Home home;
    const auto number = home.write(update(contact(1), job("Buyer")));
    home.send(900, contact(1), {number});
    const ChangeExplanation flying = explained(home, number);
    CHECK(flying.effect->changes == std::vector{number});
    REQUIRE(flying.attempts.size() == 1);
    CHECK(flying.attempts.front().outcome == "open");
    CHECK(flying.attempts.front().requests == std::vector{id_of(901)});

    home.acknowledge(900, contact(1), "2", {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}});
    const ChangeExplanation done = explained(home, number);
    CHECK(done.change.state == ChangeState::applied);
    CHECK_FALSE(done.effect);
    REQUIRE(done.attempts.size() == 1);
    CHECK(done.attempts.front().outcome == "applied");
    CHECK(done.attempts.front().requests == std::vector{id_of(901)});
    CHECK(done.base->at("jobtitle") == text("Buyer"));
    CHECK(done.base_etag == "2");
}

TEST_CASE("A deletion says what it deletes, and a question about the record is named", "[replica][explain]")
{
    Home home;
    const auto deletion = home.write(erasure(contact(2)));
    CHECK(explained(home, deletion).effect->kind == ChangeKind::erase);
    CHECK(explained(home, deletion).base->at("lastname") == text("Roe"));
    const auto edit = home.write(update(contact(1), job("Buyer")));
    home.contest(contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Boss")}}, {"jobtitle"});
    const ChangeExplanation contested = explained(home, edit);
    REQUIRE(contested.conflict);
    CHECK(contested.conflict->columns.front().theirs == text("Boss"));
    CHECK_FALSE(contested.effect);
}

TEST_CASE("An unknown change cannot be explained", "[replica][explain]")
{
    Home home;
    CHECK(code_of(home.replica->explain(4711)) == "store.no_change");
}

TEST_CASE("The queue is read by age", "[replica][queue]")
{
    Home home;
    home.write(update(contact(1), job("Buyer")));
    const Instant made = home.queue().front().made_at;
    ChangeFilter filter;
    filter.made_from = made;
    CHECK(ok(home.replica->queue(filter)).size() == 1);
    filter.made_from = made + std::chrono::seconds{1};
    CHECK(ok(home.replica->queue(filter)).empty());
    filter = {};
    filter.made_before = made;
    CHECK(ok(home.replica->queue(filter)).empty());
    filter.made_before = made + std::chrono::seconds{1};
    CHECK(ok(home.replica->queue(filter)).size() == 1);
}
