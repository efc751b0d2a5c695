#pragma once

#include "localstore/fold.h"

#include <cstdint>
#include <string_view>
#include <variant>

namespace hawser::localstore::test {

/// One numeric column that adds up: a fold where order and origin show.
class AddingFold final : public Fold {
public:
    Result<Fields> apply(const Table&, const Fields& before, const Fields& x,
                         const Fields& after) const override
    {
        Fields result = x;
        for (const auto& [name, value] : after) {
            const auto number = [&](const Fields& fields) {
                const auto found = fields.find(name);
                const auto* held =
                    found == fields.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
                return held != nullptr ? *held : 0;
            };
            if (name == "age")
                result[name] = Value{number(x) + number(after) - number(before)};
            else if (!before.contains(name) || before.at(name) != value)
                result[name] = value;
        }
        return result;
    }

    bool is_put_together(const Table&, std::string_view column) const override { return column == "age"; }
};

} // namespace hawser::localstore::test
