#pragma once

#include <filesystem>
#include <string_view>

namespace hawser::localstore {

/// The name of a file that lies beside another: SQLite's log, our lock.
inline std::filesystem::path with_suffix(std::filesystem::path base, std::string_view suffix)
{
    base += suffix;
    return base;
}

} // namespace hawser::localstore
