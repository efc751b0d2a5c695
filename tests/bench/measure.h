#pragma once

#include "hawser/hawser.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hawser::bench {

/// What one measured stretch cost this process.
struct Cost {
    double seconds = 0;
    double cpu_seconds = 0;
};

Cost measure(const std::function<void()>& work);

double median(std::vector<double> values);

/// The most memory this process has held, in MB.
double peak_megabytes();

/// The value, or the end of the program with the reason.
template <class T>
T need(Result<T> result);
template <>
void need(Result<void> result);

[[noreturn]] void give_up(const std::string& why);

template <class T>
T need(Result<T> result)
{
    if (!result) give_up(result.error().code + ": " + result.error().message);
    return *std::move(result);
}

} // namespace hawser::bench
