#include "engine/pull_mode.h"

namespace hawser::engine {

namespace {

/// "prvReadAccount" in the words of a refusal; "" when they name none.
std::string privilege_named(std::string_view words)
{
    const std::size_t begin = words.find("prv");
    if (begin == std::string_view::npos) return {};
    words.remove_prefix(begin);
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return std::string(words.substr(0, words.find_first_not_of(letters)));
}

} // namespace

PullProbe choose_pull_mode(const Table& table, const PullProbe& known, Instant now)
{
    if (!table.change_tracking)
        return {PullMode::filter, "the organization does not track changes of this table", {}};
    if (known.mode != PullMode::filter) return {PullMode::delta, known.reason, {}};
    const bool rested =
        !known.refused_at || now < *known.refused_at || now - *known.refused_at >= delta_reprobe_after;
    if (rested) return {PullMode::delta, {}, {}};
    return known;
}

PullProbe delta_refused(const Error& refusal, Instant now)
{
    if (refusal.code != "server.access")
        return {PullMode::filter, "the organization refused to track changes for you: " + refusal.message,
                now};
    const std::string privilege = privilege_named(refusal.message);
    return {PullMode::filter,
            "tracking changes needs organization-wide read" +
                (privilege.empty() ? "" : " (" + privilege + ")") +
                ", which you do not have; changed rows are found by their time",
            now};
}

} // namespace hawser::engine
