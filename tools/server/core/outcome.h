#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace hawser::server {

/// Why a request was not carried out, as the organization says it.
struct Refusal {
    int status = 400;
    std::string code;
    std::string message;
};

/// A value or a Refusal.
template <class T>
class [[nodiscard]] Outcome {
public:
    Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Outcome(Refusal refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }
    T& operator*() & { return *checked(); }
    T&& operator*() && { return std::move(*checked()); }
    T* operator->() { return checked(); }
    Refusal& refusal()
    {
        assert(state_.index() == 1);
        return *std::get_if<1>(&state_);
    }

private:
    T* checked()
    {
        assert(state_.index() == 0);
        return std::get_if<0>(&state_);
    }
    std::variant<T, Refusal> state_;
};

struct Done {};

/// The refusals that more than one place gives, in the organization's words.
Refusal bad_request(std::string message);
Refusal bad_query(std::string message);
Refusal bad_payload(std::string_view set, std::string message);
Refusal record_absent(std::string_view table, std::string_view id);
Refusal resource_absent(std::string_view segment);
Refusal method_refused(std::string_view method);
Refusal version_mismatch();
Refusal duplicate_record();

} // namespace hawser::server
