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
