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

/// The file that a link leads to, there or not, beside which SQLite puts its log, and we our lock: whoever
/// comes by another name finds the same ones. The path itself when it is no link.
inline std::filesystem::path file_behind(std::filesystem::path path)
{
    constexpr int most_links = 40;
    std::error_code failed;
    for (int i = 0; i < most_links && std::filesystem::is_symlink(path, failed); ++i) {
        const auto target = std::filesystem::read_symlink(path, failed);
        if (failed) break;
        path = path.parent_path() / target;
    }
    return path;
}

} // namespace hawser::localstore
