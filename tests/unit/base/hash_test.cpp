#include "base/hash.h"
#include "tests/catch.h"

#include <set>
#include <string>

TEST_CASE("The checksum is the same on every platform and notices every single changed byte")
{
    CHECK(hawser::checksum("") == 0xEFD01F60BA992926ULL);
    const std::string text = "a stored body, some bytes long";
    std::set<std::uint64_t> seen{hawser::checksum(text)};
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string changed = text;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            REQUIRE(seen.insert(hawser::checksum(changed)).second);
        }
    }
    CHECK(hawser::checksum("h\xff") == 0xDFA3D92EAF1FB368ULL);
}
