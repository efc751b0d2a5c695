#pragma once

#include "engine/absence.h"
#include "engine/judge.h"
#include "engine/push_draft.h"
#include "engine/queue_plan.h"
#include "engine/read_back.h"
#include "engine/surroundings.h"
#include "transport/dataverse/batch.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hawser::engine {

/// Every read said something, if only that this user may not see the record.
bool all_answered(const std::vector<std::pair<RecordKey, Found>>& read);

/// The push of a cycle: what earlier attempts left open is settled first, then everything that may
/// go goes, in batches of conditional requests.
///
/// Guarantees: an intent is on the disk, synced, before its first byte leaves (I2); each answer is
/// settled on its own, so that one refusal touches nobody else (I6); a version conflict leads to a
/// read and a merge, never to an unconditional write (I3); a record that others bump without end is
/// tried a bounded number of times and then later, and says so (I4).
class Pusher {
public:
    Pusher(Surroundings& around, CycleWork& cycle) : around_(around), cycle_(cycle), absence_(around, cycle)
    {
    }

    Task<Result<void>> push();

    /// The organization spoke of columns or tables that we do not know: read the metadata again.
    bool schema_changed() const { return schema_changed_; }
    /// The tables of which records were deleted there: what referred to them has changed, too.
    const std::set<std::string>& deleted_from() const { return deleted_from_; }
    /// The earliest moment that a waiting change has of its own.
    std::optional<Instant> next_attempt() const { return next_attempt_; }

private:
    enum class Follow { nothing, read_back, decide_anew, recover };
    struct Sent {
        Draft draft;
        bool resent = false; ///< An earlier attempt has an unknown end: its answers prove nothing.
    };

    // push.cpp: what goes when.
    enum class Level { done, outdated, moved };
    Task<Result<Level>> push_level();
    Result<QueuePlan> plan();
    void keep_back_unknown(PushPlan& plan);
    void keep_back_unheard(QueuePlan& queue) const;
    Result<void> explain(const PushPlan& plan, const std::vector<localstore::Change>& live);
    Task<Result<void>> guard_deletes(QueuePlan& queue);
    Result<void> keep_back(QueuePlan& queue);
    Result<void> hold_stuck(const QueuePlan& queue);
    Result<std::vector<Sent>> freeze(const std::vector<PushUnit>& ready, std::size_t& at, const Guid& id,
                                     Level& level);

    // push_send.cpp: what was frozen goes, in as many requests as it takes.
    enum class Portion {
        settled, ///< Each change has its answer, or is known to have none.
        refused, ///< Nothing of it ran.
        blocked, ///< Something on the way answered for the organization.
    };
    /// What is left to do after answers were settled.
    struct Followed {
        std::vector<Sent> back{};                   ///< Applied, and only a read shows the outcome.
        std::vector<Sent> anew{};                   ///< Refused as outdated.
        std::optional<dataverse::Outcome> ending{}; ///< A part's answer that holds for all traffic.
    };
    /// All of the batch, in portions by their bytes; halves what is refused as a whole, so that only a
    /// single change can be. After an error the rest is queued again.
    Task<Result<void>> send(std::vector<Sent> batch, Guid request_id);
    Task<Result<Portion>> send_portion(std::vector<Sent> batch, Guid request_id);
    std::size_t portion_end(const std::vector<Sent>& batch, std::size_t at) const;
    void weigh(const Result<http::Answer>& answer, std::size_t items);
    Result<void> put_back(const std::vector<Sent>& batch, std::size_t from);
    Result<void> settle_all(const std::vector<Sent>& batch, const dataverse::BatchAnswer& parts,
                            bool never_sent, Followed& followed);

    // push_settle.cpp: what an answer does.
    Result<Follow> settle(localstore::Transaction& transaction, const Sent& sent,
                          const dataverse::ItemAnswer& item, const dataverse::Outcome& outcome);
    Result<Follow> settle_applied(localstore::Transaction& transaction, const Sent& sent,
                                  const dataverse::ItemAnswer& item);
    enum class Parked { refused, unprovable };
    Result<void> park(localstore::Transaction& transaction, const Draft& draft, Parked why,
                      const std::string& words);
    Result<void> settle_later(localstore::Transaction& transaction, const Sent& sent,
                              const dataverse::Outcome& outcome);
    /// A decision row for each record of the draft (I10).
    Result<void> explain(localstore::Transaction& transaction, const Draft& draft, std::string_view rule,
                         std::string_view sentence);
    Result<void> store_unknown(localstore::Transaction& transaction, const Sent& sent);
    Result<void> store_outdated(localstore::Transaction& transaction, const Sent& sent,
                                const dataverse::Outcome& outcome);
    bool is_refused_for_good(const localstore::Intent& intent) const;
    bool is_proven_by_values(const localstore::Intent& intent) const;
    using Read = std::vector<std::pair<RecordKey, Found>>;
    Result<void> tell_moved(localstore::Transaction& transaction, const localstore::RecordState& before);
    Result<void> acknowledge_read(localstore::Transaction& transaction, const Draft& draft, const Read& read);
    Result<void> take_read(localstore::Transaction& transaction, const Draft::Part& part, const Found& found);
    Result<void> lose_sight_of(localstore::Transaction& transaction, const Draft::Part& part);
    Result<void> acknowledge(localstore::Transaction& transaction, const Draft& draft,
                             const std::vector<localstore::Acknowledged>& copies);
    Task<Result<void>> follow_up(std::vector<Sent> back, std::vector<Sent> anew);
    int bump(const RecordKey& key) { return ++attempts_[key]; }

    // push_outdated.cpp: what was refused because the record is another by now.
    /// The network may have repeated what had been applied, so that only a read can tell: until then the
    /// intent stays open, and what is undone meanwhile is taken back.
    Result<void> settle_outdated(localstore::Transaction& transaction, const Draft& draft, const Read& read,
                                 Reading reading);
    Result<std::map<RecordKey, Fields>> before(localstore::Transaction& transaction,
                                               const Draft& draft) const;
    Result<void> decide_anew(localstore::Transaction& transaction, const Draft::Part& part,
                             const Found& found);
    /// A read is younger than all that was staged: a deletion that was told of what is there is of a former life,
    /// and what was there is there no more.
    Result<void> drop_overtaken(localstore::Transaction& transaction, const localstore::RecordState& state,
                                const Found& found) const;
    std::optional<Instant> rest_of(const RecordKey& key) const;
    Result<void> rest(localstore::Transaction& transaction, const RecordKey& key, Instant until,
                      const std::string& why);

    // push_receipts.cpp: the rows that prove what equality cannot (I2).
    Result<void> give_up_receipts(localstore::Transaction& transaction, const Sent& sent,
                                  const std::string& words);
    Task<void> clear_receipts();

    // recover.cpp: open intents.
    Task<Result<void>> recover();
    Task<Result<std::vector<Sent>>> judge_open(std::vector<localstore::Intent> open);
    Result<std::set<RecordKey>> untold(const localstore::Intent& intent) const;
    Result<Judgement> judged(const localstore::Intent& intent, const Read& found,
                             const std::optional<Found>& receipt) const;
    Result<bool> settle_judged(const localstore::Intent& intent, const Read& found,
                               const std::optional<Found>& receipt);
    Result<void> settle_as(localstore::Transaction& transaction, const localstore::Intent& intent,
                           const Draft& draft, const Judgement& judgement, const Read& found);
    Result<bool> any_deleted_here(localstore::Transaction& transaction,
                                  const std::vector<localstore::Indeterminate>& records) const;
    Result<void> hold_sent(localstore::Transaction& transaction, const localstore::Intent& intent,
                           const Draft& draft);
    Result<void> keep_with_deletion(localstore::Transaction& transaction, const localstore::Intent& intent,
                                    const Draft& draft, const Read& read);
    Result<void> ask_about(localstore::Transaction& transaction, const Draft& draft,
                           const Judgement& judgement, const Read& read);
    Result<void> settle_part_shown(localstore::Transaction& transaction, const localstore::Intent& intent,
                                   const Draft::Part& part, const Found& found);

    Surroundings& around_;
    CycleWork& cycle_;
    Absence absence_;
    std::map<RecordKey, int> attempts_{};    ///< Of this cycle, that did not end well.
    std::vector<Guid> receipts_done_{};      ///< Receipt rows that proved what they had to.
    std::map<std::string, Error> refused_{}; ///< By table: so many deletions that nobody agreed to.
    /// By table: the deletions that this push has counted, those that are sent by now among them.
    std::map<std::string, std::set<localstore::Sequence>> deletions_{};
    std::set<std::string> deleted_from_{};
    bool schema_changed_ = false;
    bool recover_now_ = false;
    std::set<Guid> repeats_refused_{}; ///< Intents whose repeat the organization refused as a whole.
    std::optional<Error> missed_{};    ///< Why some intents stay open.
    std::size_t portion_ = dataverse::max_batch_operations; ///< Changes a request at most.
    std::size_t answer_bytes_ = 0;                          ///< For one change, the most seen.
    int blocked_ = 0;
    std::optional<Instant> next_attempt_{};
};

} // namespace hawser::engine
