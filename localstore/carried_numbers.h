#pragma once

#include "localstore/ids.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// Under which numbers the changes of another installation are known here, kept as runs: what was made one after the
/// other there came one after the other. As text "1-500=1,502=501": 1 to 500 are 1 to 500 here, 502 is 501.
class CarriedNumbers {
public:
    CarriedNumbers() = default;
    /// What cannot be read is left out.
    explicit CarriedNumbers(std::string_view text);

    /// A number that is known already keeps what it had.
    void add(Sequence there, Sequence here, std::int64_t count = 1);
    std::optional<Sequence> here(Sequence there) const;
    std::optional<Sequence> there(Sequence here) const;
    std::string text() const;

private:
    struct Run {
        std::int64_t count = 0;
        std::int64_t here = 0;
    };
    std::map<std::int64_t, Run> runs_{}; ///< By their first number there.
};

} // namespace hawser::localstore
