#include "hawser/difference.h"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using hawser::TextPiece;
using hawser::word_difference;
using Kind = hawser::TextPiece::Kind;

namespace {

std::string without(const std::vector<TextPiece>& pieces, Kind kind)
{
    std::string text;
    for (const TextPiece& piece : pieces)
        if (piece.kind != kind) text += piece.text;
    return text;
}

} // namespace

TEST_CASE("A word that changed is one that went and one that came", "[difference]")
{
    CHECK(word_difference("Call them at noon.", "Call them at ten.") ==
          std::vector<TextPiece>{
              {Kind::same, "Call them at "}, {Kind::gone, "noon"}, {Kind::come, "ten"}, {Kind::same, "."}});
    CHECK(word_difference("a b", "a b c") == std::vector<TextPiece>{{Kind::same, "a b"}, {Kind::come, " c"}});
    CHECK(word_difference("same", "same") == std::vector<TextPiece>{{Kind::same, "same"}});
    CHECK(word_difference("", "new") == std::vector<TextPiece>{{Kind::come, "new"}});
    CHECK(word_difference("old", "") == std::vector<TextPiece>{{Kind::gone, "old"}});
    CHECK(word_difference("", "").empty());
}

TEST_CASE("Letters beyond ASCII are not torn apart", "[difference]")
{
    CHECK(word_difference("Zürich Süd", "Zürich Süß") ==
          std::vector<TextPiece>{{Kind::same, "Zürich "}, {Kind::gone, "Süd"}, {Kind::come, "Süß"}});
}

TEST_CASE("What is the same and what went is the text before, and with what came it is the text after",
          "[difference]")
{
    std::mt19937 random(7);
    const std::vector<std::string> words{"one", "two", "three", " ", " ", "\n", ".", "é"};
    const auto text = [&] {
        std::string made;
        for (auto left = random() % 30; left > 0; --left) made += words[random() % words.size()];
        return made;
    };
    for (int run = 0; run < 500; ++run) {
        const std::string before = text(), after = text();
        const auto pieces = word_difference(before, after);
        REQUIRE(without(pieces, Kind::come) == before);
        REQUIRE(without(pieces, Kind::gone) == after);
        for (std::size_t at = 1; at < pieces.size(); ++at) {
            REQUIRE(pieces[at].kind != pieces[at - 1].kind);
            REQUIRE_FALSE((pieces[at - 1].kind == Kind::come && pieces[at].kind == Kind::gone));
        }
    }
}

TEST_CASE("Texts with nothing in common are shown whole, however long", "[difference]")
{
    std::string before, after;
    for (int word = 0; word < 5'000; ++word) {
        before += "old" + std::to_string(word) + "-";
        after += "new" + std::to_string(word) + "+";
    }
    CHECK(word_difference(before, after) ==
          std::vector<TextPiece>{{Kind::gone, before}, {Kind::come, after}});
}
