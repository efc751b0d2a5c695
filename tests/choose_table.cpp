#include "tests/choose_table.h"

#include "localstore/transaction.h"

namespace hawser::tests {

Result<void> choose_table(localstore::Store& store, const std::string& name, const std::string& filter,
                          const std::vector<std::string>& columns)
{
    const auto chosen = [&](localstore::Transaction& transaction) -> Result<void> {
        if (!store.table(name)) {
            Table table;
            table.name = name;
            table.primary_id = name + "id";
            const Result<void> defined = transaction.define_table(table);
            if (!defined) return defined;
        }
        localstore::Scope scope;
        scope.table = name;
        scope.name = "all";
        scope.filter = filter;
        scope.columns = columns;
        const auto number = transaction.rounds.define_scope(scope);
        if (!number) return number.error();
        return {};
    };
    return store.transact(localstore::Durability::full, chosen);
}

} // namespace hawser::tests
