#pragma once

#include "hawser/value.h"

#include <string_view>

namespace hawser {

/// The column's value; null where there is none.
inline const Value& value_in(const Fields& fields, std::string_view column)
{
    static const Value null;
    const auto found = fields.find(column);
    return found == fields.end() ? null : found->second;
}

} // namespace hawser
