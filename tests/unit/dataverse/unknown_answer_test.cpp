#include "tests/catch.h"
#include "transport/dataverse/unknown_answer.h"

using namespace hawser;
using namespace hawser::dataverse;
using Kind = Verdict::Kind;
using Presence = Seen::Presence;

namespace {

Sent sent(Sent::Kind kind, Sent::Proof proof = Sent::Proof::equality)
{
    return {kind,
            proof,
            "W/\"5\"",
            {{"firstname", Value{std::string("Ann")}}, {"age", Value{std::int64_t{7}}}, {"note", Value{}}}};
}

Seen seen(Presence record, std::string etag = {}, Fields columns = {}, Presence receipt = Presence::absent)
{
    return {record, std::move(etag), std::move(columns), receipt};
}

const Fields ours{
    {"firstname", Value{std::string("Ann")}}, {"age", Value{std::int64_t{7}}}, {"other", Value{true}}};

} // namespace

TEST_CASE("an unknown create is sent again when absent and was applied when present", "[unknown]")
{
    CHECK(judge_unknown(sent(Sent::Kind::create), seen(Presence::absent)).kind == Kind::resend);
    CHECK(judge_unknown(sent(Sent::Kind::create), seen(Presence::present, "W/\"9\"", ours)).kind ==
          Kind::applied);
}

TEST_CASE("an unknown create that is there otherwise may be another copy's", "[unknown]")
{
    auto theirs = ours;
    theirs["age"] = std::int64_t{8};
    const auto other = seen(Presence::present, "W/\"9\"", theirs, Presence::absent);
    auto create = sent(Sent::Kind::create);
    CHECK(judge_unknown(create, other).kind == Kind::indeterminate);
    CHECK(judge_unknown(create, other).columns == std::vector<std::string>{"age"});
    create.revival = true;
    CHECK(judge_unknown(create, other).kind == Kind::not_applied);
    CHECK(judge_unknown(sent(Sent::Kind::create, Sent::Proof::receipt), other).kind == Kind::not_applied);
}

TEST_CASE("an unknown update is judged by etag, then by the columns that were sent", "[unknown]")
{
    const auto update = sent(Sent::Kind::update);
    CHECK(judge_unknown(update, seen(Presence::present, "W/\"5\"", {})).kind == Kind::resend);
    CHECK(judge_unknown(update, seen(Presence::present, "W/\"6\"", ours)).kind == Kind::applied);
    CHECK(judge_unknown(update, seen(Presence::absent)).kind == Kind::gone);

    auto theirs = ours;
    theirs["age"] = std::int64_t{8};
    const auto partly = judge_unknown(update, seen(Presence::present, "W/\"6\"", theirs));
    CHECK(partly.kind == Kind::indeterminate);
    CHECK(partly.columns == std::vector<std::string>{"age"});

    const auto all =
        judge_unknown(update, seen(Presence::present, "W/\"6\"", {{"note", Value{std::string("x")}}}));
    CHECK(all.columns == std::vector<std::string>{"age", "firstname", "note"});
}

TEST_CASE("an unknown deletion never overrides an edit", "[unknown]")
{
    const auto remove = sent(Sent::Kind::remove);
    CHECK(judge_unknown(remove, seen(Presence::absent)).kind == Kind::applied);
    CHECK(judge_unknown(remove, seen(Presence::present, "W/\"5\"")).kind == Kind::resend);
    CHECK(judge_unknown(remove, seen(Presence::present, "W/\"6\"")).kind == Kind::not_applied);
}

TEST_CASE("a receipt row is the proof where equality proves nothing", "[unknown]")
{
    const auto update = sent(Sent::Kind::update, Sent::Proof::receipt);
    CHECK(judge_unknown(update, seen(Presence::present, "W/\"6\"", {}, Presence::present)).kind ==
          Kind::applied);
    CHECK(judge_unknown(update, seen(Presence::present, "W/\"6\"", ours, Presence::absent)).kind ==
          Kind::not_applied);
    CHECK(judge_unknown(update, seen(Presence::present, "W/\"5\"", ours, Presence::absent)).kind ==
          Kind::resend);
    CHECK(judge_unknown(update, seen(Presence::present, "W/\"6\"", ours, Presence::no_answer)).kind ==
          Kind::ask_again);
}

TEST_CASE("no answer to the verifying read decides nothing", "[unknown]")
{
    for (const auto kind : {Sent::Kind::create, Sent::Kind::update, Sent::Kind::remove})
        for (const auto proof : {Sent::Proof::equality, Sent::Proof::receipt})
            CHECK(
                judge_unknown(sent(kind, proof), seen(Presence::no_answer, "", {}, Presence::absent)).kind ==
                Kind::ask_again);
}
