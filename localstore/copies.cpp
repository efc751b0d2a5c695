#include "localstore/copies.h"

#include "localstore/fields_json.h"
#include "localstore/views.h"

#include <charconv>

namespace hawser::localstore {
namespace {

constexpr std::string_view table_prefix = "copy.table.";
constexpr std::string_view scope_prefix = "copy.scope.";

void keep(Database& database, const std::string& name, const std::string& value)
{
    database
        .prepare("INSERT INTO hawser_setting (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = "
                 "excluded.value WHERE value <> excluded.value")
        .with(name, value)
        .run();
}

/// The lines of a copy, the last one taking all that is left; empty when there are fewer.
std::vector<std::string> lines_of(std::string_view text, std::size_t count)
{
    std::vector<std::string> lines;
    while (lines.size() + 1 < count) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return {};
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    lines.emplace_back(text);
    return lines;
}

std::optional<std::int64_t> number_in(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Copies of one kind, by number.
std::map<std::int64_t, std::string> copies(Database& database, std::string_view prefix)
{
    std::map<std::int64_t, std::string> found;
    Statement rows =
        database.prepare("SELECT name, value FROM hawser_setting WHERE substr(name, 1, length(?1)) = ?1");
    rows.with(prefix);
    while (rows.step())
        if (const auto number = number_in(rows.text(0).substr(prefix.size())))
            found[*number] = rows.string(1);
    return found;
}

} // namespace

void keep_binding_copy(Database& database)
{
    Statement row = database.prepare("SELECT organization, user, instance, nonce, made_at, mailbox, url FROM "
                                     "hawser_meta WHERE one = 1");
    if (!row.step()) return;
    keep(database, "copy.binding",
         row.guid(0).text() + '\n' + row.guid(1).text() + '\n' + row.guid(2).text() + '\n' +
             row.guid(3).text() + '\n' + std::to_string(row.integer(4)) + '\n' + row.string(5) + '\n' +
             row.string(6));
}

std::vector<std::string> put_back_binding(Database& database)
{
    Statement present = database.prepare("SELECT count(*) FROM hawser_meta");
    present.step();
    if (present.integer(0) > 0) return {};
    Statement copy = database.prepare("SELECT value FROM hawser_setting WHERE name = 'copy.binding'");
    if (!copy.step()) return {};
    const auto lines = lines_of(copy.text(0), 7);
    if (lines.empty()) return {};
    std::vector<Guid> ids;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto id = Guid::parse(lines[i]);
        if (!id) return {};
        ids.push_back(*id);
    }
    // Called used: the lock file then says whether it is this very replica.
    database
        .prepare("INSERT INTO hawser_meta (one, organization, user, mailbox, url, instance, nonce, "
                 "next_nonce, locked, made_at, layout_version, view_version, generation) VALUES (1, ?1, ?2, "
                 "?3, ?4, ?5, ?6, ?6, 1, ?7, 1, ?8, 0)")
        .with(ids[0], ids[1], lines[5], lines[6], ids[2], ids[3], number_in(lines[4]).value_or(0),
              view_version)
        .run();
    return {"the binding; its copy was taken"};
}

void keep_table_copy(Database& database, std::int64_t number, const std::string& primary_id)
{
    Statement name = database.prepare("SELECT name FROM hawser_table WHERE number = ?1");
    if (!name.with(number).step()) return;
    std::vector<std::string> columns;
    Statement layout =
        database.prepare("SELECT name FROM hawser_layout WHERE table_number = ?1 ORDER BY position");
    layout.with(number);
    while (layout.step()) columns.push_back(layout.string(0));
    keep(database, std::string(table_prefix) + std::to_string(number),
         name.string(0) + '\n' + primary_id + '\n' + join_names(columns));
}

std::map<std::int64_t, TableCopy> table_copies(Database& database)
{
    std::map<std::int64_t, TableCopy> found;
    for (const auto& [number, text] : copies(database, table_prefix)) {
        const auto lines = lines_of(text, 3);
        if (!lines.empty()) found[number] = {lines[0], lines[1], split_names(lines[2])};
    }
    return found;
}

void keep_scope_copies(Database& database)
{
    database
        .prepare(
            "DELETE FROM hawser_setting WHERE substr(name, 1, 11) = 'copy.scope.' AND CAST(substr(name, 12) "
            "AS INTEGER) NOT IN (SELECT number FROM hawser_scope)")
        .run();
    Statement rows = database.prepare(
        "SELECT number, table_number, name, bit, mode, aboard, columns, filter FROM hawser_scope");
    while (rows.step()) {
        std::string text;
        for (int column = 1; column < 8; ++column) text += (column == 1 ? "" : "\n") + rows.string(column);
        keep(database, std::string(scope_prefix) + std::to_string(rows.integer(0)), text);
    }
}

std::vector<std::string> put_back_scopes(Database& database)
{
    std::vector<std::string> put_back;
    for (const auto& [number, text] : copies(database, scope_prefix)) {
        const auto lines = lines_of(text, 7);
        if (lines.empty()) continue;
        database
            .prepare("INSERT OR IGNORE INTO hawser_scope (number, table_number, name, bit, mode, aboard, "
                     "columns, filter, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '')")
            .with(number, number_in(lines[0]).value_or(0), lines[1], number_in(lines[2]).value_or(0),
                  lines[3], number_in(lines[4]).value_or(0), lines[5], lines[6])
            .run();
        if (database.changes() > 0)
            put_back.push_back("the scope " + std::to_string(number) + "; its copy was taken");
    }
    return put_back;
}

} // namespace hawser::localstore
