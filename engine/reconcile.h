#pragma once

#include "conflict/reconcile.h"
#include "engine/surroundings.h"
#include "localstore/transaction.h"

#include <string>

namespace hawser::engine {

/// What the organization is known to say of one record, in this cycle.
struct RemoteWord {
    conflict::Presence presence = conflict::Presence::present;
    std::string etag{};              ///< With present.
    Fields fields{};                 ///< With present: the whole record.
    localstore::ScopeNumber scope{}; ///< With out_of_reach: the scope it left.
    bool tombstone = false;          ///< With deleted: named as such, which proves that it was there once.
};

/// Brings one record in line with the organization's word, inside a transaction: compares base,
/// local and remote, names the outcome and acts on it. Fit for clean and dirty records; one with an
/// open intent gets the word staged and is decided when the intent is settled.
///
/// Leaves a decision row for everything but a clean take (I10). Never loses a live change (I1).
Result<void> reconcile_record(CycleWork& cycle, localstore::Transaction& transaction, const TableWork& table,
                              const RecordKey& key, const RemoteWord& word, Instant now);

/// Whether this version is older than the one that this very cycle brought or made: a page fetched
/// before a push between two pages. Any other older version is a restored organization's.
bool is_overtaken(const localstore::RecordState& state, std::string_view etag, localstore::CycleNumber cycle);

/// How an open question is no longer the one that a person saw; column names, with commas.
struct QuestionMove {
    std::string moved{};  ///< Whose *theirs* is another one.
    std::string joined{}; ///< That it is also about now.
};
Result<void> tell_moved_question(CycleWork& cycle, localstore::Transaction& transaction, const RecordKey& key,
                                 const std::string& name, const QuestionMove& move, Instant now);

/// Reconciles what was staged while intents were open. Call after intents were settled.
Result<void> reconcile_staged(Surroundings& around, CycleWork& cycle);

/// The question that `reconcile` is asked about a record in this state. For tests and dry runs.
conflict::Situation situation_of(const TableWork& table, const localstore::RecordState& state,
                                 const RemoteWord& word);

} // namespace hawser::engine
