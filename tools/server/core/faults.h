#pragma once

#include "hawser/random.h"
#include "hawser/result.h"

#include <chrono>
#include <string_view>

namespace hawser::server {

/// How often each fault strikes, as probabilities.
struct FaultRates {
    double drop_request = 0; ///< The connection closes; nothing was done.
    double drop_answer = 0;  ///< The request is carried out; the connection closes.
    double throttle = 0;     ///< 429 with Retry-After; nothing was done.
    double error_500 = 0;    ///< 500 with a JSON error; nothing was done.
    double html_503 = 0;     ///< 503 with HTML, as from a gateway; every other one was carried out.
    double truncate = 0;     ///< Carried out; the answer's body breaks off.
    double expire_token = 0; ///< 401 as for an expired token; nothing was done.
    std::chrono::milliseconds delay{0}; ///< Every answer waits that long.

    bool any() const;
    static Result<FaultRates> parse(std::string_view specification);
};

enum class Fault {
    none,
    drop_request,
    drop_answer,
    throttle,
    error_500,
    html_503,
    html_503_late,
    truncate,
    expire_token
};

const char* fault_name(Fault fault);

/// Whether the request is carried out in spite of the fault.
bool is_carried_out(Fault fault);

/// Draws the same number of numbers whatever strikes, so that a run can be repeated.
Fault choose_fault(const FaultRates& rates, Random& random);

} // namespace hawser::server
