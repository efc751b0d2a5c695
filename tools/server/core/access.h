#pragma once

#include "tools/server/core/call.h"

#include <optional>

namespace hawser::server {

enum class Verb { create, read, write, erase, append, append_to, assign, share };

/// "prvReadContact"
std::string privilege_name(Verb verb, const Table& table);

Depth depth_of(const Account& account, Verb verb, const Table& table);

/// The refusal when the caller lacks the privilege altogether.
std::optional<Refusal> missing_privilege(const Call& call, Verb verb, const Table& table);

/// The refusal when the caller's privilege is less than organization-wide.
std::optional<Refusal> less_than_global(const Call& call, Verb verb, const Table& table);

/// Whether the caller may do that to the row. A row without an owner follows its parent.
bool reaches(const Call& call, Verb verb, const Table& table, const Row& row);

Refusal row_refused(const Call& call, Verb verb, const Table& table, const Guid& id);

/// "ReadAccess, WriteAccess, …" for one row.
std::string access_rights(const Call& call, const Table& table, const Row& row);

} // namespace hawser::server
