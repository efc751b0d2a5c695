#include "tests/folder.h"
#include "tests/unit/server/fixture.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

using namespace hawser;
using namespace hawser::server;
using namespace hawser::server::tests;
using hawser::tests::Folder;

namespace {

void write(const std::filesystem::path& file, const std::string& text)
{
    std::ofstream(file) << text;
}

OrganizationOptions kept_in(const std::string& file)
{
    OrganizationOptions options;
    options.database = file;
    return options;
}

std::string corpus()
{
    if (const char* given = std::getenv("HAWSER_CORPUS")) return std::string(given) + "/organization";
    const auto source =
        std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
    return (source / "../shared/corpus/organization").lexically_normal().string();
}

std::vector<json::value> lines_of(const std::string& file)
{
    std::ifstream stream(file);
    std::vector<json::value> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
    return lines;
}

} // namespace

TEST_CASE("a database file keeps rows, versions, users and tokens")
{
    const Folder folder;
    std::string token, etag, link, organization;
    {
        Office office(kept_in((folder / "o.db").string()));
        office.patch(row("contacts", some_id), R"({"lastname":"x"})");
        etag = office.get(row("contacts", some_id)).text("@odata.etag");
        link = office.get("contacts", {{"Prefer", "odata.track-changes"}}).text("@odata.deltaLink");
        office.patch(row("contacts", other_id), R"({"lastname":"y"})");
        office.ask("DELETE", row("contacts", other_id));
        token = office.organization->user("bob")->token;
        organization = office.organization->organization_id().text();
    }
    Office office(kept_in((folder / "o.db").string()), 8);
    CHECK(office.organization->users().size() == 2);
    CHECK(office.organization->user("bob")->token == token);
    CHECK(office.organization->organization_id().text() == organization);
    CHECK(office.get(row("contacts", some_id)).text("@odata.etag") == etag);
    const Reply changes = office.get(link);
    REQUIRE(changes.rows().size() == 1);
    CHECK(changes.at(0, "reason") == "deleted");
    office.patch(row("contacts", some_id), R"({"lastname":"z"})");
    CHECK(office.get(link).rows().size() == 2);
}

TEST_CASE("the same requests with the same randomness make the same answers")
{
    const auto run = [] {
        Office office;
        office.organization->make_sample(300, office.now).value();
        std::string text;
        text += office.post("contacts", R"({"lastname":"x"})").answer.body;
        text += office.get("emails?$expand=email_activity_parties").answer.body;
        text += office.get("contacts?$orderby=lastname").answer.body;
        return text;
    };
    CHECK(run() == run());
}

TEST_CASE("a sample has exactly the wanted number of records, all of them valid, and is made once")
{
    Office office;
    const auto made = office.organization->make_sample(1000, office.now);
    REQUIRE(made);
    CHECK(made->records == 1000);
    std::size_t sum = 0;
    for (const char* table : {"account", "contact", "lead", "opportunity", "incident", "new_project",
                              "appointment", "task", "phonecall", "annotation", "email"}) {
        CHECK(office.organization->count(table) > 0);
        sum += office.organization->count(table);
    }
    CHECK(sum == 1000);
    CHECK(office.organization->make_sample(1000, office.now)->records == 0);
    office.user = "bob";
    const Reply contacts = office.get("contacts", {{"Prefer", "odata.maxpagesize=5000"}});
    CHECK(contacts.rows().size() == office.organization->count("contact"));
    // Every sample row can be written back through the front door.
    office.user = "ada";
    for (const json::value& one : contacts.rows()) {
        json::object body;
        for (const char* column :
             {"firstname", "lastname", "jobtitle", "emailaddress1", "telephone1", "description", "birthdate"})
            body[column] = one.at(column);
        CHECK(office.patch(row("contacts", text_of(one, "contactid")), json::serialize(body)).status() ==
              204);
    }
    const Reply mail = office.get(
        "emails?$top=1&$expand=email_activity_parties,regardingobjectid_contact_email($select=fullname)");
    CHECK(mail.rows()[0].at("email_activity_parties").as_array().size() >= 2);
    CHECK(mail.rows()[0].at("regardingobjectid_contact_email").is_object());
}

TEST_CASE("files of JSON Lines are loaded as they are, once")
{
    const Folder folder;
    write(folder / "contacts.jsonl",
          R"({"contactid":"11111111-2222-4333-8444-555555555501","lastname":"Blank  ","fullname":"As given"})"
          "\n\n");
    write(
        folder / "tasks.jsonl",
        R"({"activityid":"11111111-2222-4333-8444-555555555502","subject":"t",)"
        R"("_regardingobjectid_value":"11111111-2222-4333-8444-555555555501","regardingobjecttypecode":"contact"})");
    Office office;
    const auto loaded = office.organization->load_directory(folder.path().string(), office.now);
    REQUIRE(loaded);
    CHECK(loaded->records == 2);
    CHECK(office.organization->load_directory(folder.path().string(), office.now)->records == 0);
    office.user = "bob";
    const Reply contact = office.get(row("contacts", some_id));
    CHECK(contact.text("lastname") == "Blank  ");
    CHECK(contact.text("fullname") == "As given");
    CHECK(office.get("tasks?$filter=_regardingobjectid_value eq " + std::string(some_id)).rows().size() == 1);
}

TEST_CASE("a file that cannot be loaded is named with its line, and nothing of it stays")
{
    const Folder folder;
    Office office;
    const auto message = [&](const std::string& text) {
        write(folder / "contacts.jsonl", text);
        const auto loaded = office.organization->load_directory(folder.path().string(), office.now);
        REQUIRE_FALSE(loaded);
        CHECK(office.organization->count("contact") == 0);
        return loaded.error().message;
    };
    const std::string good = R"({"contactid":"11111111-2222-4333-8444-555555555501","lastname":"x"})"
                             "\n";
    CHECK(message(good + "rubbish").find("contacts.jsonl, line 2") != std::string::npos);
    CHECK(message(good + R"({"lastname":"x"})").find("contactid is missing") != std::string::npos);
    CHECK(message(good + R"({"contactid":"11111111-2222-4333-8444-555555555502","nonsense":1})")
              .find("nonsense") != std::string::npos);
    CHECK_FALSE(office.organization->load_directory((folder / "absent").string(), office.now));
    write(folder / "nowhere.jsonl", "{}");
    write(folder / "contacts.jsonl", good);
    CHECK_FALSE(office.organization->load_directory(folder.path().string(), office.now));
}

TEST_CASE(
    "the whole corpus is loaded and read back, column by column, by a user without organization-wide read")
{
    const std::string directory = corpus();
    if (!std::filesystem::exists(directory + "/contacts.jsonl")) {
        WARN("skipped: the corpus is not at " << directory << "; set HAWSER_CORPUS");
        return;
    }
    Office office;
    const auto loaded = office.organization->load_directory(directory, office.now);
    REQUIRE(loaded);
    CHECK(loaded->records == 5155);
    office.user = "bob";
    std::size_t compared = 0;
    for (const std::string set : {"accounts", "contacts", "appointments", "emails"}) {
        const std::string key = set == "accounts"   ? "accountid"
                                : set == "contacts" ? "contactid"
                                                    : "activityid";
        std::map<std::string, json::object> served;
        std::string next = set + (set == "emails" ? "?$expand=email_activity_parties" : "");
        while (!next.empty()) {
            const Reply page = office.get(next);
            REQUIRE(page.status() == 200);
            for (const json::value& one : page.rows()) served[text_of(one, key.c_str())] = one.as_object();
            next = page.has("@odata.nextLink") ? page.text("@odata.nextLink") : "";
        }
        for (const json::value& line : lines_of(directory + "/" + set + ".jsonl")) {
            const json::object& one = served.at(text_of(line, key.c_str()));
            for (const auto& member : line.as_object()) {
                if (member.key() == "regardingobjecttypecode") continue;
                if (member.key() != "email_activity_parties") {
                    if (one.at(member.key()) != member.value())
                        FAIL(set << " " << member.key() << " " << one.at(member.key()));
                    continue;
                }
                const json::array& parties = one.at("email_activity_parties").as_array();
                REQUIRE(parties.size() == member.value().as_array().size());
                for (std::size_t at = 0; at < parties.size(); ++at)
                    if (parties[at].at("addressused") != member.value().as_array()[at].at("addressused"))
                        FAIL(parties[at]);
            }
            ++compared;
        }
    }
    CHECK(compared == 5155);
}

TEST_CASE("an unusable database or setting is an error that says which")
{
    const Folder folder;
    const auto random = seeded_random(1);
    write(folder / "text.db", std::string(4096, 'x'));
    const auto open = [&](OrganizationOptions options) {
        auto opened = Organization::open(std::move(options), Instant{}, *random);
        REQUIRE_FALSE(opened);
        return opened.error();
    };
    CHECK(open(kept_in((folder / "text.db").string())).code == "server.database");
    CHECK(open(kept_in((folder / "no/such/folder.db").string())).message.find("folder.db") !=
          std::string::npos);
    OrganizationOptions setting;
    setting.settings = {{"colour", "red"}};
    CHECK(open(setting).message.find("colour") != std::string::npos);
    setting.settings = {{"trim_text", "maybe"}};
    CHECK(open(setting).kind == ErrorKind::refuse);
    setting.settings = {{"loaded_owner", "nobody"}};
    CHECK(open(setting).message.find("nobody") != std::string::npos);
}
