#include "tests/simulation/crash_days.h"

#include <algorithm>

namespace hawser::tests {
namespace {

using At = CrashPoint::At;

constexpr Loss losses[] = {Loss::nothing, Loss::unsynced, Loss::torn};

/// The lines that only one of two days has.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& found)
{
    std::string text;
    const auto list = [&](const char* what, const auto& from, const auto& in) {
        for (const std::string& line : from)
            if (std::count(from.begin(), from.end(), line) > std::count(in.begin(), in.end(), line))
                text += std::string("\n    ") + what + ": " + line;
    };
    list("missing", expected, found);
    list("too much", found, expected);
    return text.empty() && expected != found ? "\n    the order differs" : text;
}

std::string difference(const DayEnd& expected, const DayEnd& found)
{
    std::string text;
    const auto add = [&](const char* what, const std::string& lines) {
        if (!lines.empty()) text += std::string("\n  ") + what + lines;
    };
    add("the organization holds something else", difference(expected.organization, found.organization));
    add("the write log has other effects", difference(expected.effects, found.effects));
    add("the changes ended otherwise", difference(expected.queue, found.queue));
    add("the replica holds something else", difference(expected.replica, found.replica));
    return text;
}

std::string outcome(const CrashPoint& point, const DayEnd& expected)
{
    try {
        CrashDay day(point);
        const std::string found = difference(expected, day.run());
        if (!found.empty()) return text_of(point) + found;
        if (point.ends() && day.interruptions() == 0) return text_of(point) + ": nothing was interrupted";
        return {};
    } catch (const std::runtime_error& failure) {
        return text_of(point) + ": " + failure.what();
    }
}

/// Every fourth end is followed by another one soon after the restart.
std::uint64_t again(std::uint64_t seed)
{
    constexpr std::uint64_t soon = 60;
    return seed % 4 == 0 ? 1 + seed / 4 % soon : 0;
}

std::vector<CrashPoint> all_points(std::uint64_t steps, std::uint64_t requests, std::uint64_t seed)
{
    std::vector<CrashPoint> points;
    const auto add = [&](At at, std::uint64_t number, Loss loss) {
        const std::uint64_t own = seed + points.size();
        points.push_back({at, number, loss, own, again(own)});
    };
    for (std::uint64_t step = 1; step <= steps; ++step) {
        for (const Loss loss : losses) add(At::file, step, loss);
        add(At::full, step, Loss::nothing);
        add(At::busy, step, Loss::nothing);
    }
    for (std::uint64_t request = 0; request < requests; ++request)
        for (const Loss loss : losses) {
            add(At::before, request, loss);
            add(At::after, request, loss);
        }
    return points;
}

} // namespace

std::string text_of(const CrashTally& tally)
{
    return std::to_string(tally.interrupted) + " days of " + std::to_string(tally.points) +
           " crash points (" + std::to_string(tally.file_steps) +
           " writes, syncs, truncates, deletes and renames: killed, power lost, torn, disk full, locked; " +
           std::to_string(tally.requests) +
           " requests: before and after, killed, power lost, torn; every fourth ends twice): " +
           std::to_string(tally.failures.size()) + " failures";
}

std::string crash_day(const CrashPoint& point)
{
    return outcome(point, CrashDay({}).run());
}

CrashTally crash_days(const CrashRound& round, const std::function<void(const std::string&)>& failed)
{
    CrashTally tally;
    CrashDay whole({});
    const DayEnd expected = whole.run();
    tally.requests = whole.requests();
    tally.file_steps = whole.steps();
    auto points = all_points(tally.file_steps, tally.requests, round.seed);
    std::erase_if(points, [&](const CrashPoint& point) { return !text_of(point).starts_with(round.only); });
    tally.points = points.size();
    for (std::uint64_t at = round.seed % round.every; at < points.size(); at += round.every) {
        ++tally.interrupted;
        std::string found = outcome(points[at], expected);
        if (found.empty()) continue;
        if (failed) failed(found);
        tally.failures.push_back(std::move(found));
    }
    return tally;
}

} // namespace hawser::tests
