#pragma once

#include <sqlite3.h>

namespace hawser::localstore {

/// Gives a connection its own json_extract(text, path) for two arguments, equal to SQLite's in every
/// result. Two reasons: the views and indexes of a replica use it, and SQLite before 3.41 refuses its
/// own one there when the schema is not trusted; and a member of a body is found several times faster
/// by stepping over what stands before it than by parsing the whole.
void install_json_extract(sqlite3* handle);

} // namespace hawser::localstore
