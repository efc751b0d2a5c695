#pragma once

#include "hawser/result.h"
#include "hawser/value.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

/// The roles of an activity's participants as words: from, to, cc, bcc, required, optional,
/// organizer, regarding, owner, resource, customer.
std::optional<int> role_of(std::string_view word);
std::string role_word(int role);
std::vector<std::string> role_words();

/// Finds the record that "table:idprefix" means.
using RecordResolver = std::function<Result<Lookup>(std::string_view table, std::string_view id_prefix)>;

/// What one argument does to the participants in one role.
struct PartyEdit {
    enum class Kind { replace, add, remove };
    Kind kind = Kind::replace;
    int role = 0;
    std::string participants; ///< Comma-separated: addresses, or "table:idprefix".
};

/// The participants after the edit. Other roles of the same people stay; somebody without a role
/// is left out. Removing somebody who is not there is refused.
Result<std::vector<Party>> apply(std::vector<Party> parties, const PartyEdit& edit,
                                 const RecordResolver& resolve);

/// "required: Ada Lovelace, bob@example.com; organizer: …", with `name_of` naming records.
std::string parties_text(const std::vector<Party>& parties,
                         const std::function<std::string(const Lookup&)>& name_of);

} // namespace hawser::cli
