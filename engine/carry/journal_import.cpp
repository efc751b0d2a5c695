#include "engine/carry/journal_import.h"

#include "engine/carry/journal_file.h"
#include "engine/carry/journal_listener.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::carry {

namespace {

namespace json = boost::json;
using localstore::GroupNumber;
using localstore::Sequence;

constexpr std::string_view has_own_edits = "it came from a journal, and the record has edits of its own "
                                           "here: look at both, then release or discard it";
constexpr std::string_view was_asked_about =
    "it came from a journal and was in an open conflict there, which is about another base than here. Look "
    "at what the "
    "organization has (queue show N --now), then release or discard it";
constexpr std::string_view may_be_applied = "it came from a journal and was being sent there: it may already "
                                            "have been applied. Look at what the organization "
                                            "has (queue show N --now), then release or discard it";

/// Finds out whether a journal can be read at all.
class Looking : public LineListener {
public:
    Result<void> table(const Table&) override { return {}; }
    Result<void> record(RecordLine) override { return {}; }
    Result<void> change(ChangeLine) override { return {}; }
    Result<void> conflict(const localstore::Conflict&) override { return {}; }
    Result<void> intent(const localstore::Intent&) override { return {}; }
};

Error journal_error(const std::filesystem::path& file, const char* code, const std::string& why)
{
    return {ErrorKind::refuse, code, "The journal " + file.string() + " " + why};
}

Result<void> check_about(const std::filesystem::path& file, const localstore::Binding& binding,
                         const ImportOptions& options)
{
    const auto about = about_journal(file);
    if (!about) return about.error();
    if (about->redacted)
        return journal_error(file, "journal.redacted",
                             "is redacted: what the changes say is not in it. Export it whole.");
    if (about->organization_id != binding.organization && !options.of_another_organization)
        return journal_error(
            file, "journal.other_organization",
            "is of the organization " + about->organization_id.text() +
                (about->organization_url.empty() ? "" : " (" + about->organization_url + ")") +
                ", and this replica is of " + binding.organization.text() + " (" + binding.url +
                "). Nothing was taken over.");
    const bool any_user = options.of_another_user || options.of_another_organization;
    if (about->user_id != binding.user && !any_user)
        return journal_error(file, "journal.other_user",
                             "is of the user " + about->user_id.text() +
                                 ", and this replica is of the user " + binding.user.text() +
                                 ". Nothing was taken over.");
    return {};
}

class Importing : public LineListener {
public:
    Importing(localstore::Transaction& transaction, const ImportOptions& options, Instant now)
        : transaction_(transaction), options_(options)
    {
        context_.now = now;
    }

    Result<void> table(const Table& table) override { return transaction_.carry.know(table); }

    Result<void> record(RecordLine record) override
    {
        RecordKey key = record.key;
        if (options_.of_another_organization)
            if (const auto stood = stand_on_what_is_here(record); !stood) return stood;
        records_.insert_or_assign(std::move(key), Ground{std::move(record), {}});
        return {};
    }

    Result<void> change(ChangeLine line) override
    {
        const auto ground = records_.find(line.change.key);
        if (ground == records_.end())
            return damaged("the record of a change comes before it, and is missing");
        const Sequence there = line.change.sequence;
        if (here_.contains(there)) return damaged("a change comes twice");
        const auto known = transaction_.carry.find(line.identity, line.change);
        if (!known) return known.error();
        if (*known) {
            return remember_known(there, line.change.group, **known, ground->second);
        }
        return take_over(std::move(line), ground->second);
    }

    Result<void> conflict(const localstore::Conflict& conflict) override
    {
        if (options_.of_another_organization) return {};
        const auto ground = records_.find(conflict.key);
        if (ground == records_.end())
            return damaged("the record of a conflict comes before it, and is missing");
        const std::vector<Sequence>& behind = ground->second.behind;
        const bool all_fresh = std::ranges::all_of(
            behind, [&](Sequence here) { return fresh_.contains(here) && !held_.contains(here); });
        if (behind.empty() || !all_fresh) {
            // The question is about another base than what they stand on here.
            for (const Sequence here : behind)
                if (fresh_.contains(here)) held_.insert_or_assign(here, was_asked_about);
            return {};
        }
        localstore::NewConflict opened{conflict.key, conflict.reason,   conflict.sentence, conflict.columns,
                                       {},           conflict.opened_at};
        const auto number = transaction_.conflicts.open(opened);
        if (!number) return number.error();
        ++imported_.conflicts;
        return {};
    }

    Result<void> intent(const localstore::Intent& intent) override
    {
        // What was never sent is only queued.
        if (intent.attempts.empty() || options_.of_another_organization) return {};
        std::vector<Sequence> covered;
        for (const localstore::Covered& change : intent.changes) {
            const auto here = here_.find(change.sequence);
            if (here == here_.end()) return damaged("a request is about a change that is missing");
            if (fresh_.contains(here->second)) covered.push_back(here->second);
        }
        if (covered.empty()) return {};
        const bool as_there =
            covered.size() == intent.changes.size() &&
            std::ranges::none_of(covered, [&](Sequence here) { return held_.contains(here); });
        if (as_there && !transaction_.intents.get(intent.id)) return open_again(intent);
        for (const Sequence here : covered) held_.insert_or_assign(here, may_be_applied);
        return {};
    }

    /// After the last line.
    Result<Imported> finish()
    {
        for (const auto& [here, why] : held_)
            if (const auto held = transaction_.queue.hold(here, why); !held) return held.error();
        imported_.held = held_.size();
        if (imported_.changes == 0) return imported_;
        const Sequence last = *fresh_.rbegin();
        Result<void> done =
            transaction_.journal.set_setting(localstore::former_change_setting, std::to_string(last.value));
        if (done && options_.compare_first)
            done = transaction_.journal.set_setting(localstore::compare_first_setting, "1");
        if (!done) return done.error();
        return imported_;
    }

private:
    struct Ground {
        RecordLine line;
        std::vector<Sequence> behind; ///< Of its changes in the journal, the numbers here.
    };

    static Error damaged(std::string why) { return {ErrorKind::refuse, "journal.damaged", std::move(why)}; }

    Result<void> stand_on_what_is_here(RecordLine& record) const
    {
        const auto state = transaction_.records.state(record.key);
        if (!state) return state.error();
        if (state->dirty() || !state->local) return {};
        record.base = {localstore::Remote::present, state->etag, *state->local};
        record.partial = state->partial;
        return {};
    }

    void remember(Sequence there, Sequence here, Ground& ground, bool known)
    {
        imported_.all.push_back({there.value, here.value, known});
        if (known) ++imported_.known;
        here_.emplace(there, here);
        if (here.value != 0) ground.behind.push_back(here);
    }

    /// New members of its group join the group that it has here, while it waits.
    Result<void> remember_known(Sequence there, GroupNumber group, Sequence here, Ground& ground)
    {
        remember(there, here, ground, true);
        if (group.value == 0) return {};
        localstore::ChangeFilter it;
        it.after.value = here.value - 1;
        it.limit = 1;
        const auto live = transaction_.queue.list(it);
        if (!live) return live.error();
        if (!live->empty() && live->front().sequence == here && live->front().group.value != 0)
            groups_.insert_or_assign(group, live->front().group);
        return {};
    }

    Result<void> take_over(ChangeLine line, Ground& ground)
    {
        const Sequence there = line.change.sequence;
        const GroupNumber group = line.change.group;
        localstore::Carried carried;
        carried.identity = line.identity;
        carried.base = ground.line.base;
        carried.partial = ground.line.partial;
        carried.behind = ground.behind;
        if (group.value != 0) {
            const auto founded = groups_.find(group);
            carried.founds_group = founded == groups_.end();
            if (!carried.founds_group) carried.group = founded->second;
        }
        carried.change = std::move(line.change);
        const auto taken = transaction_.carry.take_over(carried, context_);
        if (!taken) return about_change(taken.error(), carried.change);
        if (taken->sequence.value == 0) {
            remember(there, {}, ground, true);
            return {};
        }
        remember(there, taken->sequence, ground, false);
        if (carried.founds_group) groups_.insert_or_assign(group, GroupNumber{taken->sequence.value});
        fresh_.insert(taken->sequence);
        if (taken->behind_own_edits) held_.emplace(taken->sequence, has_own_edits);
        ++imported_.changes;
        records_taken_.insert(carried.change.key);
        imported_.records = records_taken_.size();
        return {};
    }

    static Error about_change(Error error, const localstore::Change& change)
    {
        error.message = "Change " + std::to_string(change.sequence.value) +
                        " of the journal cannot be taken over, so none was: " + error.message;
        return error;
    }

    Result<void> open_again(const localstore::Intent& intent)
    {
        localstore::NewIntent opened;
        opened.id = intent.id;
        opened.steps = intent.steps;
        opened.atomicity = intent.atomicity;
        opened.destination = intent.destination;
        opened.made_at = intent.made_at;
        for (localstore::Covered covered : intent.changes) {
            covered.sequence = here_.at(covered.sequence);
            opened.changes.push_back(std::move(covered));
        }
        if (const auto open = transaction_.intents.open(opened); !open) return open;
        for (const localstore::Attempt& attempt : intent.attempts)
            if (const auto begun =
                    transaction_.intents.begin_attempt(intent.id, attempt.client_request_id, attempt.at);
                !begun)
                return begun.error();
        for (const localstore::IntentStep& step : intent.steps) {
            if (step.state != localstore::StepState::answered) continue;
            const auto stored = transaction_.intents.store_answer(
                intent.id, {step.number, step.state, step.status, step.etag, step.answer});
            if (!stored) return stored;
        }
        ++imported_.unknown;
        return {};
    }

    localstore::Transaction& transaction_;
    const ImportOptions& options_;
    localstore::WriteContext context_{};
    std::map<RecordKey, Ground> records_{};
    std::map<Sequence, Sequence> here_{}; ///< By the number in the journal.
    std::map<GroupNumber, GroupNumber> groups_{};
    std::set<Sequence> fresh_{};                  ///< Taken over now.
    std::map<Sequence, std::string_view> held_{}; ///< Of those, the ones for a person to look at, and why.
    std::set<RecordKey> records_taken_{};
    Imported imported_{};
};

} // namespace

Result<JournalAbout> about_journal(const std::filesystem::path& file)
{
    const auto reader = JournalReader::open(file);
    if (!reader) return reader.error();
    auto about = about_in(reader->about());
    if (about) return about;
    return journal_error(file, "journal.damaged",
                         "does not say what it is about: " + about.error().message + ".");
}

Result<Imported> read_journal(localstore::Store& store, const std::filesystem::path& file,
                              const ImportOptions& options, Instant now)
{
    if (auto fine = check_about(file, store.binding(), options); !fine) return fine.error();
    Looking looking;
    if (auto whole = tell_lines(file, looking); !whole) return whole.error();
    Imported imported;
    const Result<void> done = store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            // Between the two readings it may have become another file.
            if (auto fine = check_about(file, store.binding(), options); !fine) return fine;
            Importing importing(transaction, options, now);
            if (auto taken = tell_lines(file, importing); !taken) return taken;
            auto finished = importing.finish();
            if (!finished) return finished.error();
            imported = *std::move(finished);
            return {};
        });
    if (!done) return done.error();
    return imported;
}

} // namespace hawser::carry
