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

/// Equal as a server may store it: trailing blanks of text and the form of line ends do not count, nor does an
/// address that it filled into a party that is a record.
bool equal_as_stored(const Value& sent, const Value& stored);

} // namespace hawser
