#pragma once

#include "engine/context.h"
#include "tests/office.h"
#include "tests/organization_exchange.h"
#include "tests/simulation/installation.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/script.h"
#include "tests/virtual_clock.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hawser::simulation {

/// What came of a story.
struct Report {
    std::optional<Violation> broken{};
    std::uint64_t trace = 0; ///< Of everything that happened, in order. The same for the same script.
    std::map<std::string, std::uint64_t> counts{};
    std::vector<std::string> story{}; ///< In plain sentences, when it was asked for.
    std::vector<std::pair<std::size_t, std::uint64_t>> befallen{}; ///< Requests that something befell.
};

/// Runs a story from its first deed to the quiet at its end, and checks I1 to I6 and I8 to I10 on the way. Whole engines
/// with real replicas and real requests, on the organization's core in the same process, in virtual time.
Report run(Script script, bool tell);

/// The world of one story: the organization, its people, their machines and the networks in between.
class World : public Surrounding {
public:
    World(Script script, bool tell);
    ~World() override;

    /// The ground of the story: everybody has the tables aboard, and nothing is locked.
    void begin();
    /// The story, on its ground.
    Report live(Script script);
    /// All folders in which there are files.
    std::vector<std::filesystem::path> folders() const;

    void sends(std::size_t where, const http::Request& request) override;
    http::Answer carry(std::size_t where, const http::Request& request) override;
    void delivers(std::size_t where, const http::Request& request, const http::Answer& answer) override;
    void comes_late(std::size_t) override { late_ = true; }
    void hides_the_answer(const http::Request& request) override;
    std::uint64_t next_place() override { return ++places_; }
    bool is_overtaken(std::uint64_t place) const override { return place < latest_place_; }
    void arrives(std::uint64_t place) override { latest_place_ = std::max(latest_place_, place); }
    void was_overtaken() override { count("mishap: reordered"); }
    bool outrun(const http::Request& request) override;
    void kill(std::size_t where) override { doomed_.insert(where); }
    void befell(std::size_t where, std::uint64_t number, Mishap mishap,
                const http::Request& request) override;
    void sent_too_soon(std::size_t where, const http::Request& request) override;

protected:
    // world.cpp
    void found();
    void open_the_day();
    void live_through();
    void carry_on();
    virtual SynchronizerOptions options_of(std::size_t where, Draw& draw);
    /// The way of one installation to the organization.
    virtual std::shared_ptr<Network> network_for(std::size_t where)
    {
        return std::make_shared<Network>(*this, script_, time_, where);
    }
    void count_expired(const http::Request& request, const http::Answer& answer);
    void heed_cycles(std::size_t where, std::string_view event, std::string_view json);
    void tell(const std::string& sentence);
    void note(std::string_view what);
    void count(const std::string& what) { ++report_.counts[what]; }
    void advance(Clock::Milliseconds until);
    void pass(Clock::Milliseconds time) { advance(time_->elapsed() + time); }
    void settle_down();
    void start_again(std::size_t where);
    bool survive(Installation& desk);
    void look(std::size_t where);
    void perform(const Deed& deed);
    void run_copy(Installation& desk);
    void go_on_holiday(Clock::Milliseconds time, bool asleep);

    // colleagues.cpp: what happens in the organization itself.
    server::Answer ask(const std::string& method, const std::string& path, const std::string& body = {});
    void heed_log(std::optional<std::size_t> who);
    void heed_references(std::size_t where, const std::string& body);
    void heed_claim(std::size_t where, const TrackedTable& table, std::int64_t version);
    Row read(const RecordKey& key);
    std::map<RecordKey, Texts> read_all(std::string_view user, const std::string& contact_filter);
    bool put(const RecordKey& key, const std::string& json);
    std::optional<RecordKey> some_record(Draw& draw, std::string_view table) const;
    void colleague_creates(Draw draw, std::string_view table);
    void colleague_edits(Draw draw);
    void colleague_deletes(Draw draw);
    void colleague_purges(Draw draw);
    void record_leaves(Draw draw);
    void privilege_changes(const Seat& seat);
    void tokens_expire(Draw draw);
    void restore();
    void bump(const http::Request& request);
    void rewrite(const std::vector<RecordKey>& written);

    // meetings.cpp
    void colleague_calls_meeting(Draw& draw);
    void colleague_meets(Draw draw);
    void meet(Installation& desk, Draw& draw);
    void change_meeting(Installation& desk, const RecordKey& key, Draw& draw);

    // people.cpp: what people do at their machines.
    void act(const Deed& deed, Installation& desk);
    void act_on_queue(const Deed& deed, Installation& desk);
    void act_on_machine(const Deed& deed, Installation& desk);
    void acted(Installation& desk, const RecordKey& key, const Row& before, const Row& after);
    void write(Installation& desk, const std::vector<localstore::Edit>& edits,
               localstore::Grouping grouping = localstore::Grouping::separate);
    void edit_by_former_id(Installation& desk, Draw& draw);
    std::optional<localstore::Edit> some_edit(Installation& desk, Draw& draw);
    localstore::Edit some_creation(Installation& desk, Draw& draw);
    Fields some_fields(Installation& desk, const RecordKey& key, const Row& row, Draw& draw);
    Result<void> send_again(Installation& desk, const localstore::Change& change);
    std::vector<localstore::Change> with_group(Installation& desk, const localstore::Change& change) const;
    Texts chosen_in(Installation& desk, const localstore::Change& change) const;
    void show_theirs(Installation& desk, const std::vector<localstore::Change>& members);
    void forget_dropped(Installation& desk, const localstore::Undone& undone);
    static bool is_open(Installation& desk, const localstore::Conflict& conflict);
    void resolve(Installation& desk, const localstore::Conflict& conflict, Draw& draw);
    void watched(Installation& desk, const std::function<void()>& deeds);
    void begin_cycle(Installation& desk);
    void begin_verify(Installation& desk);
    void begin_departure(Installation& desk, bool now);
    void begin_return(Installation& desk);
    static void crash_soon(Installation& desk, Draw& draw);
    void hold_file(Installation& desk, Clock::Milliseconds time);

    // quiet.cpp: the end.
    void come_to_rest();
    bool all_quiet();
    void sleep_all(Clock::Milliseconds time);
    void clear_up(Installation& desk, Draw& draw, int round);
    void clear_up(Installation& desk, const localstore::Change& change, int round);
    bool waits_for_a_person(Installation& desk, const localstore::Change& change);
    void heed_waiting(std::size_t where);
    static bool is_told(Installation& desk, const std::vector<RecordKey>& records);
    std::vector<RecordKey> records_with(Installation& desk, const localstore::Change& change) const;
    void compare(Installation& desk);
    void explain(Installation& desk);
    void explain_cycles(Installation& desk);
    void tell_queue(Installation& desk);
    void collect(Installation& desk);

    std::string place(std::size_t where) const { return oracle_.who_is(where); }

    Script script_;
    bool telling_;
    Report report_{};
    std::shared_ptr<tests::VirtualClock> time_;
    std::unique_ptr<tests::KeptOffice> kept_office_{};
    std::unique_ptr<tests::Office> memory_office_{};
    tests::Office* office_ = nullptr;
    engine::Context context_{};
    Oracle oracle_;
    std::vector<std::shared_ptr<Network>> networks_{};
    std::vector<std::unique_ptr<Installation>> desks_{};
    std::unique_ptr<Installation> never_begun_{}; ///< Its folder is one of the ground.
    std::set<std::size_t> doomed_{};
    std::size_t heeded_ = 0;     ///< Lines of the write log that were read.
    std::uint64_t readings_ = 0; ///< Of the write log.
    std::string team_{};
    std::string colleague_{}; ///< Her id.
    std::map<std::size_t, std::map<RecordKey, RecordKey>>
        former_ids_{}; ///< What they lead to, by installation.
    std::set<std::string> lowered_{};
    std::set<RecordKey> bumped_{};
    bool rewriting_ = false;
    bool backed_up_ = false;
    bool expiry_happened_ = false;
    bool tokens_expire_soon_ = false;
    std::string expired_status_ = "400"; ///< Of the answer that says so.
    bool slipped_away_ = false;          ///< Something left what somebody may see, or what they chose.
    std::map<std::size_t, Clock::Milliseconds> failed_at_{}; ///< The last cycle, where it failed.
    std::map<std::size_t, std::set<std::pair<localstore::Sequence, std::string>>> waiting_{};
    std::set<std::size_t> unreported_{}; ///< Where a cycle has begun and not reported.
    bool calm_ = false;
    std::uint64_t last_value_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t cycles_ = 0;
    int events_ = 0;
    std::uint64_t places_ = 0;       ///< Requests that were sent.
    std::uint64_t latest_place_ = 0; ///< Of those that arrived, the one that was sent last.
    bool late_ = false;              ///< What is carried now was given up by its sender.
};

} // namespace hawser::simulation
