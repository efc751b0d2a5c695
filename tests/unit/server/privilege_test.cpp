#include "tests/unit/server/fixture.h"

using namespace hawser::server;
using namespace hawser::server::tests;

TEST_CASE("a basic user sees and changes only rows of its own or of the team")
{
    Office office;
    const std::string hers = row("contacts", office.id_of("contacts", R"({"lastname":"hers"})"));
    office.user = "bob";
    const std::string his = row("contacts", office.id_of("contacts", R"({"lastname":"his"})"));
    CHECK(office.get("contacts").rows().size() == 1);
    CHECK(office.get("contacts/$count").answer.body == "1");
    for (const std::string method : {"GET", "PATCH", "DELETE"}) {
        const Reply refused = office.ask(method, hers, method == "PATCH" ? R"({"jobtitle":"x"})" : "");
        INFO(method);
        CHECK(refused.status() == 403);
        CHECK(refused.code() == "0x80048306");
    }
    CHECK(office.get(row("contacts", some_id)).status() == 404);
    CHECK(office.patch(his, R"({"jobtitle":"x"})").status() == 204);
    office.user = "ada";
    CHECK(office.get("contacts").rows().size() == 2);
    CHECK(office.patch(his, R"({"jobtitle":"y"})").status() == 204);
}

TEST_CASE("access is lost and won by assigning the row")
{
    Office office;
    const std::string bob = office.organization->user("bob")->id.text();
    const std::string path = row("contacts", office.id_of("contacts", R"({"lastname":"x"})"));
    office.user = "bob";
    CHECK(office.get(path).status() == 403);
    office.user = "ada";
    CHECK(office.patch(path, "{" + bound("ownerid", "systemusers", bob) + "}").status() == 204);
    CHECK(office.get(path).text("_owninguser_value") == bob);
    office.user = "bob";
    CHECK(office.get(path).status() == 200);
    const std::string team = text_of(office.get("teams?$filter=isdefault eq true").rows().at(0), "teamid");
    CHECK(office.patch(path, "{" + bound("ownerid", "teams", team) + "}").status() == 204);
    const Reply owned = office.get(path);
    CHECK(owned.text("_owningteam_value") == team);
    CHECK(owned["_owninguser_value"].is_null());
}

TEST_CASE("parties and attachments follow the record they belong to")
{
    Office office;
    const std::string mail = office.id_of("emails", R"({"subject":"x","email_activity_parties":[
        {"addressused":"a@b.example","participationtypemask":2}]})");
    const std::string body =
        "{" + bound("objectid_email", "emails", mail) + R"(,"filename":"a.txt","body":"aGk="})";
    CHECK(office.post("activitymimeattachments", body).status() == 204);
    office.user = "bob";
    CHECK(office.get("activityparties").rows().empty());
    CHECK(office.get("activitymimeattachments").rows().empty());
    CHECK(office.post("activitymimeattachments", body).status() == 403);
}

TEST_CASE("expansion shows nothing that the caller may not read")
{
    Office office;
    const std::string bob = office.organization->user("bob")->id.text();
    const std::string account =
        office.id_of("accounts", R"({"name":"x",)" + bound("ownerid", "systemusers", bob) + "}");
    const std::string contact = office.id_of(
        "contacts", R"({"lastname":"hers",)" + bound("parentcustomerid_account", "accounts", account) + "}");
    office.patch(row("accounts", account), "{" + bound("primarycontactid", "contacts", contact) + "}");
    const std::string path =
        row("accounts", account) +
        "?$expand=contact_customer_accounts($select=lastname),primarycontactid($select=lastname)";
    CHECK(office.get(path)["contact_customer_accounts"].as_array().size() == 1);
    CHECK(office.get(path)["primarycontactid"].is_object());
    office.user = "bob";
    CHECK(office.get(path)["contact_customer_accounts"].as_array().empty());
    CHECK(office.get(path)["primarycontactid"].is_null());
}

TEST_CASE("a refused privilege is named in the answer")
{
    OrganizationOptions options;
    options.users = {*UserSpecification::parse("ada"),
                     *UserSpecification::parse("eve:global:-prvDeleteContact:-prvWriteActivity"),
                     *UserSpecification::parse("dan:basic:-prvReadIncident")};
    Office office(std::move(options));
    const std::string contact = row("contacts", office.id_of("contacts", R"({"lastname":"x"})"));
    const std::string task = row("tasks", office.id_of("tasks", R"({"subject":"x"})"));
    office.user = "eve";
    const Reply refused = office.ask("DELETE", contact);
    CHECK(refused.status() == 403);
    CHECK(refused.code() == "0x80040220");
    CHECK(refused.message().find("prvDeleteContact") != std::string::npos);
    CHECK(office.patch(task, R"({"subject":"y"})").status() == 403);
    CHECK(office.patch(contact, R"({"lastname":"y"})").status() == 204);
    office.user = "dan";
    CHECK(office.get("incidents").status() == 403);
}

TEST_CASE("RetrieveUserPrivileges and RetrievePrincipalAccess tell the same as the refusals")
{
    Office office;
    const std::string contact = office.id_of("contacts", R"({"lastname":"x"})");
    const auto depth = [&](const std::string& user, const std::string& privilege) {
        const std::string id = office.organization->user(user)->id.text();
        const Reply reply =
            office.get("systemusers(" + id + ")/Microsoft.Dynamics.CRM.RetrieveUserPrivileges");
        for (const json::value& one : reply["RolePrivileges"].as_array())
            if (text_of(one, "PrivilegeName") == privilege) return text_of(one, "Depth");
        return std::string("none");
    };
    CHECK(depth("ada", "prvReadContact") == "Global");
    CHECK(depth("bob", "prvReadContact") == "Basic");
    CHECK(depth("bob", "prvReadActivity") == "Basic");
    CHECK(depth("bob", "prvReadUser") == "Global");
    CHECK(depth("bob", "prvSyncToOutlook") == "Global");
    const auto rights = [&](const std::string& user) {
        const std::string id = office.organization->user(user)->id.text();
        office.user = user;
        return office
            .get("systemusers(" + id +
                 ")/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)?@t={'@odata.id':'contacts(" +
                 contact + ")'}")
            .text("AccessRights");
    };
    CHECK(rights("ada").find("WriteAccess") != std::string::npos);
    CHECK(rights("bob") == "None");
}

TEST_CASE("who is not signed in is told so with 401")
{
    Office office;
    for (const std::string credentials : {"Bearer wrong", "Basic x", "Bearer"}) {
        const Reply reply = office.get("WhoAmI", {{"Authorization", credentials}});
        CHECK(reply.status() == 401);
        CHECK(reply.head("WWW-Authenticate").substr(0, 6) == "Bearer");
    }
    const std::string old = office.organization->user("ada")->token;
    const std::string renewed = *office.organization->renew_token("ada", *office.random);
    CHECK(renewed != old);
    CHECK(office.get("WhoAmI", {{"Authorization", "Bearer " + old}}).status() == 401);
    CHECK(office.get("WhoAmI").status() == 200);
}

TEST_CASE("the organization, the user's settings and the mailbox can be read as at connect")
{
    Office office;
    office.user = "bob";
    const Reply me = office.get("WhoAmI");
    CHECK(me.head("x-ms-dop-hint") == "4");
    const Reply organization = office.get(row("organizations", me.text("OrganizationId")));
    CHECK(organization["maxuploadfilesize"].as_int64() == 5242880);
    CHECK(organization["expirechangetrackingindays"].as_int64() == 7);
    CHECK(office.get(row("usersettingscollection", me.text("UserId"))).status() == 200);
    const Reply mailboxes = office.get("mailboxes?$filter=_regardingobjectid_value eq " + me.text("UserId"));
    REQUIRE(mailboxes.rows().size() == 1);
    CHECK(mailboxes.at(0, "emailaddress") == office.organization->user("bob")->mailbox);
    CHECK(office.get("RetrieveVersion").text("Version").substr(0, 4) == "9.2.");
    CHECK(office.get("mailboxes").rows().size() == 1);
}

TEST_CASE("a user is written NAME with depth and refused privileges, and nothing else")
{
    const auto user = UserSpecification::parse("bob:basic:-prvDeleteContact");
    REQUIRE(user);
    CHECK(user->name == "bob");
    CHECK(user->depth == Depth::basic);
    CHECK(user->refused == std::vector<std::string>{"prvDeleteContact"});
    CHECK(UserSpecification::parse("ada")->depth == Depth::global);
    for (const char* wrong : {"", ":basic", "a b", "bob:local", "bob:basic:prvX"})
        CHECK_FALSE(UserSpecification::parse(wrong));
}
