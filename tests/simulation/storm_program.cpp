#include "tests/simulation/process_use.h"
#include "tests/simulation/storm.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace hawser::simulation;

namespace {

constexpr const char* usage =
    R"(Usage: hawser_storm [--clients N] [--limit N] [--retry-after N] [--seed N] [--csv FILE]

Lets very many whole engines work against one organization that carries out a limited number of requests a
second (503 beyond that) and goes through three troubles: for five minutes it answers everybody 503; later
everybody comes at once and gets 429 with the same Retry-After for two minutes; later all change-tracking
tokens are gone (410) and everybody reads all again.

  --clients N   The default is 1000.
  --limit N     Requests a second that are carried out; the default is 60 for 1000 clients, and in proportion.
  --retry-after N
                Seconds; the default is 30.
  --seed N      The default is 1.
  --csv FILE    Write what happened in each second; tests/simulation/storm_picture.py draws it.
  --help        Print this.

Exit code: 0 everybody recovers, nothing is lost or done twice, and no request meets the limit; 1 not so;
2 usage.
)";

struct Choice {
    std::uint64_t clients = 1'000;
    std::uint64_t limit = 0;
    std::uint64_t retry_after = 30;
    std::uint64_t seed = 1;
    std::string csv{};
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
        if (word == "--help" || word == "-h") {
            choice.help = true;
            continue;
        }
        if (++i == words.size()) return false;
        if (word == "--csv")
            choice.csv = words[i];
        else if (!(word == "--clients" && number(words[i], choice.clients)) &&
                 !(word == "--limit" && number(words[i], choice.limit)) &&
                 !(word == "--retry-after" && number(words[i], choice.retry_after)) &&
                 !(word == "--seed" && number(words[i], choice.seed)))
            return false;
    }
    return true;
}

void write_csv(const StormPlan& plan, const StormReport& report, const std::string& path)
{
    std::ofstream file(path);
    file << "# clients=" << plan.clients << " limit=" << plan.limit << " down=" << plan.down_at.count() << "+"
         << plan.down_for.count() << " throttled=" << plan.throttled_at.count() << "+"
         << plan.throttled_for.count() << " retry_after=" << plan.retry_after.count()
         << " expired=" << plan.expired_at.count() << "\n"
         << "second,offered,well,throttled,unavailable,beyond,expired,whole\n";
    for (std::size_t i = 0; i < report.seconds.size(); ++i) {
        const StormSecond& second = report.seconds[i];
        file << i << ',' << second.offered << ',' << second.well << ',' << second.throttled << ','
             << second.unavailable << ',' << second.beyond << ',' << second.expired << ',' << second.whole
             << '\n';
    }
    if (!file.flush()) throw std::runtime_error(path + " cannot be written");
}

void print(const StormPlan& plan, const StormReport& report)
{
    const auto row = [](const char* what, std::int64_t value) {
        std::printf("| %s | %lld |\n", what, static_cast<long long>(value));
    };
    std::printf("| | |\n|---|---:|\n");
    row("clients", static_cast<std::int64_t>(plan.clients));
    row("edits", static_cast<std::int64_t>(report.edits));
    row("requests", static_cast<std::int64_t>(report.requests));
    row("questions to people", static_cast<std::int64_t>(report.decided));
    row("limit, requests a second", plan.limit);
    row("requests that met the limit", static_cast<std::int64_t>(report.beyond_limit));
    row("503 for five minutes: most requests in one second", report.peak_while_down);
    row("… 99 % whole again after, s", report.whole_after_down);
    row("… most requests in one second after it", report.peak_after_down);
    row("429 for two minutes, all at once: 99 % whole again after, s", report.whole_after_throttled);
    row("… most requests in one second after it", report.peak_after_throttled);
    row("410 for all: 99 % whole again after, s", report.whole_after_expired);
    row("… most requests in one second after it", report.peak_after_expired);
    row("requests sent although quiet was asked for", static_cast<std::int64_t>(report.sent_too_soon));
    row("clients stuck at the end", static_cast<std::int64_t>(report.stuck));
    row("counters that do not add up", static_cast<std::int64_t>(report.wrong_sums));
    row("memory a client, KiB", static_cast<std::int64_t>(report.bytes_a_client / 1024));
    row("open files a client", static_cast<std::int64_t>(report.files_a_client));
}

bool is_fine(const StormReport& report)
{
    return report.stuck == 0 && report.wrong_sums == 0 && report.sent_too_soon == 0 &&
           report.whole_after_down >= 0 && report.whole_after_throttled >= 0 &&
           report.whole_after_expired >= 0 && report.beyond_limit == 0;
}

int run_storm(const Choice& choice)
{
    allow_many_files();
    StormPlan plan;
    plan.clients = choice.clients;
    plan.seed = choice.seed;
    plan.retry_after = std::chrono::seconds{choice.retry_after};
    const auto in_proportion = (choice.clients * static_cast<std::uint64_t>(plan.limit) + 999) / 1'000;
    plan.limit = static_cast<int>(choice.limit > 0 ? choice.limit : in_proportion);
    const StormReport report =
        run(plan, [](const std::string& sentence) { std::fprintf(stderr, "%s\n", sentence.c_str()); });
    if (!choice.csv.empty()) write_csv(plan, report, choice.csv);
    print(plan, report);
    return is_fine(report) ? 0 : 1;
}

} // namespace

int main(int count, char** words)
try {
    // Without a real disk under them, commits cost next to nothing.
    if (!std::getenv("TMPDIR") && std::filesystem::exists("/dev/shm")) setenv("TMPDIR", "/dev/shm", 0);
    Choice choice;
    const bool understood = parse({words + 1, words + count}, choice);
    if (understood && !choice.help) return run_storm(choice);
    std::fputs(usage, understood ? stdout : stderr);
    return understood ? 0 : 2;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "hawser_storm: %s\n", failure.what());
    return 1;
}
