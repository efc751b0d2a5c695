#pragma once

#include <cstdint>

namespace hawser::simulation {

/// What this process holds of the machine.
struct ProcessUse {
    std::uint64_t bytes = 0; ///< Resident memory.
    std::uint64_t files = 0; ///< Open file descriptors.
};

/// Zeros where the system does not tell.
ProcessUse process_use();

/// Lets the process open as many files as the system allows it at most. How many that is.
std::uint64_t allow_many_files();

} // namespace hawser::simulation
