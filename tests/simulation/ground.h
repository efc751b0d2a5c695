#pragma once

#include "tests/simulation/folder_image.h"
#include "tests/simulation/world.h"

#include <vector>

namespace hawser::simulation {

/// A world in which several stories begin: it is founded once, and each story is told by a process of its own
/// that is split off there. What it reports is what `run` reports, but for the sentences.
///
/// For programs of one thread.
class Ground {
public:
    /// Of this story and of all that begin in the same world.
    explicit Ground(const Script& script);

    /// A process that does not come to the end of the story broke a promise, too.
    Report run(const Script& script);

private:
    World world_;
    std::vector<FolderImage> images_{}; ///< Of what the stories would otherwise leave to each other.
};

} // namespace hawser::simulation
