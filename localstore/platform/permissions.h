#pragma once

#include "hawser/result.h"

#include <cstdint>
#include <filesystem>

namespace hawser::localstore::platform {

/// Makes an empty file that only its owner may read or write. Fails when it exists.
Result<void> create_private_file(const std::filesystem::path& path);

/// Makes the folder and its missing parents, the new ones for the owner only.
Result<void> create_private_folder(const std::filesystem::path& path);

/// Takes every right from others. Nothing happens when the file is missing.
Result<void> make_private(const std::filesystem::path& path);

/// Gives a new file to whom the other belongs, where the system lets us: who mends somebody else's replica
/// must not keep him out of it.
void give_to_owner_of(const std::filesystem::path& other, const std::filesystem::path& file);

/// What tells this very file from a copy of it under its name; 0 when it is missing.
std::uint64_t identity_of(const std::filesystem::path& path);

/// Syncs what was written to the file.
Result<void> sync_file(const std::filesystem::path& path);

/// Syncs a folder, so that a rename or a new file in it survives a power loss.
Result<void> sync_folder(const std::filesystem::path& path);

} // namespace hawser::localstore::platform
