#include "localstore/json_extract.h"

#include <SQLiteCpp/Exception.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace hawser::localstore {
namespace {

/// SQLite's own function, on a connection that has nothing else. For every form that is not one of
/// ours, so that there is one definition of the result.
class Original {
public:
    Original() = default;
    Original(const Original&) = delete;
    Original& operator=(const Original&) = delete;
    ~Original()
    {
        sqlite3_finalize(statement_);
        sqlite3_close(handle_);
    }

    void answer(sqlite3_context* context, sqlite3_value** values)
    {
        if (statement_ == nullptr && !prepare()) {
            sqlite3_result_error_nomem(context);
            return;
        }
        sqlite3_bind_value(statement_, 1, values[0]);
        sqlite3_bind_value(statement_, 2, values[1]);
        if (sqlite3_step(statement_) == SQLITE_ROW)
            sqlite3_result_value(context, sqlite3_column_value(statement_, 0));
        else
            sqlite3_result_error(context, sqlite3_errmsg(handle_), -1);
        sqlite3_reset(statement_);
    }

private:
    bool prepare()
    {
        return sqlite3_open_v2(":memory:", &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, nullptr) ==
                   SQLITE_OK &&
               sqlite3_prepare_v2(handle_, "SELECT json_extract(?1, ?2)", -1, &statement_, nullptr) ==
                   SQLITE_OK;
    }

    sqlite3* handle_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
};

std::string_view text_of(sqlite3_value* value)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT) return {};
    const auto* data = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return {data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

/// "$[3]" or "$[3][1]"; `second` is -1 when there is none.
struct Path {
    int first = 0;
    int second = -1;
};

bool take_index(std::string_view& rest, int& index)
{
    if (rest.empty() || rest.front() != '[') return false;
    const auto [end, failed] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
    if (failed != std::errc{} || index < 0 || end == rest.data() + rest.size() || *end != ']') return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    return true;
}

std::optional<Path> read_path(std::string_view text)
{
    Path path;
    if (text.empty() || text.front() != '$') return std::nullopt;
    text.remove_prefix(1);
    if (!take_index(text, path.first)) return std::nullopt;
    if (!text.empty() && !take_index(text, path.second)) return std::nullopt;
    return text.empty() ? std::optional(path) : std::nullopt;
}

/// The end of a JSON text that begins at `at` with its quote; npos when it has none.
std::size_t skip_text(std::string_view json, std::size_t at)
{
    for (++at; at < json.size(); ++at) {
        if (json[at] == '"') return at + 1;
        if (json[at] == '\\') ++at;
    }
    return std::string_view::npos;
}

/// The end of the value that begins at `at`. Expects compact JSON, as bodies are.
std::size_t skip_value(std::string_view json, std::size_t at)
{
    int depth = 0;
    while (at < json.size()) {
        const char c = json[at];
        if (c == '"') {
            at = skip_text(json, at);
            if (at == std::string_view::npos || depth == 0) return at;
            continue;
        }
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        }
        if (c == ',' && depth == 0) return at;
        ++at;
    }
    return std::string_view::npos;
}

enum class Found { value, nothing, unclear };

/// The member of a compact JSON array.
Found member(std::string_view json, int index, std::string_view& value)
{
    if (json.empty() || json.front() != '[') return Found::unclear;
    std::size_t at = 1;
    if (at < json.size() && json[at] == ']') return Found::nothing;
    for (int i = 0;; ++i) {
        const std::size_t end = skip_value(json, at);
        if (end == std::string_view::npos || end >= json.size() || end == at) return Found::unclear;
        if (i == index) {
            value = json.substr(at, end - at);
            return Found::value;
        }
        if (json[end] == ']') return Found::nothing;
        if (json[end] != ',') return Found::unclear;
        at = end + 1;
    }
}

/// Whether the result was plain enough to be given here.
bool give(sqlite3_context* context, std::string_view value)
{
    if (value.front() == '"') {
        value = value.substr(1, value.size() - 2);
        if (value.find('\\') != std::string_view::npos) return false;
        sqlite3_result_text64(context, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        return true;
    }
    if (value == "null") {
        sqlite3_result_null(context);
        return true;
    }
    if (value == "true" || value == "false") {
        sqlite3_result_int(context, value == "true" ? 1 : 0);
        return true;
    }
    constexpr std::size_t safe_digits = 18;
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.size() > safe_digits || failed != std::errc{} || end != value.data() + value.size())
        return false;
    sqlite3_result_int64(context, number);
    return true;
}

void json_extract(sqlite3_context* context, int, sqlite3_value** values)
{
    const std::string_view json = text_of(values[0]);
    const auto path = read_path(text_of(values[1]));
    if (path && !json.empty()) {
        std::string_view value;
        Found found = member(json, path->first, value);
        if (found == Found::value && path->second >= 0) {
            const std::string_view pair = value;
            found = pair.front() == '[' ? member(pair, path->second, value) : Found::nothing;
        }
        if (found == Found::nothing) return;
        if (found == Found::value && give(context, value)) return;
    }
    static_cast<Original*>(sqlite3_user_data(context))->answer(context, values);
}

} // namespace

void install_json_extract(sqlite3* handle)
{
    auto* original = new Original;
    const int result = sqlite3_create_function_v2(
        handle, "json_extract", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, original,
        json_extract, nullptr, nullptr, [](void* own) { delete static_cast<Original*>(own); });
    if (result != SQLITE_OK) throw SQLite::Exception(handle, result);
}

} // namespace hawser::localstore
