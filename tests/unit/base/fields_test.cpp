#include "base/fields.h"
#include "tests/catch.h"

using namespace hawser;

TEST_CASE("text is equal as a server may store it, everything else exactly", "[fields]")
{
    const auto text = [](const char* value) { return Value{std::string(value)}; };
    CHECK(equal_as_stored(text("a\r\nb  "), text("a\nb")));
    CHECK(equal_as_stored(text("  \n"), Value{}));
    CHECK_FALSE(equal_as_stored(text("a b"), text("ab")));
    CHECK_FALSE(equal_as_stored(text(" a"), text("a")));
    CHECK_FALSE(equal_as_stored(Value{Decimal{"1"}}, text("1")));
    CHECK_FALSE(equal_as_stored(Value{}, text("a")));
    CHECK(equal_as_stored(Value{}, Value{}));
}

TEST_CASE("a party without an address is equal to the one into which a server filled it", "[fields]")
{
    const Lookup ann{"contact", *Guid::parse("00000000-0000-0000-0000-000000000001")},
        bob{"contact", *Guid::parse("00000000-0000-0000-0000-000000000002")};
    const auto parties = [](std::vector<Party> all) { return Value{parties_to_collection(all)}; };
    const Value sent = parties({{ann, "", {2}}});
    CHECK(equal_as_stored(sent, parties({{ann, "ann@example.com", {2}}})));
    CHECK_FALSE(equal_as_stored(sent, parties({{ann, "ann@example.com", {3}}})));
    CHECK_FALSE(equal_as_stored(sent, parties({{bob, "ann@example.com", {2}}})));
    CHECK_FALSE(equal_as_stored(sent, parties({{ann, "ann@example.com", {2}}, {bob, "", {2}}})));
    CHECK_FALSE(equal_as_stored(parties({{ann, "a@b", {2}}}), parties({{ann, "ann@example.com", {2}}})));
    CHECK_FALSE(equal_as_stored(parties({{ann, "a@b", {2}}}), sent));
    CHECK_FALSE(equal_as_stored(sent, Value{}));
    CHECK(equal_as_stored(Value{}, Value{Collection{}}));
    CHECK(equal_as_stored(Value{Collection{}}, Value{}));
}
