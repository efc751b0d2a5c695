#include "hawser/hawser.h"

#include <cstdio>
#include <cstdlib>
#include <string>

/// engine_for_tests REPLICA TOKEN: one cycle. Prints how it ended; exit code 0 when it was done.
int main(int argc, char** argv)
{
    if (argc != 3) return 2;
    hawser::ReplicaOptions options;
    options.path = argv[1];
    auto replica = hawser::Replica::open(options);
    if (!replica) {
        std::printf("%s: %s\n", replica.error().code.c_str(), replica.error().message.c_str());
        return 1;
    }
    hawser::Ports ports;
    ports.tokens = hawser::fixed_token(argv[2]);
    hawser::SynchronizerOptions settings;
    settings.request_timeout = std::chrono::seconds{20};
    hawser::Synchronizer synchronizer(*replica, settings, ports);
    const auto report = synchronizer.cycle();
    if (!report) {
        std::printf("%s: %s\n", report.error().code.c_str(), report.error().message.c_str());
        return 1;
    }
    std::printf("pulled %llu pushed %llu\n", static_cast<unsigned long long>(report->pulled),
                static_cast<unsigned long long>(report->pushed));
    return 0;
}
