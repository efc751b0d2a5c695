#pragma once

#include "hawser/change.h"
#include "hawser/replica.h"
#include "hawser/synchronizer.h"
#include "tools/hawser/output.h"

#include <string>
#include <string_view>
#include <vector>

namespace hawser::cli {

// One word for each state, the same in text and JSON.
std::string_view word_of(ChangeState state);
std::string_view word_of(ChangeKind kind);
std::string_view word_of(Badge badge);
std::string_view word_of(PullMode mode);

/// What people see beside a record: "" when it is on the server, else a short word with its style.
Cell badge_cell(Badge badge);

/// "online", "offline by choice since 14:00" … with its reason, as one sentence without a full stop.
std::string connection_sentence(const Status& status, Instant now);

/// What is not settled, a sentence each: "2 changes wait, the oldest from 5 minutes ago." Empty when
/// nothing waits.
std::vector<std::string> waiting_sentences(const Status& status, Instant now);

/// "Pulled 12 records, merged 1, sent 3 changes." or "Nothing had changed."
std::string cycle_sentence(const CycleReport& report);

/// An error's message, with the moment until which it asks to wait.
std::string error_sentence(const Error& error, Instant now);

/// Whether something waits until a person decides.
bool needs_person(const Status& status);

/// "jobtitle: Clerk -> Head of Sales, mobilephone cleared"; at most `columns` of them.
std::string edits_text(const Change& change, const Table* table, std::size_t columns);

} // namespace hawser::cli
