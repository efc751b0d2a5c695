#include "engine/observers.h"

#include "localstore/platform/wake.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace hawser::engine {
namespace {

/// Without a wake socket another process's write is seen after this long at the latest.
constexpr std::chrono::milliseconds look_every{250};
/// A wake that was lost (a full socket, a process killed before it could send) is made up for.
constexpr std::chrono::seconds wake_lost_after{5};
/// What piles up while an observer is busy is named up to here.
constexpr std::size_t records_most = 1000;

struct Pending {
    std::vector<RecordKey> records;
    bool many = false; ///< Which records is not known: look again.
    bool queue = false;
    bool records_changed = false;

    bool any() const { return many || queue || records_changed; }
};

} // namespace

class Watchers::State : public std::enable_shared_from_this<State> {
public:
    State(localstore::Store& store, std::function<void(std::function<void()>)> post)
        : store_(store), post_(std::move(post))
    {
    }

    void begin()
    {
        observer_ = store_.observe([this](const localstore::CommitNotice& notice) { committed(notice); });
    }

    void end()
    {
        store_.forget(observer_);
        {
            const std::lock_guard lock(mutex_);
            leaving_ = true;
        }
        changed_.notify_all();
        if (listener_) localstore::platform::wake(store_.path());
        finish(hearing_);
        finish(telling_);
        const std::lock_guard lock(mutex_);
        watches_.clear();
    }

    std::uint64_t add(Interest interest, Replica::Observer observer)
    {
        auto watch = std::make_shared<Watch>();
        watch->interest = std::move(interest);
        watch->observer = std::move(observer);
        start_threads();
        const std::lock_guard lock(mutex_);
        watches_.emplace(++last_, std::move(watch));
        return last_;
    }

    std::uint64_t hear_others(std::function<void()> heard)
    {
        start_threads();
        const std::lock_guard lock(mutex_);
        hearers_.emplace(++last_, std::move(heard));
        return last_;
    }

    void remove(std::uint64_t number)
    {
        std::shared_ptr<Watch> watch;
        {
            std::unique_lock lock(mutex_);
            if (hearers_.erase(number) > 0) {
                heard_.wait(lock,
                            [&] { return !hearing_now_ || hearing_.get_id() == std::this_thread::get_id(); });
                return;
            }
            const auto found = watches_.find(number);
            if (found == watches_.end()) return;
            watch = found->second;
            watches_.erase(found);
        }
        watch->removed = true;
        if (watch->caller == std::this_thread::get_id()) return;
        const std::lock_guard wait(watch->calling);
    }

private:
    struct Watch {
        Interest interest;
        Replica::Observer observer;
        std::atomic<bool> removed{false};
        std::mutex calling; ///< Held while the observer runs.
        std::atomic<std::thread::id> caller{};
    };

    /// The version is read before anybody can be told that the watch has begun: what others commit
    /// from then on moves it.
    void start_threads()
    {
        const std::lock_guard starting(starting_);
        if (telling_.joinable()) return;
        if (auto listener = localstore::platform::WakeListener::listen(store_.path()))
            listener_ = *std::move(listener);
        const std::int64_t version = store_.data_version().value_or(0);
        telling_ = std::thread([self = shared_from_this()] { self->tell(); });
        hearing_ = std::thread([self = shared_from_this(), version] { self->hear(version); });
    }

    /// A thread that ends this object, because it let go of the replica in a call, ends by itself: it
    /// holds the state, and the store is not touched once `leaving_` is set.
    static void finish(std::thread& thread)
    {
        if (!thread.joinable()) return;
        if (thread.get_id() == std::this_thread::get_id())
            thread.detach();
        else
            thread.join();
    }

    void committed(const localstore::CommitNotice& notice)
    {
        const std::lock_guard lock(mutex_);
        if (watches_.empty()) return;
        pending_.queue |= notice.queue || notice.conflicts;
        pending_.records_changed |= !notice.records.empty();
        pending_.many |= notice.many || pending_.records.size() + notice.records.size() > records_most;
        if (pending_.many)
            pending_.records.clear();
        else
            pending_.records.insert(pending_.records.end(), notice.records.begin(), notice.records.end());
        changed_.notify_all();
    }

    /// Whether it is time to look; false when this object ends.
    bool wait_for_a_wake()
    {
        if (listener_) {
            listener_->wait(wake_lost_after);
            const std::lock_guard lock(mutex_);
            return !leaving_;
        }
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, look_every, [&] { return leaving_; });
        return !leaving_;
    }

    /// Other processes. A wake may be our own; the data version tells.
    void hear(std::int64_t version)
    {
        while (wait_for_a_wake()) {
            const std::int64_t now = store_.data_version().value_or(version);
            if (now == version) continue;
            version = now;
            std::vector<std::function<void()>> heard;
            {
                const std::lock_guard lock(mutex_);
                pending_.many = pending_.queue = true;
                for (const auto& [number, hearer] : hearers_) heard.push_back(hearer);
                hearing_now_ = true;
                changed_.notify_all();
            }
            for (const std::function<void()>& hearer : heard) hearer();
            const std::lock_guard lock(mutex_);
            hearing_now_ = false;
            heard_.notify_all();
        }
    }

    void tell()
    {
        for (;;) {
            Pending news;
            std::vector<std::shared_ptr<Watch>> watches;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return leaving_ || pending_.any(); });
                if (leaving_) return;
                news = std::exchange(pending_, {});
                for (const auto& [number, watch] : watches_) watches.push_back(watch);
            }
            for (const std::shared_ptr<Watch>& watch : watches) {
                const auto notice = notice_for(watch->interest, news);
                if (!notice) continue;
                auto call = [watch, notice = *notice] { call_one(*watch, notice); };
                if (post_)
                    post_(std::move(call));
                else
                    call();
            }
        }
    }

    static void call_one(Watch& watch, const Notice& notice)
    {
        const std::lock_guard calling(watch.calling);
        if (watch.removed) return;
        watch.caller = std::this_thread::get_id();
        watch.observer(notice);
        watch.caller = std::thread::id{};
    }

    static std::optional<Notice> notice_for(const Interest& interest, const Pending& news)
    {
        Notice notice{interest.what, {}};
        if (interest.what == Notice::What::queue) return news.queue ? std::optional(notice) : std::nullopt;
        if (interest.what == Notice::What::status) return notice;
        if (news.many) return notice;
        for (const RecordKey& key : news.records) {
            const bool wanted =
                interest.what == Notice::What::record ? key == interest.record : key.table == interest.table;
            if (wanted && std::ranges::find(notice.records, key) == notice.records.end())
                notice.records.push_back(key);
        }
        if (notice.records.empty()) return std::nullopt;
        return notice;
    }

    localstore::Store& store_;
    std::function<void(std::function<void()>)> post_;
    std::uint64_t observer_ = 0;

    std::mutex starting_; ///< Before `mutex_`, never within it: the store is asked meanwhile.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable heard_;
    Pending pending_;
    std::map<std::uint64_t, std::shared_ptr<Watch>> watches_;
    std::map<std::uint64_t, std::function<void()>> hearers_;
    std::uint64_t last_ = 0;
    bool leaving_ = false;
    bool hearing_now_ = false;
    std::unique_ptr<localstore::platform::WakeListener> listener_;
    std::thread telling_;
    std::thread hearing_;
};

Watchers::Watchers(localstore::Store& store, std::function<void(std::function<void()>)> post)
    : state_(std::make_shared<State>(store, std::move(post)))
{
    state_->begin();
}

Watchers::~Watchers()
{
    state_->end();
}

std::uint64_t Watchers::add(Interest interest, Replica::Observer observer)
{
    return state_->add(std::move(interest), std::move(observer));
}

void Watchers::remove(std::uint64_t watch)
{
    state_->remove(watch);
}

std::uint64_t Watchers::hear_others(std::function<void()> heard)
{
    return state_->hear_others(std::move(heard));
}

} // namespace hawser::engine
