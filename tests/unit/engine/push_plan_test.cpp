#include "base/time_text.h"
#include "engine/judge.h"
#include "engine/push_plan.h"
#include "tests/catch.h"

#include <cstdio>

using hawser::Fields;
using hawser::Guid;
using hawser::Instant;
using hawser::parse_instant;
using hawser::RecordKey;
using namespace hawser::engine;
namespace localstore = hawser::localstore;
using localstore::ChangeKind;
using localstore::ChangeState;
using localstore::Dependency;
using localstore::DependencyReason;
using localstore::Sequence;

namespace {

const Instant noon = *parse_instant("2026-11-02T12:00:00Z");

RecordKey record(int number, std::string table = "contact")
{
    char text[37];
    std::snprintf(text, sizeof text, "10000000-0000-4000-8000-%012d", number);
    return {std::move(table), *Guid::parse(text)};
}

PlannedChange change(int sequence, RecordKey key, ChangeKind kind = ChangeKind::update,
                     ChangeState state = ChangeState::queued, int group = 0)
{
    return {Sequence{sequence}, std::move(key), kind, state, localstore::GroupNumber{group}, {}};
}

Dependency refers(int from, int to)
{
    return {Sequence{from}, Sequence{to}, DependencyReason::refers_to_created};
}

std::vector<std::vector<int>> ready(const PushPlan& plan)
{
    std::vector<std::vector<int>> all;
    for (const PushUnit& unit : plan.ready) {
        auto& one = all.emplace_back();
        for (const Sequence sequence : unit.changes) one.push_back(static_cast<int>(sequence.value));
    }
    return all;
}

std::string why(const PushPlan& plan, int sequence)
{
    for (const HeldBack& waiting : plan.waiting)
        if (waiting.change.value == sequence) return waiting.why;
    return "";
}

using Units = std::vector<std::vector<int>>;

} // namespace

TEST_CASE("Separate edits of one record go together, and records do not wait for one another", "[engine]")
{
    const std::vector live{change(1, record(1)), change(2, record(2)), change(3, record(1))};
    const PushPlan plan = plan_push(live, {}, noon);
    CHECK(ready(plan) == Units{{1, 3}, {2}});
    CHECK(plan.waiting.empty());
}

TEST_CASE("What follows a parked, held or unanswered change of its record waits and says for what",
          "[engine]")
{
    for (const ChangeState state : {ChangeState::parked, ChangeState::held, ChangeState::in_flight}) {
        const std::vector live{change(1, record(1), ChangeKind::update, state), change(2, record(1)),
                               change(3, record(2))};
        const PushPlan plan = plan_push(live, {}, noon);
        CHECK(ready(plan) == Units{{3}});
        CHECK(why(plan, 2).find("waits for change 1") == 0);
    }
}

TEST_CASE("A contested change holds nobody back", "[engine]")
{
    const std::vector live{change(1, record(1), ChangeKind::update, ChangeState::contested),
                           change(2, record(1))};
    CHECK(ready(plan_push(live, {}, noon)) == Units{{2}});
}

TEST_CASE("A record is created before what refers to it", "[engine]")
{
    const std::vector live{change(1, record(1), ChangeKind::create),
                           change(2, record(2), ChangeKind::create)};
    const std::vector edges{refers(1, 2)};
    const PushPlan plan = plan_push(live, edges, noon);
    CHECK(ready(plan) == Units{{2}});
    CHECK(why(plan, 1) == "waits for change 2");
}

TEST_CASE("A refused create holds back what refers to it, however far, and nobody else", "[engine]")
{
    const std::vector live{change(1, record(1), ChangeKind::create, ChangeState::parked),
                           change(2, record(2), ChangeKind::create), change(3, record(3)),
                           change(4, record(4))};
    const std::vector edges{refers(2, 1), refers(3, 2)};
    const PushPlan plan = plan_push(live, edges, noon);
    CHECK(ready(plan) == Units{{4}});
    CHECK(why(plan, 2) == "waits for change 1, which the organization refused");
    CHECK(why(plan, 3).find("waits for change 2") == 0);
}

TEST_CASE("A circle of new records is broken by leaving one reference for later", "[engine]")
{
    const std::vector live{change(1, record(1, "account"), ChangeKind::create),
                           change(2, record(2), ChangeKind::create)};
    const std::vector edges{refers(1, 2), refers(2, 1)};
    const PushPlan plan = plan_push(live, edges, noon);
    REQUIRE(ready(plan) == Units{{1}});
    CHECK(plan.ready.front().later_references == std::set<RecordKey>{record(2)});
}

TEST_CASE("Behind a circle nobody goes first by mistake", "[engine]")
{
    const std::vector live{change(1, record(3)), change(2, record(1, "account"), ChangeKind::create),
                           change(3, record(2), ChangeKind::create)};
    const std::vector edges{refers(1, 2), refers(2, 3), refers(3, 2)};
    CHECK(ready(plan_push(live, edges, noon)) == Units{{2}});
}

TEST_CASE("A circle is cut at a record on its own, never at a group", "[engine]")
{
    const std::vector live{change(1, record(1, "account"), ChangeKind::create, ChangeState::queued, 1),
                           change(2, record(2), ChangeKind::create)};
    const std::vector edges{refers(1, 2), refers(2, 1)};
    const PushPlan plan = plan_push(live, edges, noon);
    REQUIRE(ready(plan) == Units{{2}});
    CHECK(plan.ready.front().later_references == std::set<RecordKey>{record(1, "account")});
}

TEST_CASE("A deletion in a circle does not wait for what was made after it", "[engine]")
{
    const std::vector live{change(1, record(1, "account"), ChangeKind::create, ChangeState::queued, 1),
                           change(2, record(2), ChangeKind::remove, ChangeState::queued, 1),
                           change(3, record(3))};
    const std::vector edges{refers(3, 1),
                            Dependency{Sequence{2}, Sequence{3}, DependencyReason::removes_reference}};
    CHECK(ready(plan_push(live, edges, noon)) == Units{{1, 2}});
}

TEST_CASE("A deletion that waits for what refers to its new record lets the creation go first", "[engine]")
{
    // 1 makes an account; 2 moves a contact there; a group with 3 deletes the contact; 5 deletes the account.
    const std::vector live{change(1, record(1, "account"), ChangeKind::create), change(2, record(2)),
                           change(3, record(2), ChangeKind::remove, ChangeState::queued, 7),
                           change(4, record(3), ChangeKind::update, ChangeState::queued, 7),
                           change(5, record(1, "account"), ChangeKind::remove)};
    const std::vector edges{refers(2, 1),
                            Dependency{Sequence{5}, Sequence{3}, DependencyReason::removes_reference}};
    const PushPlan plan = plan_push(live, edges, noon);
    CHECK(ready(plan) == Units{{1}});
    CHECK(why(plan, 5) == "waits for change 1");
    CHECK_FALSE(plan.stuck);

    // Where a person decides about the group anyway nothing is made only to be deleted.
    auto held = live;
    held[3].state = ChangeState::held;
    CHECK(ready(plan_push(held, edges, noon)).empty());
}

TEST_CASE("Inside a group a circle of new records is closed by a second step", "[engine]")
{
    const std::vector live{change(1, record(1), ChangeKind::create, ChangeState::queued, 1),
                           change(2, record(2), ChangeKind::create, ChangeState::queued, 1),
                           change(3, record(3), ChangeKind::create, ChangeState::queued, 1)};
    const std::vector edges{refers(1, 2), refers(2, 1), refers(3, 2)};
    const PushPlan plan = plan_push(live, edges, noon);
    REQUIRE(plan.ready.size() == 1);
    CHECK(plan.ready.front().records == std::vector{record(1), record(2), record(3)});
    CHECK(plan.ready.front().later_references.empty());
    CHECK(plan.ready.front().second_step ==
          std::map<RecordKey, std::set<RecordKey>>{{record(1), {record(2)}}});
}

TEST_CASE("What follows a deletion of its record waits for it", "[engine]")
{
    const std::vector live{change(1, record(1), ChangeKind::remove),
                           change(2, record(1), ChangeKind::create)};
    const PushPlan plan = plan_push(live, {}, noon);
    CHECK(ready(plan) == Units{{1}});
    CHECK(why(plan, 2) == "waits for change 1");
}

TEST_CASE("A group goes whole or not at all", "[engine]")
{
    SECTION("whole")
    {
        const std::vector live{change(1, record(1), ChangeKind::create, ChangeState::queued, 7),
                               change(2, record(2), ChangeKind::update, ChangeState::queued, 7)};
        const std::vector edges{refers(2, 1)};
        const PushPlan plan = plan_push(live, edges, noon);
        REQUIRE(ready(plan) == Units{{1, 2}});
        CHECK(plan.ready.front().records == std::vector{record(1), record(2)});
    }
    SECTION("not while one of its records has an earlier change")
    {
        const std::vector live{change(1, record(2)),
                               change(2, record(1), ChangeKind::update, ChangeState::queued, 7),
                               change(3, record(2), ChangeKind::update, ChangeState::queued, 7)};
        const PushPlan plan = plan_push(live, {}, noon);
        CHECK(ready(plan) == Units{{1}});
        CHECK_FALSE(why(plan, 2).empty());
        CHECK_FALSE(why(plan, 3).empty());
    }
    SECTION("separate edits after it wait for it")
    {
        const std::vector live{change(1, record(1), ChangeKind::update, ChangeState::queued, 7),
                               change(2, record(1))};
        const PushPlan plan = plan_push(live, {}, noon);
        CHECK(ready(plan) == Units{{1}});
        CHECK(why(plan, 2) == "waits for change 1");
    }
}

TEST_CASE("Groups that wait for one another are named for a person, the youngest first", "[engine]")
{
    using Pair = std::pair<Sequence, Sequence>;
    const auto grouped = [](int sequence, RecordKey key, int group) {
        return change(sequence, std::move(key), ChangeKind::update, ChangeState::queued, group);
    };
    std::vector live{grouped(1, record(1), 1), grouped(2, record(2), 1), grouped(3, record(3, "account"), 3),
                     grouped(4, record(1), 3), change(5, record(4))};
    // The account was deleted there, and its edit makes it again.
    const std::vector edges{refers(2, 3)};
    PushPlan plan = plan_push(live, edges, noon);
    CHECK(ready(plan) == Units{{5}});
    CHECK_FALSE(plan.stuck);
    live.pop_back();
    plan = plan_push(live, edges, noon);
    CHECK(plan.ready.empty());
    CHECK(plan.stuck == Pair{Sequence{4}, Sequence{1}});

    live[0].state = ChangeState::held;
    CHECK_FALSE(plan_push(live, edges, noon).stuck);
    live[0].state = ChangeState::queued;
    live[1].masked = true;
    CHECK_FALSE(plan_push(live, edges, noon).stuck);
    live[1].masked = false;
    CHECK_FALSE(plan_push(live, {}, noon).stuck);
}

TEST_CASE("A deletion waits until the last reference is gone", "[engine]")
{
    const std::vector live{change(1, record(1)), change(2, record(2, "account"), ChangeKind::remove)};
    const std::vector edges{Dependency{Sequence{2}, Sequence{1}, DependencyReason::removes_reference}};
    CHECK(ready(plan_push(live, edges, noon)) == Units{{1}});
}

TEST_CASE("A change with a moment of its own waits for it, and the plan names the earliest", "[engine]")
{
    std::vector live{change(1, record(1)), change(2, record(2))};
    live[0].next_attempt = noon + std::chrono::minutes{5};
    const PushPlan plan = plan_push(live, {}, noon);
    CHECK(ready(plan) == Units{{2}});
    CHECK(plan.next == noon + std::chrono::minutes{5});
    CHECK(ready(plan_push(live, {}, noon + std::chrono::minutes{5})) == Units{{1}, {2}});
}

namespace {

localstore::IntentStep step(localstore::StepKind kind, RecordKey key, std::string condition, Fields sent = {})
{
    localstore::IntentStep made;
    made.kind = kind;
    made.key = std::move(key);
    made.condition = std::move(condition);
    made.sent = std::move(sent);
    return made;
}

Found there(std::string etag, Fields fields = {})
{
    return {Found::Presence::present, std::move(etag), std::move(fields)};
}

const Found absent{Found::Presence::absent, {}, {}};

} // namespace

TEST_CASE("A lost change set is judged by the surest of its records", "[engine][I2]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    const Fields sent{{"jobtitle", std::string("Buyer")}};
    localstore::Intent intent;
    intent.steps = {step(StepKind::create, record(1), "If-None-Match: *"),
                    step(StepKind::update, record(2), "If-Match: W/\"5\"", sent)};
    const auto judged = [&](Found first, Found second) {
        const std::vector<std::pair<RecordKey, Found>> found{{record(1), std::move(first)},
                                                             {record(2), std::move(second)}};
        return judge(intent, found, std::nullopt).kind;
    };
    CHECK(judged(absent, there("W/\"5\"")) == Kind::resend);
    CHECK(judged(there("W/\"8\""), there("W/\"9\"", sent)) == Kind::applied);
    CHECK(judged(there("W/\"8\""), there("W/\"9\"", {{"jobtitle", std::string("Clerk")}})) == Kind::applied);
    CHECK(judged(absent, there("W/\"9\"")) == Kind::not_applied);
    CHECK(judged({}, there("W/\"5\"")) == Kind::ask_again);
}

TEST_CASE("A deletion that is proven not to have happened speaks for its lost change set", "[engine][I2]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    const Fields sent{{"jobtitle", std::string("Buyer")}};
    localstore::Intent intent;
    intent.steps = {step(StepKind::remove, record(1), "If-Match: W/\"4\""),
                    step(StepKind::update, record(2), "If-Match: W/\"5\"", sent)};
    const auto judged = [&](Found first, Found second) {
        const std::vector<std::pair<RecordKey, Found>> found{{record(1), std::move(first)},
                                                             {record(2), std::move(second)}};
        return judge(intent, found, std::nullopt).kind;
    };
    const Found other = there("W/\"9\"", {{"jobtitle", std::string("Clerk")}});
    CHECK(judged(there("W/\"8\""), other) == Kind::not_applied);
    CHECK(judged(there("W/\"8\""), there("W/\"9\"", sent)) == Kind::not_applied);
    CHECK(judged(absent, other) == Kind::indeterminate);
    CHECK(judged(absent, there("W/\"9\"", sent)) == Kind::applied);
}

TEST_CASE("A lost update is applied when equal, sent again when untouched, else contested", "[engine][I2]")
{
    using Kind = Judgement::Kind;
    const Fields sent{{"jobtitle", std::string("Buyer")}, {"telephone1", std::string("1")}};
    localstore::Intent intent;
    intent.steps = {step(localstore::StepKind::update, record(1), "If-Match: W/\"5\"", sent)};
    const auto judged = [&](Found found) {
        const std::vector<std::pair<RecordKey, Found>> all{{record(1), std::move(found)}};
        return judge(intent, all, std::nullopt);
    };
    CHECK(judged(there("W/\"5\"")).kind == Kind::resend);
    CHECK(judged(there("W/\"6\"", sent)).kind == Kind::applied);
    CHECK(judged(absent).kind == Kind::deleted_since);
    const Judgement contested =
        judged(there("W/\"6\"", {{"jobtitle", std::string("Clerk")}, {"telephone1", std::string("1")}}));
    REQUIRE(contested.kind == Kind::indeterminate);
    CHECK(contested.columns.front().columns == std::vector<std::string>{"jobtitle"});
}

TEST_CASE("A lost change set of creations of which some are not there may have been made and deleted",
          "[engine][I2]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    const Fields made{{"lastname", std::string("Poe")}};
    const Fields sent{{"jobtitle", std::string("Buyer")}};
    const Found otherwise = there("W/\"8\"", {{"lastname", std::string("Roe")}});
    localstore::Intent intent;
    intent.steps = {step(StepKind::create, record(1), "If-None-Match: *", made),
                    step(StepKind::create, record(2), "If-None-Match: *", made)};
    const auto judged = [&](Found first, Found second, const std::set<RecordKey>& deleted = {}) {
        const std::vector<std::pair<RecordKey, Found>> found{{record(1), std::move(first)},
                                                             {record(2), std::move(second)}};
        return judge(intent, found, std::nullopt, {{}, deleted}).kind;
    };
    CHECK(judged(there("W/\"8\"", made), absent) == Kind::applied);
    CHECK(judged(otherwise, absent) == Kind::indeterminate);
    CHECK(judged(absent, absent) == Kind::resend);

    intent.steps[1] = step(StepKind::update, record(2), "If-Match: W/\"5\"", sent);
    CHECK(judged(absent, there("W/\"5\"")) == Kind::resend);
    CHECK(judged(there("W/\"8\"", made), there("W/\"5\"")) == Kind::not_applied);
    CHECK(judged(absent, there("W/\"9\"", sent)) == Kind::not_applied);
    CHECK(judged(absent, there("W/\"9\"", sent), {record(1)}) == Kind::applied);
    CHECK(judged(absent, there("W/\"9\""), {record(1)}) == Kind::not_applied);
}

TEST_CASE("A lost change set without its receipt was not applied, whatever deletions are not told",
          "[engine][I2]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    localstore::Intent intent;
    intent.steps = {
        step(StepKind::create, record(1), "If-None-Match: *", {{"lastname", std::string("Poe")}}),
        step(StepKind::update, record(2), "If-Match: W/\"5\"", {{"jobtitle", std::string("Buyer")}})};
    const std::vector<std::pair<RecordKey, Found>> found{{record(1), absent}, {record(2), there("W/\"9\"")}};
    const Known untold{{}, {}, {}, {record(1)}};
    CHECK(judge(intent, found, std::nullopt, untold).kind == Kind::deleted_since);
    CHECK(judge(intent, found, absent, untold).kind == Kind::not_applied);
}

TEST_CASE("Of a change set that another copy holds, too, no record tells of the columns of another",
          "[engine][I1]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    const Fields made{{"lastname", std::string("Poe")}};
    localstore::Intent intent;
    intent.steps = {
        step(StepKind::create, record(1), "If-None-Match: *", made),
        step(StepKind::update, record(2), "If-Match: W/\"5\"", {{"jobtitle", std::string("Buyer")}})};
    const std::vector<std::pair<RecordKey, Found>> found{
        {record(1), there("W/\"8\"", made)},
        {record(2), there("W/\"9\"", {{"jobtitle", std::string("Theirs")}})}};
    CHECK(judge(intent, found, std::nullopt).kind == Kind::applied);
    const Judgement shared = judge(intent, found, std::nullopt, {.shared = true});
    REQUIRE(shared.kind == Kind::indeterminate);
    REQUIRE(shared.columns.size() == 1);
    CHECK(shared.columns.front().key == record(2));
    const std::map<RecordKey, Fields> before{{record(1), {}}, {record(2), {}}};
    CHECK(judge_outdated(intent, found, before, Reading::late).kind == Kind::applied);
    CHECK(judge_outdated(intent, found, before, Reading::late, {.shared = true}).kind == Kind::indeterminate);
}

TEST_CASE("A lost deletion whose record somebody made again had been applied", "[engine][I2]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    const Fields sent{{"jobtitle", std::string("Buyer")}};
    localstore::Intent intent;
    intent.steps = {step(StepKind::update, record(1), "If-Match: W/\"5\"", sent),
                    step(StepKind::remove, record(2), "If-Match: W/\"6\"", {})};
    const std::vector<std::pair<RecordKey, Found>> found{{record(1), there("W/\"9\"", sent)},
                                                         {record(2), there("W/\"9\"")}};
    CHECK(judge(intent, found, std::nullopt).kind == Kind::not_applied);
    CHECK(judge(intent, found, std::nullopt, {{}, {}, {record(2)}}).kind == Kind::applied);
}

TEST_CASE("A change set that was refused as outdated and read late may have been made and deleted in part",
          "[engine][I2]")
{
    using Kind = Judgement::Kind;
    using localstore::StepKind;
    localstore::Intent intent;
    intent.steps = {step(StepKind::create, record(1), "If-None-Match: *", {{"lastname", std::string("Poe")}}),
                    step(StepKind::update, record(2), "If-Match: W/\"5\"",
                         {{"jobtitle", std::string("Buyer")}, {"nickname", std::string("Doc")}})};
    const auto judged = [&](const char* job, const char* nickname, Reading reading,
                            const std::set<RecordKey>& deleted = {}) {
        const std::vector<std::pair<RecordKey, Found>> found{
            {record(1), absent},
            {record(2),
             there("W/\"9\"", {{"jobtitle", std::string(job)}, {"nickname", std::string(nickname)}})}};
        const std::map<RecordKey, Fields> before{{record(1), {}}, {record(2), {}}};
        return judge_outdated(intent, found, before, reading, {.deleted = deleted});
    };
    const Judgement in_part = judged("Buyer", "Theirs", Reading::late);
    REQUIRE(in_part.kind == Kind::indeterminate);
    REQUIRE(in_part.columns.size() == 1);
    CHECK(in_part.columns.front().key == record(2));
    CHECK(in_part.columns.front().columns == std::vector<std::string>{"nickname"});
    CHECK(judged("Theirs", "Theirs", Reading::late).kind == Kind::not_applied);
    CHECK(judged("Buyer", "Doc", Reading::late).kind == Kind::not_applied);
    CHECK(judged("Buyer", "Doc", Reading::late, {record(1)}).kind == Kind::applied);
    CHECK(judged("Buyer", "Theirs", Reading::at_once).kind == Kind::not_applied);
}
