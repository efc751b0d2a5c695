#include "base/json_text.h"
#include "localstore/store.h"
#include "localstore/store_impl.h"
#include "localstore/views.h"

#include <array>
#include <cstring>

namespace hawser::localstore {
namespace {

/// Lets a statement read the public views and nothing else.
class ViewsOnly {
public:
    ViewsOnly(Database& database, const TableSet& tables) : database_(database), tables_(tables)
    {
        sqlite3_set_authorizer(database.handle(), &ViewsOnly::decide, this);
    }
    ~ViewsOnly() { sqlite3_set_authorizer(database_.handle(), nullptr, nullptr); }
    ViewsOnly(const ViewsOnly&) = delete;
    ViewsOnly& operator=(const ViewsOnly&) = delete;

    const std::string& refused() const { return refused_; }

private:
    static int decide(void* own, int action, const char* first, const char* second, const char*,
                      const char* view)
    {
        return static_cast<ViewsOnly*>(own)->allows(action, first, second, view) ? SQLITE_OK : SQLITE_DENY;
    }

    bool is_view(const char* name) const
    {
        return name != nullptr && (tables_.find(std::string_view(name)) != nullptr || name == party_view);
    }

    bool allows(int action, const char* first, const char* second, const char* view)
    {
        switch (action) {
        case SQLITE_SELECT:
        case SQLITE_RECURSIVE:
            return true;
        case SQLITE_FUNCTION:
            return second != nullptr && std::strcmp(second, "load_extension") != 0;
        case SQLITE_READ:
            // The views read our tables; the statement itself may not.
            if (is_view(view) || is_view(first)) return true;
            if (first != nullptr && std::string_view(first).starts_with("json_")) return true;
            refused_ = first == nullptr ? "" : first;
            // A common table expression has no database and is no table of ours.
            return refused_.empty() || (!refused_.starts_with("hawser_") && !refused_.starts_with("sqlite_"));
        default:
            refused_ = "a statement that is no SELECT";
            return false;
        }
    }

    Database& database_;
    const TableSet& tables_;
    std::string refused_;
};

/// Stops a statement after so many steps of SQLite's machine.
class StepLimit {
public:
    StepLimit(Database& database, std::uint64_t steps) : database_(database), left_(steps / interval + 1)
    {
        sqlite3_progress_handler(database.handle(), interval, &StepLimit::spend, this);
    }
    ~StepLimit() { sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr); }
    StepLimit(const StepLimit&) = delete;
    StepLimit& operator=(const StepLimit&) = delete;

    bool reached() const { return left_ == 0; }

private:
    static constexpr int interval = 1000;

    static int spend(void* own)
    {
        auto& limit = *static_cast<StepLimit*>(own);
        if (limit.left_ > 0) --limit.left_;
        return limit.left_ == 0 ? 1 : 0;
    }

    Database& database_;
    std::uint64_t left_;
};

void append_value(std::string& row, const Statement& values, int column)
{
    switch (sqlite3_column_type(values.handle(), column)) {
    case SQLITE_NULL:
        row += "null";
        return;
    case SQLITE_INTEGER:
        row += std::to_string(values.integer(column));
        return;
    case SQLITE_FLOAT:
        row += values.text(column);
        return;
    case SQLITE_BLOB: {
        constexpr std::string_view digits = "0123456789abcdef";
        row += '"';
        for (const char byte : values.text(column)) {
            row += digits[static_cast<unsigned char>(byte) >> 4U];
            row += digits[static_cast<unsigned char>(byte) & 15U];
        }
        row += '"';
        return;
    }
    default:
        append_json_string(row, values.text(column));
    }
}

Error too_much(std::string_view what)
{
    return refusal(code::query_limit,
                   "The query was stopped: it took more than " + std::string(what) + ". Narrow it.");
}

Result<SqlRows> read_rows(Statement& statement, const SqlLimits& limits)
{
    SqlRows result;
    const int columns = sqlite3_column_count(statement.handle());
    for (int i = 0; i < columns; ++i) result.columns.emplace_back(sqlite3_column_name(statement.handle(), i));
    std::size_t bytes = 0;
    while (statement.step()) {
        if (result.rows.size() == limits.rows) return too_much(std::to_string(limits.rows) + " rows");
        std::string row = "[";
        for (int i = 0; i < columns; ++i) {
            if (i > 0) row += ',';
            append_value(row, statement, i);
        }
        row += ']';
        bytes += row.size();
        if (bytes > limits.bytes) return too_much(std::to_string(limits.bytes) + " bytes");
        result.rows.push_back(std::move(row));
    }
    return result;
}

/// One parameter of a person's query. Decimals are text, as the views show them.
Result<void> bind_value(Statement& statement, int parameter, const Value& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        statement.bind(parameter, *flag);
    else if (const auto* number = std::get_if<std::int64_t>(&value))
        statement.bind(parameter, *number);
    else if (const auto* decimal = std::get_if<Decimal>(&value))
        statement.bind(parameter, decimal->text);
    else if (const auto* text = std::get_if<std::string>(&value))
        statement.bind(parameter, *text);
    else if (const auto* lookup = std::get_if<Lookup>(&value))
        statement.bind(parameter, lookup->id.text());
    else if (is_null(value))
        statement.bind(parameter, nullptr);
    else
        return refusal(code::bad_query,
                       "Parameter " + std::to_string(parameter) + " is a list; give one value.");
    return {};
}

Result<void> bind_values(Statement& statement, std::span<const Value> bound)
{
    const int wanted = sqlite3_bind_parameter_count(statement.handle());
    if (static_cast<std::size_t>(wanted) != bound.size())
        return refusal(code::bad_query, "The query has " + std::to_string(wanted) + " parameters and " +
                                            std::to_string(bound.size()) + " values were given.");
    for (int i = 0; i < wanted; ++i)
        if (auto fine = bind_value(statement, i + 1, bound[static_cast<std::size_t>(i)]); !fine) return fine;
    return {};
}

bool only_blank(std::string_view rest)
{
    return rest.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

} // namespace

Result<SqlRows> Store::sql(std::string_view text, std::span<const Value> bound, const SqlLimits& limits) const
{
    return impl_->read([&](Database& database, const TableSet& tables) -> Result<SqlRows> {
        if (text.size() > 1'000'000) return refusal(code::bad_query, "The query is longer than 1 MB.");
        const ViewsOnly guard(database, tables);
        const StepLimit steps(database, limits.steps);
        sqlite3_stmt* raw = nullptr;
        const char* rest = nullptr;
        const std::string owned(text);
        const int result = sqlite3_prepare_v3(database.handle(), owned.c_str(),
                                              static_cast<int>(owned.size()), 0, &raw, &rest);
        if (result == SQLITE_AUTH)
            return refusal(code::bad_query, "A query may read the views of the tables and nothing else; it "
                                            "asked for " +
                                                guard.refused() + ".");
        if (result != SQLITE_OK)
            return refusal(code::bad_query, std::string("The query cannot be read: ") +
                                                sqlite3_errmsg(database.handle()) + ".");
        if (raw == nullptr) return refusal(code::bad_query, "The query is empty.");
        Statement statement = database.adopt(raw);
        if (!only_blank(rest)) return refusal(code::bad_query, "Give one SELECT at a time.");
        if (sqlite3_stmt_readonly(raw) == 0 || sqlite3_column_count(raw) == 0)
            return refusal(code::bad_query, "Only a SELECT can be asked.");
        if (auto fine = bind_values(statement, bound); !fine) return fine.error();
        try {
            return read_rows(statement, limits);
        } catch (const SQLite::Exception& failure) {
            if (steps.reached()) return too_much(std::to_string(limits.steps) + " steps");
            if (failure.getErrorCode() == SQLITE_ERROR)
                return refusal(code::bad_query, std::string("The query failed: ") + failure.what() + ".");
            throw;
        }
    });
}

} // namespace hawser::localstore
