#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::server {

enum class Kind {
    text,
    memo,
    integer,
    big_integer,
    decimal,
    money,
    boolean,
    date_time,
    date,
    choice,
    multi_choice,
    state,
    status,
    lookup,
    guid,
    parties, ///< A party list as metadata shows it; its rows are activityparty rows.
};

/// Where a column's value comes from when it is not stored in the row's body.
enum class Source { stored, primary_id, row_version, owning_user, owning_team, owning_unit };

struct Option {
    std::int64_t value = 0;
    std::int64_t state = -1; ///< For status: the state it belongs to.
    std::string label;
};

struct Target {
    std::string table;
    std::string navigation; ///< The navigation property that sets it; case-sensitive.
};

/// What becomes of a row whose parent (the target of `Table::parent`) is deleted.
enum class OnParentDelete { unlink, cascade, cascade_if_set };

struct Column {
    std::string name;     ///< Logical name.
    std::string property; ///< Name on the wire; "_x_value" for lookups.
    std::string label;
    Kind kind = Kind::text;
    Source source = Source::stored;
    std::uint16_t ordinal = 0; ///< Position in the table's text; never changes once released.
    std::size_t max_length = 0;
    bool required = false;
    bool creatable = true;
    bool updatable = true;
    bool readable = true;
    std::vector<Option> options{};
    std::vector<Target> targets{};
    int participation = 0; ///< For party lists: the participationtypemask.

    const Option* option(std::int64_t value) const;
    const Target* target(std::string_view table) const;
};

/// A collection-valued navigation property: the rows of `table` whose `column` refers to the row.
struct CollectionProperty {
    std::string name;
    std::string table;
    std::string column;
};

enum class Ownership { user, organization, none };

struct Table {
    std::string name;        ///< Logical name: "contact".
    std::string set;         ///< "contacts"
    std::string schema_name; ///< "Contact"
    std::string primary_id;
    std::string primary_name; ///< "" when the table has none.
    std::string label;
    std::string plural_label;
    std::uint16_t code = 0; ///< ObjectTypeCode; identifies the table in stored rows.
    Ownership ownership = Ownership::user;
    bool activity = false;
    bool change_tracking = true;
    bool concurrency = true;
    std::string parent{}; ///< The lookup column that has an index; "" when none.
    OnParentDelete on_parent_delete = OnParentDelete::unlink;
    std::vector<Column> columns{};
    std::vector<CollectionProperty> collections{};

    const Column* column(std::string_view name) const;       ///< By logical name.
    const Column* property(std::string_view property) const; ///< By the name on the wire.
    const Column* stored(std::uint16_t ordinal) const { return &columns[ordinal]; }
    /// The column that a single-valued navigation property sets.
    const Column* navigation(std::string_view property) const;
    const CollectionProperty* collection(std::string_view name) const;
    std::string privilege_noun() const; ///< "Activity" in "prvReadActivity".

    std::map<std::string, std::uint16_t, std::less<>> by_name{};
    std::map<std::string, std::uint16_t, std::less<>> by_property{};
    std::map<std::string, std::uint16_t, std::less<>> by_navigation{};
};

/// All tables that an organization has, the same in each. Never changes; for any thread.
class Catalogue {
public:
    /// Built once from the text in catalogue_tables.cpp.
    static const Catalogue& whole();

    const std::vector<Table>& tables() const { return tables_; }
    const Table* table(std::string_view name) const;
    const Table* set(std::string_view set) const;
    const Table* code(std::uint16_t code) const;
    std::size_t index(const Table& table) const { return static_cast<std::size_t>(&table - tables_.data()); }

private:
    Catalogue();

    std::vector<Table> tables_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
    std::map<std::string, std::size_t, std::less<>> by_set_;
    std::map<std::uint16_t, std::size_t> by_code_;
};

/// The description that Catalogue reads; its form is explained where it stands.
extern const char* const catalogue_text;

} // namespace hawser::server
