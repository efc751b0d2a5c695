#include "tests/simulation/folder_image.h"

#include <fstream>
#include <iterator>
#include <utility>

namespace hawser::simulation {

namespace {

std::string text_of(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

FolderImage::FolderImage(std::filesystem::path folder) : folder_(std::move(folder)), kept_(folder_)
{
    kept_ += ".kept";
    std::filesystem::create_directory(kept_);
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        const std::filesystem::path name = entry.path().filename();
        std::filesystem::create_hard_link(entry.path(), kept_ / name);
        texts_.emplace(name.string(), text_of(entry.path()));
    }
}

FolderImage::~FolderImage()
{
    std::error_code ignored;
    if (!kept_.empty()) std::filesystem::remove_all(kept_, ignored);
}

void FolderImage::put_back() const
{
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
        std::filesystem::remove(entry.path());
    for (const auto& [name, text] : texts_) {
        std::filesystem::create_hard_link(kept_ / name, folder_ / name);
        if (text_of(folder_ / name) != text) std::ofstream(folder_ / name, std::ios::binary) << text;
    }
}

} // namespace hawser::simulation
