#include "tests/bench/measure.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sys/resource.h>
#include <time.h>

namespace hawser::bench {
namespace {

double clock_seconds(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

} // namespace

Cost measure(const std::function<void()>& work)
{
    const double begun = clock_seconds(CLOCK_MONOTONIC);
    const double cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    work();
    return {clock_seconds(CLOCK_MONOTONIC) - begun, clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu};
}

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double peak_megabytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void give_up(const std::string& why)
{
    std::cerr << "hawser_bench: " << why << '\n';
    std::exit(1);
}

template <>
void need(Result<void> result)
{
    if (!result) give_up(result.error().code + ": " + result.error().message);
}

} // namespace hawser::bench
