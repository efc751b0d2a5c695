#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

/// Reads the organization's identity and users from the database, or makes them in an empty one:
/// its row, business unit, default team and currency. Expects a transaction.
void found(World& world, Instant now, Random& random);

/// Adds a user with its rows in systemuser, usersettings and mailbox. Expects a transaction.
User found_user(World& world, const UserSpecification& specification, Instant now, Random& random);

/// Keeps what may change of an account (token, depth) in the database. Expects a transaction.
void keep_account(World& world, const Account& account);

/// The owner of rows that were loaded: the team, or the user that a setting names.
Result<Guid> owner_of_loaded(const World& world);

} // namespace hawser::server
