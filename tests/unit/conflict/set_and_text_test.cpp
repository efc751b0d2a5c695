#include "conflict/set_merge.h"
#include "conflict/text_merge.h"
#include "hawser/random.h"
#include "tests/catch.h"

#include <string>
#include <vector>

using namespace hawser;
using namespace hawser::conflict;

namespace {

std::string any_text(Random& random, std::size_t lines)
{
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) text += std::to_string(below(random, 6)) + "\n";
    if (below(random, 3) == 0) text += "end";
    return text;
}

std::string edited(Random& random, const std::string& text)
{
    std::string result;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
        const auto draw = below(random, 12);
        if (draw == 0) result += "added " + std::to_string(below(random, 3)) + "\n";
        if (draw != 1) result += draw == 2 ? "changed\n" : text.substr(begin, end - begin);
        begin = end;
    }
    return result;
}

} // namespace

TEST_CASE("Every combination of one element's three versions merges as it should")
{
    const std::vector<std::string> values{"", "1", "2", "3"};
    const auto collection = [](const std::string& value) {
        return value.empty() ? Collection{} : Collection{{{"k", value}}};
    };
    for (const auto& b : values) {
        for (const auto& m : values) {
            for (const auto& t : values) {
                INFO("base " << b << " mine " << m << " theirs " << t);
                const SetMerge result = merge_sets(collection(b), collection(m), collection(t));
                const bool contested = m != b && t != b && m != t;
                CHECK(result.contested_keys.empty() != contested);
                CHECK(result.merged == collection(m == b ? t : m));
            }
        }
    }
}

TEST_CASE("Choices merge number by number")
{
    CHECK(merge_choices("1,2,3", "1,3", "1,2,3,4") == "1,3,4");
    CHECK(merge_choices("", "1", "2") == "1,2");
    CHECK(merge_choices("1", "", "") == "");
    CHECK(merge_choices("1,2", "2", "1") == "");
    for (const char* bad : {"x", "1,", ",1", "1;2", "1, 2", "99999999999999999999"})
        CHECK_FALSE(merge_choices("1", bad, "2"));
}

TEST_CASE("Lines that different sides changed are merged")
{
    CHECK(merge_lines("a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nc\nd\ne\n") == "a\nB\nc\nd\ne\n");
    CHECK(merge_lines("a\nb\nc\nd\n", "b\nc\nd\n", "a\nb\nc\n") == "b\nc\n");
    CHECK(merge_lines("a\nb\nc\n", "a\nx\nb\nc\n", "a\nb\ny\nc\n") == "a\nx\nb\ny\nc\n");
    CHECK(merge_lines("", "x\n", "x\n") == "x\n");
    CHECK_FALSE(merge_lines("", "x\n", "y\n"));
    CHECK_FALSE(merge_lines("a\nb\n", "a\nx\n", "a\ny\n"));
    CHECK_FALSE(merge_lines("a\nb\n", "A\nb\n", "a\nB\n"));
    CHECK_FALSE(merge_lines("a\nb\nc\n", "a\nc\n", "a\nB\nc\n"));
}

TEST_CASE("Merging lines obeys its laws")
{
    int merged = 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        const auto random = seeded_random(seed);
        INFO("seed " << seed);
        const std::string base = any_text(*random, below(*random, 30));
        const std::string x = edited(*random, base);
        const std::string y = edited(*random, base);
        REQUIRE(merge_lines(base, x, x) == x);
        REQUIRE(merge_lines(base, base, x) == x);
        REQUIRE(merge_lines(base, x, base) == x);
        const auto both = merge_lines(base, x, y);
        REQUIRE(both == merge_lines(base, y, x));
        merged += both && x != base && y != base && x != y ? 1 : 0;
    }
    CHECK(merged > 200);
}

TEST_CASE("Edits in different places of a long text merge, and hopeless comparisons end soon")
{
    std::string base;
    for (int i = 0; i < 20000; ++i) base += "line " + std::to_string(i) + "\n";
    std::string mine = "first\n" + base;
    std::string theirs = base + "last\n";
    CHECK(merge_lines(base, mine, theirs) == "first\n" + base + "last\n");

    const auto random = seeded_random(9);
    CHECK_FALSE(merge_lines(any_text(*random, 20000), any_text(*random, 20000), any_text(*random, 20000)));
}

TEST_CASE("An address that the organization fills into a participant is nobody's change")
{
    const Lookup ann{"contact", *Guid::parse("00000000-0000-0000-0000-000000000001")};
    const auto list = [&](std::vector<Party> parties) { return parties_to_collection(parties); };
    const Collection none, plain = list({{ann, "", {5}}}), filled = list({{ann, "ann@example.com", {5}}}),
                           another = list({{ann, "ann@elsewhere.example", {5}}}),
                           also_sender = list({{ann, "", {1, 5}}});
    struct Row {
        const Collection &base, &mine, &theirs, &merged;
        bool contested;
    };
    for (const Row& row :
         {Row{none, plain, filled, filled, false}, Row{none, filled, plain, filled, false},
          Row{plain, none, filled, none, false}, Row{plain, also_sender, filled, also_sender, false},
          Row{plain, plain, filled, filled, false}, Row{plain, filled, filled, filled, false},
          Row{none, another, filled, another, true}, Row{plain, none, also_sender, none, true}}) {
        const SetMerge merge = merge_sets(row.base, row.mine, row.theirs);
        CHECK(merge.merged == row.merged);
        CHECK(merge.contested_keys.empty() != row.contested);
    }
}

TEST_CASE("An edit of a list is taken back element by element, and of a participant role by role")
{
    const auto kim = [](std::vector<int> roles) {
        if (roles.empty()) return Collection{};
        return parties_to_collection({{{}, "kim@example.com", std::move(roles)}});
    };
    const std::vector<std::vector<int>> choices{{}, {5}, {6}, {5, 6}, {7}, {5, 7}};
    for (const auto& b : choices)
        for (const auto& other : choices) {
            CHECK(take_back(kim(b), kim(other), kim(other)) == kim(b));
            CHECK(take_back(kim(b), kim(b), kim(other)) == kim(other));
        }
    // Invited here as 5, made a 6 by somebody else: that stays, and so does whom they brought along.
    const Party max{{}, "max@example.com", {5}};
    const Collection now = parties_to_collection({{{}, "kim@example.com", {6}}, max});
    CHECK(take_back(kim({}), kim({5}), now) == now);
    // Made a 6 here, and a 7 by somebody else.
    CHECK(take_back(kim({5}), kim({6}), kim({7})) == kim({5, 7}));
    // Taken out here, and put in again otherwise by somebody else.
    CHECK(take_back(kim({5}), kim({}), kim({6})) == kim({5, 6}));
    // Invited here, and taken out by somebody else.
    CHECK(take_back(kim({}), kim({5}), kim({})) == kim({}));
    // What is no participant is as it was before.
    const auto plain = [](const char* value) { return Collection{{{"k", value}}}; };
    CHECK(take_back(plain("1"), plain("2"), plain("3")) == plain("1"));
    CHECK(take_back({}, plain("2"), plain("3")) == Collection{});
}
