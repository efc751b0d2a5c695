#include "engine/face.h"

#include <utility>

namespace hawser::engine {
namespace {

constexpr std::pair<localstore::ChangeState, ChangeState> states[] = {
    {localstore::ChangeState::queued, ChangeState::queued},
    {localstore::ChangeState::held, ChangeState::held},
    {localstore::ChangeState::in_flight, ChangeState::in_flight},
    {localstore::ChangeState::parked, ChangeState::parked},
    {localstore::ChangeState::contested, ChangeState::contested},
    {localstore::ChangeState::applied, ChangeState::applied},
    {localstore::ChangeState::superseded, ChangeState::superseded},
    {localstore::ChangeState::undone, ChangeState::undone},
    {localstore::ChangeState::discarded, ChangeState::discarded},
};

constexpr std::pair<localstore::ChangeKind, ChangeKind> kinds[] = {
    {localstore::ChangeKind::create, ChangeKind::create},
    {localstore::ChangeKind::update, ChangeKind::update},
    {localstore::ChangeKind::remove, ChangeKind::erase},
};

} // namespace

std::string reason_of(const localstore::Change& change)
{
    switch (change.state) {
    case localstore::ChangeState::in_flight:
        return "it is being sent, or was and its answer is not known yet";
    case localstore::ChangeState::contested:
        return "it waits for the resolution of a conflict";
    case localstore::ChangeState::queued:
    case localstore::ChangeState::held:
        return change.waits_for.empty() ? change.last_error : change.waits_for;
    case localstore::ChangeState::parked:
        return change.last_error;
    default:
        return change.reason;
    }
}

Badge face_of(localstore::Badge badge)
{
    switch (badge) {
    case localstore::Badge::saved_here:
        return Badge::saved_here;
    case localstore::Badge::sending:
        return Badge::sending;
    case localstore::Badge::needs_you:
        return Badge::needs_you;
    case localstore::Badge::on_server:
        break;
    }
    return Badge::on_server;
}

ChangeState face_of(localstore::ChangeState state)
{
    for (const auto& [store, face] : states)
        if (store == state) return face;
    return ChangeState::queued;
}

localstore::ChangeState store_of(ChangeState state)
{
    for (const auto& [store, face] : states)
        if (face == state) return store;
    return localstore::ChangeState::queued;
}

localstore::ChangeKind store_of(ChangeKind kind)
{
    for (const auto& [store, face] : kinds)
        if (face == kind) return store;
    return localstore::ChangeKind::update;
}

Record face_of(localstore::RecordView view)
{
    return {std::move(view.key), std::move(view.etag), std::move(view.fields), face_of(view.badge),
            view.partial};
}

Guid group_id(localstore::GroupNumber group)
{
    Guid id;
    for (int byte = 0; byte < 8; ++byte)
        id.bytes[static_cast<std::size_t>(15 - byte)] = static_cast<std::uint8_t>(group.value >> (8 * byte));
    return id;
}

Change face_of(const localstore::Change& change)
{
    Change face;
    face.number = change.sequence.value;
    face.record = change.key;
    for (const auto& [store, kind] : kinds)
        if (store == change.kind) face.kind = kind;
    face.state = face_of(change.state);
    const auto value = [](const Fields& fields, const std::string& column) {
        const auto found = fields.find(column);
        return found == fields.end() ? Value{} : found->second;
    };
    Fields columns = change.after;
    for (const auto& [column, before] : change.before) columns.try_emplace(column, Null{});
    for (const auto& [column, after] : columns)
        face.edits.push_back({column, value(change.before, column), value(change.after, column)});
    if (change.group.value != 0) face.group = group_id(change.group);
    face.origin = change.origin == localstore::Origin::mailbox ? Origin::mailbox : Origin::user;
    face.actor = change.actor;
    face.on_behalf_of = change.on_behalf_of;
    face.made_at = change.made_at;
    face.attempts = change.attempts;
    face.next_attempt = change.next_attempt;
    face.reason = reason_of(change);
    return face;
}

Conflict face_of(const localstore::Conflict& conflict)
{
    Conflict face;
    face.number = conflict.number.value;
    face.revision = conflict.revision;
    face.label = conflict.label();
    face.record = conflict.key;
    for (const localstore::ConflictColumn& column : conflict.columns)
        face.columns.push_back({column.column, column.base, column.mine, column.theirs});
    face.reason = conflict.sentence.empty() ? std::string(to_text(conflict.reason)) : conflict.sentence;
    face.opened_at = conflict.opened_at;
    face.open = conflict.open();
    face.resolution = conflict.resolution;
    return face;
}

Decision face_of(const localstore::Decision& decision)
{
    return {decision.cycle.value, decision.at, decision.key, {}, decision.rule, decision.sentence};
}

localstore::ChangeFilter store_of(const ChangeFilter& filter)
{
    localstore::ChangeFilter store;
    store.table = filter.table;
    if (filter.record) {
        store.table = filter.record->table;
        store.id = filter.record->id;
    }
    for (const ChangeState state : filter.states) store.states.push_back(store_of(state));
    store.made_from = filter.made_from;
    store.made_before = filter.made_before;
    store.after = localstore::Sequence{filter.after};
    store.limit = filter.limit;
    return store;
}

} // namespace hawser::engine
