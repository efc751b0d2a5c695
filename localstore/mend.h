#pragma once

#include "hawser/clock.h"
#include "localstore/database.h"
#include "localstore/tables.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// Makes a whole replica of rows that were copied out of a damaged one: what is only a cache of the
/// organization is made again empty, what cannot be believed goes, and a change whose base, conflict or
/// intent is lost is held. All that is lost or held is told by name. Inside one transaction.
class Mend {
public:
    using Tell = std::function<void(const std::string&)>;
    /// `incomplete`: the tables of which rows could not be read.
    Mend(Database& database, const std::set<std::string, std::less<>>& incomplete, Tell tell, Instant now)
        : database_(database), incomplete_(incomplete), tell_(std::move(tell)), now_(now)
    {
    }

    /// Before the records: binding, tables, scopes, checkpoints. Throws a Failure when the binding, or
    /// the name of a table that live changes belong to, is nowhere.
    void mend_frame();
    /// After that: changes, intents and conflicts that no version could read.
    void drop_unreadable();
    /// After the records were copied.
    void mend_queue();

private:
    void mend_tables();
    void mend_layout(std::int64_t number, const Table& table, const std::vector<std::string>* copy);
    void forget_unknown_tables();
    void mend_scopes();
    void drop_bodies();
    void drop_lost_records();
    void keep_changes_without_records();
    void settle_lost_shadows();
    void check_sums();
    void drop_intents();
    void free_changes_of_lost_intents();
    void mend_conflicts();
    void mend_flags();
    void renew_references();
    void hold(const std::string& which, std::string_view why);

    Database& database_;
    const std::set<std::string, std::less<>>& incomplete_;
    Tell tell_;
    Instant now_;
    std::set<std::int64_t> unreadable_bodies_; ///< Tables whose order of columns is lost.
};

} // namespace hawser::localstore
