#pragma once

#include "localstore/store.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace hawser::simulation {

/// Tells which state each change and each intent of a replica came from and went to. Looking costs as much as
/// the commit that it follows.
class Edges {
public:
    explicit Edges(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

    /// After a commit that touched the queue.
    void look(const localstore::Store& store);
    /// The file may be another one now: nothing that is found in it came from anywhere.
    void begin_anew(const localstore::Store& store);

private:
    struct Open {
        std::string state{};
        localstore::Sequence change{}; ///< One that it covers.
    };
    using Changes = std::map<localstore::Sequence, std::string>;
    using Intents = std::map<Guid, Open>;

    // Empty when the file cannot be read, as on a disk that fails.
    static std::optional<Changes> live(const localstore::Store& store);
    static std::optional<Intents> open(const localstore::Store& store);
    static std::string outcome_of(const Guid& id, const Open& intent, const localstore::Store& store);
    void look_at_changes(const localstore::Store& store);
    void look_at_intents(const localstore::Store& store);

    std::function<void(const std::string&)> tell_;
    std::optional<Changes> changes_{};
    std::optional<Intents> intents_{};
};

} // namespace hawser::simulation
