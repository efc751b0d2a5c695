#include "localstore/net_effect.h"
#include "tests/unit/engine/replica_world.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::tests;

namespace {

std::vector<Change> all_changes(const Home& home)
{
    ChangeFilter filter;
    filter.states = {ChangeState::queued, ChangeState::held,       ChangeState::in_flight,
                     ChangeState::parked, ChangeState::contested,  ChangeState::applied,
                     ChangeState::undone, ChangeState::superseded, ChangeState::discarded};
    return ok(home.replica->queue(filter));
}

Change change(const Home& home, ChangeNumber number)
{
    for (Change& one : all_changes(home))
        if (one.number == number) return one;
    FAIL("there is no change " << number);
    return {};
}

Fields job(const char* title)
{
    return {{"jobtitle", text(title)}};
}

} // namespace

TEST_CASE("The queue shows each edit with what it was and what it became, by name and author",
          "[replica][queue]")
{
    Home home;
    ok(home.replica->write({update(contact(1), {{"jobtitle", text("Buyer")}, {"firstname", text("Jo")}})},
                           {"assistant", "ada"}));
    const auto queue = home.queue();
    REQUIRE(queue.size() == 1);
    const Change& edit = queue.front();
    CHECK(edit.record == contact(1));
    CHECK(edit.record_name == "Doe");
    CHECK(edit.kind == ChangeKind::update);
    CHECK(edit.state == ChangeState::queued);
    CHECK(edit.actor == "assistant");
    CHECK(edit.on_behalf_of == "ada");
    CHECK_FALSE(edit.group);
    REQUIRE(edit.edits.size() == 2);
    CHECK(edit.edits[0].column == "firstname");
    CHECK(is_null(edit.edits[0].before));
    CHECK(edit.edits[0].after == text("Jo"));
    CHECK(edit.edits[1].before == text("Clerk"));
    CHECK(edit.edits[1].after == text("Buyer"));
}

TEST_CASE("A record made and deleted here before anything was sent leaves nothing to send",
          "[replica][queue]")
{
    Home home;
    home.write(creation(contact(5), {{"lastname", text("Poe")}}));
    ok(home.replica->write({erasure(contact(5))}));
    CHECK(home.queue().empty());
    CHECK(home.read(contact(5), "lastname") == "(input.unknown_record)");
    CHECK(all_changes(home).size() == 2);
    for (const Change& one : all_changes(home)) CHECK(one.state == ChangeState::superseded);
}

TEST_CASE("Edits of one record fold in order, and the base stays what the server has", "[replica][queue]")
{
    Home home;
    home.write(update(contact(1), job("Buyer")));
    home.write(update(contact(1), {{"jobtitle", text("Poet")}, {"firstname", text("Jo")}}));
    CHECK(home.read(contact(1), "jobtitle") == "Poet");
    CHECK(home.read(contact(1), "lastname") == "Doe");
    const auto compared = ok(home.replica->compare(contact(1)));
    REQUIRE(compared.base);
    CHECK(compared.base->at("jobtitle") == text("Clerk"));
    CHECK(compared.mine->at("jobtitle") == text("Poet"));
    CHECK(compared.base_etag == "1");
    REQUIRE(home.queue().size() == 2);
    CHECK(home.queue()[1].edits[1].before == text("Buyer"));
    CHECK(home.queue()[1].waits_for == std::vector{home.queue()[0].number});

    home.write(erasure(contact(1)));
    CHECK(home.read(contact(1), "jobtitle") == "(input.unknown_record)");
    CHECK_FALSE(ok(home.replica->compare(contact(1))).mine);
    CHECK(code_of(home.replica->write({update(contact(1), job("Ghost"))})) == "input.unknown_record");
    CHECK(home.queue().size() == 3);
}

TEST_CASE("Undo takes a change out as if it had never been made", "[replica][undo]")
{
    Home home;
    const auto first = home.write(update(contact(1), job("Buyer")));
    const auto second = home.write(update(contact(1), {{"firstname", text("Jo")}}));
    const auto third = home.write(erasure(contact(1)));
    ok(home.replica->undo(third));
    CHECK(home.read(contact(1), "jobtitle") == "Buyer");
    ok(home.replica->undo(first));
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(home.read(contact(1), "firstname") == "Jo");
    ok(home.replica->undo(second));
    CHECK(home.queue().empty());
    CHECK(ok(home.replica->get(contact(1))).badge == Badge::on_server);
    CHECK(change(home, first).state == ChangeState::undone);
    CHECK(change(home, first).reason == "undone by you");
    CHECK(change(home, first).edits.front().after == text("Buyer"));

    CHECK(code_of(home.replica->undo(first)) == "store.change_settled");
    CHECK(code_of(home.replica->undo(4711)) == "store.no_change");
}

TEST_CASE("Undoing an earlier edit of a column leaves the later one", "[replica][undo]")
{
    Home home;
    const auto first = home.write(update(contact(1), job("Buyer")));
    const auto second = home.write(update(contact(1), job("Poet")));
    ok(home.replica->undo(first));
    CHECK(home.read(contact(1), "jobtitle") == "Poet");
    CHECK(change(home, second).edits.front().before == text("Clerk"));
    ok(home.replica->undo(second));
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
}

TEST_CASE("Undoing a create takes its later edits along, unless somebody refers to it", "[replica][undo]")
{
    Home home;
    const auto made = home.write(creation(account(5), {{"name", text("Beta")}}));
    home.write(update(account(5), {{"name", text("Beta & Co")}}));
    const auto user =
        home.write(update(contact(1), {{"parentcustomerid", Value{Lookup{"account", id_of(5)}}}}));
    CHECK(change(home, user).waits_for == std::vector{made});
    const auto refused = home.replica->undo(made);
    CHECK(code_of(refused) == "store.referred_to");
    CHECK(says(refused, std::to_string(user)));
    CHECK(code_of(home.replica->write({erasure(account(5))})) == "store.referred_to");
    CHECK(home.queue().size() == 3);
    ok(home.replica->undo(user));
    ok(home.replica->undo(made));
    CHECK(home.queue().empty());
    CHECK(home.read(account(5), "name") == "(input.unknown_record)");
}

TEST_CASE("Undoing what is being sent makes the edit that takes it back", "[replica][undo]")
{
    Home home;
    const auto first = home.write(update(contact(1), job("Buyer")));
    home.send(900, contact(1), {first});
    CHECK(code_of(home.replica->hold(first)) == "store.change_sent");
    ok(home.replica->undo(first));
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    const auto queue = home.queue();
    REQUIRE(queue.size() == 2);
    CHECK(queue[0].state == ChangeState::in_flight);
    CHECK(queue[1].edits.front().after == text("Clerk"));
    home.acknowledge(900, contact(1), "2", {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}});
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(home.queue().size() == 1);
}

TEST_CASE("A group is undone, held and released as one, whatever its size", "[replica][group]")
{
    Home home;
    const int size = GENERATE(2, 1200);
    const auto before = home.write(update(contact(1), {{"firstname", text("Jo")}}));
    std::vector<Edit> edits = {update(contact(1), job("Buyer"))};
    for (int i = 1; i < size; ++i)
        edits.push_back(i % 2 == 1 ? creation(contact(1000 + i), {{"lastname", text("Poe")}})
                                   : update(contact(1000 + i - 1), job("Buyer")));
    ok(home.replica->write_group(edits));
    const auto after = home.write(update(contact(1), {{"firstname", text("Joe")}}));

    ChangeFilter filter;
    filter.limit = 10'000;
    auto queue = ok(home.replica->queue(filter));
    REQUIRE(queue.size() == static_cast<std::size_t>(size) + 2);
    CHECK_FALSE(queue.front().group);
    CHECK_FALSE(queue.back().group);
    REQUIRE(queue[1].group);
    CHECK(queue[1].group == queue[static_cast<std::size_t>(size)].group);

    ok(home.replica->hold(queue[2].number));
    CHECK(ok(Synchronizer::status(*home.replica)).held == static_cast<std::uint64_t>(size));
    ok(home.replica->release(queue[1].number));
    CHECK(ok(Synchronizer::status(*home.replica)).held == 0);

    ok(home.replica->undo(queue[2].number));
    queue = home.queue();
    REQUIRE(queue.size() == 2);
    CHECK(queue[0].number == before);
    CHECK(queue[1].number == after);
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(home.read(contact(1), "firstname") == "Joe");
    CHECK(ok(home.replica->count("contact")) == 2);
}

TEST_CASE("A group is not refused in part: nothing of it enters when one edit cannot", "[replica][group]")
{
    Home home;
    CHECK(code_of(home.replica->write_group({creation(contact(7), {{"lastname", text("Poe")}}),
                                             update(contact(99), job("x"))})) == "input.unknown_record");
    CHECK(home.queue().empty());
}

TEST_CASE("What stands before, in and after a group are sent apart", "[replica][group]")
{
    Home home;
    home.write(update(contact(1), job("Buyer")));
    ok(home.replica->write_group({update(contact(1), job("Poet")), update(contact(2), job("Poet"))}));
    home.write(update(contact(1), job("Clerk again")));
    const auto queue = home.queue();
    REQUIRE(queue.size() == 4);
    const auto state = ok(home.replica->impl()->store->state(contact(1)));
    const auto runs = localstore::runs(state.live, state.masked);
    REQUIRE(runs.size() == 3);
    CHECK(runs[0].changes.front().value == queue[0].number);
    CHECK(runs[1].changes.front().value == queue[1].number);
    CHECK(runs[2].changes.front().value == queue[3].number);
    CHECK(queue[3].waits_for == std::vector{queue[0].number, queue[1].number});
}

TEST_CASE("Held, parked and given-up changes stay readable and say why", "[replica][queue]")
{
    Home home;
    const auto number = home.write(update(contact(1), job("Buyer")));
    ok(home.replica->hold(number));
    CHECK(change(home, number).state == ChangeState::held);
    CHECK(change(home, number).reason == "held by you");
    CHECK(code_of(home.replica->retry(number)) == "store.change_settled");
    ok(home.replica->release(number));
    CHECK(change(home, number).state == ChangeState::queued);
    CHECK(change(home, number).reason.empty());
    CHECK(code_of(home.replica->release(number)) == "store.change_settled");

    home.park(number, "the job is taken");
    CHECK(change(home, number).state == ChangeState::parked);
    CHECK(change(home, number).reason == "the job is taken");
    CHECK(home.read(contact(1), "jobtitle") == "Buyer");
    ok(home.replica->retry(number));
    CHECK(change(home, number).state == ChangeState::queued);
    CHECK(change(home, number).reason.empty());

    home.park(number, "the job is taken");
    ok(home.replica->discard(number));
    CHECK(home.queue().empty());
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(change(home, number).state == ChangeState::discarded);
    CHECK(change(home, number).edits.front().after == text("Buyer"));
    CHECK(code_of(home.replica->discard(number)) == "store.change_settled");
}

TEST_CASE("The queue is read in pages, by table and by record", "[replica][queue]")
{
    Home home;
    for (int i = 10; i < 15; ++i) home.write(creation(contact(i), {{"lastname", text("Poe")}}));
    home.write(update(account(1), {{"name", text("Beta")}}));
    ChangeFilter filter;
    filter.limit = 2;
    std::vector<ChangeNumber> seen;
    for (;;) {
        const auto page = ok(home.replica->queue(filter));
        if (page.empty()) break;
        for (const Change& one : page) seen.push_back(one.number);
        filter.after = page.back().number;
    }
    CHECK(seen.size() == 6);
    CHECK(std::ranges::is_sorted(seen));
    filter = {};
    filter.table = "account";
    CHECK(ok(home.replica->queue(filter)).size() == 1);
    filter = {};
    filter.record = contact(11);
    CHECK(ok(home.replica->queue(filter)).size() == 1);
}

TEST_CASE("An applied change is taken back by a new one, which is seen before it is made", "[replica][undo]")
{
    Home home;
    const auto number =
        home.write(update(contact(1), {{"jobtitle", text("Buyer")}, {"firstname", text("Jo")}}));
    CHECK(code_of(home.replica->take_back(number)) == "store.change_settled");
    home.send(900, contact(1), {number});
    home.acknowledge(900, contact(1), "2",
                     {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}, {"firstname", text("Jo")}});
    pull(*home.replica, contact(1),
         {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}, {"firstname", text("Joe")}}, "3");
    CHECK(code_of(home.replica->undo(number)) == "store.change_settled");

    const TakenBack rehearsed = ok(home.replica->take_back(number, Act::rehearsed));
    CHECK(home.queue().empty());
    CHECK(home.read(contact(1), "jobtitle") == "Buyer");
    const TakenBack taken = ok(home.replica->take_back(number));
    REQUIRE(taken.changes.size() == 1);
    REQUIRE(rehearsed.changes.size() == 1);
    CHECK(taken.changes.front().edits.size() == 1);
    CHECK(taken.changes.front().edits.front().column == "jobtitle");
    CHECK(taken.changes.front().edits.front().after == text("Clerk"));
    CHECK(rehearsed.changes.front().edits.front().after == text("Clerk"));
    REQUIRE(taken.kept.size() == 1);
    CHECK(taken.kept.front().column == "firstname");
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(home.read(contact(1), "firstname") == "Joe");
    REQUIRE(home.queue().size() == 1);
    CHECK(home.queue().front().number == taken.changes.front().number);
    CHECK(ok(home.replica->take_back(number, Act::rehearsed)).changes.empty());
}

TEST_CASE(
    "Of applied changes of one record the latest is taken back first, and what stood before both comes back",
    "[replica][undo]")
{
    Home home;
    const auto first = home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    home.send(900, contact(1), {first});
    home.acknowledge(900, contact(1), "2", {{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}});
    const auto second = home.write(update(contact(1), {{"jobtitle", text("Boss")}}));
    home.send(901, contact(1), {second});
    home.acknowledge(901, contact(1), "3", {{"lastname", text("Doe")}, {"jobtitle", text("Boss")}});

    CHECK(ok(home.replica->take_back(first, Act::rehearsed)).kept.size() == 1);
    const TakenBack taken = ok(home.replica->take_back({first, second}));
    CHECK(taken.kept.empty());
    CHECK(taken.changes.size() == 2);
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
}

TEST_CASE("Undoing several changes tells first what would go, with the names of what was only made here",
          "[replica][undo]")
{
    Home home;
    const auto made = home.write(
        {ChangeKind::create, contact(40), {{"lastname", text("Nobody")}, {"firstname", text("Ann")}}});
    const auto later = home.write(update(contact(40), {{"jobtitle", text("Clerk")}}));
    const auto other = home.write(update(contact(1), {{"jobtitle", text("Buyer")}}));
    const Undone rehearsed = ok(home.replica->undo({made, other}, Act::rehearsed));
    CHECK(home.queue().size() == 3);
    const Undone undone = ok(home.replica->undo({made, other}));
    for (const Undone& told : {rehearsed, undone}) {
        REQUIRE(told.dropped.size() == 3);
        CHECK(told.dropped[0].number == made);
        CHECK(told.dropped[0].record_name == rehearsed.dropped[0].record_name);
        CHECK_FALSE(told.dropped[0].record_name.empty());
        CHECK(told.dropped[1].number == later);
        CHECK(told.dropped[2].number == other);
    }
    CHECK(home.queue().empty());
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
}

TEST_CASE("What was made and applied is deleted, and what was deleted is made again", "[replica][undo]")
{
    Home home;
    const auto made = home.write(creation(contact(5), {{"lastname", text("Poe")}}));
    home.send(900, contact(5), {made});
    home.acknowledge(900, contact(5), "1", {{"lastname", text("Poe")}});
    CHECK(ok(home.replica->take_back(made)).changes.front().kind == ChangeKind::erase);
    CHECK(home.read(contact(5), "lastname") == "(input.unknown_record)");

    const auto deletion = home.write(erasure(contact(2)));
    home.send(910, contact(2), {deletion});
    ok(home.transact([&](localstore::Transaction& transaction) {
        const localstore::Acknowledged answer[] = {{contact(2), "", {}, localstore::Coverage::whole_record}};
        return transaction.intents.applied(id_of(910), answer, "gone", localstore::CycleNumber{2}, Instant{});
    }));
    const TakenBack back = ok(home.replica->take_back(deletion));
    REQUIRE(back.changes.size() == 1);
    CHECK(back.changes.front().kind == ChangeKind::create);
    CHECK(home.read(contact(2), "lastname") == "Roe");
}

TEST_CASE("An applied group is taken back as one", "[replica][undo][group]")
{
    Home home;
    ok(home.replica->write_group({update(contact(1), job("Buyer")), update(contact(2), job("Poet"))}));
    const auto queue = home.queue();
    localstore::NewIntent intent;
    intent.id = id_of(900);
    intent.atomicity = localstore::Atomicity::one_change_set;
    for (const Change& change : queue) {
        intent.changes.push_back({localstore::Sequence{change.number}, {}});
        localstore::IntentStep step;
        step.key = change.record;
        step.method = "PATCH";
        step.path = "/contacts";
        step.condition = "If-Match: W/\"1\"";
        step.body = "{}";
        intent.steps.push_back(step);
    }
    ok(home.transact([&](localstore::Transaction& transaction) { return transaction.intents.open(intent); }));
    const localstore::Acknowledged answers[] = {
        {contact(1), "2", Fields{{"lastname", text("Doe")}, {"jobtitle", text("Buyer")}},
         localstore::Coverage::whole_record},
        {contact(2), "2", Fields{{"lastname", text("Roe")}, {"jobtitle", text("Poet")}},
         localstore::Coverage::whole_record}};
    ok(home.transact([&](localstore::Transaction& transaction) {
        return transaction.intents.applied(id_of(900), answers, "stored", localstore::CycleNumber{2},
                                           Instant{});
    }));
    const TakenBack taken = ok(home.replica->take_back(queue[0].number));
    REQUIRE(taken.changes.size() == 2);
    REQUIRE(taken.changes[0].group);
    CHECK(taken.changes[0].group == taken.changes[1].group);
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(home.read(contact(2), "jobtitle").empty());
}

TEST_CASE("A waiting change is edited as if it had been made so, and later edits stand on it",
          "[replica][edit]")
{
    Home home;
    const auto first = home.write(update(contact(1), job("Buyer")));
    const auto second =
        home.write(update(contact(1), {{"jobtitle", text("Poet")}, {"firstname", text("Jo")}}));
    ok(home.replica->edit(first, {{"jobtitle", text("Baker")}, {"description", text("new")}}));
    CHECK(home.read(contact(1), "jobtitle") == "Poet");
    CHECK(home.read(contact(1), "description") == "new");
    const Change later = change(home, second);
    REQUIRE(later.edits.size() == 2);
    CHECK(later.edits[1].before == text("Baker"));
    ok(home.replica->undo(second));
    CHECK(home.read(contact(1), "jobtitle") == "Baker");
    CHECK(change(home, first).edits.size() == 2);
    CHECK(change(home, first).edits[0].column == "description");
    CHECK(is_null(change(home, first).edits[0].before));
}

TEST_CASE("What an edited change comes to say, later edits need not say again", "[replica][edit]")
{
    Home home;
    const auto first = home.write(update(contact(1), job("Buyer")));
    const auto second = home.write(update(contact(1), job("Poet")));
    ok(home.replica->edit(first, job("Poet")));
    CHECK(home.queue().size() == 1);
    CHECK(change(home, second).state == ChangeState::superseded);
    CHECK(home.read(contact(1), "jobtitle") == "Poet");
    CHECK(ok(home.replica->check()).empty());
}

TEST_CASE("A refused creation is mended in its place and sent again", "[replica][edit]")
{
    Home home;
    const auto made = home.write(creation(account(5), {{"name", text("Beta")}}));
    home.park(made, "the name is taken");
    ok(home.replica->edit(made, {{"name", text("Gamma")}}));
    CHECK(change(home, made).state == ChangeState::queued);
    CHECK(home.read(account(5), "name") == "Gamma");
    CHECK(change(home, made).reason.empty());
}

TEST_CASE("A change is edited by the rules of a write, and not when it is too late", "[replica][edit]")
{
    Home home;
    const auto number = home.write(update(contact(1), job("Buyer")));
    CHECK(code_of(home.replica->edit(number, {{"jobtitle", text(std::string(200, 'x').c_str())}})) ==
          "input.too_long");
    CHECK(code_of(home.replica->edit(number, {{"nonsense", text("x")}})) == "input.unknown_column");
    CHECK(code_of(home.replica->edit(number, {{"createdon", text("2026-01-01T00:00:00Z")}})) ==
          "input.read_only");
    const auto nothing = home.replica->edit(number, job("Clerk"));
    CHECK(code_of(nothing) == "store.change_settled");
    CHECK(says(nothing, "Undo it instead"));
    CHECK(home.read(contact(1), "jobtitle") == "Buyer");
    home.send(900, contact(1), {number});
    CHECK(code_of(home.replica->edit(number, job("Poet"))) == "store.change_sent");
    const auto deletion = home.write(erasure(contact(2)));
    CHECK(code_of(home.replica->edit(deletion, {{"lastname", text("Poe")}})) != "");
    CHECK(code_of(home.replica->edit(4711, job("Poet"))) == "store.no_change");
}
