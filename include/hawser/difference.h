#pragma once

#include "hawser/export.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser {

/// A stretch of a text beside a later version of it.
struct TextPiece {
    enum class Kind { same, gone, come };
    Kind kind = Kind::same;
    std::string text;
    friend bool operator==(const TextPiece&, const TextPiece&) = default;
};

/// What became of a text, word by word, for people to look at: a word is letters and digits, everything else stands for
/// itself. Neighbours are of different kinds, and what went stands before what came.
///
///   same + gone = before,  same + come = after
///
/// Texts that have more than 1,000 words between them that differ are one piece gone and one come. UTF-8 stays whole. Any
/// thread.
HAWSER_API std::vector<TextPiece> word_difference(std::string_view before, std::string_view after);

} // namespace hawser
