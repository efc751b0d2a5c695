#include "localstore/transaction.h"

#include "localstore/store_impl.h"
#include "localstore/verbs.h"

namespace hawser::localstore {

Transaction::Transaction(TransactionState& state)
    : rounds(state),
      records(state),
      queue(state),
      intents(state),
      conflicts(state),
      carry(state),
      journal(state),
      state_(state)
{
}

Result<void> Transaction::define_table(const Table& table)
{
    return verb(state_, [&]() -> Result<void> {
        auto defined = localstore::define_table(state_.database, state_.tables, table);
        if (!defined) return defined.error();
        if (*defined == state_.tables) return {};
        state_.tables = *std::move(defined);
        state_.notice.many = true;
        return {};
    });
}

bool Transaction::should_yield() const
{
    return state_.should_yield();
}

Result<Subject> load_subject(TransactionState& state, const RecordKey& key)
{
    const RecordKey present = follow_alias(state.database, *state.tables, key);
    auto table = state.tables->named(present.table);
    if (!table) return table.error();
    return Subject::load(state, *table, present.id);
}

std::string describe(const RecordKey& key)
{
    return key.table + " " + key.id.text();
}

} // namespace hawser::localstore
