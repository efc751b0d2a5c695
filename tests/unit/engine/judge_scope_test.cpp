// Every history of one lost request in a small world, enumerated: our request about one record or two, some moves of
// somebody else before and after it, or its never arriving. The model knows what happened; the judgement sees only
// what is left.

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

bool says_ours(const World& world, bool both_columns = true)
{
    return world.there && world.a == "ours" && (!both_columns || world.b == "ours");
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
                                         : says_ours(end.world, history.both_columns))));
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

/// All lists of up to so many of these.
template <class Element, std::size_t size>
std::vector<std::vector<Element>> lists(const std::array<Element, size>& elements, std::size_t most)
{
    std::vector<std::vector<Element>> all{{}};
    for (std::size_t begin = 0, length = 0; length < most; ++length) {
        const std::size_t end = all.size();
        for (std::size_t i = begin; i < end; ++i)
            for (const Element& element : elements) {
                all.push_back(all[i]);
                all.back().push_back(element);
            }
        begin = end;
    }
    return all;
}

/// One of the two records of a change set, and what somebody else does to it.
struct MoveOf {
    std::size_t record = 0;
    Move move = Move::sets_a;
};

struct SetHistory {
    std::array<StepKind, 2> kinds{};
    bool told = false; ///< Deletions of records that are not here are told.
    std::vector<MoveOf> before{};
    bool arrives = false;
    std::vector<MoveOf> after{};
};

struct SetEnd {
    std::array<World, 2> worlds;
    std::array<int, 2> lives{};
    std::array<bool, 2> deleted{}; ///< At any time.
    bool applied = false;
};

std::optional<SetEnd> lived(const SetHistory& history)
{
    SetEnd end;
    for (std::size_t i = 0; i < 2; ++i) {
        if (history.kinds[i] != StepKind::create) end.worlds[i] = {true, 1, 1, "former", "former"};
        end.lives[i] = end.worlds[i].life;
    }
    const auto run = [&](const std::vector<MoveOf>& theirs) {
        for (const MoveOf& one : theirs) {
            if (!make(end.worlds[one.record], one.move)) return false;
            end.deleted[one.record] = end.deleted[one.record] || one.move == Move::removes;
        }
        return true;
    };
    if (!run(history.before)) return std::nullopt;
    if (history.arrives) {
        std::array<World, 2> both = end.worlds;
        end.applied = arrive(both[0], history.kinds[0], true) && arrive(both[1], history.kinds[1], true);
        if (end.applied) end.worlds = both;
    }
    if (!run(history.after)) return std::nullopt;
    return end;
}

Judgement judged(const SetHistory& history, const SetEnd& end)
{
    localstore::Intent intent;
    Known known;
    std::vector<std::pair<RecordKey, Found>> records;
    for (std::size_t i = 0; i < 2; ++i) {
        const World& world = end.worlds[i];
        RecordKey one = key;
        if (i == 1) one.id = *Guid::parse("10000000-0000-4000-8000-000000000002");
        localstore::IntentStep step;
        step.kind = history.kinds[i];
        step.key = one;
        step.condition = history.kinds[i] == StepKind::create ? "If-None-Match: *" : "If-Match: W/\"1\"";
        if (history.kinds[i] != StepKind::remove)
            step.sent = {{"a", std::string("ours")}, {"b", std::string("ours")}};
        intent.steps.push_back(step);
        Found found{Found::Presence::absent, {}, {}};
        if (world.there) {
            found = {Found::Presence::present, "W/\"" + std::to_string(world.version) + "\"", {}};
            found.fields["a"] = world.a;
            if (!world.b.empty()) found.fields["b"] = world.b;
        }
        if (history.kinds[i] == StepKind::remove && world.there && world.life != end.lives[i])
            known.reborn.insert(one);
        if (history.kinds[i] == StepKind::create && !history.told) known.untold.insert(one);
        if (history.kinds[i] == StepKind::create && history.told && !world.there && end.deleted[i])
            known.deleted.insert(one);
        records.emplace_back(one, found);
    }
    return judge(intent, records, std::nullopt, known);
}

std::string told_in_words(const SetHistory& history)
{
    constexpr std::array names{"sets a", "sets a as we do", "sets b", "removes", "makes again"};
    std::string text;
    for (const StepKind kind : history.kinds) text += std::string(localstore::to_text(kind)) + " ";
    const auto add = [&](const std::vector<MoveOf>& theirs) {
        for (const MoveOf& one : theirs)
            text += std::string(names[static_cast<std::size_t>(one.move)]) + " " +
                    std::to_string(one.record + 1) + ", ";
    };
    add(history.before);
    text += history.arrives ? "it arrives, " : "it never arrives, ";
    add(history.after);
    return text + (history.told ? "deletions are told" : "deletions are not told");
}

void check(const SetHistory& history, const SetEnd& end)
{
    const auto require = [&](bool holds) {
        if (!holds) FAIL(told_in_words(history));
    };
    using Kind = Judgement::Kind;
    const Judgement judgement = judged(history, end);
    std::array<World, 2> again = end.worlds;
    const bool would_apply =
        arrive(again[0], history.kinds[0], true) && arrive(again[1], history.kinds[1], true);
    bool shows =
        false; ///< A record says something that only the set, or whoever wrote the same, can have said.
    bool all_ours = true;
    bool any_gone = false;
    for (std::size_t i = 0; i < 2; ++i) {
        const World& world = end.worlds[i];
        const bool removes = history.kinds[i] == StepKind::remove;
        if (!removes && world.there && (world.a == "ours" || world.b == "ours")) shows = true;
        const bool ours = removes ? !world.there || world.life != end.lives[i] : says_ours(end.worlds[i]);
        all_ours = all_ours && ours;
        any_gone = any_gone || !world.there;
    }
    switch (judgement.kind) {
    case Kind::resend:
        require(would_apply);
        require(!end.applied || !history.told);
        break;
    case Kind::applied:
        // I1: another record of the set, or this one, proves it.
        require(end.applied || all_ours || shows);
        break;
    case Kind::not_applied:
        // I2: where anything shows it, what took effect is not decided about anew.
        require(!(end.applied && shows));
        break;
    case Kind::deleted_since:
        require(any_gone);
        break;
    case Kind::indeterminate:
        require(!(judgement.columns.empty()));
        break;
    default:
        FAIL("nothing is left open that was read");
    }
    if (history.before.empty() && history.after.empty())
        require(judgement.kind == (history.arrives ? Kind::applied : Kind::resend));
}

} // namespace

TEST_CASE("A lost answer is judged rightly in every small history", "[engine][I2][scope]")
{
    const auto all = lists(moves, 3);
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

TEST_CASE("A lost change set is judged rightly in every small history", "[engine][I2][scope]")
{
    std::array<MoveOf, 2 * moves.size()> both{};
    for (std::size_t i = 0; i < both.size(); ++i) both[i] = {i / moves.size(), moves[i % moves.size()]};
    const auto before_all = lists(both, 2);
    const auto after_all = lists(both, 3);
    int histories = 0;
    constexpr std::array kinds{StepKind::create, StepKind::update, StepKind::remove};
    for (const StepKind first : kinds)
        for (const StepKind second : kinds)
            for (const bool told : {false, true})
                for (const bool arrives : {false, true})
                    for (const auto& before : before_all)
                        for (const auto& after : after_all) {
                            if (!arrives && !after.empty()) continue;
                            const SetHistory history{{first, second}, told, before, arrives, after};
                            const auto end = lived(history);
                            if (!end) continue;
                            check(history, *end);
                            ++histories;
                        }
    std::printf("small scope, lost change sets: %d histories\n", histories);
    CHECK(histories > 100'000);
}
