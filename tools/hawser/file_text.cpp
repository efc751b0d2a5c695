#include "tools/hawser/file_text.h"

#include "tools/hawser/exit_code.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace hawser::cli {

// A directory opens like a file and fails only when it is read, which must not count as an empty file. The
// C interface tells such a failure of standard input too, which std::cin takes for its end.
Result<std::string> file_text(const std::string& path)
{
    constexpr std::size_t bytes_most = 64u << 20;
    const bool given = path == "-";
    const std::string what = given ? "standard input" : "the file " + path;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
        given ? nullptr : std::fopen(path.c_str(), "rb"), [](std::FILE* file) { return std::fclose(file); });
    std::FILE* const source = given ? stdin : opened.get();
    const auto unreadable = [&] {
        return usage_error(
            fmt::format("{} cannot be read: {}", what, std::generic_category().message(errno)));
    };
    if (!source) return unreadable();
    std::string text;
    char piece[4096];
    while (const std::size_t length = std::fread(piece, 1, sizeof piece, source)) {
        text.append(piece, length);
        if (text.size() > bytes_most) return usage_error(what + " is larger than 64 MB");
    }
    if (std::ferror(source) != 0) return unreadable();
    return text;
}

} // namespace hawser::cli
