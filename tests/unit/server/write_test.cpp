#include "tests/unit/server/fixture.h"

using namespace hawser::server::tests;

TEST_CASE("the server trims text, computes names and stamps the row")
{
    Office office;
    const Reply made =
        office.make("contacts", R"({"firstname":"Ada ","lastname":"Byron  ","nickname":"   "})");
    CHECK(made.text("firstname") == "Ada");
    CHECK(made.text("fullname") == "Ada Byron");
    CHECK(made["nickname"].is_null());
    CHECK(made.text("createdon") == "2026-03-14T00:00:00Z");
    CHECK(made.text("_ownerid_value") == office.get("WhoAmI").text("UserId"));
    CHECK(made["statecode"].as_int64() == 0);
    CHECK(made["statuscode"].as_int64() == 1);
    CHECK(made.text("@odata.etag") == "W/\"" + std::to_string(made["versionnumber"].as_int64()) + "\"");
    Office keeping(Office::with({{"trim_text", "false"}}));
    CHECK(keeping.make("contacts", R"({"lastname":"Byron  "})").text("lastname") == "Byron  ");
}

TEST_CASE("a plug-in rewrites what a request writes within the same write")
{
    Office office(Office::with({{"plugin.contact.firstname", "Mx. "}}));
    const Reply made = office.make("contacts", R"({"firstname":"Ada","lastname":"Byron"})");
    CHECK(made.text("firstname") == "Mx. Ada");
    CHECK(made.text("fullname") == "Mx. Ada Byron");
    const std::string path = "contacts(" + made.text("contactid") + ")";
    const std::size_t lines = office.log.size();
    const std::int64_t version = made["versionnumber"].as_int64();
    REQUIRE(office.patch(path, R"({"firstname":"Augusta"})").status() == 204);
    CHECK(office.log.size() == lines + 1);
    CHECK(office.get(path).text("firstname") == "Mx. Augusta");
    CHECK(office.get(path)["versionnumber"].as_int64() == version + 1);
    // What is there already, empty, not written or too long stays as it is.
    REQUIRE(office.patch(path, R"({"firstname":"Mx. King"})").status() == 204);
    CHECK(office.get(path).text("firstname") == "Mx. King");
    const std::string longest(50, 'x');
    REQUIRE(office.patch(path, R"({"firstname":")" + longest + R"("})").status() == 204);
    CHECK(office.get(path).text("firstname") == longest);
    REQUIRE(office.organization->set_setting("plugin.contact.firstname", "Dr. "));
    REQUIRE(office.patch(path, R"({"lastname":"King"})").status() == 204);
    CHECK(office.get(path).text("firstname") == longest);
    REQUIRE(office.patch(path, R"({"firstname":null})").status() == 204);
    CHECK(office.get(path)["firstname"].is_null());
    CHECK_FALSE(office.organization->set_setting("plugin.contact", "x"));
    CHECK_FALSE(office.organization->set_setting("plugin..firstname", "x"));
}

TEST_CASE("values that do not fit are refused with the organization's codes")
{
    Office office;
    const auto refused = [&](const std::string& set, const std::string& body) {
        const Reply reply = office.post(set, body);
        INFO(reply.answer.body);
        CHECK(reply.status() == 400);
        return reply.code();
    };
    CHECK(refused("contacts", R"({"lastname":")" + std::string(51, 'x') + R"("})") == "0x80044331");
    CHECK(refused("contacts", R"({"lastname":"x","gendercode":9})") == "0x80048408");
    CHECK(refused("contacts", R"({"lastname":"x","nonsense":1})") == "0x80048d19");
    CHECK(refused("contacts", R"({"lastname":7})") == "0x80048d19");
    CHECK(refused("contacts", R"({"lastname":"x","birthdate":"1700-01-01"})") == "0x80040239");
    CHECK(refused("contacts", R"({"lastname":"x","_parentcustomerid_value":null})") == "0x80048d19");
    CHECK(refused("accounts", R"({"websiteurl":"x"})") == "0x80040203");
    CHECK(refused("contacts", R"({"lastname":)") == "0x80048d19");
    CHECK(refused("contacts", R"([1])") == "0x80048d19");
    CHECK(refused("appointments", R"({"subject":"x"})") == "0x80040275");
    CHECK(office.organization->count("contact") == 0);
    CHECK(office.post("nowhere", "{}").status() == 404);
    // 50 characters outside of the basic plane are 100 units.
    std::string clefs;
    for (int at = 0; at < 26; ++at) clefs += "\xF0\x9D\x84\x9E";
    CHECK(refused("contacts", R"({"lastname":")" + clefs + R"("})") == "0x80044331");
}

TEST_CASE("times, dates, money and choices come back in the organization's spelling")
{
    Office office;
    const Reply made =
        office.make("new_projects", R"({"new_name":"P","new_budget":12.5,"new_budgethours":7.25,
        "new_deadline":"2026-05-01","new_reviewedon":"2026-05-01T10:00:00+02:00","new_topics":"3,1",
        "new_externalid":"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE","new_billable":true,"new_counter":3})");
    CHECK(made.answer.body.find("\"new_budget\":12.50") != std::string::npos);
    CHECK(made.answer.body.find("\"new_budgethours\":7.25,") != std::string::npos);
    CHECK(made.text("new_deadline") == "2026-05-01");
    CHECK(made.text("new_reviewedon") == "2026-05-01T08:00:00Z");
    CHECK(made.text("new_topics") == "1,3");
    CHECK(made.text("new_externalid") == "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
}

TEST_CASE("lookups are bound, read back with their table, and cleared")
{
    Office office;
    const std::string account = office.id_of("accounts", R"({"name":"Works"})");
    const std::string contact = office.id_of(
        "contacts", R"({"lastname":"x",)" + bound("parentcustomerid_account", "/accounts", account) + "}");
    const Reply read = office.get(row("contacts", contact) + "?$select=_parentcustomerid_value",
                                  {{"Prefer", "odata.include-annotations=\"*\""}});
    CHECK(read.text("_parentcustomerid_value") == account);
    CHECK(read.text("_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname") == "account");
    CHECK(read.text("_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty") ==
          "parentcustomerid_account");
    CHECK(read.text("_parentcustomerid_value@OData.Community.Display.V1.FormattedValue") == "Works");
    CHECK_FALSE(office.get(row("contacts", contact))
                    .has("_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"));
    office.patch(row("contacts", contact), R"({"parentcustomerid_account@odata.bind":null})");
    CHECK(office.get(row("contacts", contact))["_parentcustomerid_value"].is_null());

    const Reply absent = office.patch(row("contacts", contact),
                                      "{" + bound("parentcustomerid_account", "accounts", some_id) + "}");
    CHECK(absent.status() == 404);
    CHECK(absent.code() == "0x80040217");
    CHECK(office
              .patch(row("contacts", contact),
                     "{" + bound("parentcustomerid_contact", "accounts", account) + "}")
              .status() == 400);
    CHECK(office.patch(row("contacts", contact), "{" + bound("parentcustomerid", "accounts", account) + "}")
              .status() == 400);

    const std::string reference = row("contacts", contact) + "/parentcustomerid_account/$ref";
    CHECK(office.ask("PUT", reference, referring(std::string(root) + "accounts", account)).status() == 204);
    CHECK(office.get(row("contacts", contact)).text("_parentcustomerid_value") == account);
    CHECK(office.ask("DELETE", reference).status() == 204);
    CHECK(office.get(row("contacts", contact))["_parentcustomerid_value"].is_null());
    const std::string members = row("accounts", account) + "/contact_customer_accounts";
    CHECK(office.post(members + "/$ref", referring("contacts", contact)).status() == 204);
    CHECK(office.get(members + "?$select=lastname").rows().size() == 1);
    CHECK(office.ask("DELETE", members + "(" + contact + ")/$ref").status() == 204);
    CHECK(office.get(members).rows().empty());
}

TEST_CASE("single columns are read, put and cleared")
{
    Office office;
    const std::string contact = row("contacts", office.id_of("contacts", R"({"lastname":"One"})"));
    CHECK(office.ask("PUT", contact + "/lastname", R"({"value":"Two"})").status() == 204);
    CHECK(office.get(contact + "/lastname").text("value") == "Two");
    CHECK(office.get(contact + "/lastname/$value").answer.body == "Two");
    CHECK(office.ask("DELETE", contact + "/lastname").status() == 204);
    CHECK(office.get(contact + "/lastname").status() == 204);
    CHECK(office.ask("DELETE", contact + "/createdon").status() == 400);
    CHECK(office.ask("PUT", contact + "/lastname", R"({"x":1})").status() == 400);
}

TEST_CASE("state and status must fit, and the state of an appointment is not for its creation")
{
    Office office;
    const std::string schedule =
        R"("scheduledstart":"2026-04-01T10:00:00Z","scheduledend":"2026-04-01T11:00:00Z")";
    const Reply made = office.make("appointments", R"({"subject":"x","statecode":3,)" + schedule + "}");
    CHECK(made["statecode"].as_int64() == 0);
    CHECK(made["scheduleddurationminutes"].as_int64() == 60);
    CHECK(office.post("appointments", R"({"subject":"x","statuscode":5,)" + schedule + "}").code() ==
          "0x80048408");
    const std::string appointment = row("appointments", made.text("activityid"));
    CHECK(office.patch(appointment, R"({"statecode":3})").status() == 204);
    CHECK(office.get(appointment)["statuscode"].as_int64() == 5);
    CHECK(office.patch(appointment, R"({"statecode":3,"statuscode":1})").status() == 400);
    CHECK(office.patch(appointment, R"({"scheduledend":"2026-04-01T09:00:00Z"})").status() == 400);
    const std::string task = row("tasks", office.id_of("tasks", R"({"subject":"t"})"));
    CHECK(office.patch(task, R"({"statecode":1})").status() == 204);
    CHECK(office.get(task)["statuscode"].as_int64() == 5);
    CHECK(office.get(task).text("actualend") == "2026-03-14T00:00:00Z");
}

TEST_CASE("completed mail is read-only but for what it regards, unless the setting says otherwise")
{
    const std::string body = R"({"subject":"x","statecode":1,"statuscode":4})";
    Office office;
    const std::string contact = office.id_of("contacts", R"({"lastname":"x"})");
    const std::string mail = row("emails", office.id_of("emails", body));
    CHECK(office.patch(mail, R"({"subject":"y"})").status() == 405);
    CHECK(office.ask("PUT", mail + "/email_activity_parties", R"({"value":[]})").status() == 405);
    CHECK(office.patch(mail, "{" + bound("regardingobjectid_contact_email", "contacts", contact) + "}")
              .status() == 204);
    Office lenient(Office::with({{"completed_email_read_only", "false"}}));
    CHECK(lenient.patch(row("emails", lenient.id_of("emails", body)), R"({"subject":"y"})").status() == 204);
}

TEST_CASE("deleting a record deletes the activities about it and unlinks what only refers to it")
{
    const auto set_up = [](Office& office) {
        const std::string account = office.id_of("accounts", R"({"name":"x"})");
        office.make("tasks", R"({"subject":"t",)" +
                                 bound("regardingobjectid_account_task", "accounts", account) + "}");
        office.make("contacts",
                    R"({"lastname":"c",)" + bound("parentcustomerid_account", "accounts", account) + "}");
        return account;
    };
    Office office;
    const std::string account = set_up(office);
    CHECK(office.ask("DELETE", row("accounts", account)).status() == 204);
    CHECK(office.organization->count("task") == 0);
    CHECK(office.organization->count("contact") == 1);
    CHECK(office.get("contacts").rows()[0].at("_parentcustomerid_value").is_null());
    Office keeping(Office::with({{"cascade_delete", "false"}}));
    CHECK(keeping.ask("DELETE", row("accounts", set_up(keeping))).status() == 204);
    CHECK(keeping.organization->count("task") == 1);
}

TEST_CASE("attachments obey size and extension, and their body can be read alone")
{
    Office office(Office::with({{"max_upload_file_size", "64"}}));
    const std::string mail = office.id_of("emails", R"({"subject":"x"})");
    const auto attach = [&](const std::string& name, const std::string& content) {
        return office.post("activitymimeattachments",
                           "{" + bound("objectid_activitypointer", "activitypointers", mail) +
                               R"(,"filename":")" + name + R"(","body":")" + content + R"("})",
                           {{"Prefer", "return=representation"}});
    };
    const Reply made = attach("a.txt", "aGVsbG8=");
    REQUIRE(made.status() == 201);
    CHECK(made["filesize"].as_int64() == 5);
    CHECK(made.text("objecttypecode") == "email");
    const std::string attachment = row("activitymimeattachments", made.text("activitymimeattachmentid"));
    CHECK(office.get(attachment + "/body/$value").answer.body == "aGVsbG8=");
    CHECK(attach("a.exe", "aGVsbG8=").code() == "0x80043e09");
    CHECK(attach("a.txt", std::string(65, 'A')).code() == "0x80044a02");
    CHECK(attach("a/b.txt", "aGVsbG8=").code() == "0x80044a08");
    const Reply deep = office.make("emails", R"({"subject":"y","email_activity_mime_attachment":[
        {"filename":"b.txt","body":"aGVsbG8="}]})");
    CHECK(office.get("activitymimeattachments?$filter=_objectid_value eq " + deep.text("activityid"))
              .rows()
              .size() == 1);
    office.ask("DELETE", row("emails", mail));
    CHECK(office.get(attachment).status() == 404);
}

TEST_CASE("columns the server owns are ignored, or refused when the setting asks for it")
{
    Office office;
    const Reply made = office.make(
        "contacts", R"({"lastname":"x","fullname":"Somebody else","createdon":"2001-01-01T00:00:00Z"})");
    CHECK(made.text("fullname") == "x");
    CHECK(made.text("createdon") == "2026-03-14T00:00:00Z");
    CHECK(office.make("contacts", R"({"lastname":"x","overriddencreatedon":"2001-01-01T00:00:00Z"})")
              .text("createdon") == "2001-01-01T00:00:00Z");
    Office strict(Office::with({{"refuse_read_only_columns", "true"}}));
    CHECK(strict.post("contacts", R"({"lastname":"x","fullname":"y"})").status() == 400);
}

TEST_CASE("each applied write is one line of the write log, and a refused one is none")
{
    Office office;
    const std::string contact = row("contacts", some_id);
    office.patch(contact, R"({"lastname":"One"})",
                 {{"If-None-Match", "*"}, {"x-ms-client-request-id", "r1"}});
    office.patch(contact, R"({"lastname":"Two"})", {{"If-None-Match", "*"}});
    office.ask("DELETE", contact);
    REQUIRE(office.log.size() == 2);
    const json::object line = json::parse(office.log[0]).as_object();
    CHECK(line.at("kind") == "write");
    CHECK(line.at("time") == "2026-03-14T00:00:00Z");
    CHECK(line.at("user") == "ada");
    CHECK(line.at("method") == "PATCH");
    CHECK(line.at("table") == "contact");
    CHECK(line.at("id") == some_id);
    CHECK(line.at("condition") == "If-None-Match: *");
    CHECK(line.at("columns").as_array() == json::array{"lastname"});
    CHECK(line.at("outcome") == "created");
    CHECK(line.at("client_request_id") == "r1");
    CHECK(json::parse(office.log[1]).as_object().at("outcome") == "deleted");
}
