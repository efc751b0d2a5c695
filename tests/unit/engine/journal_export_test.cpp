#include "engine/carry/journal_file.h"
#include "engine/carry/redaction.h"
#include "localstore/fields_json.h"
#include "tests/unit/engine/replica_world.h"

#include <boost/json.hpp>

#include <sys/stat.h>

using namespace hawser;
using namespace hawser::tests;
namespace json = boost::json;

namespace {

/// The lines behind the first one, each with what it is.
std::vector<std::pair<std::string, json::object>> lines_of(const std::filesystem::path& file)
{
    auto reader = ok(carry::JournalReader::open(file));
    std::vector<std::pair<std::string, json::object>> lines;
    for (;;) {
        auto line = ok(reader.next());
        if (!line) return lines;
        REQUIRE(line->size() == 1);
        lines.emplace_back(line->begin()->key(), line->begin()->value().as_object());
    }
}

std::string text_of(const std::filesystem::path& file)
{
    std::string text = json::serialize(ok(carry::JournalReader::open(file)).about());
    for (const auto& [what, line] : lines_of(file)) text += "\n" + what + json::serialize(line);
    return text;
}

std::vector<std::string> kinds_of(const std::filesystem::path& file)
{
    std::vector<std::string> kinds;
    for (const auto& line : lines_of(file)) kinds.push_back(line.first);
    return kinds;
}

/// Edits in every state that waits: together, refused, contested, on their way.
void work(Home& home)
{
    ok(home.replica->write(
        {creation(contact(9), {{"lastname", text("Lovelace")}, {"creditlimit", Decimal{"12.5"}}})},
        {"Grace Hopper", ""}));
    home.send(50, contact(9), {home.queue().front().number});
    ok(home.replica->write_group({update(contact(2), {{"parentcustomerid", Lookup{"account", id_of(1)}}}),
                                  creation(contact(8), {{"lastname", text("Hamilton")}})}));
    const ChangeNumber refused = home.write(update(account(1), {{"name", text("Initech International")}}));
    home.park(refused, "A record with the name Initech International exists.");
    home.write(update(contact(1), {{"jobtitle", text("Admiral")}}));
    home.contest(contact(1), {{"lastname", text("Doe")}, {"jobtitle", text("Captain")}}, {"jobtitle"});
}

} // namespace

TEST_CASE("A journal holds the queue with all that it stands on, each thing before what is about it",
          "[carry]")
{
    Home home;
    work(home);
    const auto before = home.queue();
    const auto file = home.folder / "queue.hjournal";
    const Exported exported = ok(home.replica->export_queue(file));
    CHECK(exported.changes == 5);
    CHECK(exported.records == 5);
    CHECK(exported.conflicts == 1);
    CHECK(exported.unknown == 1);
    // The account is referred to before it is edited.
    CHECK(kinds_of(file) == std::vector<std::string>{"table", "record", "change", "record", "table", "record",
                                                     "change", "record", "change", "change", "record",
                                                     "change", "conflict", "intent"});
    struct stat found {};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    // The queue is what it was.
    const auto after = home.queue();
    REQUIRE(after.size() == before.size());
    for (std::size_t at = 0; at < after.size(); ++at) CHECK(after[at].state == before[at].state);

    const auto about = ok(carry::JournalReader::open(file)).about();
    CHECK(about.at("organization").as_string() == id_of(101).text().c_str());
    CHECK(about.at("user").as_string() == id_of(102).text().c_str());
    CHECK_FALSE(about.contains("redacted"));
}

TEST_CASE("A journal holds what its changes refer to, as it is known, but is not about it", "[carry]")
{
    Home home;
    home.write(update(contact(2), {{"parentcustomerid", Lookup{"account", id_of(1)}}}));
    const auto file = home.folder / "queue.hjournal";
    CHECK(ok(home.replica->export_queue(file)).records == 1);
    std::vector<json::object> records;
    for (const auto& [what, line] : lines_of(file))
        if (what == "record") records.push_back(line);
    REQUIRE(records.size() == 2);
    CHECK(records[1].at("table").as_string() == "account");
    CHECK(records[1].at("organization").as_string() == "present");
    CHECK_FALSE(records[1].at("etag").as_string().empty());
    CHECK(records[1].at("fields").as_object().contains("name"));
}

TEST_CASE("A change in a journal says all that the replica knows of it", "[carry]")
{
    Home home;
    work(home);
    const auto file = home.folder / "queue.hjournal";
    ok(home.replica->export_queue(file));
    std::vector<json::object> changes;
    json::object base, conflict, intent;
    for (const auto& [what, line] : lines_of(file)) {
        if (what == "change") changes.push_back(line);
        if (what == "record" && line.at("table").as_string() == "account") base = line;
        if (what == "conflict") conflict = line;
        if (what == "intent") intent = line;
    }
    REQUIRE(changes.size() == 5);
    CHECK(changes[0].at("kind").as_string() == "create");
    CHECK(changes[0].at("state").as_string() == "in flight");
    CHECK_FALSE(changes[0].contains("group"));
    CHECK(changes[1].at("group").as_int64() == changes[2].at("group").as_int64());
    CHECK(changes[0].at("actor").as_string() == "Grace Hopper");
    // Types are not lost on the way.
    const auto after = ok(localstore::decode_fields(json::serialize(changes[0].at("after"))));
    CHECK(after.at("creditlimit") == Value(Decimal{"12.5"}));
    const auto linked = ok(localstore::decode_fields(json::serialize(changes[1].at("after"))));
    CHECK(linked.at("parentcustomerid") == Value(Lookup{"account", id_of(1)}));
    CHECK(changes[3].at("state").as_string() == "parked");
    CHECK(changes[3].at("last_error").as_string() == "A record with the name Initech International exists.");
    CHECK(base.at("organization").as_string() == "present");
    CHECK(base.at("etag").as_string() == "1");
    CHECK(base.at("fields").as_object().at("name").as_string() == "Acme");
    CHECK(conflict.at("columns").as_array().size() == 1);
    CHECK(intent.at("changes").as_array().size() == 1);
    CHECK(intent.at("steps").as_array().at(0).as_object().at("condition").as_string() == "If-Match: W/\"1\"");
    CHECK(intent.at("attempts").as_array().size() == 1);
}

TEST_CASE("A redacted journal says how much was written and nothing of what", "[carry]")
{
    Home home;
    work(home);
    const auto file = home.folder / "for-support.hjournal";
    const Exported exported = ok(home.replica->export_queue(file, Contents::redacted));
    CHECK(exported.changes == 5);
    const std::string text = text_of(file);
    for (const char* secret : {"Lovelace", "12.5", "Initech", "Admiral", "Captain", "Acme", "Clerk", "Doe",
                               "Roe", "Hopper", "Hamilton", "organization.example"}) {
        INFO(secret);
        CHECK(text.find(secret) == std::string::npos);
    }
    CHECK(text.find("text of 8 characters") != std::string::npos);
    CHECK(text.find("A record with the name … exists.") != std::string::npos);
    CHECK(ok(carry::JournalReader::open(file)).about().at("redacted").as_bool());
}

TEST_CASE("Participants and lookups keep their shape when a journal is redacted", "[carry]")
{
    const Collection parties = parties_to_collection(
        {{{"contact", id_of(1)}, "ada@organization.example", {2}}, {{}, "grace@navy.example", {1}}});
    const auto hidden = std::get<Collection>(carry::redacted(Value(parties)));
    const auto found = collection_to_parties(hidden);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    const std::string said = to_json(Value(hidden));
    CHECK(said.find("navy") == std::string::npos);
    CHECK(said.find("ada@") == std::string::npos);
    CHECK(said.find(id_of(1).text()) != std::string::npos);
    CHECK(carry::redacted(Value(Lookup{"account", id_of(1)})) == Value(Lookup{"account", id_of(1)}));
    CHECK(carry::redacted(Value(true)) == Value(true));
    CHECK(is_null(carry::redacted(Value(Null{}))));
    CHECK(carry::redacted(Value(std::string("2026-11-23"))) == Value(std::string("text of 10 characters")));
    CHECK(carry::without_quotes("it says x", {{"a", text("x")}}) == "it says x");
}

TEST_CASE("An export replaces no file and leaves nothing when it fails", "[carry]")
{
    Home home;
    work(home);
    const auto file = home.folder / "queue.hjournal";
    ok(home.replica->export_queue(file));
    const auto again = home.replica->export_queue(file);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == "journal.file_exists");
    const auto nowhere = home.replica->export_queue(home.folder / "no such folder" / "queue.hjournal");
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == "journal.not_written");
}

TEST_CASE("The queue of a replica that may not be written can be exported", "[carry]")
{
    Home home;
    work(home);
    const auto path = home.path();
    home.replica.reset();
    ReplicaOptions options = options_of(path);
    options.inspect = true;
    const Replica inspected = ok(Replica::open(options));
    const Exported exported = ok(inspected.export_queue(home.folder / "queue.hjournal"));
    CHECK(exported.changes == 5);
}

TEST_CASE("An empty queue is a journal without changes", "[carry]")
{
    Home home;
    const auto file = home.folder / "queue.hjournal";
    const Exported exported = ok(home.replica->export_queue(file));
    CHECK(exported.changes == 0);
    CHECK(lines_of(file).empty());
}
