#pragma once

#include "hawser/replica.h"

#include <filesystem>
#include <string>

namespace hawser::cli {

// The replica beside a journal that remembers what became of each change.

/// Opens it, or makes one for this sign-in. One of somebody else is refused.
Result<Replica> open_receipts(const std::filesystem::path& path, const Binding& binding);

/// A policy file in which nothing is put on top of what may be there already: `mine`, `add` and `text` became `ask`. What
/// is no policy stays as it is, for `Replica::set_policy` to refuse.
std::string asking(const std::string& policy);

/// Whether the address leads to this machine, without a network between.
bool is_on_this_machine(const std::string& url);

/// A folder for a rehearsal, which goes with everything in it.
class ShortLivedFolder {
public:
    /// `path()` is empty when there is no place for it.
    ShortLivedFolder();
    ~ShortLivedFolder();
    ShortLivedFolder(const ShortLivedFolder&) = delete;
    ShortLivedFolder& operator=(const ShortLivedFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace hawser::cli
