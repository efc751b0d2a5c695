#pragma once

#include "tools/server/core/call.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

enum class Nulls { write, omit };

/// Writes rows as JSON: which columns, with which annotations. Values are copied from the stored
/// row as they are; nothing is parsed.
class Projection {
public:
    /// Everything readable when `select` is empty.
    static Outcome<Projection> make(const Table& table, std::string_view select);

    /// Columns by pointer; the primary id is added.
    Projection(const Table& table, std::vector<const Column*> columns);

    void annotate(const Annotations& annotations) { annotations_ = annotations; }
    void set_nulls(Nulls nulls) { nulls_ = nulls; }

    /// Appends {"@odata.etag":…,…} without the closing brace.
    void write(std::string& out, const Call& call, const Row& row) const;

    /// "(fullname,emailaddress1)", or "" when everything is written.
    const std::string& context() const { return context_; }
    const Table& table() const { return *table_; }

private:
    struct Slot {
        const Column* column;
        std::string key; ///< ,"name":
    };
    void write_value(std::string& out, const Call& call, const Slot& slot, const Row& row,
                     const std::string_view* bytes) const;
    void write_reference(std::string& out, const Call& call, const Slot& slot, const Table* target,
                         const Guid& id) const;
    void write_formatted(std::string& out, const Call& call, const Column& column,
                         std::string_view bytes) const;
    void write_null(std::string& out, const Slot& slot) const;

    const Table* table_;
    std::vector<Slot> slots_;
    Annotations annotations_;
    Nulls nulls_ = Nulls::write;
    std::string context_;
};

/// The primary name of a row, or "".
std::string name_of(const Call& call, const Table& table, const Guid& id);

} // namespace hawser::server
