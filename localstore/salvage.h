#pragma once

#include "localstore/database.h"
#include "localstore/repair.h"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace hawser::localstore {

/// Reads what can be read of a damaged replica, row by row, into a new file. Throws what the fence
/// knows; the new file is of no use then.
class Salvage {
public:
    Salvage(const std::filesystem::path& damaged, const std::filesystem::path& target);

    Result<RepairReport> run();

private:
    /// One kind of row: its table, what a person calls it, and which rows are wanted.
    struct Kind {
        std::string_view table;
        std::string_view name;
        std::string_view wanted = "1";
        bool has_rowid = true;
    };

    void make_target();
    void copy(const Kind& kind);
    void copy_in_order(const Kind& kind, const std::string& order);
    void copy_one_by_one(const Kind& kind, std::int64_t from, std::int64_t to);
    bool copy_row(const Kind& kind, Statement& from);
    std::int64_t last_number(std::string_view table);
    void unreadable(const std::string& what);

    void note_wanted_records();
    void keep_changes_without_records();
    void free_changes_of_lost_intents();
    void settle_lost_shadows();
    void check_sums();
    void reset_checkpoints();
    void finish_target();

    Database damaged_;
    Database target_;
    RepairReport report_;
    std::int64_t last_copied_ = 0;
};

} // namespace hawser::localstore
