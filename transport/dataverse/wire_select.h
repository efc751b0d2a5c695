#pragma once

#include "base/body.h"
#include "hawser/metadata.h"

#include <span>
#include <string>

namespace hawser::dataverse {

/// "$select=contactid,firstname,_ownerid_value,…": the primary id, the layout's columns that the
/// table has, and versionnumber; participants are no column.
std::string select_option(const Table& table, const Layout& layout,
                          std::span<const std::string> without = {});

/// "&$expand=email_activity_parties($select=…)" when the layout wants the participants, else "".
std::string expand_option(const Table& table, const Layout& layout,
                          std::span<const std::string> without = {});

/// "contacts(49516f4a-…)".
std::string record_path(const Table& table, const Guid& id);

} // namespace hawser::dataverse
