#include "conflict/merge.h"
#include "sample.h"
#include "tests/catch.h"

#include <algorithm>
#include <map>

using namespace hawser;
using namespace hawser::conflict;

namespace {

constexpr std::uint64_t seeds = 4000;

/// One draw of everything a law speaks about.
struct Draw {
    explicit Draw(std::uint64_t seed, const std::vector<Rule>& without = {})
    {
        const auto random = seeded_random(seed);
        policy = sample::any_policy(*random, without);
        base = sample::any_fields(*random);
        local = sample::edited(*random, base);
        remote = sample::edited(*random, base);
    }

    Policy policy;
    Fields base;
    Fields local;
    Fields remote;
};

Fields fields_of(const Merge& merge)
{
    return merge.merged;
}

Value at(const Fields& fields, const std::string& column)
{
    const auto found = fields.find(column);
    return found == fields.end() ? Value{Null{}} : found->second;
}

} // namespace

TEST_CASE("What only they changed is taken: m(b, b, r) = r")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.base, d.remote, d.policy);
        REQUIRE(result.merged == without_nulls(d.remote));
        REQUIRE(result.contested.empty());
        REQUIRE(result.from_mine.empty());
    }
}

TEST_CASE("What only I changed is kept: m(b, l, b) = l")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.local, d.base, d.policy);
        REQUIRE(result.merged == without_nulls(d.local));
        REQUIRE(result.contested.empty());
        REQUIRE(result.from_theirs.empty());
    }
}

TEST_CASE("Merging is a function: equal arguments give equal results, nulls or not")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.local, d.remote, d.policy);
        REQUIRE(result == merge(d.base, d.local, d.remote, d.policy));
        REQUIRE(result ==
                merge(without_nulls(d.base), without_nulls(d.local), without_nulls(d.remote), d.policy));
    }
}

TEST_CASE("A merge is stable: x = m(b, l, r) gives m(r, x, r) = x")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Fields x = fields_of(merge(d.base, d.local, d.remote, d.policy));
        REQUIRE(fields_of(merge(d.remote, x, d.remote, d.policy)) == x);
    }
}

TEST_CASE("Two equal edits are one, unless they add: m(b, x, x) = x")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed, {Rule::add});
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.local, d.local, d.policy);
        REQUIRE(result.merged == without_nulls(d.local));
        REQUIRE(result.contested.empty());
    }
}

TEST_CASE("Every value and element of a merge is somebody's, unless it was added up or merged by line")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed, {Rule::add, Rule::text});
        INFO("seed " << seed);
        for (const auto& [column, value] : merge(d.base, d.local, d.remote, d.policy).merged) {
            INFO(column);
            const Value versions[] = {at(d.base, column), at(d.local, column), at(d.remote, column)};
            const bool whole =
                std::find(std::begin(versions), std::end(versions), value) != std::end(versions);
            if (whole) continue;
            if (column == "choices") {
                REQUIRE(std::holds_alternative<std::string>(value));
                continue;
            }
            const auto* collection = std::get_if<Collection>(&value);
            REQUIRE(collection != nullptr);
            for (const Element& element : collection->elements) {
                const bool known =
                    std::any_of(std::begin(versions), std::end(versions), [&](const Value& version) {
                        const auto* from = std::get_if<Collection>(&version);
                        return from != nullptr && std::find(from->elements.begin(), from->elements.end(),
                                                            element) != from->elements.end();
                    });
                REQUIRE(known);
            }
        }
    }
}

TEST_CASE("Nobody is asked unless an edit of mine and an edit of theirs are at stake")
{
    std::size_t questions = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.local, d.remote, d.policy);
        std::map<std::string, std::pair<bool, bool>> at_stake;
        for (const Contested& contested : result.contested) {
            auto& [mine, theirs] = at_stake[contested.group.empty() ? contested.column : contested.group];
            mine = mine || contested.mine != contested.base;
            theirs = theirs || contested.theirs != contested.base;
        }
        for (const auto& [what, sides] : at_stake) {
            INFO(what);
            ++questions;
            REQUIRE(sides.first);
            REQUIRE(sides.second);
        }
    }
    REQUIRE(questions > 0);
}

TEST_CASE("A contested column holds mine, and so does all of its group")
{
    std::size_t contested_columns = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.local, d.remote, d.policy);
        for (const Contested& contested : result.contested) {
            ++contested_columns;
            REQUIRE(contested.mine == at(d.local, contested.column));
            REQUIRE(contested.theirs == at(d.remote, contested.column));
            REQUIRE(contested.base == at(d.base, contested.column));
            REQUIRE(contested.mine != contested.theirs);
            for (const std::string& column : with_groups({contested.column}, d.policy))
                REQUIRE(at(result.merged, column) == at(d.local, column));
        }
    }
    REQUIRE(contested_columns > seeds / 10);
}

TEST_CASE("An atomic group is whole: all mine or all theirs")
{
    std::size_t mixed_inputs = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Merge result = merge(d.base, d.local, d.remote, d.policy);
        for (const AtomicGroup& group : d.policy.groups) {
            bool mine = true;
            bool theirs = true;
            for (const std::string& column : group.columns) {
                if (d.policy.group_of(column) == nullptr) continue;
                mine = mine && at(result.merged, column) == at(d.local, column);
                theirs = theirs && at(result.merged, column) == at(d.remote, column);
            }
            REQUIRE((mine || theirs));
            mixed_inputs += mine != theirs ? 1U : 0U;
        }
    }
    REQUIRE(mixed_inputs > seeds / 10);
}

TEST_CASE("A reserved column is never merged: it agrees, or it is contested and mine stays")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const Reserved reserved{{"count", std::string(may_be_applied)},
                                {"second", std::string(may_be_applied)}};
        const Merge result = merge(d.base, d.local, d.remote, d.policy, reserved);
        for (const std::string column : {"count", "second"}) {
            if (d.policy.rule_of(column) == Rule::volatile_column) continue;
            REQUIRE(at(result.merged, column) == at(d.local, column));
            const auto same = [&](const Contested& contested) { return contested.column == column; };
            const auto found = std::find_if(result.contested.begin(), result.contested.end(), same);
            REQUIRE((found != result.contested.end()) == (at(d.local, column) != at(d.remote, column)));
            if (found != result.contested.end()) REQUIRE(found->reason == may_be_applied);
        }
    }
}

TEST_CASE("Folding one change over the server's copy is merging it")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        std::set<std::string> changed;
        for (const std::string& column : sample::columns)
            if (at(d.base, column) != at(d.local, column)) changed.insert(column);
        Fields before;
        Fields after;
        for (const std::string& column : with_groups(changed, d.policy)) {
            before[column] = at(d.base, column);
            after[column] = at(d.local, column);
        }
        REQUIRE(apply(before, d.base, after, d.policy) == without_nulls(d.local));
        REQUIRE(apply(before, d.remote, after, d.policy) ==
                merge(d.base, d.local, d.remote, d.policy).merged);
    }
}

TEST_CASE("Sending the net effect makes the server's copy ours, apart from what is masked or volatile")
{
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Draw d(seed);
        INFO("seed " << seed);
        const std::set<std::string, std::less<>> masked{"count", "second"};
        const Fields effect = net_effect(d.base, d.local, masked, d.policy);
        Fields server = d.base;
        for (const auto& [column, value] : effect) server.insert_or_assign(column, value);
        const auto hidden = with_groups({"count", "second"}, d.policy);
        for (const std::string& column : sample::columns) {
            INFO(column);
            const bool left_out =
                hidden.contains(column) || d.policy.rule_of(column) == Rule::volatile_column;
            if (left_out)
                REQUIRE_FALSE(effect.contains(column));
            else
                REQUIRE(at(server, column) == at(d.local, column));
        }
        REQUIRE(net_effect(d.local, d.local, {}, d.policy).empty());
    }
}
