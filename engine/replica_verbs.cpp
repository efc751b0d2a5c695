#include "engine/face.h"
#include "engine/replica_implementation.h"
#include "engine/rules/validation.h"

#include <utility>

namespace hawser {
namespace {

std::vector<localstore::Sequence> sequences(const std::vector<ChangeNumber>& changes)
{
    std::vector<localstore::Sequence> found;
    found.reserve(changes.size());
    for (const ChangeNumber change : changes) found.push_back(localstore::Sequence{change});
    return found;
}

localstore::Act store_of(Act act)
{
    return act == Act::done ? localstore::Act::done : localstore::Act::rehearsed;
}

std::vector<Change> faces_of(const Replica::Impl& replica, const std::vector<localstore::Change>& changes)
{
    std::vector<Change> faces;
    faces.reserve(changes.size());
    for (const localstore::Change& change : changes) {
        faces.push_back(engine::face_of(change));
        faces.back().record_name = replica.name_of(change.key);
        // A record that was only made here is gone with its creation, which still knows the name.
        if (!faces.back().record_name.empty()) continue;
        if (const auto known = replica.table(change.key.table))
            faces.back().record_name = name_in((*known)->table, change.after);
    }
    return faces;
}

Result<Undone> face_of(const Replica::Impl& replica, const Result<localstore::Undone>& undone)
{
    if (!undone) return undone.error();
    return Undone{faces_of(replica, undone->dropped), faces_of(replica, undone->compensating),
                  faces_of(replica, undone->requeued)};
}

Result<std::vector<Change>> faces_of(const Replica::Impl& replica,
                                     const Result<std::vector<localstore::Change>>& changes)
{
    if (!changes) return changes.error();
    return faces_of(replica, *changes);
}

template <class T>
Result<void> without_account(const Result<T>& done)
{
    if (!done) return done.error();
    return {};
}

} // namespace

Result<Undone> Replica::undo(const std::vector<ChangeNumber>& changes, Act act)
{
    return face_of(*impl_,
                   impl_->store->undo(sequences(changes), impl_->context({}, localstore::Grouping::separate),
                                      store_of(act)));
}

Result<void> Replica::undo(ChangeNumber change)
{
    return without_account(undo(std::vector{change}));
}

Result<Undone> Replica::discard(const std::vector<ChangeNumber>& changes, Act act)
{
    return face_of(*impl_,
                   impl_->store->discard(sequences(changes),
                                         impl_->context({}, localstore::Grouping::separate), store_of(act)));
}

Result<void> Replica::discard(ChangeNumber change)
{
    return without_account(discard(std::vector{change}));
}

Result<TakenBack> Replica::take_back(const std::vector<ChangeNumber>& changes, Act act)
{
    const auto taken = impl_->store->take_back(
        sequences(changes), impl_->context({}, localstore::Grouping::separate), store_of(act));
    if (!taken) return taken.error();
    TakenBack face{faces_of(*impl_, taken->compensating), {}};
    for (const localstore::TakenBack::Kept& kept : taken->kept)
        face.kept.push_back({kept.key, impl_->name_of(kept.key), kept.column});
    return face;
}

Result<TakenBack> Replica::take_back(ChangeNumber change, Act act)
{
    return take_back(std::vector{change}, act);
}

Result<std::vector<Change>> Replica::hold(const std::vector<ChangeNumber>& changes, const std::string& why)
{
    return faces_of(*impl_, impl_->store->hold(sequences(changes), why,
                                               impl_->context({}, localstore::Grouping::separate)));
}

Result<std::vector<Change>> Replica::hold(const std::vector<ChangeNumber>& changes)
{
    return hold(changes, "held by you");
}

Result<void> Replica::hold(ChangeNumber change)
{
    return without_account(hold(std::vector{change}));
}

Result<std::vector<Change>> Replica::release(const std::vector<ChangeNumber>& changes)
{
    return faces_of(*impl_, impl_->store->release(sequences(changes),
                                                  impl_->context({}, localstore::Grouping::separate)));
}

Result<void> Replica::release(ChangeNumber change)
{
    return without_account(release(std::vector{change}));
}

Result<std::vector<Change>> Replica::retry(const std::vector<ChangeNumber>& changes)
{
    return faces_of(
        *impl_, impl_->store->retry(sequences(changes), impl_->context({}, localstore::Grouping::separate)));
}

Result<void> Replica::retry(ChangeNumber change)
{
    return without_account(retry(std::vector{change}));
}

Result<void> Replica::edit(ChangeNumber change, const Fields& columns)
{
    const auto known = impl_->store->change(localstore::Sequence{change});
    if (!known) return known.error();
    const auto table = impl_->table(known->key.table);
    if (!table) return table.error();
    const bool creates = known->kind == localstore::ChangeKind::create;
    Edit asked{creates ? ChangeKind::create : ChangeKind::update, known->key, columns};
    engine::Standing standing;
    if (creates)
        // What is said already counts, as for whoever completes it.
        for (const auto& [column, value] : known->after) asked.columns.try_emplace(column, value);
    else if (auto view = impl_->store->get(known->key); view && *view)
        standing = engine::Standing{true, (*view)->partial, std::move((*view)->fields)};
    else
        standing.here = true;
    auto fine = engine::checked((*table)->table, std::move(asked), standing);
    if (!fine) return fine.error();
    std::erase_if(fine->columns, [&](const auto& member) { return !columns.contains(member.first); });
    return impl_->store->edit(localstore::Sequence{change}, fine->columns,
                              impl_->context({}, localstore::Grouping::separate));
}

} // namespace hawser
