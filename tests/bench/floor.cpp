// The floor of each job: curl, a JSON parser and bare SQLite, doing no more than they must.
//
//   hawser_floor pull TRACE DATABASE   sends the traced requests again on one kept connection, parses
//                                      each page and inserts its rows into a bare table
//   hawser_floor commit DATABASE N     N commits of one 1.1 KB row with synchronous=FULL
//
// The database has the replica's page size, cache and log settings and its one key (table, 16-byte
// id), no other index. A row's body is the JSON list of its values without names and annotations, as
// little as a reader could do with. Prints one line of JSON. The token comes from HAWSER_TOKEN.

#include <boost/json.hpp>
#include <curl/curl.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory_resource>
#include <string>
#include <time.h>
#include <vector>

namespace {

namespace json = boost::json;

[[noreturn]] void give_up(const std::string& why)
{
    std::cerr << "hawser_floor: " << why << '\n';
    std::exit(1);
}

double seconds_of(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double now()
{
    return seconds_of(CLOCK_MONOTONIC);
}

void run(sqlite3* database, const char* sql)
{
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        give_up(sqlite3_errmsg(database));
}

sqlite3* open(const char* path)
{
    sqlite3* database = nullptr;
    if (sqlite3_open(path, &database) != SQLITE_OK) give_up("cannot open the database");
    run(database,
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=16000;"
        "PRAGMA cache_size=-4096; PRAGMA secure_delete=OFF;"
        "CREATE TABLE record(record INTEGER PRIMARY KEY, table_id INT, id BLOB, etag TEXT, body TEXT);"
        "CREATE UNIQUE INDEX record_key ON record(table_id, id)");
    return database;
}

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* body)
{
    static_cast<std::string*>(body)->append(bytes, size * count);
    return size * count;
}

int nibble(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

std::array<char, 16> bytes_of(std::string_view guid)
{
    std::array<char, 16> bytes{};
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < guid.size() && at < bytes.size(); i += 2) {
        if (guid[i] == '-') ++i;
        bytes[at++] = static_cast<char>(nibble(guid[i]) << 4 | nibble(guid[i + 1]));
    }
    return bytes;
}

class Inserter {
public:
    explicit Inserter(sqlite3* database) : database_(database)
    {
        run(database_, "PRAGMA synchronous=NORMAL; BEGIN");
        sqlite3_prepare_v2(database_, "INSERT INTO record(table_id, id, etag, body) VALUES(?,?,?,?)", -1,
                           &insert_, nullptr);
    }

    void page(std::size_t table, std::string_view id_name, const json::array& rows)
    {
        for (const json::value& row : rows) {
            const json::object& columns = row.as_object();
            const std::string_view etag = columns.at("@odata.etag").get_string();
            const std::array<char, 16> id = bytes_of(columns.at(id_name).get_string());
            encode(columns);
            sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(table));
            sqlite3_bind_blob(insert_, 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
            sqlite3_bind_text(insert_, 3, etag.data(), static_cast<int>(etag.size()), SQLITE_STATIC);
            sqlite3_bind_text(insert_, 4, body_.data(), static_cast<int>(body_.size()), SQLITE_STATIC);
            if (sqlite3_step(insert_) != SQLITE_DONE) give_up(sqlite3_errmsg(database_));
            sqlite3_reset(insert_);
            bytes_ += body_.size();
            if (++rows_ % 5'000 == 0) run(database_, "COMMIT; BEGIN");
        }
    }

    std::size_t bytes() const { return bytes_; }

    std::size_t finish()
    {
        run(database_, "COMMIT");
        sqlite3_finalize(insert_);
        return rows_;
    }

private:
    void encode(const json::object& columns)
    {
        body_.assign(1, '[');
        for (const auto& [name, value] : columns) {
            if (std::string_view(name).find('@') != std::string_view::npos) continue;
            serializer_.reset(&value);
            while (!serializer_.done()) body_ += serializer_.read(buffer_.data(), buffer_.size());
            body_ += ',';
        }
        body_.back() = ']';
    }

    sqlite3* database_;
    sqlite3_stmt* insert_ = nullptr;
    json::serializer serializer_;
    std::array<char, 4096> buffer_{};
    std::string body_;
    std::size_t rows_ = 0;
    std::size_t bytes_ = 0;
};

std::string fetch(CURL* curl, const json::object& request, const std::string& authorization)
{
    std::string answer;
    curl_slist* headers = curl_slist_append(nullptr, authorization.c_str());
    for (const json::value& header : request.at("headers").as_array())
        headers = curl_slist_append(headers, header.as_string().c_str());
    curl_easy_setopt(curl, CURLOPT_URL, request.at("url").as_string().c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.at("method").as_string().c_str());
    const json::string& body = request.at("body").as_string();
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.at("method").as_string().c_str());
    if (!body.empty()) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) give_up(curl_easy_strerror(code));
    curl_slist_free_all(headers);
    return answer;
}

/// A page's table and the name of its primary id: the only plain id that every row has first.
std::string_view id_name_of(const json::object& row)
{
    for (const auto& [name, value] : row)
        if (value.is_string() && value.get_string().size() == 36 && name.front() != '_' &&
            std::string_view(name).find('@') == std::string_view::npos)
            return name;
    give_up("a row without an id");
}

void pull(const char* trace, const char* path)
{
    std::vector<json::object> requests;
    std::ifstream file(trace);
    for (std::string line; std::getline(file, line);) requests.push_back(json::parse(line).as_object());
    const char* token = std::getenv("HAWSER_TOKEN");
    const std::string authorization = std::string("Authorization: Bearer ") + (token ? token : "");
    sqlite3* database = open(path);
    CURL* curl = curl_easy_init();

    const double begun = now();
    const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    Inserter inserter(database);
    for (const json::object& request : requests) {
        const std::string answer = fetch(curl, request, authorization);
        if (request.at("method").as_string() != "GET") continue; // A batch: fetched, not parsed.
        json::monotonic_resource memory;
        std::error_code bad;
        const json::value page = json::parse(answer, bad, &memory);
        if (bad || !page.is_object()) give_up("a page that is no JSON object");
        const json::value* rows = page.as_object().if_contains("value");
        if (!rows || !rows->is_array() || rows->get_array().empty()) continue;
        const json::object* first = rows->get_array().front().if_object();
        if (!first || !first->contains("@odata.etag")) continue; // No records: the organization's schema.
        const std::string_view url = request.at("url").as_string();
        const std::size_t table = std::hash<std::string_view>{}(url.substr(0, url.find('?'))) & 0xffff;
        inserter.page(table, id_name_of(*first), rows->get_array());
    }
    const std::size_t rows = inserter.finish();
    const json::object figures{{"seconds", now() - begun},
                               {"cpu_seconds", seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu},
                               {"rows", rows},
                               {"row_bytes", inserter.bytes() / std::max<std::size_t>(rows, 1)}};
    curl_easy_cleanup(curl);
    sqlite3_close(database);
    std::cout << json::serialize(figures) << '\n';
}

void commit(const char* path, int count)
{
    sqlite3* database = open(path);
    run(database, "PRAGMA synchronous=FULL");
    const std::string body(1'100, 'x');
    std::vector<double> times, cpu;
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO record(table_id, id, etag, body) VALUES(1,?,'e',?)", -1,
                       &insert, nullptr);
    for (int i = 0; i < count; ++i) {
        const double begun = now();
        const double cpu_begun = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        sqlite3_bind_int64(insert, 1, i);
        sqlite3_bind_text(insert, 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) give_up(sqlite3_errmsg(database));
        sqlite3_reset(insert);
        times.push_back(now() - begun);
        cpu.push_back(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_begun);
    }
    sqlite3_finalize(insert);
    sqlite3_close(database);
    const auto median = [count](std::vector<double>& values) {
        std::nth_element(values.begin(), values.begin() + count / 2, values.end());
        return values[static_cast<std::size_t>(count / 2)];
    };
    std::cout << json::serialize(
                     json::object{{"median_seconds", median(times)}, {"median_cpu_seconds", median(cpu)}})
              << '\n';
}

} // namespace

int main(int count, char* words[])
{
    const std::string job = count > 1 ? words[1] : "";
    if (job == "pull" && count == 4)
        pull(words[2], words[3]);
    else if (job == "commit" && count == 4)
        commit(words[2], std::atoi(words[3]));
    else
        give_up("usage: hawser_floor pull TRACE DATABASE | commit DATABASE N");
}
