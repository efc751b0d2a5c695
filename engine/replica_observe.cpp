#include "engine/replica_implementation.h"

#include <utility>

namespace hawser {

struct Replica::Watch::Impl {
    std::shared_ptr<Replica::Impl> replica;
    std::uint64_t number = 0;

    Impl(std::shared_ptr<Replica::Impl> owner, std::uint64_t watch) : replica(std::move(owner)), number(watch)
    {
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { replica->watchers->remove(number); }
};

Replica::Watch::Watch() = default;
Replica::Watch::Watch(Watch&&) noexcept = default;
Replica::Watch& Replica::Watch::operator=(Watch&&) noexcept = default;
Replica::Watch::~Watch() = default;

Replica::Watch Replica::observe_record(const RecordKey& key, Observer observer) const
{
    Watch watch;
    watch.impl_ = std::make_unique<Watch::Impl>(
        impl_, impl_->watchers->add({Notice::What::record, key, {}}, std::move(observer)));
    return watch;
}

Replica::Watch Replica::observe_query(const Query& query, Observer observer) const
{
    Watch watch;
    watch.impl_ = std::make_unique<Watch::Impl>(
        impl_, impl_->watchers->add({Notice::What::query, {}, query.table}, std::move(observer)));
    return watch;
}

Replica::Watch Replica::observe_queue(Observer observer) const
{
    Watch watch;
    watch.impl_ = std::make_unique<Watch::Impl>(
        impl_, impl_->watchers->add({Notice::What::queue, {}, {}}, std::move(observer)));
    return watch;
}

} // namespace hawser
