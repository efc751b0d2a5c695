#pragma once

#include "hawser/value.h"

#include <string>

namespace hawser::carry {

/// What a record says, without saying it: of each text and date, and of each participant's address, only the length is
/// left ("text of 12 characters"), each decimal is 0. References, choices and other whole numbers stay.
Value redacted(const Value& value);
Fields redacted(const Fields& fields);

/// Words without what they quote of `fields`. Texts under four characters stay: they are in any word.
std::string without_quotes(std::string words, const Fields& fields);

} // namespace hawser::carry
