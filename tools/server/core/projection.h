#pragma once

#include "tools/server/core/call.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::server {

enum class Nulls { write, omit };

/// Columns of a table in the order in which they are written.
struct Selection {
    struct Slot {
        const Column* column;
        std::string key; ///< ,"name":
    };
    std::vector<Slot> slots{};
    std::string context{}; ///< "(fullname,emailaddress1)", or "" when everything is written.
};

/// Writes rows as JSON: which columns, with which annotations. Values are copied from the stored
/// row as they are; nothing is parsed.
class Projection {
public:
    /// Everything readable when `select` is empty. What was asked before is not taken apart again.
    static Outcome<Projection> make(World& world, const Table& table, std::string_view select);

    /// Columns by pointer; the primary id is added.
    Projection(const Table& table, std::vector<const Column*> columns);

    void annotate(const Annotations& annotations) { annotations_ = annotations; }
    void set_nulls(Nulls nulls) { nulls_ = nulls; }

    /// Appends {"@odata.etag":…,…} without the closing brace.
    void write(std::string& out, const Call& call, const Row& row) const;

    /// "(fullname,emailaddress1)", or "" when everything is written.
    const std::string& context() const { return selection_->context; }
    const Table& table() const { return *table_; }

private:
    using Slot = Selection::Slot;

    Projection(const Table& table, std::shared_ptr<const Selection> selection)
        : table_(&table), selection_(std::move(selection))
    {
    }
    void write_value(std::string& out, const Call& call, const Slot& slot, const Row& row,
                     const std::string_view* bytes) const;
    void write_reference(std::string& out, const Call& call, const Slot& slot, const Table* target,
                         const Guid& id) const;
    void write_formatted(std::string& out, const Call& call, const Column& column,
                         std::string_view bytes) const;
    void write_null(std::string& out, const Slot& slot) const;

    const Table* table_;
    std::shared_ptr<const Selection> selection_;
    Annotations annotations_;
    Nulls nulls_ = Nulls::write;
};

/// The primary name of a row, or "".
std::string name_of(const Call& call, const Table& table, const Guid& id);

} // namespace hawser::server
