#include "base/body.h"
#include "base/filter.h"
#include "localstore/database.h"
#include "localstore/json_extract.h"
#include "tests/catch.h"
#include "tests/unit/localstore/fixture.h"

#include <algorithm>
#include <fstream>
#include <set>

using namespace hawser;
using namespace hawser::localstore;
using namespace hawser::localstore::test;

namespace {

const std::vector<std::string> words{"Ada",     "ada",         "ADA Lovelace",
                                     "",        "Zoë",         "zoË",
                                     "a'b",     "100%",        "_x",
                                     "\"q\"\\", "[",           "Ärger",
                                     "x,y",     "line\nbreak", "\xF0\x9F\x98\x80 smile"};
const std::vector<std::string> numbers{"0", "12.5", "-12.5", "12345678901234567890.25", "0.1", "100"};

Value random_value(Random& random, const Column& column)
{
    const auto pick = [&](const auto& list) { return list[below(random, list.size())]; };
    switch (column.type) {
    case ColumnType::text:
        return Value{pick(words)};
    case ColumnType::integer:
        return Value{static_cast<std::int64_t>(below(random, 7)) - 3};
    case ColumnType::boolean:
        return Value{below(random, 2) == 0};
    case ColumnType::decimal:
        return Value{Decimal{pick(numbers)}};
    case ColumnType::date:
        return Value{"2024-0" + std::to_string(1 + below(random, 9)) + "-01"};
    case ColumnType::date_time:
        return Value{"2024-01-01T00:00:0" + std::to_string(below(random, 10)) + "Z"};
    case ColumnType::lookup:
        return Value{Lookup{"account", id(static_cast<int>(below(random, 4)))}};
    default:
        return Value{};
    }
}

Fields random_record(Random& random, const Table& table)
{
    Fields fields;
    for (const Column& column : table.columns) {
        if (below(random, 4) == 0) continue;
        Value value = random_value(random, column);
        const auto* empty = std::get_if<std::string>(&value);
        if (empty != nullptr && empty->empty()) continue;
        fields[column.name] = std::move(value);
    }
    return fields;
}

Filter random_filter(Random& random, const Table& table, int depth)
{
    Filter filter;
    const auto kind = below(random, depth > 3 ? 5 : 9);
    if (kind >= 5) {
        filter.kind = kind == 5 ? Filter::Kind::negation : kind == 6 ? Filter::Kind::any : Filter::Kind::all;
        const auto parts = filter.kind == Filter::Kind::negation ? 1 : below(random, 4);
        for (std::uint64_t i = 0; i < parts; ++i)
            filter.parts.push_back(random_filter(random, table, depth + 1));
        return filter;
    }
    const Column& column = table.columns[below(random, table.columns.size())];
    filter.column = column.name;
    if (kind == 4) {
        filter.kind = static_cast<Filter::Kind>(static_cast<int>(Filter::Kind::contains) +
                                                static_cast<int>(below(random, 3)));
        const std::string& word = words[below(random, words.size())];
        filter.operand = Value{word.substr(0, 1 + below(random, 3))};
        return filter;
    }
    filter.kind = Filter::Kind::comparison;
    filter.comparison = static_cast<Filter::Operator>(below(random, 6));
    // Now and then an operand of another column's type, or none at all.
    const Column& like = below(random, 6) == 0 ? table.columns[below(random, table.columns.size())] : column;
    if (below(random, 8) != 0) filter.operand = random_value(random, like);
    return filter;
}

std::set<Guid> ids_of(const Page& page)
{
    std::set<Guid> ids;
    for (const RecordView& record : page.records) ids.insert(record.key.id);
    return ids;
}

} // namespace

TEST_CASE("a query finds exactly the records that the filter accepts, over thousands of filters")
{
    Replica replica;
    const Table table = contact_table();
    const auto random = seeded_random(7);
    std::map<Guid, Fields> records;
    ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
        for (int i = 1; i <= 120; ++i) {
            records[id(i)] = random_record(*random, table);
            if (auto done = transaction.records.replace({"contact", id(i)}, "1", records[id(i)], {}); !done)
                return done;
        }
        return {};
    }));
    const auto compare = [&](int filters) {
        for (int i = 0; i < filters; ++i) {
            Query query;
            query.table = "contact";
            query.filter = random_filter(*random, table, 0);
            query.limit = 1000;
            std::set<Guid> expected;
            for (const auto& [key, fields] : records)
                if (matches(*query.filter, fields)) expected.insert(key);
            INFO("filter " << i << " on " << query.filter->column << " with "
                           << to_json(query.filter->operand));
            REQUIRE(ids_of(ok(replica.store->query(query))) == expected);
            REQUIRE(ok(replica.store->count("contact", query.filter)) ==
                    static_cast<std::int64_t>(expected.size()));
        }
    };
    compare(3000);
    std::vector<std::string> names;
    for (const Column& column : table.columns) names.push_back(column.name);
    ok(replica.store->index("contact", names));
    compare(3000);
}

TEST_CASE("sorting a large table for an index takes no memory in proportion to it")
{
    Replica replica;
    constexpr int records = 12'000;
    ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
        for (int i = 1; i <= records; ++i) {
            const std::string name = std::to_string(i * 7'919 % records) + std::string(800, 'x');
            const auto done = transaction.records.replace({"contact", id(i)}, "1", {{"fullname", name}}, {});
            if (!done) return done;
        }
        return {};
    }));
    const std::int64_t before = sqlite3_memory_used();
    sqlite3_memory_highwater(1);
    const std::string indexed[] = {"fullname"};
    ok(replica.store->index("contact", indexed));
    constexpr std::int64_t allowed = 6 << 20; // The keys alone are 9 MB.
    CHECK(sqlite3_memory_highwater(0) - before < allowed);
    Query first{.table = "contact", .sort = {{"fullname"}}, .limit = 1};
    CHECK(ok(replica.store->query(first)).records.size() == 1);
}

TEST_CASE("pages follow one another without a gap or a repetition, in any order")
{
    Replica replica;
    const Table table = contact_table();
    const auto random = seeded_random(11);
    ok(replica.store->transact(Durability::relaxed, [&](Transaction& transaction) -> Result<void> {
        for (int i = 1; i <= 100; ++i)
            if (auto done =
                    transaction.records.replace({"contact", id(i)}, "1", random_record(*random, table), {});
                !done)
                return done;
        return {};
    }));
    const std::string indexed[] = {"fullname", "age"};
    ok(replica.store->index("contact", indexed));
    for (int round = 0; round < 60; ++round) {
        Query query;
        query.table = "contact";
        for (std::uint64_t keys = below(*random, 4); keys > 0; --keys)
            query.sort.push_back({table.columns[below(*random, table.columns.size())].name,
                                  below(*random, 2) == 0 ? Direction::ascending : Direction::descending});
        query.limit = 1000;
        const Page whole = ok(replica.store->query(query));
        REQUIRE(whole.records.size() == 100);
        REQUIRE(whole.next.empty());
        query.limit = 1 + below(*random, 40);
        std::vector<Guid> paged;
        do {
            const Page page = ok(replica.store->query(query));
            for (const RecordView& record : page.records) paged.push_back(record.key.id);
            query.after = page.next;
        } while (!query.after.empty());
        std::vector<Guid> expected;
        for (const RecordView& record : whole.records) expected.push_back(record.key.id);
        REQUIRE(paged == expected);
    }
}

TEST_CASE("records are sorted by their values, nulls first, text without regard to case")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("bob")}, {"creditlimit", Value{Decimal{"9"}}}});
    replica.pull(2, "1", {{"fullname", text("Ada")}, {"creditlimit", Value{Decimal{"10.5"}}}});
    replica.pull(3, "1", {{"creditlimit", Value{Decimal{"-1"}}}});
    const auto order = [&](const std::string& column, Direction direction) {
        Query query;
        query.table = "contact";
        query.sort = {{column, direction}};
        std::vector<Guid> ids;
        for (const RecordView& record : ok(replica.store->query(query)).records) ids.push_back(record.key.id);
        return ids;
    };
    CHECK(order("fullname", Direction::ascending) == std::vector<Guid>{id(3), id(2), id(1)});
    CHECK(order("fullname", Direction::descending) == std::vector<Guid>{id(1), id(2), id(3)});
    CHECK(order("creditlimit", Direction::ascending) == std::vector<Guid>{id(3), id(1), id(2)});
}

TEST_CASE("a query that cannot be is refused with its reason")
{
    Replica replica;
    replica.create(1, {{"fullname", text("Ada")}});
    Query query;
    query.table = "contact";
    query.limit = 0;
    CHECK(code_of(replica.store->query(query)) == "store.bad_query");
    query.limit = 10;
    query.after = "x9:";
    CHECK(code_of(replica.store->query(query)) == "store.bad_query");
    query.after.clear();
    query.columns = {"fullnam"};
    CHECK(code_of(replica.store->query(query)) == "store.unknown_column");
    query.columns = {"age"};
    CHECK(ok(replica.store->query(query)).records.at(0).fields.empty());
    query.sort = {{"nothing", Direction::ascending}};
    CHECK(code_of(replica.store->query(query)) == "store.unknown_column");
    query.table = "contac";
    const auto unknown = replica.store->query(query);
    CHECK(code_of(unknown) == "store.unknown_table");
    CHECK(unknown.error().message.find("contact") != std::string::npos);
}

TEST_CASE("ids are found by their beginning")
{
    Replica replica;
    replica.pull(1, "1", {});
    replica.pull(2, "1", {});
    const std::string whole = id(1).text();
    CHECK(ok(replica.store->find("contact", whole.substr(0, 2), 10)) == std::vector<Guid>{id(1)});
    CHECK(ok(replica.store->find("contact", whole, 10)) == std::vector<Guid>{id(1)});
    CHECK(ok(replica.store->find("contact", "", 10)).size() == 2);
    CHECK(ok(replica.store->find("contact", "xyz", 10)).empty());
    replica.erase(1);
    CHECK(ok(replica.store->find("contact", whole.substr(0, 8), 10)).size() == 1);
}

TEST_CASE("stock SQLite reads the views: ids, lookups, parties, and nothing that is deleted")
{
    Replica replica;
    replica.pull(1, "1", {{"name", text("Engines")}}, "account");
    replica.pull(2, "1",
                 {{"fullname", text("Ada \"the first\"\n")},
                  {"donotemail", Value{true}},
                  {"creditlimit", Value{Decimal{"12.50"}}},
                  {"parentcustomerid", Value{Lookup{"account", id(1)}}}});
    replica.pull(3, "1", {{"fullname", text("deleted here")}});
    replica.pull(4, "1", {{"fullname", text("deleted there")}});
    replica.erase(3);
    ok(replica.transact([](Transaction& transaction) {
        return transaction.records.mark_deleted({"contact", id(4)}, {}, at(1));
    }));
    replica.create(5, {{"fullname", text("made here")}});
    Party ada;
    ada.record = Lookup{"contact", id(2)};
    ada.address = "ada@example.org";
    ada.roles = {5, 7};
    Party stranger;
    stranger.address = "Eve@Example.org";
    stranger.roles = {5};
    replica.pull(
        6, "1",
        {{"subject", text("Tea")}, {"requiredattendees", Value{parties_to_collection({ada, stranger})}}},
        "appointment");

    Stock stock(replica.options().path);
    CHECK(stock.rows(
              "SELECT contactid, fullname, donotemail, creditlimit, parentcustomerid, parentcustomeridtype, "
              "age FROM contact WHERE contactid = '" +
              id(2).text() + "'") == std::vector<std::string>{id(2).text() + "|Ada \"the first\"\n|1|12.50|" +
                                                              id(1).text() + "|account|NULL"});
    CHECK(stock.rows("SELECT fullname FROM contact ORDER BY fullname") ==
          std::vector<std::string>{"Ada \"the first\"\n", "made here"});
    CHECK(stock.rows("SELECT c.fullname FROM contact c JOIN account a ON a.accountid = c.parentcustomerid")
              .size() == 1);
    CHECK(stock.rows("SELECT activityid = '" + id(6).text() +
                     "', activitytable, columnname, partytable, partyid, address, participationtypemask FROM "
                     "activityparty ORDER BY address, participationtypemask") ==
          std::vector<std::string>{
              "1|appointment|requiredattendees|NULL|NULL|Eve@Example.org|5",
              "1|appointment|requiredattendees|contact|" + id(2).text() + "|ada@example.org|5",
              "1|appointment|requiredattendees|contact|" + id(2).text() + "|ada@example.org|7"});
    CHECK(stock.rows("PRAGMA integrity_check") == std::vector<std::string>{"ok"});
}

TEST_CASE("a new column is appended, old bodies read on, and the view grows")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"parentcustomerid", Value{Lookup{"account", id(9)}}}});
    Table grown = contact_table();
    grown.columns.insert(grown.columns.begin(), column("nickname", ColumnType::text));
    std::erase_if(grown.columns, [](const Column& c) { return c.name == "age"; });
    ok(replica.transact([&](Transaction& transaction) { return transaction.define_table(grown); }));
    const auto known = ok(replica.store->table("contact"));
    CHECK(known->layout.columns.back() == "nickname");
    CHECK(known->table.column("age") != nullptr);
    replica.set(1, {{"nickname", text("Countess")}});
    CHECK(replica.fields(1).at("parentcustomerid") == Value{Lookup{"account", id(9)}});
    CHECK(Stock(replica.options().path).rows("SELECT fullname, nickname, age FROM contact") ==
          std::vector<std::string>{"Ada|Countess|NULL"});

    Table changed = grown;
    changed.columns.front().type = ColumnType::lookup;
    CHECK(code_of(replica.transact([&](Transaction& transaction) {
              return transaction.define_table(changed);
          })) == "store.bad_layout");
    Table hostile = grown;
    hostile.columns.front().name = "x\" AS y; DROP";
    CHECK(code_of(replica.transact([&](Transaction& transaction) {
              return transaction.define_table(hostile);
          })) == "store.bad_name");
    hostile = grown;
    hostile.name = "hawser_change";
    CHECK(code_of(replica.transact([&](Transaction& transaction) {
              return transaction.define_table(hostile);
          })) == "store.bad_name");
}

TEST_CASE("sql reads the views and nothing else")
{
    Replica replica;
    replica.pull(1, "1", {{"fullname", text("Ada")}, {"age", Value{std::int64_t{36}}}});
    replica.pull(2, "1", {{"fullname", text("Bob")}});
    const auto sql = [&](const std::string& statement) { return replica.store->sql(statement); };
    const SqlRows rows = ok(sql("SELECT fullname, age, age / 8.0 AS eighth FROM contact ORDER BY fullname;"));
    CHECK(rows.columns == std::vector<std::string>{"fullname", "age", "eighth"});
    CHECK(rows.rows == std::vector<std::string>{"[\"Ada\",36,4.5]", "[\"Bob\",null,null]"});
    CHECK(ok(sql("WITH x AS (SELECT fullname AS n FROM contact) SELECT count(*) FROM x")).rows.at(0) ==
          "[2]");
    for (const char* refused : {"SELECT * FROM hawser_record", "SELECT * FROM sqlite_schema",
                                "SELECT (SELECT max(sequence) FROM hawser_change)", "DELETE FROM contact",
                                "PRAGMA user_version", "ATTACH 'x' AS y", "SELECT 1; SELECT 2", "", "SELEC",
                                "CREATE TEMP TABLE t (a)", "SELECT load_extension('x')", "VACUUM INTO 'x'"}) {
        INFO(refused);
        CHECK(code_of(sql(refused)) == "store.bad_query");
    }
    SqlLimits limits;
    limits.rows = 1;
    CHECK(code_of(replica.store->sql("SELECT fullname FROM contact", limits)) == "store.query_limit");
    limits = {};
    limits.steps = 100'000;
    CHECK(code_of(replica.store->sql(
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
              limits)) == "store.query_limit");
    CHECK(ok(sql("SELECT count(*) FROM contact")).rows.at(0) == "[2]");
}

TEST_CASE("our json_extract answers what SQLite's does")
{
    const auto random = seeded_random(3);
    sqlite3* original = nullptr;
    sqlite3* ours = nullptr;
    REQUIRE(sqlite3_open(":memory:", &original) == SQLITE_OK);
    REQUIRE(sqlite3_open(":memory:", &ours) == SQLITE_OK);
    install_json_extract(ours);
    const auto ask = [](sqlite3* handle, const std::string& json, const std::string& path) {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(handle, "SELECT json_extract(?1, ?2) AS v, typeof(json_extract(?1, ?2))", -1,
                           &statement, nullptr);
        sqlite3_bind_text(statement, 1, json.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(statement, 2, path.c_str(), -1, SQLITE_TRANSIENT);
        std::string answer = "error";
        if (sqlite3_step(statement) == SQLITE_ROW) {
            const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
            answer = std::string(value != nullptr ? value : "NULL") + " " +
                     reinterpret_cast<const char*>(sqlite3_column_text(statement, 1));
        }
        sqlite3_finalize(statement);
        return answer;
    };
    const std::vector<std::string> parts{"null",
                                         "true",
                                         "false",
                                         "0",
                                         "-7",
                                         "12345678901234567890",
                                         "1.5",
                                         "1e3",
                                         "\"\"",
                                         "\"a,b]\"",
                                         "\"q\\\"\\\\x\"",
                                         "\"\\u00e9\"",
                                         "[\"account\",\"x\"]",
                                         "[]",
                                         "[[\"k\",{\"a\":[1,\"]\"]}]]",
                                         "{\"a\":1}",
                                         "\"caf\xC3\xA9\""};
    const std::vector<std::string> paths{"$[0]",    "$[1]", "$[2]", "$[9]",   "$[0][0]", "$[1][1]",
                                         "$[0][5]", "$",    "$.a",  "$[#-1]", "$[1].a",  "$["};
    for (int i = 0; i < 4000; ++i) {
        std::string json = "[";
        for (std::uint64_t n = below(*random, 5); n > 0; --n)
            json += parts[below(*random, parts.size())] + (n > 1 ? "," : "");
        json += below(*random, 40) == 0 ? "" : "]";
        const std::string& path = paths[below(*random, paths.size())];
        INFO(json << " at " << path);
        // Of a text that is no JSON ours may see the beginning; SQLite sees an error.
        if (const std::string expected = ask(original, json, path); expected != "error")
            REQUIRE(ask(ours, json, path) == expected);
    }
    sqlite3_close(original);
    sqlite3_close(ours);
}

TEST_CASE("A statement is compiled once, whatever values are bound to it", "[localstore]")
{
    const Folder folder;
    const auto path = folder / "numbers.db";
    std::ofstream(path).close();
    Database database(DatabaseOptions{path});
    database.execute("CREATE TABLE row (table_number INTEGER, id INTEGER)");
    database.execute("CREATE INDEX of_one ON row (id) WHERE table_number = 1");
    Statement rows = database.prepare("SELECT id FROM row WHERE table_number = ?1 AND id = ?2");
    for (int i = 0; i < 10; ++i) {
        rows.with(i % 3, i);
        CHECK_FALSE(rows.step());
        rows.reset();
    }
    int compiled_anew = 0;
    for (sqlite3_stmt* one = nullptr; (one = sqlite3_next_stmt(database.handle(), one)) != nullptr;)
        compiled_anew += sqlite3_stmt_status(one, SQLITE_STMTSTATUS_REPREPARE, 0);
    CHECK(compiled_anew == 0);
}
