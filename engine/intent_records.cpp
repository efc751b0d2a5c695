#include "engine/intent_records.h"

#include "base/fields.h"

#include <algorithm>

namespace hawser::engine {

using localstore::ChangeKind;
using localstore::StepKind;

bool covers(const localstore::Intent& intent, localstore::Sequence change)
{
    return std::ranges::find(intent.changes, change, &localstore::Covered::sequence) != intent.changes.end();
}

Result<std::set<RecordKey>> revived(const StateOf& state_of, const localstore::Intent& intent,
                                    const std::vector<std::pair<RecordKey, Found>>& found, const Guid& user)
{
    const Value by_user = Lookup{"systemuser", user};
    const auto is_made_by_user = [&](const RecordKey& key) {
        return std::ranges::any_of(found, [&](const auto& one) {
            return one.first == key && value_in(one.second.fields, "createdby") == by_user;
        });
    };
    std::set<RecordKey> keys;
    for (const localstore::IntentStep& step : intent.steps) {
        if (step.kind != StepKind::create) continue;
        const auto state = state_of(step.key);
        if (!state) return state.error();
        const bool again = state->shadow && state->shadow->remote == localstore::Remote::deleted;
        if (again && !is_made_by_user(step.key)) keys.insert(step.key);
    }
    return keys;
}

Result<std::set<RecordKey>> reborn(const StateOf& state_of, const localstore::Intent& intent,
                                   const std::vector<std::pair<RecordKey, Found>>& found)
{
    std::set<RecordKey> keys;
    for (const localstore::IntentStep& step : intent.steps)
        for (const auto& [key, seen] : found) {
            if (step.kind != StepKind::remove || key != step.key) continue;
            const auto state = state_of(key);
            if (!state) return state.error();
            if (!state->shadow) continue;
            const Value& was = value_in(state->shadow->fields, "createdon");
            const Value& is = value_in(seen.fields, "createdon");
            if (!is_null(was) && !is_null(is) && was != is) keys.insert(key);
        }
    return keys;
}

Result<localstore::Intent> as_shown(const StateOf& state_of, localstore::Intent intent,
                                    const std::vector<std::pair<RecordKey, Found>>& found)
{
    for (localstore::IntentStep& step : intent.steps)
        for (const auto& [key, seen] : found) {
            if (key != step.key || seen.presence != Found::Presence::present) continue;
            auto sent = with_emptied(state_of, step.sent, seen.fields);
            if (!sent) return sent.error();
            step.sent = std::move(*sent);
        }
    return intent;
}

Result<std::vector<localstore::Indeterminate>> edited_of(const StateOf& state_of,
                                                         const localstore::Intent& intent,
                                                         std::vector<localstore::Indeterminate> columns)
{
    for (localstore::Indeterminate& record : columns) {
        const auto state = state_of(record.key);
        if (!state) return state.error();
        const auto is_edited = [&](const std::string& column) {
            return std::ranges::any_of(state->live, [&](const localstore::Change& change) {
                return covers(intent, change.sequence) && localstore::claims(change, column);
            });
        };
        std::erase_if(record.columns, [&](const std::string& column) { return !is_edited(column); });
    }
    std::erase_if(columns, [](const localstore::Indeterminate& record) { return record.columns.empty(); });
    return columns;
}

Result<bool> is_unmade(const StateOf& state_of, const localstore::Intent& intent,
                       const std::vector<std::pair<RecordKey, Found>>& found)
{
    bool unmade = false;
    for (const localstore::IntentStep& step : intent.steps) {
        if (step.kind != StepKind::create) continue;
        const bool is_there = std::ranges::any_of(found, [&](const auto& one) {
            return one.first == step.key && one.second.presence == Found::Presence::present;
        });
        // Then the one that is there may have been made by somebody else.
        if (!is_there) return false;
        const auto state = state_of(step.key);
        if (!state) return state.error();
        unmade = unmade || state->deletes();
    }
    return unmade;
}

Result<bool> is_taken_back(const StateOf& state_of, const localstore::Intent& intent)
{
    for (const localstore::IntentStep& step : intent.steps) {
        if (step.kind != StepKind::remove) continue;
        const auto state = state_of(step.key);
        if (!state) return state.error();
        const auto undone = std::ranges::adjacent_find(
            state->live, [](const localstore::Change& removal, const localstore::Change& creation) {
                return removal.kind == ChangeKind::remove && creation.kind == ChangeKind::create;
            });
        if (undone != state->live.end()) return true;
    }
    return false;
}

Result<std::set<RecordKey>> deleted_since(const StateOf& state_of, const localstore::Intent& intent,
                                          const std::vector<std::pair<RecordKey, Found>>& found)
{
    const auto is_absent = [&](const RecordKey& key) {
        return std::ranges::any_of(found, [&](const auto& one) {
            return one.first == key && one.second.presence == Found::Presence::absent;
        });
    };
    std::set<RecordKey> keys;
    for (const localstore::IntentStep& step : intent.steps) {
        if (step.kind != StepKind::create) continue;
        const auto state = state_of(step.key);
        if (!state) return state.error();
        const bool unheard = state->shadow && state->shadow->remote == localstore::Remote::never;
        if (!unheard || !state->staged) continue;
        if (!state->staged->copy || is_absent(step.key)) keys.insert(step.key);
    }
    return keys;
}

} // namespace hawser::engine
