#include "base/decimal.h"

#include <algorithm>
#include <string>

namespace hawser {
namespace {

constexpr std::size_t most_digits = 400;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

std::size_t take_digits(std::string_view text, std::size_t& at, std::string& digits)
{
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) digits += text[at++];
    return at - begin;
}

/// The exponent after 'e', or empty when there is none that can be meant.
std::optional<long> take_exponent(std::string_view text, std::size_t& at)
{
    if (at == text.size()) return 0;
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    bool negative = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
    std::string digits;
    if (take_digits(text, at, digits) == 0) return std::nullopt;
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() > 4) return std::nullopt;
    const long size = digits.empty() ? 0 : std::stol(digits);
    return negative ? -size : size;
}

/// Digits with a point `point` places from the left, put in the canonical spelling.
Decimal spell(bool negative, std::string digits, long point)
{
    const std::size_t zeros = digits.find_first_not_of('0');
    if (zeros == std::string::npos) return Decimal{"0"};
    digits.erase(0, zeros);
    point -= static_cast<long>(zeros);
    digits.erase(digits.find_last_not_of('0') + 1);
    const auto count = static_cast<long>(digits.size());
    if (point <= 0) {
        digits.insert(0, static_cast<std::size_t>(1 - point), '0');
        point = 1;
    } else if (point > count) {
        digits.append(static_cast<std::size_t>(point - count), '0');
    }
    if (static_cast<std::size_t>(point) < digits.size())
        digits.insert(static_cast<std::size_t>(point), 1, '.');
    if (negative) digits.insert(0, 1, '-');
    return Decimal{std::move(digits)};
}

/// A canonical number taken apart: whole digits and fraction digits, sign aside.
struct Parts {
    bool negative = false;
    std::string_view whole;
    std::string_view fraction;
};

Parts take_apart(const Decimal& number)
{
    std::string_view text = number.text;
    Parts parts;
    if (!text.empty() && text.front() == '-') {
        parts.negative = true;
        text.remove_prefix(1);
    }
    const std::size_t dot = text.find('.');
    parts.whole = text.substr(0, dot);
    if (dot != std::string_view::npos) parts.fraction = text.substr(dot + 1);
    return parts;
}

std::strong_ordering compare_size(const Parts& left, const Parts& right)
{
    if (left.whole.size() != right.whole.size()) return left.whole.size() <=> right.whole.size();
    if (const auto order = left.whole <=> right.whole; order != 0) return order;
    return left.fraction <=> right.fraction;
}

/// Both numbers without their points, padded to one shape, so that digits line up.
std::string aligned(const Parts& parts, std::size_t whole, std::size_t fraction)
{
    std::string digits(whole - parts.whole.size(), '0');
    digits += parts.whole;
    digits += parts.fraction;
    digits.append(fraction - parts.fraction.size(), '0');
    return digits;
}

std::string add_digits(std::string left, const std::string& right)
{
    int carry = 0;
    for (std::size_t i = left.size(); i-- > 0;) {
        const int sum = (left[i] - '0') + (right[i] - '0') + carry;
        left[i] = static_cast<char>('0' + sum % 10);
        carry = sum / 10;
    }
    return left;
}

/// `left` must be at least `right`.
std::string subtract_digits(std::string left, const std::string& right)
{
    int borrow = 0;
    for (std::size_t i = left.size(); i-- > 0;) {
        int difference = (left[i] - '0') - (right[i] - '0') - borrow;
        borrow = difference < 0 ? 1 : 0;
        if (difference < 0) difference += 10;
        left[i] = static_cast<char>('0' + difference);
    }
    return left;
}

} // namespace

std::optional<Decimal> parse_decimal(std::string_view text)
{
    if (text.size() > 2 * most_digits) return std::nullopt;
    std::size_t at = 0;
    bool negative = false;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) negative = text[at++] == '-';
    std::string digits;
    const std::size_t whole = take_digits(text, at, digits);
    if (at < text.size() && text[at] == '.') {
        ++at;
        take_digits(text, at, digits);
    }
    if (digits.empty()) return std::nullopt;
    const auto exponent = take_exponent(text, at);
    if (!exponent || at != text.size()) return std::nullopt;
    Decimal number = spell(negative, std::move(digits), static_cast<long>(whole) + *exponent);
    if (number.text.size() > most_digits) return std::nullopt;
    return number;
}

std::strong_ordering compare(const Decimal& left, const Decimal& right)
{
    const Parts a = take_apart(left);
    const Parts b = take_apart(right);
    if (a.negative != b.negative) return b.negative <=> a.negative;
    return a.negative ? compare_size(b, a) : compare_size(a, b);
}

Decimal add(const Decimal& left, const Decimal& right)
{
    const Parts a = take_apart(left);
    const Parts b = take_apart(right);
    const std::size_t whole = std::max(a.whole.size(), b.whole.size()) + 1;
    const std::size_t fraction = std::max(a.fraction.size(), b.fraction.size());
    const std::string x = aligned(a, whole, fraction);
    const std::string y = aligned(b, whole, fraction);
    bool negative = a.negative;
    std::string digits;
    if (a.negative == b.negative) {
        digits = add_digits(x, y);
    } else if (x >= y) {
        digits = subtract_digits(x, y);
    } else {
        digits = subtract_digits(y, x);
        negative = b.negative;
    }
    return spell(negative, std::move(digits), static_cast<long>(whole));
}

Decimal negate(const Decimal& number)
{
    if (number.text == "0") return number;
    if (!number.text.empty() && number.text.front() == '-') return Decimal{number.text.substr(1)};
    return Decimal{"-" + number.text};
}

} // namespace hawser
