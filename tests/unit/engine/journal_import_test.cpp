#include "engine/carry/journal_file.h"
#include "localstore/fields_json.h"
#include "tests/unit/engine/replica_world.h"

#include <boost/json.hpp>

#include <fstream>
#include <iterator>

using namespace hawser;
using namespace hawser::tests;
namespace json = boost::json;

namespace {

/// Two installations of one user, and a journal that goes from the first to the second.
struct Move {
    Home there;
    Home here;

    std::filesystem::path file() const { return there.folder / "queue.hjournal"; }
    Imported carry()
    {
        std::filesystem::remove(file());
        ok(there.replica->export_queue(file()));
        return ok(here.replica->import_queue(file()));
    }
    localstore::RecordState state(const RecordKey& key) const
    {
        return ok(here.replica->impl()->store->state(key));
    }
};

/// The journal again, with its lines as `edit` leaves them, and whole.
std::filesystem::path rewritten(const Move& move, const std::function<void(json::object&)>& edit)
{
    const auto target = move.there.folder / "rewritten.hjournal";
    auto reader = ok(carry::JournalReader::open(move.file()));
    json::object about = reader.about();
    about.erase("hawser_journal");
    edit(about);
    auto writer = ok(carry::JournalWriter::create(target, about));
    for (;;) {
        auto line = ok(reader.next());
        if (!line) break;
        edit(*line);
        ok(writer.add(*line));
    }
    ok(writer.finish());
    return target;
}

Error refused(Move& move, const std::function<void(json::object&)>& edit)
{
    ok(move.there.replica->export_queue(move.file()));
    const auto before = move.here.queue().size();
    const auto imported = move.here.replica->import_queue(rewritten(move, edit));
    REQUIRE_FALSE(imported);
    CHECK(move.here.queue().size() == before);
    return imported.error();
}

} // namespace

TEST_CASE("What waited in one replica waits in the other, in its order and on its base", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    ok(move.there.replica->write({creation(contact(7), {{"lastname", text("Lovelace")}})}, {"Grace", "Ada"}));
    move.there.write(update(contact(1), {{"firstname", text("Grace")}}));
    move.there.write(erasure(contact(2)));
    ok(move.there.replica->hold({3}));

    const Imported imported = move.carry();
    CHECK(imported.changes == 4);
    CHECK(imported.records == 3);
    CHECK(imported.known == 0);
    CHECK(imported.held == 0);
    const auto before = move.there.queue();
    const auto after = move.here.queue();
    REQUIRE(after.size() == 4);
    for (std::size_t at = 0; at < 4; ++at) {
        CHECK(after[at].record == before[at].record);
        CHECK(after[at].kind == before[at].kind);
        CHECK(after[at].state == before[at].state);
        CHECK(after[at].made_at == before[at].made_at);
        CHECK(after[at].actor == before[at].actor);
        CHECK(after[at].on_behalf_of == before[at].on_behalf_of);
    }
    CHECK(move.here.read(contact(1), "jobtitle") == "Admiral");
    CHECK(move.here.read(contact(1), "firstname") == "Grace");
    CHECK(move.here.read(contact(7), "lastname") == "Lovelace");
    CHECK_FALSE(move.here.replica->get(contact(2)));
    CHECK(move.state(contact(1)).shadow->etag == "1");
    CHECK(move.here.replica->impl()->store->setting(localstore::compare_first_setting) == "1");
    CHECK(ok(move.here.replica->impl()->store->integrity_check()).empty());
}

TEST_CASE("A journal that was taken over once adds nothing when it comes again", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    move.there.write(creation(contact(7), {{"lastname", text("Lovelace")}}));
    CHECK(move.carry().changes == 2);
    SECTION("while it waits")
    {
        const Imported again = move.carry();
        CHECK(again.changes == 0);
        CHECK(again.known == 2);
    }
    SECTION("after it was given up")
    {
        ok(move.here.replica->discard({1, 2}));
        const Imported again = move.carry();
        CHECK(again.changes == 0);
        CHECK(again.known == 2);
        CHECK(move.here.queue().empty());
    }
    SECTION("with what was added to it since")
    {
        move.there.write(update(contact(7), {{"firstname", text("Ada")}}));
        const Imported again = move.carry();
        CHECK(again.changes == 1);
        CHECK(again.known == 2);
        CHECK(again.held == 0);
        CHECK(move.here.read(contact(7), "firstname") == "Ada");
    }
    SECTION("carried back to where it came from")
    {
        const auto back = move.here.folder / "back.hjournal";
        ok(move.here.replica->export_queue(back));
        const Imported returned = ok(move.there.replica->import_queue(back));
        CHECK(returned.changes == 0);
        CHECK(returned.known == 2);
    }
}

TEST_CASE("A replica's own journal adds nothing, but what a copy that was put back lacks", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    const auto copy = move.there.folder / "copy.hawser";
    ok(move.there.replica->backup(copy));
    move.there.write(update(contact(1), {{"firstname", text("Grace")}}));
    ok(move.there.replica->export_queue(move.file()));
    CHECK(ok(move.there.replica->import_queue(move.file())).known == 2);

    Replica restored = ok(Replica::open(options_of(copy)));
    SECTION("which has done nothing since")
    {
        const Imported imported = ok(restored.import_queue(move.file()));
        CHECK(imported.changes == 1);
        CHECK(imported.known == 1);
        CHECK(imported.held == 0);
    }
    SECTION("which gave the same number to another change")
    {
        ok(restored.write({update(contact(2), {{"firstname", text("Bob")}})}));
        const Imported imported = ok(restored.import_queue(move.file()));
        CHECK(imported.changes == 1);
        CHECK(imported.known == 1);
        ChangeFilter all;
        CHECK(ok(restored.queue(all)).size() == 3);
    }
    SECTION("which is another installation by now")
    {
        ok(restored.impl()->store->transact(localstore::Durability::full,
                                            [](localstore::Transaction& transaction) {
                                                return transaction.journal.set_instance(id_of(900));
                                            }));
        const Imported imported = ok(restored.import_queue(move.file()));
        CHECK(imported.changes == 1);
        CHECK(imported.known == 1);
    }
}

TEST_CASE("A change of a record that has edits of its own here is put behind them and held", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}, {"firstname", text("Grace")}}));
    move.here.write(update(contact(1), {{"jobtitle", text("Captain")}}));
    const Imported imported = move.carry();
    CHECK(imported.changes == 1);
    CHECK(imported.held == 1);
    const auto queue = move.here.queue();
    REQUIRE(queue.size() == 2);
    CHECK(queue.back().state == ChangeState::held);
    CHECK(queue.back().reason.find("edits of its own") != std::string::npos);
    CHECK(move.here.read(contact(1), "jobtitle") == "Admiral");
    ok(move.here.replica->discard({queue.back().number}));
    CHECK(move.here.read(contact(1), "jobtitle") == "Captain");
    CHECK(move.here.read(contact(1), "firstname").empty());
    CHECK(move.carry().changes == 0);
}

TEST_CASE("A unit that meets edits of its own here is held whole", "[carry]")
{
    Move move;
    ok(move.there.replica->write_group({update(contact(1), {{"jobtitle", text("Admiral")}}),
                                        update(contact(2), {{"jobtitle", text("Captain")}}),
                                        creation(contact(8), {{"lastname", text("Hamilton")}})}));
    move.here.write(update(contact(2), {{"firstname", text("Bob")}}));
    const Imported imported = move.carry();
    CHECK(imported.changes == 3);
    const auto queue = move.here.queue();
    REQUIRE(queue.size() == 4);
    for (std::size_t at = 1; at < 4; ++at) {
        CHECK(queue[at].state == ChangeState::held);
        REQUIRE(queue[at].group);
        CHECK(queue[at].group == queue[1].group);
    }
}

TEST_CASE("A refusal, a question and a unit come as they were", "[carry]")
{
    Move move;
    const ChangeNumber refused = move.there.write(update(account(1), {{"name", text("Initech")}}));
    move.there.park(refused, "A record with the name Initech exists.");
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    move.there.contest(contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Captain")}}, {"jobtitle"});
    ok(move.there.replica->write_group({update(contact(2), {{"jobtitle", text("Cook")}}),
                                        creation(contact(8), {{"lastname", text("Hamilton")}})}));
    const Imported imported = move.carry();
    CHECK(imported.changes == 4);
    CHECK(imported.conflicts == 1);
    const auto queue = move.here.queue();
    REQUIRE(queue.size() == 4);
    CHECK(queue[0].state == ChangeState::parked);
    CHECK(queue[0].reason == "A record with the name Initech exists.");
    CHECK(queue[1].state == ChangeState::contested);
    REQUIRE(queue[2].group);
    CHECK(queue[3].group == queue[2].group);
    CHECK_FALSE(queue[1].group);
    const auto open = ok(move.here.replica->conflicts());
    REQUIRE(open.size() == 1);
    REQUIRE(open[0].columns.size() == 1);
    CHECK(open[0].columns[0].base == text("Clerk"));
    CHECK(open[0].columns[0].mine == text("Admiral"));
    CHECK(open[0].columns[0].theirs == text("Captain"));
    CHECK(move.here.read(contact(1), "jobtitle") == "Admiral");
}

TEST_CASE("A question that cannot be asked here keeps what it is about back", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    CHECK(move.carry().changes == 1);
    ok(move.here.replica->discard({1}));
    move.there.write(update(contact(1), {{"firstname", text("Grace")}}));
    move.there.contest(contact(1), {{"lastname", text("Doe")}, {"firstname", text("Greta")}}, {"firstname"});
    const Imported imported = move.carry();
    CHECK(imported.changes == 1);
    CHECK(imported.known == 1);
    CHECK(imported.held == 1);
    CHECK(imported.conflicts == 0);
    CHECK(move.here.queue().back().state == ChangeState::held);
}

TEST_CASE("A request whose answer is missing is open here as well, under the same id", "[carry]")
{
    Move move;
    const ChangeNumber sent = move.there.write(creation(contact(9), {{"lastname", text("Lovelace")}}));
    move.there.send(50, contact(9), {sent});
    SECTION("where nothing else is known of its record")
    {
        const Imported imported = move.carry();
        CHECK(imported.unknown == 1);
        CHECK(move.here.queue().front().state == ChangeState::in_flight);
        const auto open = ok(move.here.replica->impl()->store->open_intents());
        REQUIRE(open.size() == 1);
        CHECK(open[0].id == id_of(50));
        CHECK(open[0].unknown());
        REQUIRE(open[0].attempts.size() == 1);
        CHECK(open[0].attempts[0].client_request_id == id_of(51));
    }
    SECTION("where its record has edits of its own, its change is held and says so")
    {
        pull(*move.here.replica, contact(9), {{"lastname", text("Lovelace")}}, "7");
        move.here.write(update(contact(9), {{"firstname", text("Ada")}, {"lastname", text("King")}}));
        const Imported imported = move.carry();
        CHECK(imported.unknown == 0);
        CHECK(imported.held == 1);
        CHECK(move.here.queue().back().state == ChangeState::held);
        CHECK(move.here.queue().back().reason.find("may already have been applied") != std::string::npos);
    }
}

TEST_CASE("A table that is not known here comes with the journal", "[carry]")
{
    Move move;
    Table lead = account_table();
    lead.name = "lead";
    lead.entity_set = "leads";
    lead.primary_id = "leadid";
    ok(move.there.transact(
        [&](localstore::Transaction& transaction) { return transaction.define_table(lead); }));
    move.there.write(creation({"lead", id_of(3)}, {{"name", text("Initech")}}));
    CHECK(move.carry().changes == 1);
    CHECK(move.here.read({"lead", id_of(3)}, "name") == "Initech");
}

TEST_CASE("A journal of somebody else, or of another organization, is refused by name", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    SECTION("organization")
    {
        const Error error = refused(move, [](json::object& line) {
            if (line.contains("organization")) line["organization"] = id_of(666).text();
        });
        CHECK(error.code == "journal.other_organization");
        CHECK(error.message.find(id_of(666).text()) != std::string::npos);
        CHECK(error.message.find("https://organization.example") != std::string::npos);
    }
    SECTION("user")
    {
        const Error error = refused(move, [](json::object& line) {
            if (line.contains("user")) line["user"] = id_of(666).text();
        });
        CHECK(error.code == "journal.other_user");
    }
    SECTION("redacted")
    {
        ok(move.there.replica->export_queue(move.file(), Contents::redacted));
        const auto imported = move.here.replica->import_queue(move.file());
        REQUIRE_FALSE(imported);
        CHECK(imported.error().code == "journal.redacted");
    }
}

TEST_CASE("Lines that are no part of a journal are refused with their byte, and nothing is taken", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    const auto change_with = [](const char* member, json::value value) {
        return [=](json::object& line) {
            if (auto* change = line.if_contains("change")) change->as_object()[member] = value;
        };
    };
    const auto [wrong, word] = GENERATE_COPY(table<std::function<void(json::object&)>, std::string>(
        {{change_with("kind", "upsert"), "\"kind\""},
         {change_with("state", "applied"), "does not wait"},
         {change_with("number", -1), "\"number\""},
         {change_with("number", "1"), "\"number\""},
         {change_with("id", "nobody"), "\"id\""},
         {change_with("id", json::value(json::string(id_of(77).text()))), "is missing"},
         {change_with("made_at", "yesterday"), "\"made_at\""},
         {change_with("made_as", json::object{{"number", 1}}), "\"instance\""},
         {change_with("after", json::array{}), "\"after\""},
         {change_with("after", json::object{}), "changes nothing"},
         {change_with("settled", json::array{"a,b"}), "\"settled\""}}));
    const Error error = refused(move, wrong);
    INFO(error.message);
    CHECK(error.code == "journal.damaged");
    CHECK(error.message.find(word) != std::string::npos);
    CHECK(error.message.find("at byte ") != std::string::npos);
}

TEST_CASE("A column that is not known here refuses the journal and says which change", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    const Error error = refused(move, [](json::object& line) {
        if (auto* change = line.if_contains("change"))
            change->as_object()["after"] = json::object{{"new_rank", "Admiral"}};
    });
    CHECK(error.code == "store.unknown_column");
    CHECK(error.message.find("Change 1 of the journal") != std::string::npos);
    CHECK(error.message.find("new_rank") != std::string::npos);
}

TEST_CASE("A value of another kind than its column is refused", "[carry]")
{
    Move move;
    move.there.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    const Error error = refused(move, [](json::object& line) {
        if (auto* change = line.if_contains("change"))
            change->as_object()["after"] = json::object{{"jobtitle", 7}};
    });
    CHECK(error.code == "input.wrong_type");
    CHECK(error.message.find("jobtitle") != std::string::npos);
}

TEST_CASE("A request in a journal leads to no other place than the organization", "[carry]")
{
    Move move;
    const ChangeNumber sent = move.there.write(creation(contact(9), {{"lastname", text("Lovelace")}}));
    move.there.send(50, contact(9), {sent});
    const auto step_with = [](const char* member, const char* value) {
        return [=](json::object& line) {
            if (auto* intent = line.if_contains("intent"))
                intent->as_object()["steps"].as_array()[0].as_object()[member] = value;
        };
    };
    const auto wrong = GENERATE_COPY(values<std::function<void(json::object&)>>(
        {step_with("path", "https://elsewhere.example/contacts(1)"),
         step_with("path", "//elsewhere.example/"),
         step_with("path", "contacts(1)\r\nHost: elsewhere.example"), step_with("method", "CONNECT"),
         step_with("condition", "If-Match: *\r\nX: y"), step_with("condition", "Host: elsewhere.example")}));
    CHECK(refused(move, wrong).code == "journal.damaged");
}
