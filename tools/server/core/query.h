#pragma once

#include "tools/server/core/projection.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser::server {

struct Query;

/// A navigation property to be written inside the row: a lookup's target or a collection.
struct Expansion {
    std::string name;
    const Column* lookup = nullptr; ///< Null for a collection.
    const CollectionProperty* collection = nullptr;
    std::shared_ptr<Query> inner{};
};

struct OrderKey {
    const Column* column = nullptr;
    bool descending = false;
};

/// What a GET asks of one table.
struct Query {
    const Table* table;
    Projection projection;
    std::optional<Condition> condition{};
    std::vector<OrderKey> order{};
    std::optional<std::size_t> top{};
    bool count = false;
    std::vector<Expansion> expansions{};
};

using QueryOptions = std::vector<std::pair<std::string, std::string>>;

/// Checks the options of a query against the table. `levels` bounds nested $expand.
Outcome<Query> make_query(const Call& call, const Table& table, const QueryOptions& options, int levels = 3);

/// Appends a whole row with its expansions.
void write_row(std::string& out, const Call& call, const Query& query, const Row& row);

/// What the "@odata.context" of the answer names after "#".
std::string context_of(const Query& query);

} // namespace hawser::server
