#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace hawser::simulation {

/// A folder as it was when this was made, for processes that change it one after the other: which files there
/// are, each still the same file, and what small ones hold. Folders in it are none of its concern.
class FolderImage {
public:
    explicit FolderImage(std::filesystem::path folder);
    ~FolderImage();
    FolderImage(FolderImage&&) noexcept = default;
    FolderImage& operator=(FolderImage&&) = delete;

    /// Nobody may have a file of the folder open for writing.
    void put_back() const;

private:
    std::filesystem::path folder_;
    std::filesystem::path kept_; ///< A second name for each of its files, beside the folder.
    std::map<std::string, std::string> texts_{};
};

} // namespace hawser::simulation
