#include "tests/unit/engine/replica_world.h"

#include <thread>

using namespace hawser;
using namespace hawser::tests;

namespace {

struct Refusal {
    Edit edit;
    std::string code;
    std::vector<std::string> words; ///< Table, column, limit: what the message names.
};

Fields named(Fields columns)
{
    columns.try_emplace("lastname", text("Doe"));
    return columns;
}

std::vector<Refusal> refusals()
{
    const std::string long_text(51, 'x');
    return {
        {update({"contcat", id_of(1)}, {}), "input.unknown_table", {"contcat", "contact"}},
        {update(contact(1), {{"lastnam", text("Doe")}}),
         "input.unknown_column",
         {"contact", "lastnam", "lastname"}},
        {update(contact(1), {{"contactid", text("x")}}), "input.unknown_column", {"contact", "contactid"}},
        {update(contact(1), {{"numberofchildren", text("many")}}),
         "input.wrong_type",
         {"contact.numberofchildren"}},
        {update(contact(1), {{"donotemail", text("perhaps")}}), "input.wrong_type", {"contact.donotemail"}},
        {update(contact(1), {{"birthdate", text("yesterday")}}), "input.wrong_type", {"contact.birthdate"}},
        {update(contact(1), {{"parentcustomerid", text("Acme")}}),
         "input.wrong_type",
         {"contact.parentcustomerid"}},
        {update(contact(1), {{"lastname", Value{long_text}}}), "input.too_long", {"contact.lastname", "50"}},
        {update(contact(1), {{"lastname", text("\xff")}}), "input.not_utf8", {"contact.lastname"}},
        {update(contact(1), {{"gendercode", number(7)}}), "input.not_a_choice", {"contact.gendercode", "7"}},
        {update(contact(1), {{"parentcustomerid", Value{Lookup{"annotation", id_of(1)}}}}),
         "input.not_a_target",
         {"contact.parentcustomerid", "annotation", "account"}},
        {update(contact(1), {{"createdon", text("2026-01-01T00:00:00Z")}}),
         "input.read_only",
         {"contact.createdon"}},
        {update(contact(1), {{"lastname", Null{}}}), "input.required", {"contact.lastname", "Last Name"}},
        {update(contact(1), {{"lastname", text("")}}), "input.required", {"contact.lastname"}},
        {creation(contact(9), {{"jobtitle", text("Clerk")}}), "input.required", {"contact.lastname"}},
        {update(contact(1), {{"statecode", number(0)}, {"statuscode", number(2)}}),
         "input.wrong_status",
         {"contact.statuscode", "Inactive", "statecode"}},
        {update(contact(9), {{"lastname", text("Doe")}}),
         "input.unknown_record",
         {"contact", id_of(9).text()}},
        {erasure(contact(9)), "input.unknown_record", {"contact", id_of(9).text()}},
        {creation(contact(1), named({})), "input.record_exists", {"contact", id_of(1).text()}},
        {update({"annotation", id_of(1)}, {{"subject", text("Hello")}}),
         "input.table_read_only",
         {"annotation"}},
        {creation({"annotation", id_of(2)}, {}), "input.table_read_only", {"annotation"}},
    };
}

} // namespace

TEST_CASE("A state without a status takes the status that comes with it", "[replica][write]")
{
    Home home;
    const auto status = [&] { return home.read(contact(1), "statuscode"); };
    SECTION("the organization's default")
    {
        Table table = contact_table();
        for (Column& column : table.columns) {
            if (column.type == ColumnType::state) column.choices[1].default_status = 3;
            if (column.type == ColumnType::status) column.choices.push_back({3, "Retired", 1});
        }
        ok(home.replica->impl()->store->transact(
            localstore::Durability::full,
            [&](localstore::Transaction& transaction) { return transaction.define_table(table); }));
        home.write(update(contact(1), {{"statecode", number(1)}}));
        CHECK(status() == "3");
    }
    SECTION("the first of the state where it tells none")
    {
        home.write(update(contact(1), {{"statecode", number(1)}}));
        CHECK(status() == "2");
    }
    SECTION("one that fits already stays")
    {
        home.write(update(contact(1), {{"statecode", number(1)}, {"statuscode", number(2)}}));
        home.write(update(contact(1), {{"statecode", number(1)}, {"jobtitle", text("Chair")}}));
        CHECK(status() == "2");
        CHECK_FALSE(home.queue().back().edits.back().column == "statuscode");
    }
}

TEST_CASE("What cannot be is refused, naming table, column and limit, and the queue stays as it was",
          "[replica][write]")
{
    Home home;
    pull(*home.replica, {"annotation", id_of(1)}, {{"subject", text("Hi")}});
    for (const Refusal& one : refusals()) {
        const auto refused = home.replica->write({one.edit});
        CHECK(code_of(refused) == one.code);
        CHECK((!refused && refused.error().kind == ErrorKind::refuse));
        for (const std::string& word : one.words) {
            INFO(word);
            CHECK(says(refused, word));
        }
    }
    CHECK(home.queue().empty());
    CHECK(home.read(contact(1), "lastname") == "Doe");
}

TEST_CASE("One refused edit keeps all edits of the call out", "[replica][write]")
{
    Home home;
    const std::vector<Edit> edits = {update(contact(1), {{"jobtitle", text("Buyer")}}),
                                     creation(contact(5), {{"lastname", text("Poe")}}),
                                     update(contact(2), {{"nonsense", text("x")}})};
    CHECK(code_of(home.replica->write(edits)) == "input.unknown_column");
    CHECK(code_of(home.replica->write_group(edits)) == "input.unknown_column");
    CHECK(home.queue().empty());
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
    CHECK(home.read(contact(5), "lastname") == "(input.unknown_record)");
}

TEST_CASE("Values are kept in their one spelling, and an edit that changes nothing is none",
          "[replica][write]")
{
    Home home;
    home.write(update(contact(1), {{"creditlimit", text("12.50")},
                                   {"lastonholdtime", text("2026-03-01T10:00:00+02:00")},
                                   {"parentcustomerid", Value{Lookup{"account", id_of(1)}}},
                                   {"gendercode", number(2)}}));
    CHECK(home.read(contact(1), "creditlimit") == "\"12.5\"");
    CHECK(home.read(contact(1), "lastonholdtime") == "2026-03-01T08:00:00Z");
    REQUIRE(home.queue().size() == 1);
    CHECK(home.queue().front().edits.size() == 4);
    ok(home.replica->write({update(contact(1), {{"creditlimit", Value{Decimal{"12.5"}}}})}));
    CHECK(home.queue().size() == 1);
}

TEST_CASE("A create makes the id it is not given, and later edits of the call build on it",
          "[replica][write]")
{
    Home home;
    const auto made = ok(home.replica->write({creation({"account", {}}, {{"name", text("Beta")}})}));
    REQUIRE(made.size() == 1);
    CHECK_FALSE(made.front().id.is_nil());
    CHECK(home.read(made.front(), "name") == "Beta");
    ok(home.replica->write({creation(contact(5), {{"lastname", text("Poe")}}),
                            update(contact(5), {{"jobtitle", text("Poet")}}), erasure(contact(2))}));
    CHECK(home.read(contact(5), "jobtitle") == "Poet");
    CHECK(home.read(contact(2), "lastname") == "(input.unknown_record)");
    CHECK(
        code_of(home.replica->write({erasure(contact(1)), update(contact(1), {{"jobtitle", text("x")}})})) ==
        "input.unknown_record");
    CHECK(home.read(contact(1), "jobtitle") == "Clerk");
}

TEST_CASE("A large column that was left on the server cannot be changed here, others can", "[replica][write]")
{
    Home home;
    ok(home.transact([](localstore::Transaction& transaction) {
        return transaction.records.replace(contact(3), "1", {{"lastname", text("Poe")}},
                                           localstore::CycleNumber{1}, localstore::Quality::partial);
    }));
    CHECK(ok(home.replica->get(contact(3))).partial);
    const auto refused = home.replica->write({update(contact(3), {{"description", text("short")}})});
    CHECK(code_of(refused) == "input.partial");
    CHECK(says(refused, "contact.description"));
    CHECK(home.replica->write({update(contact(3), {{"jobtitle", text("Poet")}})}).has_value());
}

TEST_CASE("A chosen table is unknown until the organization was asked, and says so", "[replica][write]")
{
    Home home;
    ok(home.replica->choose({{"contact"}, {"task", "statecode eq 0", {"subject"}}}));
    CHECK(code_of(home.replica->table("task")) == "input.no_metadata");
    CHECK(says(home.replica->table("task"), "synchronize once"));
    CHECK(code_of(home.replica->table("tusk")) == "input.unknown_table");
    CHECK(code_of(home.replica->write({creation({"task", id_of(1)}, {})})) == "input.no_metadata");
    for (const Table& table : home.replica->tables()) CHECK(table.name != "task");
    CHECK(home.queue().empty());
}

TEST_CASE("A choice of tables is whole or refused", "[replica][write]")
{
    Home home;
    ok(home.replica->choose({{"contact", "lastname eq 'Doe'", {"lastname", "contactid"}}, {"account"}}));
    const auto same = [&] {
        const auto chosen = ok(home.replica->chosen());
        return chosen.size() == 2 && chosen.front().filter == "lastname eq 'Doe'" &&
               chosen.front().columns == std::vector<std::string>{"lastname", "contactid"} &&
               chosen.back().table == "account";
    };
    CHECK(same());
    CHECK(code_of(home.replica->choose({{"contact"}, {"contact", "lastname ne 'Doe'"}})) ==
          "input.table_twice");
    CHECK(code_of(home.replica->choose({{"contact", "", {"lastnam"}}})) == "input.unknown_column");
    CHECK(says(home.replica->choose({{"contact", "", {"lastnam"}}}), "lastname"));
    CHECK(code_of(home.replica->choose({{"contact", "lastname is 'Doe'"}})) == "input.bad_filter");
    CHECK(code_of(home.replica->choose({{"account"}, {"Not A Name"}})) == "store.bad_name");
    CHECK(same());
    ok(home.transact([&](localstore::Transaction& transaction) {
        return transaction.rounds.set_mode(ok(home.replica->impl()->store->scopes()).front().number, "filter",
                                           "no right to read all");
    }));
    ok(home.replica->choose({{"contact", "lastname eq 'Doe'", {"lastname", "contactid"}}, {"account"}}));
    CHECK(ok(Synchronizer::status(*home.replica)).tables.front().reason == "no right to read all");
    ok(home.replica->choose({{"account"}}));
    CHECK(ok(home.replica->chosen()).size() == 1);
}

TEST_CASE("Reading what is not there says so, with the nearest names", "[replica][read]")
{
    Home home;
    CHECK(code_of(home.replica->get(contact(9))) == "input.unknown_record");
    CHECK(code_of(home.replica->get({"contcat", id_of(1)})) == "input.unknown_table");
    CHECK(says(home.replica->get({"contcat", id_of(1)}), "contact"));
    CHECK(code_of(home.replica->query({"contcat"})) == "input.unknown_table");
    CHECK(code_of(home.replica->count("contcat")) == "input.unknown_table");
    CHECK(code_of(home.replica->find("contcat", "2")) == "input.unknown_table");
    CHECK(code_of(home.replica->history({"contcat", id_of(1)})) == "input.unknown_table");
    CHECK(code_of(home.replica->why({"contcat", id_of(1)})) == "input.unknown_table");
    CHECK(code_of(home.replica->compare({"contcat", id_of(1)})) == "input.unknown_table");
    CHECK(code_of(home.replica->compare(contact(9))) == "input.unknown_record");
    ChangeFilter filter;
    filter.table = "contcat";
    CHECK(code_of(home.replica->queue(filter)) == "input.unknown_table");

    Query query{"contact"};
    query.where = "lastnam eq 'Doe'";
    CHECK(code_of(home.replica->query(query)) == "input.unknown_column");
    query.where.clear();
    query.columns = {"lastnam"};
    CHECK(code_of(home.replica->query(query)) == "input.unknown_column");
    CHECK(says(home.replica->query(query), "lastname"));
    query.columns.clear();
    query.sort = {{"lastnam"}};
    CHECK(code_of(home.replica->query(query)) == "input.unknown_column");
    CHECK(says(home.replica->query(query), "lastname"));
}

TEST_CASE("A list is filtered, sorted and cut as asked, with local edits in it", "[replica][read]")
{
    Home home;
    home.write(creation(contact(5), {{"lastname", text("Abe")}}));
    home.write(update(contact(1), {{"lastname", text("Zoe")}}));
    Query query{"contact"};
    query.sort = {{"lastname", true}};
    query.columns = {"lastname"};
    const auto names = [&] {
        std::string all;
        for (const Record& record : ok(home.replica->query(query)))
            all += std::get<std::string>(record.columns.at("lastname")) + " ";
        return all;
    };
    CHECK(names() == "Zoe Roe Abe ");
    query.limit = 1;
    query.offset = 1;
    CHECK(names() == "Roe ");
    query.offset = 0;
    query.where = "startswith(lastname,'a')";
    CHECK(names() == "Abe ");
    CHECK(ok(home.replica->count("contact")) == 3);
    CHECK(ok(home.replica->count("contact", "lastname ne 'Abe'")) == 2);
    CHECK(ok(home.replica->find("contact", "20000000-0000-4000-8000-000000000005")) == std::vector{id_of(5)});
    CHECK(ok(home.replica->find("contact", "2")).size() == 3);
    CHECK(ok(home.replica->find("contact", "2", 2)).size() == 2);
    CHECK(ok(home.replica->sql("SELECT lastname FROM contact WHERE lastname = ?1", {text("Abe")})) ==
          std::vector<std::string>{R"({"lastname":"Abe"})"});
    CHECK_FALSE(home.replica->sql("DELETE FROM hawser_change"));
    CHECK_FALSE(home.replica->sql("SELECT * FROM hawser_change"));
}

TEST_CASE("What another process deletes meanwhile is not edited into the queue", "[replica][write]")
{
    constexpr int records = 60;
    Folder folder;
    const auto path = folder / "replica.hawser";
    OtherProcess other([&] {
        auto opened = Replica::open(options_of(path));
        for (int i = 100; opened && i < 100 + records; ++i)
            if (!opened->write({erasure(contact(i))})) return false;
        return opened.has_value();
    });
    Replica replica = ok(Replica::create(options_of(path), binding()));
    define_tables(replica);
    for (int i = 100; i < 100 + records; ++i) pull(replica, contact(i), {{"lastname", text("Doe")}});
    other.begin();
    for (int i = 100 + records - 1; i >= 100; --i) {
        const auto written = replica.write({update(contact(i), {{"jobtitle", text("Buyer")}})});
        if (written) continue;
        const std::string code = code_of(written);
        CHECK((code == "input.unknown_record" || code == "store.record_deleted"));
    }
    CHECK(other.finished());
    std::map<RecordKey, ChangeKind> last;
    for (const Change& change : ok(replica.queue())) {
        CHECK_FALSE((last.contains(change.record) && last[change.record] == ChangeKind::erase));
        last[change.record] = change.kind;
    }
    CHECK(last.size() == records);
    CHECK(ok(replica.check()).empty());
}
