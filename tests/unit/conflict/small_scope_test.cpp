#include "small_scope.h"
#include "tests/catch.h"

#include <cstdio>
#include <cstdlib>
#include <unordered_map>

using namespace hawser;
using namespace hawser::conflict;
using namespace hawser::conflict::small_scope;

namespace {

std::vector<Move> all_moves()
{
    std::vector<Move> moves;
    for (const Who who : {Who::here, Who::other, Who::colleague})
        for (const Edit edit :
             {Edit::create, Edit::own_first, Edit::common_first, Edit::own_second, Edit::remove})
            moves.push_back({Move::Kind::edit, who, edit});
    for (const Who who : {Who::here, Who::other}) moves.push_back({Move::Kind::cycle, who, {}});
    for (const Move::Kind kind :
         {Move::Kind::freeze, Move::Kind::answered, Move::Kind::answer_lost, Move::Kind::request_lost})
        moves.push_back({kind, Who::here, {}});
    return moves;
}

struct Count {
    std::uint64_t histories = 0;
    std::uint64_t worlds = 0; ///< That histories came to; each was brought to its end once.
    std::uint64_t decisions = 0;
};

/// Every history of at most so many moves, each to its end. What two histories have made the same is
/// gone on with once, and counted for both.
class Enumeration {
public:
    Count of(const World& start, std::size_t depth)
    {
        known_.resize(depth + 1);
        count_.histories = play(start, depth);
        return count_;
    }

private:
    std::uint64_t play(const World& world, std::size_t left)
    {
        const auto [known, is_new] = known_[left].try_emplace(world.key(), 1);
        if (!is_new) return known->second;
        ++count_.worlds;
        World end = world;
        guarded([&] { end.settle(); });
        count_.decisions += end.decisions() - world.decisions();
        if (left == 0) return 1;
        std::uint64_t histories = 1;
        for (const Move& move : moves_) {
            if (!world.allows(move)) continue;
            World next = world;
            story_.push_back(move);
            guarded([&] { next.make(move); });
            count_.decisions += next.decisions() - world.decisions();
            histories += play(next, left - 1);
            story_.pop_back();
        }
        return known->second = histories;
    }
    template <class Act>
    void guarded(const Act& act) const
    {
        try {
            act();
        } catch (const Broken& broken) {
            std::string story;
            for (const Move& move : story_) story += text_of(move) + "; ";
            FAIL(broken.law << "\nafter: " << story);
        }
    }

    const std::vector<Move> moves_ = all_moves();
    std::vector<Move> story_{};
    std::vector<std::unordered_map<std::string, std::uint64_t>> known_{};
    Count count_{};
};

Policy of_rule(Rule rule)
{
    Policy policy;
    policy.fallback = rule;
    return policy;
}

Policy grouped()
{
    Policy policy;
    policy.groups = {{"both", {"first", "second"}}};
    return policy;
}

#ifdef HAWSER_SANITIZED
constexpr std::size_t usual_depth = 4;
#else
constexpr std::size_t usual_depth = 5;
#endif

/// How long the histories are; the long run asks for one more.
std::size_t depth()
{
    const char* asked = std::getenv("HAWSER_SMALL_SCOPE");
    return asked == nullptr ? usual_depth : std::strtoul(asked, nullptr, 10);
}

void enumerate(const char* name, const Policy& policy, std::size_t moves)
{
    Count all;
    for (const bool is_there : {false, true}) {
        INFO(name << ", the record is " << (is_there ? "there" : "not there") << " at first");
        const Count count = Enumeration().of(World(policy, is_there), moves);
        all.histories += count.histories;
        all.worlds += count.worlds;
        all.decisions += count.decisions;
    }
    std::printf("small scope, %s: %llu histories of up to %zu moves to %llu worlds, %llu decisions\n", name,
                static_cast<unsigned long long>(all.histories), moves,
                static_cast<unsigned long long>(all.worlds), static_cast<unsigned long long>(all.decisions));
    CHECK(all.histories > 1'000);
}

} // namespace

TEST_CASE("In every history of three writers nothing is lost, nothing happens twice and all become equal")
{
    enumerate("ask", of_rule(Rule::ask), depth());
}

TEST_CASE("In every history of three writers an atomic group stays whole")
{
    enumerate("one group", grouped(), depth() - 1);
}

TEST_CASE("In every history of three writers each rule keeps the laws")
{
    enumerate("theirs", of_rule(Rule::theirs), depth() - 1);
    enumerate("mine", of_rule(Rule::mine), depth() - 1);
}
