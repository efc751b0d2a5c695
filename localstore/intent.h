#pragma once

#include "hawser/clock.h"
#include "hawser/value.h"
#include "localstore/fold.h"
#include "localstore/ids.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

enum class StepKind {
    create,
    update,
    remove,
    put_collection, ///< A party list, behind a conditional write of its parent.
    link,
    unlink,
    action,
    receipt,   ///< The row whose GUID is the intent's id: reading it is proof.
    read_back, ///< Reads what a step without representation left.
};
std::string_view to_text(StepKind);
std::optional<StepKind> parse_step_kind(std::string_view);

enum class StepState {
    waiting,  ///< Not a byte of it has left.
    sent,     ///< It may have left: written before the first byte of an attempt.
    answered, ///< A usable answer is stored.
    unknown,  ///< Sent, and no usable answer came.
};

/// In one intent: the organization's own limit on one batch.
inline constexpr std::size_t most_steps = 1000;

/// One frozen request of an intent.
struct IntentStep {
    int number = 0; ///< From 0, in the order of sending; given by the store.
    StepKind kind = StepKind::update;
    RecordKey key;
    std::string method;
    std::string path;
    std::string condition; ///< The header line, "If-Match: W/\"12\"" or "If-None-Match: *"; "" = none.
    std::string body;      ///< The exact bytes.
    std::string content_id;
    Fields sent{}; ///< What the body says, for the proof by equality.
    StepState state = StepState::waiting;
    int status = 0;       ///< HTTP, once answered.
    std::string etag{};   ///< The answer's.
    std::string answer{}; ///< The answer's body or words, bounded by the caller.
};

/// A change of the frozen set and which of its columns travel. No columns = all that are neither
/// settled nor masked by an open conflict.
struct Covered {
    Sequence sequence;
    std::vector<std::string> columns{};
    bool none = false; ///< No column travels: its record is made without it, and it stays queued.
};

enum class Destination { organization, mailbox };
enum class Atomicity { single_requests, one_change_set };

struct NewIntent {
    Guid id;
    std::vector<Covered> changes;
    std::vector<IntentStep> steps;
    Atomicity atomicity = Atomicity::single_requests;
    Destination destination = Destination::organization;
    CycleNumber cycle{};
    Instant made_at{};
};

struct Attempt {
    int number = 0; ///< From 1.
    Guid client_request_id;
    Instant at{};
};

/// What is about to be sent, or was. On disk before the first byte; frozen.
struct Intent {
    Guid id;
    std::vector<Covered> changes; ///< With the columns that travel spelled out.
    std::vector<IntentStep> steps;
    Atomicity atomicity = Atomicity::single_requests;
    Destination destination = Destination::organization;
    CycleNumber cycle;
    Instant made_at{};
    std::vector<Attempt> attempts;

    /// Whether some step may have reached the server and nothing proves what became of it.
    bool unknown() const;
};

/// How an intent ended. `later` is "known not to have happened": throttled, not sent, rolled back.
/// Three are of no intent: the organization was seen to hold what a change says (`shown`); it was restored, and lacks
/// what was applied or shown before (`lost`); of that, the last change of the receipt, which waits, says more than the
/// others (`covered`).
enum class IntentOutcome { applied, conflict, refused, later, indeterminate, shown, lost, covered };
std::string_view to_text(IntentOutcome);
std::optional<IntentOutcome> parse_intent_outcome(std::string_view);

struct StepAnswer {
    int number = 0;
    StepState state = StepState::answered; ///< answered or unknown.
    int status = 0;
    std::string etag{};
    std::string answer{};
};

/// The server's copy of one record after an intent was applied: the representation it returned
/// (never the body that was sent), or empty when the record was deleted.
struct Acknowledged {
    RecordKey key;
    std::string etag;
    Copy representation;
    Coverage coverage = Coverage::whole_record;
    std::string receipt_etag{}; ///< For the receipt, when the shadow's version is not known ("").
    bool is_there = true;       ///< It was seen there: a deletion that was told before is of a former life.
};

/// The settled intent, kept for the audit window. One a record.
struct Receipt {
    Guid intent;
    RecordKey key;
    std::vector<Sequence> changes{};
    IntentOutcome outcome = IntentOutcome::applied;
    int status = 0;
    std::string etag{};
    std::string words{};          ///< The server's, or why.
    std::vector<Guid> requests{}; ///< The client request id of each attempt.
    CycleNumber cycle{};
    Instant at{};
};

/// Columns of one record whose fate is unknown and unprovable.
struct Indeterminate {
    RecordKey key;
    std::vector<std::string> columns;
};

} // namespace hawser::localstore
