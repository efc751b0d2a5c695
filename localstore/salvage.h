#pragma once

#include "localstore/database.h"
#include "localstore/numbers.h"
#include "localstore/repair.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::localstore {

/// Reads what can be read of a damaged replica, row by row, into a new file, and makes that one whole
/// (mend.h). Throws what the fence knows; the new file is of no use then.
class Salvage {
public:
    Salvage(const std::filesystem::path& damaged, const std::filesystem::path& target);

    /// Fails with store.not_a_replica when not one row was found.
    Result<RepairReport> run(Instant now);
    /// The live changes that were read, one line each; also when `run` failed.
    const std::vector<std::string>& waiting() const { return waiting_; }

private:
    /// One kind of row: its table, what a person calls it, and which rows are wanted.
    struct Kind {
        std::string_view table;
        std::string_view name;
        std::string_view wanted = "1";
        bool has_rowid = true;
        std::optional<Numbered> numbered{};
    };

    void make_target();
    void copy(const Kind& kind);
    void copy_in_order(const Kind& kind, const std::string& order);
    void copy_one_by_one(const Kind& kind, std::int64_t from, std::int64_t to);
    bool copy_row(const Kind& kind, Statement& from);
    std::int64_t last_number(std::string_view table);
    void unreadable(const std::string& what);

    void note_wanted_records();
    void note_waiting();
    void finish_target();

    Database damaged_;
    Database target_;
    RepairReport report_;
    std::set<std::string, std::less<>> incomplete_; ///< Tables of which something could not be read.
    std::vector<std::string> waiting_;
    std::int64_t last_copied_ = 0;
    bool end_known_ = true; ///< Whether the last row's number could be read.
};

} // namespace hawser::localstore
