// Every corpus through its target, and a while of random damage to it: what a build without libFuzzer does.
#include "hawser/random.h"
#include "tests/fuzz/targets.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using namespace hawser;

std::vector<std::string> corpus_of(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path());
    std::sort(names.begin(), names.end());
    std::vector<std::string> inputs;
    for (const auto& name : names) {
        std::ifstream file(name, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return inputs;
}

/// Cuts, repeats, overwrites or mixes, a few times.
std::string damaged(std::string input, const std::vector<std::string>& others, Random& random)
{
    const auto place = [&] { return static_cast<std::size_t>(below(random, input.size() + 1)); };
    for (auto times = 1 + below(random, 4); times > 0; --times) {
        const std::size_t at = place();
        switch (below(random, 5)) {
        case 0:
            input.erase(at, below(random, 8));
            break;
        case 1:
            input.insert(at, 1, static_cast<char>(below(random, 256)));
            break;
        case 2:
            if (at < input.size()) input[at] = static_cast<char>(below(random, 256));
            break;
        case 3:
            input.insert(at, input.substr(place(), 1 + below(random, 32)));
            break;
        default: {
            const std::string& other = others[below(random, others.size())];
            input = input.substr(0, at) + other.substr(below(random, other.size() + 1));
        }
        }
    }
    return input;
}

/// The input at hand, for the end of the process.
std::string_view at_hand;

/// Keeps the input for whoever looks into the failure.
extern "C" void keep_input(int signal)
{
    const int file = ::open("fuzz-failure", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0 && ::write(file, at_hand.data(), at_hand.size()) >= 0) ::close(file);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void run_one(const fuzz::Target& target, const std::string& input)
{
    at_hand = input;
    target.run(input);
}

std::uint64_t run(const fuzz::Target& target, const std::filesystem::path& folder, double seconds,
                  std::uint64_t seed)
{
    const auto corpus = corpus_of(folder / target.name);
    if (corpus.empty()) {
        std::printf("%s: there is no corpus\n", std::string(target.name).c_str());
        std::exit(1);
    }
    std::uint64_t runs = 0;
    for (const std::string& input : corpus) {
        run_one(target, input);
        ++runs;
    }
    const auto random = seeded_random(seed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < end) {
        const std::string input = damaged(corpus[below(*random, corpus.size())], corpus, *random);
        run_one(target, input);
        ++runs;
    }
    return runs;
}

} // namespace

int main(int argc, char* argv[])
{
    if (argc != 4) {
        std::fputs("Usage: fuzz_replay CORPUS SECONDS SEED\n", stderr);
        return 2;
    }
    std::signal(SIGABRT, keep_input);
    std::signal(SIGSEGV, keep_input);
    const double seconds = std::atof(argv[2]) / static_cast<double>(fuzz::targets().size());
    const std::uint64_t seed = std::strtoull(argv[3], nullptr, 10);
    for (const fuzz::Target& target : fuzz::targets()) {
        std::printf("%s: ", std::string(target.name).c_str());
        std::fflush(stdout);
        std::printf("%llu inputs\n", static_cast<unsigned long long>(run(target, argv[1], seconds, seed)));
    }
    std::printf("%zu passed, 0 failed, 0 skipped\n", fuzz::targets().size());
    return 0;
}
