#include "engine/copied.h"

#include "engine/diagnosis.h"
#include "localstore/transaction.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace hawser::engine {

namespace {

std::int64_t number_in(const localstore::Store& store, std::string_view setting)
{
    const std::string text = store.setting(setting);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

Result<void> begin_as_copy(localstore::Store& store, const Guid& instance, Instant now)
{
    return store.transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            Result<void> done = transaction.journal.set_instance(instance);
            if (done) done = transaction.journal.set_setting(localstore::compare_first_setting, "1");
            if (!done) return done;
            return transaction.journal.decide(
                {}, {}, "copied",
                "This file is a copy or was restored from one: it is another installation now and compares "
                "before it sends anything.",
                now);
        });
}

bool is_from_another(const localstore::Store& store, const localstore::Intent& intent)
{
    return intent.cycle.value <= number_in(store, localstore::former_cycle_setting);
}

bool is_shared(const localstore::Store& store, const localstore::Intent& intent)
{
    const std::int64_t former = number_in(store, localstore::former_change_setting);
    return std::ranges::any_of(
        intent.changes, [&](const localstore::Covered& covered) { return covered.sequence.value <= former; });
}

} // namespace hawser::engine
