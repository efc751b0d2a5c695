#include "tests/fuzz/targets.h"

#include <cstdio>
#include <cstdlib>

namespace hawser::fuzz {
namespace {

constexpr Target all[] = {{"page", read_page},       {"record", read_record},   {"batch", read_batch},
                          {"error", read_error},     {"scalar", read_scalar},   {"link", read_link},
                          {"policy", read_policy},   {"filter", read_filter},   {"metadata", read_metadata},
                          {"body", read_body},       {"replica", read_replica}, {"confirm", read_confirm},
                          {"parties", read_parties}, {"request", read_request}, {"journal", read_journal}};

} // namespace

std::span<const Target> targets()
{
    return all;
}

void demand(bool holds, const char* promise)
{
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

std::string_view take_line(std::string_view& input)
{
    const auto end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

} // namespace hawser::fuzz
