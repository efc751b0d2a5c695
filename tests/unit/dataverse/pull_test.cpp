#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/pull.h"

using namespace hawser;
using namespace hawser::dataverse;

namespace {

const std::string root = "https://org.example/api/data/v9.2/";

Layout names(std::vector<std::string> columns)
{
    return {std::move(columns)};
}

std::string prefer(const http::Request& request)
{
    return *http::find_header(request.headers, "Prefer");
}

BatchAnswer answers(std::vector<http::Answer> list)
{
    BatchAnswer result;
    for (auto& each : list) result.items.push_back({ItemAnswer::State::answered, {std::move(each)}});
    return result;
}

const std::string annotations = "odata.include-annotations=\"Microsoft.Dynamics.CRM.lookuplogicalname\"";

} // namespace

TEST_CASE("a delta round asks for the layout's columns and the change token", "[pull]")
{
    const auto table = sample::contact();
    const auto layout = names({"firstname", "parentcustomerid", "dropped"});
    const auto request = delta_first(sample::service(), {table, layout, {}, 1'000}, sample::request_id);
    CHECK(request.url == root + "contacts?$select=contactid,firstname,_parentcustomerid_value,versionnumber");
    CHECK(prefer(request) == "odata.track-changes,odata.maxpagesize=1000," + annotations);
}

TEST_CASE("a filter page asks for what is newer than the watermark, oldest first, with the participants",
          "[pull]")
{
    const auto table = sample::email();
    const auto layout = names({"subject", "description", "parties"});
    const auto request = filter_first(sample::service(), {table, layout, {}, 99'999}, "subject eq 'a&b'",
                                      915'244, sample::request_id);
    CHECK(request.url ==
          root + "emails?$select=activityid,subject,description,versionnumber"
                 "&$filter=versionnumber%20gt%20915244%20and%20(subject%20eq%20'a%26b')"
                 "&$orderby=versionnumber%20asc"
                 "&$expand=email_activity_parties($select=_partyid_value,addressused,participationtypemask)");
    CHECK(prefer(request) == "odata.maxpagesize=5000," + annotations);

    const auto without = large_columns(table, layout);
    CHECK(without == std::vector<std::string>{"description"});
    const auto small =
        filter_first(sample::service(), {table, layout, without, 1}, "", 0, sample::request_id);
    CHECK(small.url.find("description") == std::string::npos);
    CHECK(small.url.find("$filter=versionnumber%20gt%200&") != std::string::npos);
    CHECK(prefer(small).starts_with("odata.maxpagesize=1,"));
}

TEST_CASE("a sweep asks for ids only, and its pages are read with an empty layout", "[pull]")
{
    const auto table = sample::contact();
    const auto request = sweep_first(sample::service(), table, "statecode eq 0", 5'000, sample::request_id);
    CHECK(request.url ==
          root + "contacts?$select=contactid&$filter=statecode%20eq%200&$orderby=contactid%20asc");
    CHECK(prefer(request) == "odata.maxpagesize=5000");
    sample::Kept kept;
    const Layout nothing;
    const RowPlan plan(table, nothing);
    REQUIRE(parse_page(
        plan, R"({"value":[{"@odata.etag":"W/\"31\"","contactid":")" + sample::first.text() + "\"}]}", kept));
    CHECK(kept.rows[0].version == 31);
    CHECK(kept.rows[0].body == "[]");
}

TEST_CASE("a server's link is followed verbatim on this service and never elsewhere", "[pull]")
{
    const auto link = root + "contacts?$select=a&$skiptoken=%3Ccookie%20x=%22y%22%3E";
    const auto request = next_page(sample::service(), link, PullMode::delta, 500, sample::request_id);
    REQUIRE(request);
    CHECK(request->url == link);
    CHECK(prefer(*request).starts_with("odata.track-changes,odata.maxpagesize=500"));
    for (const std::string bad :
         {"https://evil.example/api/data/v9.2/contacts", "http://org.example/api/data/v9.2/contacts",
          "https://org.example/elsewhere", ""}) {
        const auto refused = next_page(sample::service(), bad, PullMode::filter, 500, sample::request_id);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "odata.foreign_link");
    }
}

TEST_CASE("answers that are no page say what to do", "[pull]")
{
    CHECK(check_page(sample::answer(200, "{}"), "contacts", sample::now));
    const auto code = [](const http::Answer& answer) {
        return check_page(answer, "contacts", sample::now).error();
    };
    CHECK(code(sample::answer(410)).kind == ErrorKind::rebaseline);
    CHECK(code(sample::answer(410)).code == "server.gone_page");
    CHECK(code(sample::answer(410, sample::error_json("0x80044352", "expired"))).code == "server.rebaseline");
    CHECK(code(sample::answer(400, sample::error_json("0x80044352", "expired"))).kind ==
          ErrorKind::rebaseline);
    CHECK(code(sample::answer(403, sample::error_json("0x80040220", "no"))).code == "server.access");
    CHECK(code(sample::answer(200, "<html>", "text/html")).code == "net.captive_portal");
    CHECK(code(sample::answer(302)).kind == ErrorKind::offline);
    CHECK(code(sample::answer(503)).kind == ErrorKind::retry);
    CHECK(code(sample::answer(204)).code == "server.bad_answer");
}

TEST_CASE("vanished ids are told apart", "[pull]")
{
    const auto table = sample::contact();
    const std::vector<Guid> ids{sample::first, sample::second, sample::third, sample::request_id, Guid{}};
    const auto items = confirm_items(table, ids);
    REQUIRE(items.size() == 5);
    CHECK(items[0].steps[0].path == "contacts(" + sample::first.text() + ")?$select=contactid");
    const auto gone =
        sample::error_json("0x80040217", "contact With Id = " + sample::second.text() + " Does Not Exist");
    const auto found = parse_confirm(
        answers({sample::answer(200, R"({"@odata.etag":"W/\"5\"","contactid":"x"})"),
                 sample::answer(404, gone), sample::answer(403, sample::error_json("0x80048306", "n")),
                 sample::answer(404, "<html>", "text/html")}),
        ids, sample::now);
    REQUIRE(found.size() == 5);
    CHECK(found[0].state == Presence::State::present);
    CHECK(found[0].etag == "W/\"5\"");
    CHECK(found[1].state == Presence::State::gone);
    CHECK(found[2].state == Presence::State::no_access);
    CHECK(found[3].state == Presence::State::unknown);
    CHECK(found[4].state == Presence::State::unknown);
}

TEST_CASE("which records a filter still chooses is asked in a few operations", "[pull]")
{
    const auto table = sample::contact();
    const std::vector<Guid> ids{sample::first, sample::second};
    const auto items = within_items(table, "statecode eq 0", ids);
    REQUIRE(items.size() == 1);
    CHECK(items[0].steps[0].path == "contacts?$select=contactid&$filter=(contactid%20eq%20" +
                                        sample::first.text() + "%20or%20contactid%20eq%20" +
                                        sample::second.text() + ")%20and%20(statecode%20eq%200)");
    CHECK(within_items(table, "statecode eq 0", std::vector<Guid>(120)).size() == 3);
    const std::string rows = R"({"value":[{"contactid":")" + sample::second.text() + R"("}]})";
    const auto within = parse_within(table, answers({sample::answer(200, rows)}), sample::now);
    REQUIRE(within);
    CHECK(*within == std::set<Guid>{sample::second});
    for (const auto& answer :
         {sample::answer(503), sample::answer(200, "{}"), sample::answer(200, R"({"value":[{}]})")})
        CHECK_FALSE(parse_within(table, answers({answer}), sample::now));
}

TEST_CASE("the participants of many activities are fetched in a few operations", "[pull][parties]")
{
    const auto table = sample::email();
    std::vector<Guid> many;
    for (std::uint8_t i = 0; i < 120; ++i) {
        Guid id = sample::first;
        id.bytes[15] = i;
        many.push_back(id);
    }
    CHECK(party_items(table, many).size() == 3);
    CHECK(party_items(sample::contact(), many).empty());
    const std::vector<Guid> ids{sample::first, sample::second};
    CHECK(party_items(table, ids)[0].steps[0].path.ends_with(
        "$filter=_activityid_value%20eq%20" + sample::first.text() + "%20or%20_activityid_value%20eq%20" +
        sample::second.text()));

    const auto row = R"({"_activityid_value":")" + sample::first.text() +
                     R"(","addressused":"a@b","participationtypemask":2})";
    const auto stranger = R"({"_activityid_value":")" + sample::third.text() +
                          R"(","addressused":"c@d","participationtypemask":2})";
    const auto map =
        parse_parties(table, answers({sample::answer(200, "{\"value\":[" + row + "," + stranger + "]}")}),
                      ids, sample::now);
    REQUIRE(map);
    CHECK(map->size() == 2);
    CHECK(map->at(sample::first).elements.size() == 1);
    CHECK(map->at(sample::second).elements.empty());

    CHECK_FALSE(parse_parties(table, answers({sample::answer(200, R"({"value":[],"@odata.nextLink":"x"})")}),
                              ids, sample::now));
    CHECK(parse_parties(table,
                        answers({sample::answer(200, R"({"value":[],"@odata.nextLink":"x"})"),
                                 sample::answer(200, R"({"value":[]})")}),
                        ids, sample::now));
    CHECK_FALSE(parse_parties(table, answers({sample::answer(200, "{}")}), ids, sample::now));
    CHECK_FALSE(parse_parties(table, answers({sample::answer(503)}), ids, sample::now));
}

TEST_CASE("a scope's filter is written in the wire's spelling", "[pull]")
{
    const auto table = sample::contact();
    const std::pair<std::string, std::string> cases[] = {
        {"firstname eq 'O''Brien'", "firstname eq 'O''Brien'"},
        {"parentcustomerid eq 49516F4A-083D-5DFE-A407-B8227F73FBB9",
         "_parentcustomerid_value eq 49516f4a-083d-5dfe-a407-b8227f73fbb9"},
        {"statecode eq 0 and (donotemail eq true or birthdate ge 1960-04-01)",
         "(statecode eq 0) and ((donotemail eq true) or (birthdate ge 1960-04-01))"},
        {"not contains(firstname,'x')", "not (contains(firstname,'x'))"},
        {"modifiedon gt 2021-04-04T12:00:00-08:00", "modifiedon gt 2021-04-04T20:00:00Z"},
        {"creditlimit le 1.50", "creditlimit le 1.5"},
        {"firstname ne null", "firstname ne null"},
        {"contactid eq 49516f4a-083d-5dfe-a407-b8227f73fbb9",
         "contactid eq 49516f4a-083d-5dfe-a407-b8227f73fbb9"},
    };
    for (const auto& [given, wire] : cases) {
        INFO(given);
        const auto filter = parse_filter(table, given);
        REQUIRE(filter);
        CHECK(wire_filter(table, *filter) == wire);
    }
    Filter nothing;
    CHECK(wire_filter(table, nothing).empty());
    Filter never;
    never.kind = Filter::Kind::any;
    CHECK(wire_filter(table, never) == "contactid eq null");
    Filter negation;
    negation.kind = Filter::Kind::negation;
    negation.parts = {nothing};
    CHECK(wire_filter(table, negation) == "contactid eq null");
}
