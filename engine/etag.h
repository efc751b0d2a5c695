#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hawser::engine {

/// The row version in an etag that has one: W/"468026" is 468026.
inline std::optional<std::int64_t> version_of(std::string_view etag)
{
    const auto begin = etag.find('"');
    const auto end = etag.rfind('"');
    if (begin == std::string_view::npos || end <= begin + 1) return std::nullopt;
    std::int64_t version = 0;
    const auto [stop, failure] = std::from_chars(etag.data() + begin + 1, etag.data() + end, version);
    if (failure != std::errc{} || stop != etag.data() + end) return std::nullopt;
    return version;
}

/// Whether `etag` may be a later version than `than`: versions that cannot be compared may be.
inline bool is_newer(std::string_view etag, std::string_view than)
{
    const auto left = version_of(etag);
    const auto right = version_of(than);
    if (left && right) return *left > *right;
    return etag != than;
}

/// Whether both have a version, and that of `etag` is the earlier one.
inline bool is_older_than(std::string_view etag, std::string_view than)
{
    const auto left = version_of(etag);
    const auto right = version_of(than);
    return left && right && *left < *right;
}

} // namespace hawser::engine
