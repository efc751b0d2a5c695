#pragma once

#include "localstore/carried.h"
#include "localstore/change_row.h"
#include "localstore/conflict_row.h"
#include "localstore/store_impl.h"
#include "localstore/subject.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// The record of that key, aliases followed; fails when the table is unknown.
Result<Subject> load_subject(TransactionState& state, const RecordKey& key);

/// "contact 49516f4a-…", for messages.
std::string describe(const RecordKey& key);

/// All that is known of one record. For readers and writers.
RecordState record_state(Database& database, const Fold& port, const TableSet& tables, const RecordKey& key);

/// Marks columns of a live change as done with (none named = all that are open). When none is open
/// any more the change leaves the queue. Returns whether it left.
bool settle_columns(Subject& subject, Sequence sequence, std::span<const std::string> columns,
                    ChangeState outcome, std::string_view reason, Instant now);

/// Checks the change and the record; then takes a live one to `wanted` with its whole group.
Result<void> move_state(TransactionState& state, Sequence sequence, ChangeState wanted,
                        std::string_view words);

Error no_change(Sequence sequence);
Error already_settled(const Change& change);

Dependencies find_dependencies(Database& database, const TableSet& tables, Sequence sequence);
/// Whether the live change is what makes its record: its creation, or an edit after its deletion there.
bool makes_record(Database& database, const TableSet& tables, const Change& change);

Result<Intent> find_intent(Database& database, const TableSet& tables, const Guid& id);
std::vector<Intent> list_open_intents(Database& database, const TableSet& tables);
std::optional<Guid> open_intent_of(Database& database, const KnownTable& table, const Guid& id);

Result<Checkpoint> find_checkpoint(Database& database, ScopeNumber scope, Lane lane);
std::vector<Scope> list_scopes(Database& database, const TableSet& tables);
/// The empty checkpoints of a scope that has none.
void add_lanes(Database& database, ScopeNumber scope);

/// One edit in the queue; Sequence{0} when it changes nothing. `finish` is the caller's. With
/// Grouping::one_unit the change joins `group`, or founds it while that is 0.
enum class Purpose { edit, compensation };
Result<Sequence> write_edit(TransactionState& state, Subject& subject, const Edit& edit,
                            const WriteContext& context, Purpose purpose, GroupNumber& group);

/// Fails with store.unknown_column when the table lacks one of these.
Result<void> check_columns(const Subject& subject, const Fields& fields);

/// Who made the change first: this installation, or the one that it was taken over from.
ChangeIdentity identity_of(Database& database, Sequence change);
/// Before this replica becomes another installation: its changes up to `last` stay those that `instance` made.
void keep_identities(Database& database, const Guid& instance, Sequence last);

/// The parked changes of the record that this edit of a person mends: those whose columns it sets
/// anew, a refused creation that it completes, all of them when it deletes the record.
std::vector<Sequence> mended_by(const Subject& subject, Sequence edit);

/// Refuses a group, just written, that could never travel whole: of more steps than one request takes,
/// or in a circle with other changes that cannot be cut.
Result<void> check_group(TransactionState& state, GroupNumber group);

/// One sentence of why, in the journal. Cycle 0 is outside of every cycle.
void write_decision(Database& database, CycleNumber cycle, const RecordKey& key, std::string_view rule,
                    std::string_view sentence, Instant now);

/// "Change 3 was held by Ada.": what a person did with a change of the queue, in the journal.
void write_deed(TransactionState& state, const Change& change, std::string_view rule, std::string_view done,
                const WriteContext& context, std::string_view more = {});

/// Opens the record's conflict or adds columns to the open one. A base that is not given is the
/// first claiming change's before; mine and theirs are the record's.
Result<ConflictNumber> contest(TransactionState& state, const NewConflict& asked);

/// Of a change of the record that was just given up: what a restored organization lacks, and it had said as well, is
/// queued again as held. `finish` is the caller's.
void requeue_covered(TransactionState& state, Subject& subject, const Change& dropped, Instant now);

/// The edit that takes back what a change made of its record, as far as nobody made something else of it since: of what
/// is put together with what others write, its own part.
Edit compensation(const TransactionState& state, const Subject& subject, const Change& change);

/// Of changes that were applied, with their groups, as edits of a person, latest first.
Result<TakenBack> take_back_applied(TransactionState& state, std::span<const Sequence> sequences,
                                    const WriteContext& context);

/// Sets columns of a waiting change as if it had been made so; later edits of the record stand on that.
Result<void> edit_change(TransactionState& state, Sequence sequence, const Fields& values,
                         const WriteContext& context);

/// Undo and discard, of all of them or of none.
Result<Undone> drop_changes(TransactionState& state, std::span<const Sequence> sequences, ChangeState outcome,
                            const WriteContext& context);

Result<std::optional<Sequence>> resolve_conflict(TransactionState& state, ConflictNumber number,
                                                 const Resolution& resolution, const WriteContext& context);

} // namespace hawser::localstore
