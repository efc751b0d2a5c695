#pragma once

#include "hawser/random.h"
#include "hawser/result.h"
#include "localstore/store.h"

#include <memory>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// Whether the replica file is the one that this machine's lock file knows.
enum class Provenance {
    same,
    copied_or_restored, ///< The nonces differ: give it a new instance id, compare before pushing.
};

/// The right to synchronize one replica. Held by a lock on the separate file "<replica>.lock", which
/// names the holder; the system releases it when the process ends, however it ends.
class EngineLock {
public:
    /// Never waits: fails with store.locked naming the holder and its pid. On success a fresh nonce
    /// is in both the replica and the lock file.
    static Result<std::unique_ptr<EngineLock>> acquire(Store& store, std::string_view holder, Random& random);
    ~EngineLock();

    Provenance provenance() const;

    /// The text of who holds it, "" when nobody does. For `doctor` and messages.
    static std::string holder(const std::filesystem::path& replica);

    class Impl;

private:
    explicit EngineLock(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hawser::localstore
