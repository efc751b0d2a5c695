#pragma once

#include "hawser/export.h"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hawser {

class Random;

/// A 128-bit identifier in the byte order of its text. Text is always lower case with dashes.
struct Guid {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const Guid&, const Guid&) = default;

    HAWSER_API bool is_nil() const noexcept;

    /// "49516f4a-083d-5dfe-a407-b8227f73fbb9".
    HAWSER_API std::string text() const;

    /// Accepts 32 hexadecimal digits in the dashed form, any case, with or without braces.
    HAWSER_API static std::optional<Guid> parse(std::string_view text) noexcept;

    /// A random (version 4) identifier.
    HAWSER_API static Guid make(Random& random);
};

} // namespace hawser

template <>
struct std::hash<hawser::Guid> {
    HAWSER_API std::size_t operator()(const hawser::Guid& guid) const noexcept;
};
