#include "tests/unit/server/fixture.h"

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

const std::string expand =
    "?$select=subject&$expand=email_activity_parties($select=addressused,participationtypemask,"
    "_partyid_value,partyidname)";

std::string mail_with_parties(Office& office)
{
    return office.id_of("emails", R"({"subject":"x","email_activity_parties":[
        {"addressused":"one@b.example","participationtypemask":1},{"addressused":"two@b.example","participationtypemask":2}]})");
}

} // namespace

TEST_CASE("parties are made with their mail, expanded in order, and replaced as a whole")
{
    Office office;
    const std::string contact =
        office.id_of("contacts", R"({"lastname":"Byron","emailaddress1":"b@c.example"})");
    const std::string mail = row("emails", mail_with_parties(office));
    const Reply before = office.get(mail + expand);
    REQUIRE(before["email_activity_parties"].as_array().size() == 2);
    CHECK(before["email_activity_parties"].as_array()[0].at("addressused") == "one@b.example");
    const Reply put = office.ask("PUT", mail + "/email_activity_parties",
                                 R"({"value":[{)" + bound("partyid_contact", "contacts", contact) +
                                     R"(,"participationtypemask":2}]})");
    INFO(put.answer.body);
    CHECK(put.status() == 204);
    const Reply after = office.get(mail + expand);
    const json::array& parties = after["email_activity_parties"].as_array();
    REQUIRE(parties.size() == 1);
    CHECK(text_of(parties[0], "_partyid_value") == contact);
    CHECK(parties[0].at("addressused") == "b@c.example");
    CHECK(parties[0].at("partyidname") == "Byron");
    CHECK(after.text("@odata.etag") != before.text("@odata.etag"));
    CHECK(office.organization->count("activityparty") == 1);
    CHECK(json::parse(office.log.back()).at("outcome") == "parties_replaced");
}

TEST_CASE("whether a party list moves the parent's version and honours If-Match are settings")
{
    Office still(Office::with({{"party_put_bumps_parent", "false"}, {"party_put_honours_if_match", "true"}}));
    const std::string mail = row("emails", mail_with_parties(still));
    const std::string etag = still.get(mail).text("@odata.etag");
    const std::string list = R"({"value":[{"addressused":"n@b.example","participationtypemask":2}]})";
    CHECK(still.ask("PUT", mail + "/email_activity_parties", list, {{"If-Match", "W/\"1\""}}).status() ==
          412);
    CHECK(still.ask("PUT", mail + "/email_activity_parties", list, {{"If-Match", etag}}).status() == 204);
    CHECK(still.get(mail).text("@odata.etag") == etag);
    Office usual;
    const std::string other = row("emails", mail_with_parties(usual));
    CHECK(usual.ask("PUT", other + "/email_activity_parties", list, {{"If-Match", "W/\"1\""}}).status() ==
          204);
}

TEST_CASE("a party list that is wrong in one place changes nothing")
{
    Office office;
    const std::string mail = row("emails", mail_with_parties(office));
    const auto code = [&](const std::string& party) {
        return office
            .ask("PUT", mail + "/email_activity_parties",
                 R"({"value":[{"addressused":"n@b.example","participationtypemask":2},)" + party + "]}")
            .code();
    };
    CHECK(code(R"({"addressused":"n@b.example","participationtypemask":7})") == "0x80043506");
    CHECK(code(R"({"participationtypemask":2})") == "0x80043518");
    CHECK(code(R"({"addressused":"n@b.example"})") == "0x80040203");
    CHECK(office.get(mail + expand)["email_activity_parties"].as_array().size() == 2);
    const std::string contact = office.id_of("contacts", R"({"lastname":"x"})");
    const Reply organizer = office.post(
        "appointments",
        R"({"subject":"x","scheduledstart":"2026-04-01T10:00:00Z","scheduledend":"2026-04-01T11:00:00Z",
        "appointment_activity_parties":[{)" +
            bound("partyid_contact", "contacts", contact) + R"(,"participationtypemask":7}]})");
    CHECK(organizer.code() == "0x80043506");
    CHECK(office.organization->count("appointment") == 0);
}

TEST_CASE("parties cannot be written one by one, nor through an update of their mail")
{
    Office office;
    const std::string mail = row("emails", mail_with_parties(office));
    const std::string party = text_of(office.get("activityparties").rows().at(0), "activitypartyid");
    CHECK(office.post("activityparties", R"({"addressused":"x"})").status() == 405);
    CHECK(office.patch(row("activityparties", party), R"({"addressused":"x"})").status() == 405);
    CHECK(office.ask("DELETE", row("activityparties", party)).status() == 405);
    CHECK(office.patch(mail, R"({"email_activity_parties":[]})").status() == 400);
    CHECK(office.ask("DELETE", mail + "/email_activity_parties").status() == 405);
    const std::string id = text_of(office.get("activityparties").rows().at(0), "_activityid_value");
    CHECK(office.get("activityparties?$filter=_activityid_value eq " + id).rows().size() == 2);
    office.ask("DELETE", mail);
    CHECK(office.organization->count("activityparty") == 0);
}
