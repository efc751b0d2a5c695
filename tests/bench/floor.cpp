// The floor of each job: curl, a JSON parser and bare SQLite, doing no more than they must.
//
//   hawser_floor pull TRACE DATABASE   sends the traced requests again on one kept connection, parses
//                                      each page and inserts its rows into a bare table
//   hawser_floor commit DATABASE N     N commits of one 1.1 KB row with synchronous=FULL
//
// Prints one line of JSON. The token comes from HAWSER_TOKEN.

#include <boost/json.hpp>
#include <curl/curl.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;

[[noreturn]] void give_up(const std::string& why)
{
    std::cerr << "hawser_floor: " << why << '\n';
    std::exit(1);
}

double now()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
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
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=16000; PRAGMA cache_size=-8192;"
        "CREATE TABLE record(record INTEGER PRIMARY KEY, table_id INT, id BLOB, etag TEXT, body TEXT);"
        "CREATE UNIQUE INDEX record_key ON record(table_id, id)");
    return database;
}

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* body)
{
    static_cast<std::string*>(body)->append(bytes, size * count);
    return size * count;
}

class Inserter {
public:
    explicit Inserter(sqlite3* database) : database_(database)
    {
        run(database_, "PRAGMA synchronous=NORMAL; BEGIN");
        sqlite3_prepare_v2(database_, "INSERT INTO record(table_id, id, etag, body) VALUES(?,?,?,?)", -1,
                           &insert_, nullptr);
    }

    void page(std::size_t table, const json::array& rows)
    {
        for (const json::value& row : rows) {
            const json::object& columns = row.as_object();
            const json::value* etag = columns.if_contains("@odata.etag");
            if (!etag) continue;
            std::string_view id; // The only plain GUID that is not a lookup stands first.
            for (const auto& [name, value] : columns)
                if (value.is_string() && value.get_string().size() == 36 && name.front() != '_') {
                    id = value.get_string();
                    break;
                }
            text_ = json::serialize(row);
            sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(table));
            sqlite3_bind_text(insert_, 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
            sqlite3_bind_text(insert_, 3, etag->get_string().data(),
                              static_cast<int>(etag->get_string().size()), SQLITE_STATIC);
            sqlite3_bind_text(insert_, 4, text_.data(), static_cast<int>(text_.size()), SQLITE_STATIC);
            if (sqlite3_step(insert_) != SQLITE_DONE) give_up(sqlite3_errmsg(database_));
            sqlite3_reset(insert_);
            if (++rows_ % 5'000 == 0) run(database_, "COMMIT; BEGIN");
        }
    }

    std::size_t finish()
    {
        run(database_, "COMMIT");
        sqlite3_finalize(insert_);
        return rows_;
    }

private:
    sqlite3* database_;
    sqlite3_stmt* insert_ = nullptr;
    std::string text_;
    std::size_t rows_ = 0;
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
    Inserter inserter(database);
    for (const json::object& request : requests) {
        const std::string answer = fetch(curl, request, authorization);
        if (request.at("method").as_string() != "GET") continue; // A batch: fetched, not parsed.
        json::monotonic_resource memory;
        std::error_code bad;
        const json::value page = json::parse(answer, bad, &memory);
        if (bad || !page.is_object()) continue;
        const json::value* rows = page.as_object().if_contains("value");
        if (!rows || !rows->is_array()) continue;
        const std::string_view url = request.at("url").as_string();
        const std::size_t table = std::hash<std::string_view>{}(url.substr(0, url.find('?'))) & 0xffff;
        inserter.page(table, rows->as_array());
    }
    const std::size_t rows = inserter.finish();
    const double seconds = now() - begun;
    curl_easy_cleanup(curl);
    sqlite3_close(database);
    std::cout << json::serialize(json::object{{"seconds", seconds}, {"rows", rows}}) << '\n';
}

void commit(const char* path, int count)
{
    sqlite3* database = open(path);
    run(database, "PRAGMA synchronous=FULL");
    const std::string body(1'100, 'x');
    std::vector<double> times;
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO record(table_id, id, etag, body) VALUES(1,?,'e',?)", -1,
                       &insert, nullptr);
    for (int i = 0; i < count; ++i) {
        const double begun = now();
        sqlite3_bind_int64(insert, 1, i);
        sqlite3_bind_text(insert, 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) give_up(sqlite3_errmsg(database));
        sqlite3_reset(insert);
        times.push_back(now() - begun);
    }
    sqlite3_finalize(insert);
    sqlite3_close(database);
    std::nth_element(times.begin(), times.begin() + count / 2, times.end());
    std::cout << json::serialize(json::object{{"median_seconds", times[static_cast<std::size_t>(count / 2)]}})
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
