#include "localstore/record_row.h"

namespace hawser::localstore {
namespace {

RecordRow read(const Statement& row)
{
    RecordRow found;
    found.record = row.integer(0);
    found.table = row.integer(1);
    found.id = row.guid(2);
    found.etag = row.string(3);
    found.body = row.string(4);
    found.flags = row.integer(5);
    found.scopes = row.integer(6);
    found.cycle = row.integer(7);
    found.generation = row.integer(8);
    return found;
}

} // namespace

std::optional<RecordRow> find_row(Database& database, std::int64_t table, const Guid& id)
{
    Statement row = database.prepare(
        "SELECT record, table_number, id, etag, body, flags, scopes, cycle, generation FROM hawser_record "
        "WHERE table_number = ?1 AND id = ?2");
    if (!row.with(table, id).step()) return std::nullopt;
    return read(row);
}

std::optional<RecordRow> find_row(Database& database, std::int64_t record)
{
    Statement row = database.prepare(
        "SELECT record, table_number, id, etag, body, flags, scopes, cycle, generation FROM hawser_record "
        "WHERE record = ?1");
    if (!row.with(record).step()) return std::nullopt;
    return read(row);
}

void save_row(Database& database, RecordRow& row)
{
    if (row.record == 0) {
        database
            .prepare("INSERT INTO hawser_record (table_number, id, etag, body, flags, scopes, cycle, "
                     "generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .with(row.table, row.id, row.etag, row.body, row.flags, row.scopes, row.cycle, row.generation)
            .run();
        row.record = database.last_row();
        return;
    }
    database
        .prepare("UPDATE hawser_record SET etag = ?2, body = ?3, flags = ?4, scopes = ?5, cycle = ?6, "
                 "generation = ?7 WHERE record = ?1")
        .with(row.record, row.etag, row.body, row.flags, row.scopes, row.cycle, row.generation)
        .run();
}

void erase_row(Database& database, std::int64_t record)
{
    database.prepare("DELETE FROM hawser_shadow WHERE record = ?1").with(record).run();
    database.prepare("DELETE FROM hawser_staged WHERE record = ?1").with(record).run();
    database.prepare("DELETE FROM hawser_record WHERE record = ?1").with(record).run();
}

} // namespace hawser::localstore
