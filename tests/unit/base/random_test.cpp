#include "hawser/random.h"
#include "tests/catch.h"

#include <array>

TEST_CASE("One seed gives the same draws, and another seed others")
{
    const auto first = hawser::seeded_random(42);
    const auto second = hawser::seeded_random(42);
    const auto other = hawser::seeded_random(43);
    bool differs = false;
    for (int i = 0; i < 1000; ++i) {
        const auto drawn = first->next();
        REQUIRE(drawn == second->next());
        differs = differs || drawn != other->next();
    }
    CHECK(differs);
}

TEST_CASE("The seeded generator is splitmix64 on every platform")
{
    const auto random = hawser::seeded_random(0);
    CHECK(random->next() == 0xE220A8397B1DCDAFULL);
    CHECK(random->next() == 0x6E789E6AA1B965F4ULL);
}

TEST_CASE("Bounded draws stay under their bound and reach every number evenly")
{
    const auto random = hawser::seeded_random(7);
    std::array<int, 7> counts{};
    for (int i = 0; i < 70000; ++i) ++counts[hawser::below(*random, counts.size())];
    for (const int count : counts) CHECK(std::abs(count - 10000) < 500);
    CHECK(hawser::below(*random, 1) == 0);
    constexpr std::uint64_t large = (1ULL << 63U) + 1;
    for (int i = 0; i < 1000; ++i) REQUIRE(hawser::below(*random, large) < large);
}

TEST_CASE("The system's generator does not repeat itself")
{
    const auto random = hawser::system_random();
    CHECK(random->next() != random->next());
}
