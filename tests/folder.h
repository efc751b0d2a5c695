#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace hawser::tests {

/// A folder that is gone when the test is.
class Folder {
public:
    Folder()
    {
        // What a process that was killed left behind is in nobody's way.
        std::string path = std::filesystem::temp_directory_path() / "hawser-test-XXXXXX";
        if (!::mkdtemp(path.data()))
            throw std::system_error(errno, std::generic_category(), "a folder for a test");
        path_ = path;
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace hawser::tests
