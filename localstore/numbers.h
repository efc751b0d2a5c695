#pragma once

#include "localstore/database.h"

#include <cstdint>

namespace hawser::localstore {

/// The numbers of changes and of conflicts: people are told them, so none is ever given twice.
enum class Numbered { change, conflict };

/// Above every number that was given, also those whose rows are lost. Inside a write transaction.
std::int64_t next_number(Database& database, Numbered kind);

/// Of a repair: numbers up to this one may have been given, although no row says so.
void never_give_again(Database& database, Numbered kind, std::int64_t last);

} // namespace hawser::localstore
