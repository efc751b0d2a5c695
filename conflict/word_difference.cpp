#include "conflict/shortest_edit.h"
#include "hawser/difference.h"

#include <cstddef>
#include <utility>

namespace hawser {
namespace {

using Words = std::vector<std::string_view>;

/// Every byte of a letter beyond ASCII is one of a word.
bool is_of_word(char letter)
{
    const auto byte = static_cast<unsigned char>(letter);
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

Words words_of(std::string_view text)
{
    Words words;
    while (!text.empty()) {
        std::size_t size = 1;
        if (is_of_word(text.front()))
            while (size < text.size() && is_of_word(text[size])) ++size;
        words.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return words;
}

class Pieces {
public:
    void add(TextPiece::Kind kind, std::string_view text)
    {
        if (text.empty()) return;
        if (kind == TextPiece::Kind::same) settle();
        std::string& kept = kind == TextPiece::Kind::same   ? same_
                            : kind == TextPiece::Kind::gone ? gone_
                                                            : come_;
        if (kind != TextPiece::Kind::same) settle_same();
        kept += text;
    }
    std::vector<TextPiece> take()
    {
        settle_same();
        settle();
        return std::move(pieces_);
    }

private:
    void put(TextPiece::Kind kind, std::string& text)
    {
        if (!text.empty()) pieces_.push_back({kind, std::exchange(text, {})});
    }
    void settle_same() { put(TextPiece::Kind::same, same_); }
    void settle()
    {
        put(TextPiece::Kind::gone, gone_);
        put(TextPiece::Kind::come, come_);
    }

    std::string same_, gone_, come_;
    std::vector<TextPiece> pieces_;
};

} // namespace

std::vector<TextPiece> word_difference(std::string_view before, std::string_view after)
{
    const Words old_words = words_of(before);
    const Words new_words = words_of(after);
    Pieces pieces;
    const auto match = conflict::match_items(old_words, new_words);
    if (!match) {
        pieces.add(TextPiece::Kind::gone, before);
        pieces.add(TextPiece::Kind::come, after);
        return pieces.take();
    }
    std::size_t next = 0;
    for (std::size_t at = 0; at < old_words.size(); ++at) {
        if ((*match)[at] == conflict::unmatched) {
            pieces.add(TextPiece::Kind::gone, old_words[at]);
            continue;
        }
        for (; next < static_cast<std::size_t>((*match)[at]); ++next)
            pieces.add(TextPiece::Kind::come, new_words[next]);
        pieces.add(TextPiece::Kind::same, old_words[at]);
        ++next;
    }
    for (; next < new_words.size(); ++next) pieces.add(TextPiece::Kind::come, new_words[next]);
    return pieces.take();
}

} // namespace hawser
