#include "localstore/numbers.h"

namespace hawser::localstore {
namespace {

constexpr std::string_view setting_of(Numbered kind)
{
    return kind == Numbered::change ? "lost.changes" : "lost.conflicts";
}

} // namespace

std::int64_t next_number(Database& database, Numbered kind)
{
    // Trimming leaves the highest row, so only a repair makes the setting.
    Statement last =
        kind == Numbered::change
            ? database.prepare(
                  "SELECT max(ifnull((SELECT max(sequence) FROM hawser_change), 0), ifnull((SELECT "
                  "CAST(value AS INTEGER) FROM hawser_setting WHERE name = ?1), 0))")
            : database.prepare(
                  "SELECT max(ifnull((SELECT max(number) FROM hawser_conflict), 0), ifnull((SELECT "
                  "CAST(value AS INTEGER) FROM hawser_setting WHERE name = ?1), 0))");
    last.with(setting_of(kind)).step();
    return last.integer(0) + 1;
}

void never_give_again(Database& database, Numbered kind, std::int64_t last)
{
    database
        .prepare("INSERT INTO hawser_setting (name, value) VALUES (?1, CAST(?2 AS TEXT)) ON CONFLICT DO "
                 "UPDATE SET "
                 "value = excluded.value WHERE CAST(value AS INTEGER) < ?2")
        .with(setting_of(kind), last)
        .run();
}

} // namespace hawser::localstore
