#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

namespace hawser::localstore {

/// The name of a file that lies beside another: SQLite's log, our lock.
inline std::filesystem::path with_suffix(std::filesystem::path base, std::string_view suffix)
{
    base += suffix;
    return base;
}

/// The file that a link leads to, beside which SQLite puts its log, and we our lock: whoever comes by another
/// name finds the same ones. The path itself when nothing is there.
inline std::filesystem::path file_behind(const std::filesystem::path& path)
{
    std::error_code failed;
    if (!std::filesystem::is_symlink(path, failed)) return path;
    const auto file = std::filesystem::canonical(path, failed);
    return failed ? path : file;
}

} // namespace hawser::localstore
