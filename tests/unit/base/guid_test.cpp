#include "hawser/guid.h"
#include "hawser/random.h"
#include "tests/catch.h"

#include <set>
#include <string>

using hawser::Guid;

TEST_CASE("A GUID's text reads back as the same GUID in any case and with braces")
{
    const auto random = hawser::seeded_random(1);
    for (int i = 0; i < 5000; ++i) {
        const Guid guid = Guid::make(*random);
        const std::string text = guid.text();
        REQUIRE(text.size() == 36);
        REQUIRE(Guid::parse(text) == guid);
        std::string upper = text;
        for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        REQUIRE(Guid::parse(upper) == guid);
        REQUIRE(Guid::parse("{" + text + "}") == guid);
        REQUIRE(text[14] == '4');
        REQUIRE(std::string("89ab").find(text[19]) != std::string::npos);
    }
}

TEST_CASE("A GUID keeps the byte order of its text")
{
    const auto guid = Guid::parse("49516f4a-083d-5dfe-a407-b8227f73fbb9");
    REQUIRE(guid);
    CHECK(guid->bytes[0] == 0x49);
    CHECK(guid->bytes[15] == 0xb9);
    CHECK(guid->text() == "49516f4a-083d-5dfe-a407-b8227f73fbb9");
    CHECK_FALSE(guid->is_nil());
    CHECK(Guid{}.is_nil());
    CHECK(Guid{} < *guid);
}

TEST_CASE("What is no GUID is not read as one")
{
    for (const char* text :
         {"", "x", "49516f4a083d5dfea407b8227f73fbb9", "49516f4a-083d-5dfe-a407-b8227f73fbb",
          "49516f4a-083d-5dfe-a407-b8227f73fbb99", "49516f4a-083d-5dfe-a407_b8227f73fbb9",
          "49516f4g-083d-5dfe-a407-b8227f73fbb9", "{49516f4a-083d-5dfe-a407-b8227f73fbb9",
          "4951-6f4a083d-5dfe-a407-b8227f73fbb9", " 49516f4a-083d-5dfe-a407-b8227f73fbb9"}) {
        INFO(text);
        CHECK_FALSE(Guid::parse(text));
    }
}

TEST_CASE("Hashes of GUIDs spread")
{
    const auto random = hawser::seeded_random(2);
    std::set<std::size_t> low_bits;
    for (int i = 0; i < 4096; ++i) low_bits.insert(std::hash<Guid>{}(Guid::make(*random)) & 0xFFFU);
    CHECK(low_bits.size() > 2300);
}
