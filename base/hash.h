#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hawser {

/// A fast 64-bit checksum (FNV-1a with a finaliser), the same on every platform. Finds accidents,
/// not attackers.
std::uint64_t checksum(std::string_view bytes) noexcept;

} // namespace hawser
