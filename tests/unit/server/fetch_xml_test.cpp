#include "tests/unit/server/fixture.h"

#include <algorithm>

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

std::string encoded(const std::string& text)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char one : text) {
        const auto byte = static_cast<unsigned char>(one);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string decoded(const std::string& text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        out += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16));
        at += 2;
    }
    return out;
}

Reply fetch(Office& office, const std::string& xml)
{
    return office.get("contacts?fetchXml=" + encoded(xml), {{"Prefer", "odata.include-annotations=\"*\""}});
}

std::string contact_query(const std::string& inner)
{
    return "<fetch><entity name='contact'><attribute name='lastname'/><order attribute='lastname'/>" + inner +
           "</entity></fetch>";
}

std::string names(Office& office, const std::string& conditions)
{
    const Reply page = fetch(office, contact_query("<filter type='and'>" + conditions + "</filter>"));
    INFO(page.answer.body);
    REQUIRE(page.status() == 200);
    std::string found;
    for (const json::value& one : page.rows()) found += text_of(one, "lastname") + " ";
    return found;
}

} // namespace

TEST_CASE("FetchXML leaves out columns that are null and brings the key unasked")
{
    Office office;
    office.make("contacts", R"({"lastname":"a","jobtitle":"x"})");
    office.make("contacts", R"({"lastname":"b"})");
    const Reply page =
        fetch(office, contact_query("<attribute name='jobtitle'/><attribute name='parentcustomerid'/>"));
    REQUIRE(page.rows().size() == 2);
    CHECK(page.rows()[0].as_object().contains("jobtitle"));
    CHECK_FALSE(page.rows()[1].as_object().contains("jobtitle"));
    CHECK_FALSE(page.rows()[1].as_object().contains("_parentcustomerid_value"));
    CHECK(page.rows()[1].as_object().contains("contactid"));
    CHECK(page.rows()[1].as_object().contains("@odata.etag"));
}

TEST_CASE("FetchXML conditions mean what they say")
{
    Office office;
    office.make("contacts", R"({"lastname":"Adams","gendercode":1})");
    office.make("contacts", R"({"lastname":"Berg","gendercode":2})");
    office.make("contacts", R"({"lastname":"Cole"})");
    const auto condition = [](const std::string& column, const std::string& word, const std::string& rest) {
        return "<condition attribute='" + column + "' operator='" + word + "' " + rest;
    };
    CHECK(names(office, condition("lastname", "eq", "value='adams'/>")) == "Adams ");
    CHECK(names(office, condition("lastname", "like", "value='%er%'/>")) == "Berg ");
    CHECK(names(office, condition("lastname", "like", "value='c%'/>")) == "Cole ");
    CHECK(names(office, condition("lastname", "not-like", "value='c%'/>")) == "Adams Berg ");
    CHECK(names(office, condition("gendercode", "null", "/>")) == "Cole ");
    CHECK(names(office, condition("gendercode", "not-null", "/>")) == "Adams Berg ");
    CHECK(names(office, condition("gendercode", "in", "><value>1</value><value>2</value></condition>")) ==
          "Adams Berg ");
    CHECK(names(office, condition("gendercode", "gt", "value='1'/>")) == "Berg ");
    CHECK(names(office, condition("ownerid", "eq-userid", "/>")) == "Adams Berg Cole ");
    CHECK(names(office, "<filter type='or'>" + condition("lastname", "eq", "value='cole'/>") +
                            condition("gendercode", "eq", "value='1'/>") + "</filter>") == "Adams Cole ");
}

TEST_CASE("paging cookies lead through all rows while some go away")
{
    Office office;
    for (int at = 0; at < 11; ++at)
        office.make("contacts", R"({"lastname":"n)" + std::to_string(10 + at) + R"("})");
    std::vector<std::string> seen;
    std::string cookie;
    for (int page = 1; page < 10; ++page) {
        const std::string xml = "<fetch page='" + std::to_string(page) + "' count='4'" + cookie +
                                "><entity name='contact'><attribute name='lastname'/><order "
                                "attribute='lastname'/></entity></fetch>";
        const Reply reply = fetch(office, xml);
        INFO(reply.answer.body);
        REQUIRE(reply.status() == 200);
        for (const json::value& one : reply.rows()) seen.push_back(text_of(one, "lastname"));
        if (page == 1) office.ask("DELETE", row("contacts", reply.at(0, "contactid")));
        if (!reply.has("@Microsoft.Dynamics.CRM.morerecords")) break;
        const std::string annotation = reply.text("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie");
        const auto start = annotation.find("pagingcookie=\"") + 14;
        std::string inner = decoded(decoded(annotation.substr(start, annotation.find('"', start) - start)));
        std::string escaped;
        for (const char one : inner)
            escaped += one == '<'   ? "&lt;"
                       : one == '>' ? "&gt;"
                       : one == '"' ? "&quot;"
                                    : std::string(1, one);
        cookie = " paging-cookie='" + escaped + "'";
    }
    CHECK(seen.size() == 11);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("FetchXML that cannot be carried out is refused")
{
    Office office;
    for (const std::string xml :
         {"", "<fetch", "<fetch/>", "<fetch><entity name='account'/></fetch>",
          "<fetch aggregate='true'><entity name='contact'/></fetch>",
          "<fetch top='5' page='2'><entity name='contact'/></fetch>",
          "<fetch><entity name='contact'><link-entity name='account'/></entity></fetch>",
          "<fetch><entity name='contact'><attribute name='nonsense'/></entity></fetch>",
          "<fetch><entity name='contact'><filter><condition attribute='lastname' operator='sounds-like' "
          "value='x'/></filter></entity></fetch>",
          "<fetch page='2' paging-cookie='rubbish'><entity name='contact'/></fetch>",
          "<!DOCTYPE x [<!ENTITY y 'z'>]><fetch><entity name='contact'/></fetch>"}) {
        INFO(xml);
        CHECK(fetch(office, xml).status() == 400);
    }
    std::string deep;
    for (int at = 0; at < 200; ++at) deep += "<filter>";
    CHECK(fetch(office, "<fetch><entity name='contact'>" + deep).status() == 400);
}
