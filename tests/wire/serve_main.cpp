#include "tools/server/shell/server.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

// The embedded organization as a program of its own, for tests that need no more of `hawser`.
int main(int argc, char* argv[])
{
    hawser::server::ServeOptions options;
    for (int at = 1; at < argc; ++at) {
        const std::string_view name = argv[at];
        if (name == "--env") {
            options.environment = true;
            continue;
        }
        if (at + 1 == argc) {
            std::fprintf(stderr, "%s needs a value\n", argv[at]);
            return 2;
        }
        const std::string value = argv[++at];
        if (name == "--port") {
            options.port = static_cast<std::uint16_t>(std::strtoul(value.c_str(), nullptr, 10));
        } else if (name == "--data") {
            options.data = value;
        } else if (name == "--load") {
            options.load = value;
        } else if (name == "--sample") {
            options.sample = std::strtoull(value.c_str(), nullptr, 10);
        } else if (name == "--user") {
            options.users.push_back(value);
        } else if (name == "--setting") {
            options.settings.push_back(value);
        } else if (name == "--faults") {
            options.faults = value;
        } else if (name == "--write-log") {
            options.write_log = value;
        } else if (name == "--path-prefix") {
            options.path_prefix = value;
        } else {
            std::fprintf(stderr, "unknown option %s\n", argv[at - 1]);
            return 2;
        }
    }
    return hawser::server::serve(options);
}
