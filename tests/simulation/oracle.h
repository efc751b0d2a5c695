#pragma once

#include "hawser/value.h"
#include "tests/simulation/rows.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::simulation {

/// Which invariant of the design does not hold, and the sentence that says how.
struct Violation {
    int invariant = 0;
    std::string sentence;
};

/// One applied write, as the organization's log tells it.
struct Written {
    std::string user;
    RecordKey key;
    std::string method;
    std::string outcome; ///< created, updated, deleted, unlinked …
    std::string condition;
    std::string version;
    std::uint64_t change_set = 0; ///< One number for all that took effect together.
    std::vector<std::string> columns{};
    bool late = false; ///< Its sender had given it up.
};

/// What must be true of a story, from what people did at their desks and what the organization says
/// happened to it. Knows nothing of how the engine works: no queue, no intents, no tokens.
///
/// Values of the text columns are never used twice in a story, so that each says who wrote it and when.
/// The first violation stays.
class Oracle {
public:
    explicit Oracle(std::vector<std::string> users);

    // ---- what people did -------------------------------------------------------------------------
    /// A person at an installation changed what they see of a record, of which the replica holds that version; "" when
    /// it holds none, or when only a value was typed.
    void acted(std::size_t who, const RecordKey& key, const Row& before, const Row& after,
               std::string_view etag);
    /// A person entered several edits that are one: what was typed into each record, nothing where it was
    /// deleted. After what came of each.
    void acted_as_one(std::size_t who, const std::map<RecordKey, Row>& parts);
    /// A person let a change go that was held: they were shown what it goes on top of.
    void was_shown(std::size_t who, const RecordKey& key, const Row& theirs)
    {
        see(people_[who], key, theirs);
    }
    /// Whether a person ever made something of a column.
    bool has_typed(std::size_t who, const std::pair<RecordKey, std::string>& place) const
    {
        return people_[who].steps.contains(place);
    }
    /// A person has not deleted it after all, or it went because it had left what they may see.
    void left(std::size_t who, const RecordKey& key)
    {
        people_[who].removed[key] = false;
        people_[who].held[key.table].erase(key.id);
    }
    /// The network carried a request of this person twice, so that they hear of the second that it was refused.
    void doubled(std::size_t who, const std::string& body) { people_[who].doubled.push_back(body); }
    /// A person who was told that a change may have been applied already sent it once more.
    void insisted(std::size_t who, const RecordKey& key, const Texts& columns);
    /// They let it go without the rest of the unit that it had been sent with.
    void parted(std::size_t who, const RecordKey& key, const Texts& columns);
    /// A person gave up a change that cannot be seen, perhaps because the record is deleted here.
    void took_back(std::size_t who, const RecordKey& key, const Texts& columns);
    /// A person decided about a column: they saw both sides.
    void decided(std::size_t who, const RecordKey& key, const std::string& column, const std::string& mine,
                 const std::string& theirs, bool mine_is_sent);
    /// What can be seen of the records of a table at an installation now.
    void looked(std::size_t who, std::string_view table, const std::map<Guid, Texts>& visible);
    /// A person at an installation was asked about very many deletions of a table.
    void asked(std::size_t who, const std::string& table) { people_[who].asked.insert(table); }
    /// From so many on, and from this share of what was here on, people want to be asked.
    void wants_to_be_asked(std::size_t who, std::size_t least, double share)
    {
        people_[who].ask_least = least;
        people_[who].ask_share = share;
    }

    /// The organization puts a text in front of what anybody writes into a column, within the same write.
    void has_plugin() { plugin_ = true; }

    // ---- what the organization says ----------------------------------------------------------------
    /// After a request was carried out: the record as the organization holds it now. `who` is the
    /// installation that sent the request; empty for a colleague.
    void wrote(std::optional<std::size_t> who, const Written& written, const Row& now);
    /// A request arrived under a user's token.
    void arrived(std::size_t who, std::string_view user_of_token, bool asks_who_it_is);
    /// A request that arrived refers to a record that it does not make itself.
    void referred(std::size_t who, const RecordKey& key);
    /// An installation whose user may see everything asks for what changed after a version, and says with it that
    /// it has all up to that one. `visible` is what can be seen of the table there, `is_open` whether something of
    /// a record still waits there.
    bool asked_since(std::size_t who, std::string_view table, std::int64_t version,
                     const std::map<Guid, Texts>& visible,
                     const std::function<bool(const RecordKey&)>& is_open);
    /// An answer with whole rows reached the installation.
    void received(std::size_t who, std::string_view body);
    /// An answer to a request about these records, that says so, refused something for good.
    void refused(std::size_t who, const std::vector<RecordKey>& asked, int status, std::string_view body);
    /// A change, with what goes with it, waits for a person there because of what the organization said.
    void parked(std::size_t who, const std::vector<RecordKey>& unit, const std::string& words);
    /// The same because of what happened.
    void held(std::size_t who, const std::vector<RecordKey>& unit, const std::string& words);
    /// A cycle of an installation came to its end.
    void cycle_turned(std::size_t who) { people_[who].attempts.clear(); }
    /// A request of an installation writes a record.
    void tried(std::size_t who, const RecordKey& key, std::chrono::milliseconds now);

    // ---- what excuses what -------------------------------------------------------------------------
    /// What was pulled and not yet safe on the disk may be gone, and comes again.
    void lost_power(std::size_t who)
    {
        people_[who].held.clear();
        people_[who].compared.clear();
    }
    /// With it the sums that were shown went back to what was safe.
    void cannot_be_counted(const RecordKey& key) { uncounted_.insert(key); }
    /// The organization as it is now may come back.
    void organization_backed_up()
    {
        kept_ = in_this_life_;
        kept_cleared_ = cleared_;
    }
    void organization_restored(std::map<RecordKey, Texts> rows);
    /// Tokens go out of date so soon that nothing else than a restored organization explains it.
    void seems_restored() { seems_restored_ = true; }
    void replica_kept(std::size_t who);
    void replica_replaced(std::size_t who);
    /// What waits in the replica waits twice from now on; each sends it for itself.
    void replica_copied(std::size_t from, std::size_t to);
    /// What this user may read was narrowed, or what they chose is only a part.
    void narrowed(std::size_t who) { people_[who].narrowed = true; }
    /// They may not read everything, or lost that for a while.
    void lost_rights(std::size_t who) { people_[who].narrowed = people_[who].lost_rights = true; }

    // ---- the end -----------------------------------------------------------------------------------
    /// Everybody is quiet: every edit has come to its end.
    void close();
    /// For what the story itself finds.
    void require(bool holds, int invariant, const std::string& sentence);

    const std::optional<Violation>& broken() const { return broken_; }
    Row there(const RecordKey& key) const;
    const std::map<RecordKey, Texts>& organization() const { return rows_; }
    std::string who_is(std::size_t who) const { return people_[who].name; }

private:
    using Place = std::pair<RecordKey, std::string>; ///< One column of one record.
    /// When something was done, and whether others had written there what could not be seen here.
    struct Entry {
        std::uint64_t moment = 0;
        bool unseen = false;
    };
    /// Somebody in a list that unites, as one person dealt with them.
    struct Guest {
        int invited = 0;
        int taken_out = 0;
        int arrived = 0; ///< How often what they sent put them in.
        bool is_in = false;
        bool is_back = false;    ///< Invited again after all, or by who had seen that others took them out.
        bool is_excused = false; ///< Given up since, or lost with a newer copy.
    };
    struct Unit {
        std::map<RecordKey, std::uint64_t> sent_in{}; ///< In which change set a part first took effect.
        bool excused = false; ///< A part was decided about, or came from an older copy.
    };
    struct Person {
        std::string user;
        std::string name;
        std::vector<std::string> doubled{};            ///< What of theirs the network carried twice.
        std::map<Place, std::set<std::string>> seen{}; ///< What stood before their eyes.
        std::map<Place, std::set<std::string>> made_of_theirs{}; ///< By a plug-in, of what they wrote.
        std::map<Place, std::vector<std::string>> steps{};       ///< What they made of it, in order.
        std::map<Place, std::vector<std::string>> stood{};       ///< What each of these was made of.
        std::map<Place, std::map<std::string, int>> allowed{};   ///< How often a value may be written.
        std::map<Place, std::map<std::string, int>> effects{};   ///< How often it was.
        std::map<Place, std::size_t> reached{};                  ///< The last step that was written.
        std::map<Place, std::pair<std::string, std::int64_t>>
            written_in{};                                               ///< The last effect, and its version.
        std::map<Place, std::pair<std::string, std::int64_t>> lost{};   ///< The same, of what a backup lacks.
        std::map<Place, std::pair<std::string, std::string>> last{};    ///< What was written, and over what.
        std::map<std::pair<Place, std::string>, std::size_t> unit_of{}; ///< By what was typed.
        std::vector<Unit> units{};
        std::map<Place, std::map<std::string, Guest>> guests{};
        std::set<std::pair<RecordKey, std::uint64_t>>
            guarded{};                                 ///< Written under a condition, in which change set.
        std::map<RecordKey, std::size_t> deleted_in{}; ///< The unit.
        std::map<RecordKey, bool> removed{};           ///< Whether their last deed was a deletion.
        std::map<RecordKey, Entry> deletions{};        ///< The last one.
        std::map<Place, Entry> entries{};              ///< The last step.
        std::set<std::string, std::less<>> versions{}; ///< That arrived here with their bodies.
        std::set<std::string, std::less<>> versions_made{}; ///< By what was sent from here.
        std::set<std::string, std::less<>> versions_of_a_former_life{};
        std::set<RecordKey> mistaken{};                              ///< Written on such a version.
        std::map<std::string, std::set<Guid>, std::less<>> held{};   ///< What could be seen, by table.
        std::map<std::string, std::int64_t, std::less<>> compared{}; ///< What they say they have, by table.
        std::set<Place> excused{}; ///< What was given up, or lost with a newer copy.
        std::map<Place, std::size_t> kept_steps{};
        std::map<std::string, std::set<RecordKey>> refusals{}; ///< The organization's words, and of what.
        /// One after the other, since one took effect, and when the last was made.
        std::map<RecordKey, std::pair<int, std::chrono::milliseconds>> attempts{};
        // Of a restored organization: its version when they first asked it what changed, and what they said they had
        // before.
        std::int64_t latest_met = 0;
        bool has_met = false;
        std::map<std::string, std::int64_t, std::less<>> compared_before{};
        std::set<std::string, std::less<>> asked{};
        std::size_t ask_least = 50;
        double ask_share = 0.3;
        bool replaced = false;
        bool copied = false; ///< Two replicas began as this one.
        bool narrowed = false;
        bool lost_rights = false;
    };

    void break_(int invariant, std::string sentence);
    void see(Person& person, const RecordKey& key, const Row& row);
    Row as_sent(const Person& person, const Written& written, const Row& now) const;
    void see_own(Person& person, const Written& written, const Row& sent, const Row& now);
    std::string behind_prefix(const Place& place, const std::string& text) const;
    void check_condition(Person& person, const Written& written);
    void check_overwritten(Person& person, const Written& written, const Row& before, const Row& now);
    void check_effects(Person& person, const Written& written, const Row& before, const Row& now);
    void check_columns(const Person& person, const Written& written, const Row& before, const Row& now);
    void put_back(const RecordKey& key, const Row& before, const Row& now);
    void check_references(const Person& person, const Written& written, const Row& now);
    void check_units(Person& person, const Written& written, const Row& before, const Row& now);
    void check_unit(const Person& person, Unit& unit, const Written& written);
    bool have_others_written(std::size_t who, const RecordKey& key) const;
    bool may_have_left(const Person& person, const RecordKey& key) const;
    bool is_account_gone() const;
    bool is_unseen(const Person& person, const RecordKey& key, std::string_view etag) const;
    void enter(Person& person, const Place& place, std::string_view etag, const std::string& stood,
               const std::string& value);
    void note_columns(std::optional<std::size_t> who, const RecordKey& key, const Row& before,
                      const Row& now);
    bool has_arrived(std::size_t who, const Place& place, const std::string& value) const;
    static bool takes_their_token(const Person& person, const std::string& table);
    bool is_lost(const Person& person, const Place& place, const std::string& value) const;
    void close_person(std::size_t who);
    static void excuse(Person& person, const Place& place);
    static void invite(Person& person, const Place& place, const std::string& from, const std::string& to,
                       bool knowing);
    void check_guests(Person& person, const Written& written, const Row& before, const Row& now);
    void close_guests(std::size_t who);
    bool nothing_was_cleared(const Person& person, const Place& place) const;
    void close_deletions(std::size_t who);
    void close_counters();

    std::vector<Person> people_;
    bool plugin_ = false;
    std::map<RecordKey, Texts> rows_{};
    std::map<RecordKey, std::int64_t> versions_{}; ///< Of what is there; nothing of what a backup brought.
    std::map<Place, std::set<std::string>> ever_{};
    std::map<Place, std::set<std::string>> in_this_life_{}; ///< Without what the last restored backup lacks.
    std::map<Place, std::set<std::string>> kept_{};         ///< The same, in the backup.
    std::set<RecordKey> lacking_{};                         ///< What a backup lacks.
    std::set<RecordKey> ever_deleted_{};
    std::set<RecordKey> risen_{};    ///< Made by a request that came late, after they had been deleted.
    std::set<Place> cleared_{};      ///< By the organization, with what it referred to.
    std::set<Place> kept_cleared_{}; ///< The same, in the backup.
    using LastWrites = std::map<std::optional<std::size_t>, std::uint64_t>; ///< When each wrote last.
    std::uint64_t moment_ = 0;                                              ///< Counts what was written.
    std::map<RecordKey, LastWrites> writers_{};
    std::map<Place, LastWrites> column_writers_{};
    std::map<Place, std::uint64_t> emptied_until_{}; ///< The last write that found it empty.
    std::map<RecordKey, std::int64_t> counters_{};   ///< What all additions come to.
    std::set<RecordKey> uncounted_{};
    bool restored_ = false;
    bool seems_restored_ = false;
    std::int64_t latest_ = 0; ///< The last version that was written since.
    std::optional<Violation> broken_{};
};

} // namespace hawser::simulation
