#pragma once

#include "localstore/store.h"

#include <functional>
#include <map>
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
        RecordKey key{}; ///< A record that it is about.
    };
    std::map<localstore::Sequence, std::string> live(const localstore::Store& store) const;
    std::map<Guid, Open> open(const localstore::Store& store) const;
    void look_at_changes(const localstore::Store& store);
    void look_at_intents(const localstore::Store& store);

    std::function<void(const std::string&)> tell_;
    std::map<localstore::Sequence, std::string> changes_{};
    std::map<Guid, Open> intents_{};
};

} // namespace hawser::simulation
