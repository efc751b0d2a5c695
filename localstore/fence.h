#pragma once

#include "localstore/database.h"
#include "localstore/error_codes.h"

#include <string>
#include <string_view>
#include <type_traits>

namespace hawser::localstore {

/// SQLite's failure as a value: which file, what happened, what to do.
Error to_error(const SQLite::Exception& failure, const std::filesystem::path& path);

inline Error refusal(std::string_view code, std::string message)
{
    return Error{ErrorKind::refuse, std::string(code), std::move(message)};
}

/// The one line that no SQLite exception passes. `body` returns a Result.
template <class Body>
auto fenced(const std::filesystem::path& path, Body&& body) -> std::invoke_result_t<Body&>
{
    try {
        return body();
    } catch (const SQLite::Exception& failure) {
        return to_error(failure, path);
    } catch (const Failure& failure) {
        return failure.error;
    }
}

/// The value, or the way to the fence.
template <class T>
T need(Result<T> result)
{
    if (!result) throw Failure{std::move(result.error())};
    return std::move(*result);
}

inline void need(Result<void> result)
{
    if (!result) throw Failure{std::move(result.error())};
}

} // namespace hawser::localstore
