#include "tests/simulation/cell.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace hawser::simulation;

namespace {

constexpr const char* usage =
    R"(Usage: hawser_matrix [--runs N] [--seed N] [--minutes N] [--outage NAME] [--clients N] [--load low|high]
                     [--json | --verbose]

Strikes working clients with one kind of outage again and again, heals all, and looks whether an edit was
lost or anything is stuck: {disconnect, stop, kill, pause, partition in, partition out} x {5, 10 clients} x
{low, high load}.

  --runs N       Runs of each cell, with seeds of their own; the default is 3.
  --seed N       The first seed; the default is 1.
  --minutes N    How long people work in each run, in virtual time; the default is 6.
  --outage NAME, --clients N, --load NAME
                 Only these cells.
  --json         Print every run as a line of JSON instead of the table.
  --verbose      Print the story of each run, too.
  --help         Print this.

Exit code: 0 nothing was lost or stuck and every promise was kept, 1 not so, 2 usage.
)";

struct Choice {
    std::uint64_t runs = 3;
    std::uint64_t seed = 1;
    std::uint64_t minutes = 6;
    std::uint64_t clients = 0; ///< 0 = each number.
    std::string outage{};      ///< "" = each.
    std::string load{};
    bool json = false;
    bool verbose = false;
    bool help = false;
};

bool number(std::string_view text, std::uint64_t& value)
{
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() && value > 0;
}

bool parse(const std::vector<std::string_view>& words, Choice& choice)
{
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--json" || word == "--verbose") {
            (word == "--json" ? choice.json : choice.verbose) = true;
            continue;
        }
        if (word == "--help" || word == "-h") {
            choice.help = true;
            continue;
        }
        if (++i == words.size()) return false;
        if (word == "--outage")
            choice.outage = words[i];
        else if (word == "--load")
            choice.load = words[i];
        else if (!(word == "--runs" && number(words[i], choice.runs)) &&
                 !(word == "--seed" && number(words[i], choice.seed)) &&
                 !(word == "--minutes" && number(words[i], choice.minutes)) &&
                 !(word == "--clients" && number(words[i], choice.clients)))
            return false;
    }
    return true;
}

std::vector<Cell> cells_of(const Choice& choice)
{
    std::vector<Cell> cells;
    for (const Outage outage : all_outages)
        for (const std::size_t clients : {5, 10})
            for (const Load& load : {low_load, high_load}) {
                const bool chosen = (choice.outage.empty() || choice.outage == name(outage)) &&
                                    (choice.clients == 0 || choice.clients == clients) &&
                                    (choice.load.empty() || choice.load == load.name);
                if (chosen) cells.push_back({outage, clients, load, std::chrono::minutes{choice.minutes}});
            }
    return cells;
}

/// All runs of one cell.
struct Sum {
    CellReport total{};
    std::vector<long> sent{}; ///< Seconds; of runs that came to rest by themselves.
    std::vector<long> equal{};
    int lost = 0;
    int stuck = 0;
    int other = 0; ///< Runs that broke another promise.

    void add(const CellReport& report)
    {
        total.outages += report.outages;
        total.edits += report.edits;
        total.requests += report.requests;
        total.conflicts += report.conflicts;
        total.held += report.held;
        total.refused += report.refused;
        if (report.sent_after) sent.push_back(report.sent_after->count());
        if (report.equal_after) equal.push_back(report.equal_after->count());
        lost += report.lost();
        stuck += report.stuck();
        other += report.broken && !report.lost() && !report.stuck();
    }

    bool fine() const { return lost + stuck + other == 0; }
};

/// The middle one and the longest.
std::string spread(std::vector<long> seconds)
{
    if (seconds.empty()) return "never";
    std::ranges::sort(seconds);
    return std::to_string(seconds[seconds.size() / 2]) + " / " + std::to_string(seconds.back());
}

void print_head()
{
    std::printf(
        "| outage | clients | load | outages | edits | requests | conflicts | held | refused | all sent "
        "after, s | all equal after, s | lost | stuck | other |\n"
        "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
}

void print_row(const Cell& cell, const Sum& sum)
{
    const auto shown = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("| %s | %zu | %s | %llu | %llu | %llu | %llu | %llu | %llu | %s | %s | %d | %d | %d |\n",
                std::string(name(cell.outage)).c_str(), cell.clients, std::string(cell.load.name).c_str(),
                shown(sum.total.outages), shown(sum.total.edits), shown(sum.total.requests),
                shown(sum.total.conflicts), shown(sum.total.held), shown(sum.total.refused),
                spread(sum.sent).c_str(), spread(sum.equal).c_str(), sum.lost, sum.stuck, sum.other);
    std::fflush(stdout);
}

void print_json(const Cell& cell, std::uint64_t seed, const CellReport& report)
{
    const auto seconds = [](const std::optional<std::chrono::seconds>& time) {
        return time ? boost::json::value(time->count()) : boost::json::value(nullptr);
    };
    boost::json::object line{{"outage", name(cell.outage)},
                             {"clients", cell.clients},
                             {"load", cell.load.name},
                             {"seed", seed},
                             {"outages", report.outages},
                             {"edits", report.edits},
                             {"requests", report.requests},
                             {"conflicts", report.conflicts},
                             {"held", report.held},
                             {"refused", report.refused},
                             {"sent_after", seconds(report.sent_after)},
                             {"equal_after", seconds(report.equal_after)},
                             {"waiting", report.waiting.size()},
                             {"lost", report.lost()},
                             {"stuck", report.stuck()}};
    if (report.broken)
        line["broken"] = "I" + std::to_string(report.broken->invariant) + ": " + report.broken->sentence;
    std::printf("%s\n", boost::json::serialize(line).c_str());
    std::fflush(stdout);
}

void tell(const Cell& cell, std::uint64_t seed, const CellReport& report, bool whole)
{
    if (whole)
        for (const std::string& line : report.story) std::printf("%s\n", line.c_str());
    const std::string which = std::string(name(cell.outage)) + ", " + std::to_string(cell.clients) +
                              " clients, " + std::string(cell.load.name) + " load, seed " +
                              std::to_string(seed);
    if (report.broken)
        std::fprintf(stderr, "%s breaks I%d: %s\n", which.c_str(), report.broken->invariant,
                     report.broken->sentence.c_str());
    if (report.stuck())
        for (const std::string& line : report.waiting)
            std::fprintf(stderr, "%s is stuck: %s\n", which.c_str(), line.c_str());
}

int run_all(const Choice& choice)
{
    const std::vector<Cell> cells = cells_of(choice);
    if (cells.empty()) return 2;
    if (!choice.json) print_head();
    bool fine = true;
    for (const Cell& cell : cells) {
        Sum sum;
        for (std::uint64_t seed = choice.seed; seed < choice.seed + choice.runs; ++seed) {
            const CellReport report = run(cell, seed, choice.verbose);
            sum.add(report);
            tell(cell, seed, report, choice.verbose);
            if (choice.json) print_json(cell, seed, report);
        }
        if (!choice.json) print_row(cell, sum);
        fine = fine && sum.fine();
    }
    return fine ? 0 : 1;
}

} // namespace

int main(int count, char** words)
try {
    // Without a real disk under them, commits cost next to nothing.
    if (!std::getenv("TMPDIR") && std::filesystem::exists("/dev/shm")) setenv("TMPDIR", "/dev/shm", 0);
    Choice choice;
    const bool understood = parse({words + 1, words + count}, choice);
    if (understood && choice.help) return std::fputs(usage, stdout) < 0;
    const int ended = understood ? run_all(choice) : 2;
    if (ended == 2) std::fputs(usage, stderr);
    return ended;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "hawser_matrix: %s\n", failure.what());
    return 1;
}
