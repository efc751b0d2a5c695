#include "tests/unit/engine/replica_world.h"
#include "tools/hawser/exit_code.h"
#include "tools/hawser/record_finder.h"
#include "tools/hawser/support_report.h"
#include "tools/hawser/value_text.h"

#include <boost/json.hpp>

using namespace hawser;
using namespace hawser::cli;
using namespace hawser::tests;

namespace {

void opens_conflict(Replica& replica, const RecordKey& key)
{
    localstore::NewConflict conflict;
    conflict.key = key;
    conflict.sentence = "both sides changed jobtitle";
    conflict.columns = {{"jobtitle", text("Clerk"), text("Mine"), text("Theirs")}};
    ok(replica.write({update(key, {{"jobtitle", text("Mine")}})}));
    ok(replica.impl()->store->transact(localstore::Durability::full,
                                       [&](localstore::Transaction& transaction) -> Result<void> {
                                           const auto opened = transaction.conflicts.open(conflict);
                                           if (!opened) return opened.error();
                                           return {};
                                       }));
}

} // namespace

TEST_CASE("Tables go by either of their names, unknown ones with what is near", "[cli]")
{
    const Home home;
    CHECK(ok(find_table(*home.replica, "contact")).name == "contact");
    CHECK(ok(find_table(*home.replica, "contacts")).name == "contact");
    const auto wrong = find_table(*home.replica, "contcat");
    CHECK(says(wrong, "Did you mean \"contact\"?"));
    CHECK(exit_code_of(wrong.error()) == ExitCode::usage);
}

TEST_CASE("Ids go by a beginning that only one record has", "[cli]")
{
    Home home;
    pull(*home.replica, {"contact", *Guid::parse("ab000000-0000-4000-8000-000000000001")},
         {{"lastname", text("Poe")}});
    const Table table = ok(find_table(*home.replica, "contact"));
    const auto find = [&](std::string_view id) { return find_record(*home.replica, table, id); };
    CHECK(ok(find("ab")).id.text().starts_with("ab000000"));
    CHECK(ok(find("AB00")).id.text().starts_with("ab000000"));
    CHECK(ok(find("20000000-0000-4000-8000-000000000001")) == contact(1));
    CHECK(ok(find(id_of(99).text())) == contact(99));
    CHECK(says(find("2"), "several records of contact begin with 2"));
    CHECK(says(find("2"), "Doe"));
    CHECK(says(find("ff"), "no record of contact"));
    CHECK(says(find("xyz"), "not the beginning of an id"));
    CHECK(says(find("%"), "not the beginning of an id"));
    CHECK(says(find(""), "not the beginning of an id"));
}

TEST_CASE("A conflict goes by its number or its record's id", "[cli]")
{
    Home home;
    opens_conflict(*home.replica, contact(1));
    const auto number = ok(home.replica->conflicts()).front().number;
    CHECK(ok(find_open_conflict(*home.replica, std::to_string(number))).conflict.record == contact(1));
    CHECK(ok(find_open_conflict(*home.replica, "20000000")).conflict.record == contact(1));
    CHECK(ok(find_open_conflict(*home.replica, id_of(1).text())).conflict.record == contact(1));
    CHECK(says(find_open_conflict(*home.replica, "99"), "no open conflict 99"));
    CHECK(says(find_open_conflict(*home.replica, "ffffffff"), "no open conflict"));
    CHECK(says(find_open_conflict(*home.replica, "what"), "neither"));
    opens_conflict(*home.replica, contact(2));
    CHECK(says(find_open_conflict(*home.replica, "20000000"), "several conflicts"));
}

TEST_CASE("Values read one way for people and another for programs", "[cli]")
{
    const Table table = contact_table();
    const NameOf name = [](const Lookup& lookup) { return "the " + lookup.table; };
    const auto people = [&](const char* column, const Value& value) {
        return people_text(table.column(column), value, name);
    };
    CHECK(people("gendercode", number(2)) == "Female");
    CHECK(people("gendercode", number(9)) == "9");
    CHECK(people("donotemail", Value{true}) == "yes");
    CHECK(people("parentcustomerid", Value{Lookup{"account", id_of(1)}}) == "the account");
    CHECK(people("jobtitle", Value{}) == "");
    CHECK(exact_text(number(2), name) == "2");
    CHECK(exact_text(Value{true}, name) == "true");
    CHECK(exact_text(Value{Lookup{"account", id_of(1)}}, name) == "account:" + id_of(1).text());
    CHECK(exact_text(Value{}, name) == "");
    Party guest, stranger;
    guest.record = Lookup{"contact", id_of(2)};
    guest.roles = {5};
    stranger.address = "kim@example.com";
    stranger.roles = {6};
    const Value both{parties_to_collection({guest, stranger})};
    CHECK(exact_text(both, name) == "required: the contact; optional: kim@example.com");
    CHECK(people("jobtitle", both) == exact_text(both, name));
}

TEST_CASE("The report for support holds nothing personal", "[cli]")
{
    Home home;
    opens_conflict(*home.replica, contact(1));
    home.write(creation(contact(7), {{"lastname", text("Secretive")}, {"jobtitle", text("Spy")}}));
    home.write(update(account(1), {{"name", text("Acme Confidential")}}));
    const auto report = ok(support_report(*home.replica, "0.1.0"));
    const std::string text = report_text(report);
    INFO(text);
    CHECK(boost::json::parse(text) == boost::json::value(report));
    CHECK(text.find("lastname") != std::string::npos);
    CHECK(report.at("queue").as_array().size() == 3);
    for (const char* const personal : {"Secretive", "Spy", "Doe", "Acme", "Mine", "Theirs", "@",
                                       "organization.example", "ada", "20000000-", "https:"})
        CHECK(text.find(personal) == std::string::npos);
}
