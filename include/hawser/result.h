#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace hawser {

/// What the caller should do about a failure. Retry policy switches on this and on nothing else.
enum class ErrorKind {
    refuse,     ///< The request itself is wrong; nothing happened. Change it and call again.
    retry,      ///< A passing fault (timeout, 5xx, busy). The same call may succeed later.
    wait,       ///< The server asked for time; `Error::retry_after` says how long.
    offline,    ///< The organization cannot be reached from here. Local work goes on.
    sign_in,    ///< The token is missing, expired or refused. A person must sign in.
    rebaseline, ///< The checkpoint is no longer honoured; pull the table from the start.
    park,       ///< The server refused this change for good; a person must decide.
    stop,       ///< Going on could do harm (wrong organization, corrupt store, disk full).
};

/// An expected failure, as a value.
///
/// `code` is stable, lower case and dotted ("store.read_only"); docs/ERRORS.md lists every one.
/// `message` says in a sentence what happened, to what, and what to do. It never holds a token.
struct Error {
    ErrorKind kind = ErrorKind::stop;
    std::string code;
    std::string message;
    std::optional<std::chrono::seconds> retry_after{}; ///< Only with `ErrorKind::wait`.

    friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an Error. Member names are those of std::expected, so that it can become an alias.
///
/// Reading the value of a failed result, or the error of a good one, is a programmer's error.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return checked(*this); }
    const T& value() const& { return checked(*this); }
    T&& value() && { return std::move(checked(*this)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    Error& error() & { return failure(*this); }
    const Error& error() const& { return failure(*this); }
    Error&& error() && { return std::move(failure(*this)); }

    template <class U>
    T value_or(U&& other) const&
    {
        return has_value() ? value() : static_cast<T>(std::forward<U>(other));
    }

private:
    template <class Self>
    static auto& checked(Self& self)
    {
        assert(self.has_value());
        return *std::get_if<0>(&self.state_);
    }
    template <class Self>
    static auto& failure(Self& self)
    {
        assert(!self.has_value());
        return *std::get_if<1>(&self.state_);
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    Error& error() & { return *error_; }
    const Error& error() const& { return *error_; }
    Error&& error() && { return std::move(*error_); }

private:
    std::optional<Error> error_;
};

} // namespace hawser
