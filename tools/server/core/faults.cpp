#include "tools/server/core/faults.h"

#include "tools/server/core/address.h"

#include <charconv>
#include <map>
#include <string>

namespace hawser::server {
namespace {

const std::map<std::string, double FaultRates::*, std::less<>>& probabilities()
{
    static const std::map<std::string, double FaultRates::*, std::less<>> all = {
        {"drop_request", &FaultRates::drop_request}, {"drop_answer", &FaultRates::drop_answer},
        {"throttle", &FaultRates::throttle},         {"error_500", &FaultRates::error_500},
        {"html_503", &FaultRates::html_503},         {"truncate", &FaultRates::truncate},
        {"expire_token", &FaultRates::expire_token}};
    return all;
}

Error unusable(std::string_view part)
{
    return {
        ErrorKind::refuse, "server.faults",
        "The fault \"" + std::string(part) +
            "\" is not one of drop_request=P, drop_answer=P, delay=MS, throttle=P, error_500=P, html_503=P, "
            "truncate=P, expire_token=P with P between 0 and 1."};
}

bool strikes(double probability, Random& random)
{
    constexpr std::uint64_t scale = 1u << 30;
    return static_cast<double>(below(random, scale)) < probability * static_cast<double>(scale);
}

} // namespace

bool FaultRates::any() const
{
    for (const auto& [name, member] : probabilities())
        if (this->*member > 0) return true;
    return false;
}

Result<FaultRates> FaultRates::parse(std::string_view specification)
{
    FaultRates rates;
    for (const std::string_view part : split_outside(specification, ',')) {
        if (part.empty()) continue;
        const auto equals = part.find('=');
        const std::string_view name = trim(part.substr(0, equals));
        const std::string_view text =
            equals == std::string_view::npos ? std::string_view{} : trim(part.substr(equals + 1));
        double number = -1;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
        if (text.empty() || end.ptr != text.data() + text.size() || number < 0) return unusable(part);
        if (name == "delay") {
            if (number > 600000) return unusable(part);
            rates.delay = std::chrono::milliseconds(static_cast<std::int64_t>(number));
            continue;
        }
        const auto found = probabilities().find(name);
        if (found == probabilities().end() || number > 1) return unusable(part);
        rates.*(found->second) = number;
    }
    return rates;
}

const char* fault_name(Fault fault)
{
    switch (fault) {
    case Fault::none:
        return "none";
    case Fault::drop_request:
        return "drop_request";
    case Fault::drop_answer:
        return "drop_answer";
    case Fault::throttle:
        return "throttle";
    case Fault::error_500:
        return "error_500";
    case Fault::html_503:
    case Fault::html_503_late:
        return "html_503";
    case Fault::truncate:
        return "truncate";
    case Fault::expire_token:
        return "expire_token";
    }
    return "none";
}

bool is_carried_out(Fault fault)
{
    return fault == Fault::none || fault == Fault::drop_answer || fault == Fault::html_503_late ||
           fault == Fault::truncate;
}

Fault choose_fault(const FaultRates& rates, Random& random)
{
    if (!rates.any()) return Fault::none;
    Fault chosen = Fault::none;
    const auto consider = [&](double probability, Fault fault) {
        if (strikes(probability, random) && chosen == Fault::none) chosen = fault;
    };
    consider(rates.drop_request, Fault::drop_request);
    consider(rates.drop_answer, Fault::drop_answer);
    consider(rates.throttle, Fault::throttle);
    consider(rates.error_500, Fault::error_500);
    const bool late = below(random, 2) == 1;
    consider(rates.html_503, late ? Fault::html_503_late : Fault::html_503);
    consider(rates.truncate, Fault::truncate);
    consider(rates.expire_token, Fault::expire_token);
    return chosen;
}

} // namespace hawser::server
