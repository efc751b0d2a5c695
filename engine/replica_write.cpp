#include "engine/face.h"
#include "engine/replica_implementation.h"
#include "engine/rules/validation.h"
#include "localstore/error_codes.h"

#include <map>
#include <utility>

namespace hawser {
namespace {

/// A record as the edits of this call leave it: a later edit may build on an earlier one.
using Standings = std::map<RecordKey, engine::Standing>;

Result<engine::Standing> standing_of(const localstore::Store& store, const RecordKey& key)
{
    auto view = store.get(key);
    if (!view) return view.error();
    if (!*view) return engine::Standing{};
    return engine::Standing{true, (*view)->partial, std::move((*view)->fields)};
}

void follow(engine::Standing& standing, const Edit& edit)
{
    standing.here = edit.kind != ChangeKind::erase;
    for (const auto& [column, value] : edit.columns) standing.columns[column] = value;
}

using Waits = std::map<ChangeNumber, std::vector<ChangeNumber>>;

Result<Waits> waits_of(const localstore::Store& store, const std::vector<localstore::Change>& changes)
{
    std::vector<localstore::Sequence> live;
    for (const localstore::Change& change : changes)
        if (localstore::is_live(change.state)) live.push_back(change.sequence);
    const auto edges = store.dependencies_of(live);
    if (!edges) return edges.error();
    Waits waits;
    for (const localstore::Dependency& edge : *edges) waits[edge.change.value].push_back(edge.on.value);
    return waits;
}

/// Values chosen in a conflict keep the rules of an update.
Result<Fields> checked_choice(const Replica::Impl& impl, const RecordKey& key, const Fields& chosen)
{
    const auto known = impl.table(key.table);
    if (!known) return known.error();
    auto standing = standing_of(*impl.store, key);
    if (!standing) return standing.error();
    standing->here = true;
    auto fine = engine::checked((*known)->table, {ChangeKind::update, key, chosen}, *standing);
    if (!fine) return fine.error();
    return std::move(fine->columns);
}

/// Of a record that is not here any more, what the change called it.
std::string name_said_in(const localstore::Store& store, const localstore::Change& change)
{
    const auto known = store.table(change.key.table);
    if (!known) return {};
    std::string name = name_in((*known)->table, change.after);
    return name.empty() ? name_in((*known)->table, change.before) : name;
}

} // namespace

Result<std::shared_ptr<const localstore::KnownTable>> Replica::Impl::table(std::string_view name) const
{
    auto known = store->table(name);
    if (known || known.error().code != localstore::code::unknown_table) return known;
    return Error{ErrorKind::refuse, "input.unknown_table", known.error().message};
}

localstore::WriteContext Replica::Impl::context(const Author& author, localstore::Grouping grouping) const
{
    localstore::WriteContext context;
    context.now = now();
    context.actor = author.actor;
    context.on_behalf_of = author.on_behalf_of;
    context.grouping = grouping;
    return context;
}

Result<std::vector<RecordKey>> Replica::Impl::write(const std::vector<Edit>& edits, const Author& author,
                                                    localstore::Grouping grouping) const
{
    std::vector<localstore::Edit> accepted;
    std::vector<RecordKey> keys;
    Standings standings;
    for (Edit edit : edits) {
        const auto known = table(edit.record.table);
        if (!known) return known.error();
        if (edit.kind == ChangeKind::create && edit.record.id.is_nil()) edit.record.id = Guid::make(random());
        auto at = standings.find(edit.record);
        if (at == standings.end()) {
            auto standing = standing_of(*store, edit.record);
            if (!standing) return standing.error();
            at = standings.emplace(edit.record, *std::move(standing)).first;
        }
        auto fine = engine::checked((*known)->table, std::move(edit), at->second);
        if (!fine) return fine.error();
        follow(at->second, *fine);
        keys.push_back(fine->record);
        accepted.push_back({engine::store_of(fine->kind), fine->record, std::move(fine->columns)});
    }
    const auto written = store->write(accepted, context(author, grouping));
    if (!written) return written.error();
    return keys;
}

Result<std::vector<RecordKey>> Replica::write(const std::vector<Edit>& edits, const Author& author)
{
    return impl_->write(edits, author, localstore::Grouping::separate);
}

Result<std::vector<RecordKey>> Replica::write_group(const std::vector<Edit>& edits, const Author& author)
{
    return impl_->write(edits, author, localstore::Grouping::one_unit);
}

Result<std::vector<Change>> Replica::queue(const ChangeFilter& filter) const
{
    if (const std::string& table = filter.record ? filter.record->table : filter.table; !table.empty())
        if (const auto known = impl_->table(table); !known) return known.error();
    const auto changes = impl_->store->changes(engine::store_of(filter));
    if (!changes) return changes.error();
    const auto waits = waits_of(*impl_->store, *changes);
    if (!waits) return waits.error();
    std::vector<Change> faces;
    faces.reserve(changes->size());
    std::map<RecordKey, std::string> names;
    for (const localstore::Change& change : *changes) {
        Change face = engine::face_of(change);
        auto named = names.find(face.record);
        if (named == names.end()) named = names.emplace(face.record, impl_->name_of(face.record)).first;
        face.record_name = named->second.empty() ? name_said_in(*impl_->store, change) : named->second;
        if (const auto found = waits->find(face.number); found != waits->end())
            face.waits_for = found->second;
        faces.push_back(std::move(face));
    }
    return faces;
}

Result<std::vector<Conflict>> Replica::conflicts(bool include_resolved) const
{
    localstore::ConflictFilter filter;
    filter.closed_too = include_resolved;
    const auto conflicts = impl_->store->conflicts(filter);
    if (!conflicts) return conflicts.error();
    std::vector<Conflict> faces;
    for (const localstore::Conflict& conflict : *conflicts) {
        faces.push_back(engine::face_of(conflict));
        faces.back().record_name = impl_->name_of(conflict.key);
    }
    return faces;
}

Result<void> Replica::resolve(ConflictNumber conflict, const Resolution& resolution, const Author& author)
{
    const auto open = impl_->store->conflict(localstore::ConflictNumber{conflict});
    if (!open) return open.error();
    localstore::Resolution chosen;
    chosen.side =
        resolution.side == Resolution::Side::mine ? localstore::Side::mine : localstore::Side::theirs;
    if (!resolution.chosen.empty()) {
        auto fine = checked_choice(*impl_, open->key, resolution.chosen);
        if (!fine) return fine.error();
        chosen.chosen = *std::move(fine);
    }
    chosen.seen = resolution.seen;
    const auto settled = impl_->store->resolve(localstore::ConflictNumber{conflict}, chosen,
                                               impl_->context(author, localstore::Grouping::separate));
    if (!settled) return settled.error();
    return {};
}

Result<Replica::Comparison> Replica::compare(const RecordKey& key) const
{
    if (const auto known = impl_->table(key.table); !known) return known.error();
    auto state = impl_->store->state(key);
    if (!state) return state.error();
    if (!state->known)
        return Error{ErrorKind::refuse, "input.unknown_record",
                     key.table + " " + key.id.text() + " is not in this replica"};
    Comparison comparison;
    comparison.mine = state->local;
    if (!state->shadow)
        comparison.base = state->local;
    else if (state->shadow->remote != localstore::Remote::never)
        comparison.base = state->shadow->fields;
    comparison.base_etag = state->etag;
    return comparison;
}

} // namespace hawser
