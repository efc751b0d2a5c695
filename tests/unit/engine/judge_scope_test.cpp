// Every history of one lost request in a small world, enumerated: our request, three moves of somebody else before and
// after it, or its never arriving. The model knows what happened; the judgement sees only what is left.

#include "engine/judge.h"
#include "tests/catch.h"

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

using namespace hawser;
using namespace hawser::engine;
using localstore::StepKind;

namespace {

const RecordKey key{"contact", *Guid::parse("10000000-0000-4000-8000-000000000001")};

/// What somebody else does to the record.
enum class Move { sets_a, sets_a_as_we_do, sets_b, removes, makes_again };
constexpr std::array moves{Move::sets_a, Move::sets_a_as_we_do, Move::sets_b, Move::removes,
                           Move::makes_again};

struct World {
    bool there = false;
    int version = 0;
    int life = 0; ///< One more with each creation.
    std::string a = "former";
    std::string b = "former";
};

bool make(World& world, Move move)
{
    if ((move == Move::makes_again) == world.there) return false;
    ++world.version;
    if (move == Move::sets_a) world.a = "theirs";
    if (move == Move::sets_a_as_we_do) world.a = "ours";
    if (move == Move::sets_b) world.b = "theirs";
    if (move == Move::removes) world.there = false;
    if (move == Move::makes_again) {
        world.there = true;
        ++world.life;
        world.a = "theirs";
        world.b.clear();
    }
    return true;
}

/// Our request, conditional on the first version, or on the record's not being there. Whether it took effect.
bool arrive(World& world, StepKind kind, bool both_columns)
{
    if (kind == StepKind::create ? world.there : !world.there || world.version != 1) return false;
    ++world.version;
    if (kind == StepKind::remove) {
        world.there = false;
        return true;
    }
    if (kind == StepKind::create) {
        world.there = true;
        ++world.life;
        world.b.clear();
    }
    world.a = "ours";
    if (both_columns) world.b = "ours";
    return true;
}

struct History {
    StepKind kind = StepKind::update;
    bool both_columns = false;
    bool with_receipt = false;
    std::vector<Move> before{};
    bool arrives = false;
    std::vector<Move> after{};
};

/// What became of it.
struct End {
    World world;
    bool applied = false;
    bool deleted_since = false; ///< Behind our request.
    int life = 0;               ///< Of the record that was sent against.
};

std::optional<End> lived(const History& history)
{
    End end;
    if (history.kind != StepKind::create) end.world = {true, 1, 1, "former", "former"};
    end.life = end.world.life;
    for (const Move move : history.before)
        if (!make(end.world, move)) return std::nullopt;
    if (history.arrives) end.applied = arrive(end.world, history.kind, history.both_columns);
    for (const Move move : history.after) {
        if (!make(end.world, move)) return std::nullopt;
        end.deleted_since = end.deleted_since || move == Move::removes;
    }
    return end;
}

Judgement judged(const History& history, const End& end)
{
    localstore::Intent intent;
    localstore::IntentStep step;
    step.kind = history.kind;
    step.key = key;
    step.condition = history.kind == StepKind::create ? "If-None-Match: *" : "If-Match: W/\"1\"";
    if (history.kind != StepKind::remove) {
        step.sent["a"] = std::string("ours");
        if (history.both_columns) step.sent["b"] = std::string("ours");
    }
    intent.steps = {step};
    Found found{Found::Presence::absent, {}, {}};
    if (end.world.there) {
        found = {Found::Presence::present, "W/\"" + std::to_string(end.world.version) + "\"", {}};
        found.fields["a"] = end.world.a;
        if (!end.world.b.empty()) found.fields["b"] = end.world.b;
    }
    Known known;
    if (history.kind == StepKind::remove && end.world.there && end.world.life != end.life)
        known.reborn.insert(key);
    std::optional<Found> receipt;
    if (history.with_receipt)
        receipt = Found{end.applied ? Found::Presence::present : Found::Presence::absent, {}, {}};
    const std::vector<std::pair<RecordKey, Found>> records{{key, found}};
    return judge(intent, records, receipt, known);
}

bool says_ours(const End& end, bool both_columns)
{
    return end.world.there && end.world.a == "ours" && (!both_columns || end.world.b == "ours");
}

void check(const History& history, const End& end)
{
    using Kind = Judgement::Kind;
    const Judgement judgement = judged(history, end);
    const bool removes = history.kind == StepKind::remove;
    World again = end.world;
    const bool would_apply = arrive(again, history.kind, history.both_columns);
    switch (judgement.kind) {
    case Kind::resend:
        // I2: what had taken effect cannot take effect once more, unless a deletion is told that says so.
        REQUIRE((!end.applied || !would_apply || (history.kind == StepKind::create && end.deleted_since)));
        REQUIRE(would_apply);
        break;
    case Kind::applied:
        // I1: nothing is taken for done that is not there, or was.
        REQUIRE((end.applied || (removes ? !end.world.there || end.world.life != end.life
                                         : says_ours(end, history.both_columns))));
        break;
    case Kind::not_applied:
        // I2: what took effect is not decided about anew.
        REQUIRE_FALSE(end.applied);
        break;
    case Kind::deleted_since:
        REQUIRE_FALSE(end.world.there);
        break;
    case Kind::indeterminate:
        // Asked only where equality proves nothing, and about what differs.
        REQUIRE_FALSE(history.with_receipt);
        REQUIRE(end.world.there);
        REQUIRE(judgement.columns.size() == 1);
        REQUIRE_FALSE(judgement.columns.front().columns.empty());
        for (const std::string& column : judgement.columns.front().columns)
            REQUIRE((column == "a" ? end.world.a : end.world.b) != "ours");
        break;
    default:
        FAIL("nothing is left open that was read");
    }
    // Where nobody else wrote the answer is certain.
    if (history.before.empty() && history.after.empty())
        REQUIRE(judgement.kind == (history.arrives ? Kind::applied : Kind::resend));
}

/// All lists of up to so many moves.
std::vector<std::vector<Move>> lists(std::size_t most)
{
    std::vector<std::vector<Move>> all{{}};
    for (std::size_t begin = 0, length = 0; length < most; ++length) {
        const std::size_t end = all.size();
        for (std::size_t i = begin; i < end; ++i)
            for (const Move move : moves) {
                all.push_back(all[i]);
                all.back().push_back(move);
            }
        begin = end;
    }
    return all;
}

} // namespace

TEST_CASE("A lost answer is judged rightly in every small history", "[engine][I2][scope]")
{
    const auto all = lists(3);
    int histories = 0;
    for (const StepKind kind : {StepKind::create, StepKind::update, StepKind::remove})
        for (const bool both_columns : {false, true})
            for (const bool with_receipt : {false, true})
                for (const bool arrives : {false, true})
                    for (const auto& before : all)
                        for (const auto& after : all) {
                            if (!arrives && !after.empty()) continue;
                            const History history{kind, both_columns, with_receipt, before, arrives, after};
                            const auto end = lived(history);
                            if (!end) continue;
                            check(history, *end);
                            ++histories;
                        }
    std::printf("small scope, lost answers: %d histories\n", histories);
    CHECK(histories > 10'000);
}
