#pragma once

#include "localstore/database.h"

#include <string>

namespace hawser::localstore {

/// What waits, as a short text: another one as soon as a change came, went or says something else, or a question was
/// opened, moved or closed. Whether a change is held or was tried counts for nothing.
std::string queue_mark(Database& database);

} // namespace hawser::localstore
