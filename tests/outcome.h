#pragma once

#include "hawser/result.h"
#include "tests/catch.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace hawser::tests {

/// The value, or the end of the test with the error's own words.
template <class T>
T ok(Result<T> result)
{
    if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
    return std::move(*result);
}
inline void ok(const Result<void>& result)
{
    if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
}

/// The code of a failure; "no error" when there is none. The message stands in the test's output.
template <class T>
std::string code_of(const Result<T>& result)
{
    if (result) return "no error";
    UNSCOPED_INFO(result.error().message);
    return result.error().code;
}
template <class T>
bool says(const Result<T>& result, std::string_view words)
{
    return !result && result.error().message.find(words) != std::string::npos;
}

} // namespace hawser::tests
