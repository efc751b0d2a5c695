#include "tests/simulation/process_use.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace hawser::simulation {

ProcessUse process_use()
{
    ProcessUse use;
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    if (std::ifstream("/proc/self/statm") >> all >> resident)
        use.bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::error_code none;
    const std::filesystem::directory_iterator open("/proc/self/fd", none);
    if (!none) use.files = static_cast<std::uint64_t>(std::distance(begin(open), end(open)));
    return use;
}

std::uint64_t allow_many_files()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

} // namespace hawser::simulation
