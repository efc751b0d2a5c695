#pragma once

#include "base/filter.h"
#include "localstore/record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hawser::localstore {

enum class Direction { ascending, descending };

struct SortKey {
    std::string column; ///< A column, or the table's primary id.
    Direction direction = Direction::ascending;
};

/// One page of a table. Text sorts without regard to case (ASCII), nulls first; equal rows in the
/// order in which the replica first had them, so that pages neither repeat nor skip a row.
struct Query {
    std::string table;
    std::optional<Filter> filter{};
    std::vector<SortKey> sort{};        ///< At most 8.
    std::vector<std::string> columns{}; ///< Empty = all.
    std::size_t limit = 100;            ///< 1 … 100,000.
    std::size_t offset = 0;
    std::string after{}; ///< `Page::next` of the page before; same sort and filter.
};

struct Page {
    std::vector<RecordView> records;
    std::string next; ///< "" when this was the last page.
};

struct SqlLimits {
    std::size_t rows = 10'000;
    std::uint64_t steps = 50'000'000; ///< SQLite's virtual machine instructions, not time.
    std::size_t bytes = 64u << 20;    ///< Of the answer.
};

/// Rows as compact JSON arrays, values in the order of `columns`.
struct SqlRows {
    std::vector<std::string> columns;
    std::vector<std::string> rows;
};

struct TableFigures {
    std::string table;
    std::int64_t records = 0; ///< Shown by the view.
    std::int64_t dirty = 0;
    std::int64_t tombstones = 0;
    std::int64_t partial = 0;
};

struct Statistics {
    std::vector<TableFigures> tables;
    QueueFigures queue;
    std::int64_t file_bytes = 0;
    std::int64_t log_bytes = 0; ///< The write-ahead log.
    std::int64_t receipts = 0, decisions = 0, cycles = 0;
};

} // namespace hawser::localstore
