#include "localstore/change_row.h"
#include "localstore/queue_mark.h"
#include "localstore/record_row.h"
#include "localstore/store.h"
#include "localstore/store_impl.h"
#include "localstore/verbs.h"
#include "localstore/waiting.h"

#include <set>
#include <string>

namespace hawser::localstore {
namespace {

constexpr std::size_t changes_a_page = 1000;

/// Tells of each table and record once, before what is about it.
class Teller {
public:
    Teller(Database& database, const Fold& fold, const TableSet& tables, WaitingListener& listener)
        : database_(database), fold_(fold), tables_(tables), listener_(listener)
    {
    }

    Result<void> changes()
    {
        ChangeFilter filter;
        filter.limit = changes_a_page;
        for (;;) {
            const std::vector<Change> some = list_changes(database_, tables_, filter);
            for (const Change& change : some) {
                if (auto told = about(change.key); !told) return told;
                if (auto told = referred_to(change); !told) return told;
                if (auto told = listener_.change(change, identity_of(database_, change.sequence)); !told)
                    return told;
            }
            if (some.size() < filter.limit) return {};
            filter.after = some.back().sequence;
        }
    }

    Result<void> conflicts()
    {
        ConflictFilter filter;
        filter.limit = changes_a_page;
        for (;;) {
            const std::vector<Conflict> some = list_conflicts(database_, tables_, filter);
            for (const Conflict& conflict : some) {
                if (auto told = about(conflict.key); !told) return told;
                if (auto told = listener_.conflict(conflict); !told) return told;
            }
            if (some.size() < filter.limit) return {};
            filter.after = some.back().number;
        }
    }

    Result<void> intents()
    {
        for (const Intent& intent : list_open_intents(database_, tables_))
            if (auto told = listener_.intent(intent); !told) return told;
        return {};
    }

private:
    Result<void> about(const RecordKey& key)
    {
        if (!told_.insert(key).second) return {};
        if (told_tables_.insert(key.table).second) {
            const KnownTable* table = tables_.find(key.table);
            if (auto told = listener_.table(*table); !told) return told;
        }
        return listener_.record(record_state(database_, fold_, tables_, key));
    }

    /// What is here of the records that it refers to.
    Result<void> referred_to(const Change& change)
    {
        for (const Reference& reference : references(change)) {
            const RecordKey key{reference.target, reference.id};
            const KnownTable* table = tables_.find(key.table);
            if (table == nullptr || told_.contains(key) || !find_row(database_, table->number, key.id))
                continue;
            if (auto told = about(key); !told) return told;
        }
        return {};
    }

    Database& database_;
    const Fold& fold_;
    const TableSet& tables_;
    WaitingListener& listener_;
    std::set<RecordKey> told_{};
    std::set<std::string> told_tables_{};
};

} // namespace

Result<std::string> Store::tell_waiting(WaitingListener& listener) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<std::string> {
        Teller teller(database, *impl_->options().fold, tables, listener);
        if (auto told = teller.changes(); !told) return told.error();
        if (auto told = teller.conflicts(); !told) return told.error();
        if (auto told = teller.intents(); !told) return told.error();
        return queue_mark(database);
    });
}

} // namespace hawser::localstore
