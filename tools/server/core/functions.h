#pragma once

#include "tools/server/core/call.h"

namespace hawser::server {

/// WhoAmI and the other functions that are not about one row.
bool is_function(std::string_view name);
Answer function_answer(const Call& call, const Segment& function);

/// Microsoft.Dynamics.CRM.… below a row: RetrieveUserPrivileges, RetrievePrincipalAccess, SendEmail.
bool is_bound_operation(std::string_view name);
Answer bound_operation(const Call& call, const Table& table, const Guid& id, const Segment& operation);

/// The version RetrieveVersion tells.
extern const char* const organization_version;

} // namespace hawser::server
