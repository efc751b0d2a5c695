#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hawser::engine {

/// What one cycle did, in numbers. Kept as JSON with the cycle's row.
struct Figures {
    std::uint64_t pulled = 0;          ///< Records whose copy here changed by the pull.
    std::uint64_t removed = 0;         ///< Deleted there or out of scope.
    std::uint64_t merged = 0;          ///< Both sides changed it and nobody had to be asked.
    std::uint64_t pushed = 0;          ///< Changes the organization took.
    std::uint64_t refused = 0;         ///< Changes parked with the organization's words.
    std::uint64_t conflicts = 0;       ///< Records in which a person has to choose.
    std::uint64_t conflicts_moved = 0; ///< Open questions whose other side, or columns, changed.
    std::uint64_t kept = 0;            ///< Deleted here, and back because the organization had changed it.
    std::uint64_t held = 0;            ///< Changes set aside for a person by what the organization did.
    std::uint64_t requests = 0;        ///< HTTP requests.

    bool idle() const
    {
        return pulled + removed + merged + pushed + refused + conflicts + conflicts_moved + kept + held == 0;
    }
    friend bool operator==(const Figures&, const Figures&) = default;
};

std::string to_json(const Figures& figures);
/// Anything that is no such text is all zeros.
Figures parse_figures(std::string_view json);

} // namespace hawser::engine
