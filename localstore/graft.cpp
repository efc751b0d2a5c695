#include "localstore/graft.h"

#include "localstore/database.h"
#include "localstore/fence.h"
#include "localstore/file_check.h"
#include "localstore/platform/permissions.h"
#include "localstore/suffix.h"
#include "schema_text.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

namespace hawser::localstore {
namespace {

using std::filesystem::path;

// Of the SQLite file format.
constexpr std::size_t page_size = 8192;
constexpr std::size_t header_size = 100;
constexpr std::string_view magic{"SQLite format 3\0", 16};
constexpr char table_leaf = 0x0d;

struct OwnTable {
    std::int64_t root = 0;
    int columns = 0;
    std::string definition; ///< Without constraints that an index would have to stand for.
};

SQLite::Database fresh_file()
{
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    fresh.exec("PRAGMA page_size = " + std::to_string(page_size));
    fresh.exec("BEGIN");
    fresh.exec("PRAGMA application_id = " + std::to_string(application_id));
    fresh.exec("PRAGMA user_version = " + std::to_string(schema_version));
    fresh.exec(schema_text);
    fresh.exec("COMMIT");
    return fresh;
}

std::string definition_of(SQLite::Database& fresh, const std::string& table, bool has_rowid, int& columns)
{
    std::string text = "CREATE TABLE " + table + " (";
    std::map<int, std::string> key;
    SQLite::Statement rows(fresh, "SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid");
    rows.bind(1, table);
    for (columns = 0; rows.executeStep(); ++columns) {
        const std::string name = rows.getColumn(0).getString();
        const int position = rows.getColumn(1).getInt();
        text += (columns == 0 ? "" : ", ") + name;
        if (position > 0 && has_rowid) text += " INTEGER PRIMARY KEY";
        if (position > 0) key[position] = name;
    }
    if (has_rowid) return text + ")";
    std::string names;
    for (const auto& [position, name] : key) names += (names.empty() ? "" : ", ") + name;
    return text + ", PRIMARY KEY (" + names + ")) WITHOUT ROWID";
}

std::map<std::string, OwnTable> own_tables(SQLite::Database& fresh)
{
    std::map<std::string, OwnTable> tables;
    SQLite::Statement rows(fresh, "SELECT s.name, s.rootpage, l.wr FROM sqlite_schema s JOIN "
                                  "pragma_table_list l ON l.name = s.name WHERE s.type = 'table'");
    while (rows.executeStep()) {
        OwnTable& table = tables[rows.getColumn(0).getString()];
        table.root = rows.getColumn(1).getInt64();
        table.definition = definition_of(fresh, rows.getColumn(0).getString(),
                                         rows.getColumn(2).getInt() == 0, table.columns);
    }
    return tables;
}

std::uint32_t last_root()
{
    SQLite::Database fresh = fresh_file();
    return fresh.execAndGet("SELECT max(rootpage) FROM sqlite_schema").getUInt();
}

/// The first page of a new replica, with nothing but its tables in the list.
std::string first_page()
{
    SQLite::Database fresh = fresh_file();
    const auto tables = own_tables(fresh);
    fresh.exec("PRAGMA writable_schema = ON");
    fresh.exec("DELETE FROM sqlite_schema");
    for (const auto& [name, table] : tables) {
        SQLite::Statement add(fresh, "INSERT INTO sqlite_schema VALUES ('table', ?1, ?1, ?2, ?3)");
        add.bind(1, name);
        add.bind(2, table.root);
        add.bind(3, table.definition);
        add.exec();
    }
    sqlite3_int64 size = 0;
    unsigned char* bytes = sqlite3_serialize(fresh.getHandle(), "main", &size, 0);
    if (bytes == nullptr) throw SQLite::Exception("no memory for a page", SQLITE_NOMEM);
    std::string page(reinterpret_cast<const char*>(bytes), page_size);
    sqlite3_free(bytes);
    if (page[header_size] != table_leaf)
        throw SQLite::Exception("the list of tables outgrew a page", SQLITE_INTERNAL);
    return page;
}

void put_number(std::string& page, std::size_t place, std::uint32_t number)
{
    for (int i = 0; i < 4; ++i) page[place + i] = static_cast<char>(number >> (24 - 8 * i));
}

/// The file's own header as far as it can be believed, else that of a new replica.
void mend_header(std::string& page, const std::string& fresh, std::uint32_t pages, char journal)
{
    constexpr std::size_t page_size_at = 16, version_at = 18, change_at = 24, count_at = 28, free_at = 32,
                          format_at = 44, vacuum_at = 52, text_at = 56, valid_at = 92;
    const bool usable = page.compare(0, magic.size(), magic) == 0 &&
                        page.compare(page_size_at, 2, fresh, page_size_at, 2) == 0;
    if (!usable) page.replace(0, header_size, fresh, 0, header_size);
    page.replace(20, 4, fresh, 20, 4); // reserved bytes and payload fractions, the same in every file
    page[version_at] = page[version_at + 1] = journal;
    page.replace(valid_at, 4, page, change_at, 4);
    put_number(page, count_at, pages);
    put_number(page, free_at, 0);
    put_number(page, free_at + 4, 0);
    page.replace(format_at, 4, fresh, format_at, 4);
    put_number(page, vacuum_at, 0);
    page.replace(text_at, 4, fresh, text_at, 4);
}

std::string read_first_page(const path& file)
{
    std::string page(page_size, '\0');
    std::ifstream(file, std::ios::binary).read(page.data(), page_size);
    return page;
}

void write_first_page(const path& file, const std::string& page)
{
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.write(page.data(), static_cast<std::streamsize>(page.size()));
    stream.flush();
    if (!stream) throw SQLite::Exception("the copy cannot be written", SQLITE_IOERR);
}

/// What cannot be folded back is left out: the file is read as of before it.
void fold_log(const path& scratch)
{
    try {
        SQLite::Database database(scratch, SQLite::OPEN_READWRITE);
        SQLite::Statement look(database, "PRAGMA user_version"); // opens the log
        look.executeStep();
        look.reset();
        sqlite3_wal_checkpoint_v2(database.getHandle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    } catch (const SQLite::Exception&) {
        // The tables themselves say what is missing.
    }
    std::error_code ignored;
    for (const char* suffix : {"-wal", "-shm", "-journal"})
        std::filesystem::remove(with_suffix(scratch, suffix), ignored);
}

Result<void> copy_files(const path& damaged, const path& scratch)
{
    if (auto made = platform::create_private_file(scratch); !made) return made;
    for (const char* suffix : {"", "-wal"}) {
        std::error_code failed;
        if (!std::filesystem::exists(with_suffix(damaged, suffix), failed)) continue;
        std::filesystem::copy_file(with_suffix(damaged, suffix), with_suffix(scratch, suffix),
                                   std::filesystem::copy_options::overwrite_existing, failed);
        if (failed)
            return Error{ErrorKind::stop, std::string(code::input_output),
                         damaged.string() + " cannot be copied to " + scratch.string() + ": " +
                             failed.message() + ". Make room there for a second copy; nothing was changed."};
        std::filesystem::permissions(with_suffix(scratch, suffix),
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                     failed);
    }
    return {};
}

std::uint32_t pages_of(const path& file)
{
    return static_cast<std::uint32_t>((std::filesystem::file_size(file) + page_size - 1) / page_size);
}

} // namespace

bool has_readable_tables(const path& replica)
{
    try {
        DatabaseOptions options;
        options.path = replica;
        options.access = Access::read_only;
        Database database(options);
        Statement whole = database.prepare_once("SELECT count(sql) FROM sqlite_schema");
        whole.step();
        SQLite::Database fresh = fresh_file();
        for (const auto& [name, table] : own_tables(fresh)) {
            Statement rows = database.prepare_once("SELECT * FROM " + name + " LIMIT 0");
            if (sqlite3_column_count(rows.handle()) != table.columns) return false;
        }
        return true;
    } catch (const SQLite::Exception&) {
        return false;
    }
}

Result<void> graft_tables(const path& damaged, const path& scratch)
{
    return fenced(damaged, [&]() -> Result<void> {
        constexpr std::uint32_t least_pages = 20;
        if (pages_of(damaged) < least_pages)
            return Error{ErrorKind::stop, std::string(code::not_a_database),
                         damaged.string() + " is no SQLite database. Name the replica's own file, or restore "
                                            "it from a backup."};
        if (auto copied = copy_files(damaged, scratch); !copied) return copied;
        const std::string fresh = first_page();
        constexpr char with_log = 2, without_log = 1;
        std::string page = read_first_page(scratch);
        mend_header(page, fresh, pages_of(scratch), with_log);
        write_first_page(scratch, page);
        fold_log(scratch);
        // A file that was cut off: every table has at least its first page, though an empty one.
        std::filesystem::resize_file(scratch, std::max(pages_of(scratch), last_root()) * page_size);
        page = read_first_page(scratch);
        mend_header(page, fresh, pages_of(scratch), without_log);
        page.replace(header_size, page_size - header_size, fresh, header_size, page_size - header_size);
        write_first_page(scratch, page);
        return {};
    });
}

} // namespace hawser::localstore
