#include "tests/simulation/commit.h"
#include "tests/simulation/ground.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/world.h"

#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace hawser::simulation;

namespace {

constexpr const char* usage =
    R"(Usage: hawser_simulate [--seeds FROM COUNT | --seconds N [--from SEED] | --seed N] [OPTIONS]

  --seeds FROM COUNT  Run COUNT stories from seed FROM on; the default is 1 100.
  --seconds N         Run stories from seed 1 (--from SEED) on until N seconds are over.
  --seed N            Run one story.
  --verbose           Print each story.
  --twice             Run each story twice and compare; else one in 127.
  --shrink            Print what remains of the first failing story when all that is not needed is left out.
  --stop              End with the first failure.
  --help              Print this.

A failure is told with its seed, the promise that it breaks, and the command that tells the story again.

Example: hawser_simulate --seed 12 --shrink

Exit code: 0 nothing failed, 1 something did, 2 usage.
)";

/// One story in so many is run twice. Sixteen share a ground: each of their places has its turn.
constexpr std::uint64_t compared_every = 127;
constexpr int most_runs_to_shrink = 4'000;

struct Choice {
    std::uint64_t from = 1;
    std::uint64_t count = 100;
    std::uint64_t seconds = 0; ///< Instead of a count.
    bool verbose = false;
    bool twice = false;
    bool shrink = false;
    bool stop = false;
    bool help = false;
};

bool number(const char* text, std::uint64_t& value)
{
    const std::string_view all(text);
    const auto read = std::from_chars(all.data(), all.data() + all.size(), value);
    return read.ec == std::errc{} && read.ptr == all.data() + all.size();
}

bool parse(int count, char** words, Choice& choice)
{
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        const int left = count - i - 1;
        if (word == "--verbose")
            choice.verbose = true;
        else if (word == "--twice")
            choice.twice = true;
        else if (word == "--shrink")
            choice.shrink = true;
        else if (word == "--stop")
            choice.stop = true;
        else if (word == "--help" || word == "-h")
            choice.help = true;
        else if (word == "--seeds" && left >= 2 && number(words[i + 1], choice.from) &&
                 number(words[i + 2], choice.count))
            i += 2;
        else if (word == "--seed" && left >= 1 && number(words[i + 1], choice.from))
            choice.count = 1, ++i;
        else if (word == "--seconds" && left >= 1 && number(words[i + 1], choice.seconds))
            ++i;
        else if (word == "--from" && left >= 1 && number(words[i + 1], choice.from))
            ++i;
        else {
            std::fprintf(stderr, "hawser_simulate: %s is no option, or what it needs is missing\n", words[i]);
            return false;
        }
    }
    return true;
}

class Runner {
public:
    Runner(const Choice& choice, std::string program) : choice_(choice), program_(std::move(program)) {}

    int run_all()
    {
        for (std::uint64_t seed = choice_.from; !over(); ++seed) {
            ++seeds_;
            tell_of(seed);
            std::fflush(stdout);
        }
        for (const auto& [what, times] : counts_)
            std::printf("%12llu  %s\n", static_cast<unsigned long long>(times), what.c_str());
        std::printf("%llu seeds, %llu failures, %.1f seeds a second\n",
                    static_cast<unsigned long long>(seeds_), static_cast<unsigned long long>(failures_),
                    static_cast<double>(seeds_) / past());
        return failures_ > 0 ? 1 : 0;
    }

private:
    double past() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    }

    bool over() const
    {
        if (choice_.stop && failures_ > 0) return true;
        return choice_.seconds > 0 ? past() >= static_cast<double>(choice_.seconds) : seeds_ >= choice_.count;
    }

    void tell_of(std::uint64_t seed)
    {
        const Script script = write_script(seed);
        const Report report = tell_story(script);
        for (const std::string& line : report.story) std::printf("%s\n", line.c_str());
        if (choice_.verbose) std::printf("trace %016llx\n", static_cast<unsigned long long>(report.trace));
        for (const auto& [what, times] : report.counts) counts_[what] += times;
        if (choice_.twice || seed % compared_every == 0)
            if (run(script, false).trace != report.trace)
                fails(seed, "does not run the same twice", "--twice");
        if (!report.broken) return;
        fails(seed, "breaks " + words_of(*report.broken), "--verbose");
        if (choice_.shrink && failures_ == 1) tell_shrunk(script, *report.broken);
    }

    /// In one line.
    static std::string words_of(const Violation& broken)
    {
        std::string words = "I" + std::to_string(broken.invariant) + ": " + broken.sentence;
        std::ranges::replace(words, '\n', ' ');
        return words;
    }

    /// prove.py and mutants.py read the first of these lines.
    void fails(std::uint64_t seed, const std::string& how, const char* again)
    {
        ++failures_;
        const std::string number = std::to_string(seed);
        std::printf("seed %s %s (commit %s)\n  to tell it again: %s --seed %s %s\n", number.c_str(),
                    how.c_str(), std::string(built_commit()).c_str(), program_.c_str(), number.c_str(),
                    again);
    }

    Report tell_story(const Script& script)
    {
        if (choice_.verbose || choice_.count == 1) return run(script, choice_.verbose);
        if (!ground_ || number_of_ground_ != script.ground) ground_.emplace(script);
        number_of_ground_ = script.ground;
        return ground_->run(script);
    }

    void tell_shrunk(const Script& script, const Violation& broken)
    {
        std::fflush(stdout);
        const Shrunk shrunk = shrink(script, breaks_likewise(broken), most_runs_to_shrink);
        const std::size_t left = shrunk.script.deeds.size();
        std::printf("after %d runs %zu of %zu deeds %s left:\n", shrunk.runs, left, script.deeds.size(),
                    left == 1 ? "is" : "are");
        for (const std::string& line : shrunk.report.story) std::printf("  %s\n", line.c_str());
        if (shrunk.report.broken) std::printf("  breaks %s\n", words_of(*shrunk.report.broken).c_str());
    }

    Choice choice_;
    std::string program_; ///< As it was called.
    std::optional<Ground> ground_{};
    std::uint64_t number_of_ground_ = 0;
    std::map<std::string, std::uint64_t> counts_{};
    std::uint64_t seeds_ = 0;
    std::uint64_t failures_ = 0;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

} // namespace

/// Of jemalloc, where it is linked: what a story frees the next one needs.
extern "C" {
__attribute__((visibility("default"))) const char* malloc_conf =
    "narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:-1";
}

int main(int count, char** words)
try {
    // Without a real disk under them, commits cost next to nothing.
    // One thread does everything: SQLite needs no locks of its own, and nobody asks it for its figures.
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!std::getenv("TMPDIR") && std::filesystem::exists("/dev/shm")) setenv("TMPDIR", "/dev/shm", 0);
    Choice choice;
    if (!parse(count, words, choice)) {
        std::fputs("Try: hawser_simulate --help\n", stderr);
        return 2;
    }
    if (choice.help) {
        std::fputs(usage, stdout);
        return 0;
    }
    return Runner(choice, words[0]).run_all();
} catch (const std::exception& failure) {
    std::fprintf(stderr, "hawser_simulate: %s\n", failure.what());
    return 1;
}
