#include "base/decimal.h"
#include "hawser/random.h"
#include "tests/catch.h"

#include <string>

using hawser::Decimal;
using hawser::parse_decimal;

namespace {

Decimal of(std::int64_t units, int places)
{
    return parse_decimal(std::to_string(units) + "e-" + std::to_string(places)).value();
}

} // namespace

TEST_CASE("Numbers come out in one spelling")
{
    struct Row {
        const char* given;
        const char* canonical;
    };
    const Row rows[] = {
        {"1e3", "1000"},       {"007", "7"},
        {"-0", "0"},           {"0.0", "0"},
        {"1.50", "1.5"},       {"+12.5", "12.5"},
        {".5", "0.5"},         {"5.", "5"},
        {"-00.250", "-0.25"},  {"12.5E-1", "1.25"},
        {"1e-3", "0.001"},     {"-1.5e+2", "-150"},
        {"0e999", "0"},        {"100.00e-2", "1"},
        {"0.001e3", "1"},      {"123456789012345678901234567890.10", "123456789012345678901234567890.1"},
        {"1e000000002", "100"}};
    for (const Row& row : rows) {
        INFO(row.given);
        const auto number = parse_decimal(row.given);
        REQUIRE(number);
        CHECK(number->text == row.canonical);
        CHECK(parse_decimal(number->text) == number);
    }
}

TEST_CASE("What is no number, or an enormous one, is refused")
{
    for (const char* text : {"", "-", ".", "e3", "1e", "1e+", "1,5", "0x10", "1.2.3", "nan", "inf", " 1",
                             "1 ", "--1", "1e401", "1e-401", "1e99999999999999999999"}) {
        INFO(text);
        CHECK_FALSE(parse_decimal(text));
    }
    CHECK_FALSE(parse_decimal(std::string(5000, '9')));
    CHECK_FALSE(parse_decimal(std::string(500, '9')));
}

TEST_CASE("Sums and comparisons of decimals are exact")
{
    const auto random = hawser::seeded_random(5);
    const auto draw = [&] { return static_cast<std::int64_t>(hawser::below(*random, 2000001)) - 1000000; };
    for (int i = 0; i < 20000; ++i) {
        const auto a = draw();
        const auto b = draw();
        const int places = static_cast<int>(hawser::below(*random, 5));
        REQUIRE(hawser::add(of(a, places), of(b, places)) == of(a + b, places));
        REQUIRE((hawser::compare(of(a, places), of(b, places)) == (a <=> b)));
        REQUIRE(hawser::add(of(a, places), hawser::negate(of(a, places))).text == "0");
        REQUIRE(hawser::add(of(a, places), of(b, 0)) == hawser::add(of(b, 0), of(a, places)));
    }
    CHECK((hawser::compare({"-2"}, {"-10"}) > 0));
    CHECK((hawser::compare({"0.5"}, {"0.25"}) > 0));
    CHECK((hawser::compare({"10"}, {"9.99"}) > 0));
}
