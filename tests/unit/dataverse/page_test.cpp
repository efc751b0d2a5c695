#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/page.h"

#include <random>

using namespace hawser;
using namespace hawser::dataverse;

namespace {

const std::string id1 = sample::first.text();
const std::string id2 = sample::second.text();

std::string full_row()
{
    return R"({"@odata.etag":"W/\"915244\"","contactid":")" + id1 +
           R"(","firstname":"Zoë \"Z\" \u00e9","fullname":"Zoë","description":"a\r\nb","birthdate":"1960-04-01",)"
           R"("modifiedon":"2021-04-04T12:00:00.1234567-08:00","modifiedon@OData.Community.Display.V1.FormattedValue":"x",)"
           R"("creditlimit":1250.5000,"donotemail":false,"statecode":0,"statuscode":1,"new_colours":"3,1,2,1",)"
           R"("externalid":"A39B62FB-1ED9-5879-B9ED-14787186C64D",)"
           R"("_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"systemuser","_ownerid_value":")" +
           id2 + R"(","_parentcustomerid_value":")" + id2 +
           R"(","_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"account","_createdby_value":")" +
           id2 + R"(","versionnumber":915245,"unknown":{"deep":[1,{"x":[]}]},"more":[1,2]})";
}

std::string page_of(const std::string& rows, const std::string& rest = {})
{
    return R"({"@odata.context":"https://org.example/api/data/v9.2/$metadata#contacts","value":[)" + rows +
           "]" + rest + "}";
}

RowPlan contact_plan()
{
    return {sample::contact(), sample::layout_of(sample::contact())};
}
RowPlan email_plan()
{
    return {sample::email(), sample::layout_of(sample::email())};
}

Result<PageEnd> read(const RowPlan& plan, const std::string& body, sample::Kept& kept)
{
    return parse_page(plan, body, kept);
}

std::string small_row(const std::string& columns)
{
    return R"({"@odata.etag":"W/\"1\"","contactid":")" + id1 + "\"," + columns + "}";
}

} // namespace

TEST_CASE("a row arrives in the one spelling of every type", "[page]")
{
    sample::Kept kept;
    const auto end = read(contact_plan(), page_of(full_row()), kept);
    REQUIRE(end);
    REQUIRE(kept.rows.size() == 1);
    const auto& row = kept.rows[0];
    CHECK(row.id == sample::first);
    CHECK(row.etag == "W/\"915244\"");
    CHECK(row.version == 915245);
    CHECK_FALSE(row.partial);
    CHECK_FALSE(row.parties_missing);
    CHECK(
        row.body ==
        R"(["Zoë \"Z\" é","Zoë","a\r\nb","1960-04-01","2021-04-04T20:00:00Z","1250.5",false,0,1,"1,2,3",")" +
            id2 + R"(",["systemuser",")" + id2 + R"("],["account",")" + id2 + R"("],["systemuser",")" + id2 +
            R"("]])");
    CHECK(end->rows == 1);
    CHECK(end->highest_version == 915245);
    CHECK_FALSE(end->changes_only);
    CHECK(end->next_link.empty());

    const auto fields = decode_body(sample::layout_of(sample::contact()), sample::contact(), row.body);
    REQUIRE(fields);
    CHECK(encode_body(sample::layout_of(sample::contact()), *fields) == row.body);
    for (const auto& [name, value] : *fields)
        CHECK(*canonical(sample::contact(), *sample::contact().column(name), value) == value);
}

TEST_CASE("rows do not leak into one another, whatever the order and number of their members", "[page]")
{
    sample::Kept kept;
    const auto rows = full_row() + "," + R"({"firstname":null,"contactid":")" + id2 +
                      R"(","@odata.etag":"W/\"7\""},)" + R"({"donotemail":true,"contactid":")" + id1 +
                      R"(","@odata.etag":"W/\"8\""},)" + full_row();
    REQUIRE(read(contact_plan(), page_of(rows), kept));
    REQUIRE(kept.rows.size() == 4);
    CHECK(kept.rows[1].body == "[]");
    CHECK(kept.rows[1].version == 7);
    CHECK(kept.rows[1].etag == "W/\"7\"");
    CHECK(kept.rows[2].body == "[null,null,null,null,null,null,true]");
    CHECK(kept.rows[2].etag == "W/\"8\"");
    CHECK(kept.rows[3].body == kept.rows[0].body);
}

TEST_CASE("numbers keep their digits", "[page]")
{
    const std::pair<std::string, std::string> cases[] = {
        {"12", "12"},
        {"-0.0", "0"},
        {"1e3", "1000"},
        {"0.1", "0.1"},
        {"100.00", "100"},
        {"12345678901234567890.123456789", "12345678901234567890.123456789"},
        {"18446744073709551615", "18446744073709551615"},
        {"\"7.50\"", "7.5"},
        {"79228162514264337593543950335", "79228162514264337593543950335"}};
    for (const auto& [wire, stored] : cases) {
        INFO(wire);
        sample::Kept kept;
        REQUIRE(read(contact_plan(), page_of(small_row("\"creditlimit\":" + wire)), kept));
        CHECK(kept.rows[0].body == "[null,null,null,null,null,\"" + stored + "\"]");
    }
}

TEST_CASE("a value that is none of its column's makes the page unusable, naming column and record", "[page]")
{
    for (const std::string bad :
         {R"("statecode":"open")", R"("statecode":1.5)", R"("donotemail":1)", R"("modifiedon":"yesterday")",
          R"("modifiedon":5)", R"("birthdate":"1960-02-31")", R"("creditlimit":"much")",
          R"("creditlimit":true)", R"("creditlimit":1e999)", R"("externalid":"x")", R"("new_colours":"1,b")",
          R"("_createdby_value":"no id")",
          R"("_parentcustomerid_value":"a39b62fb-1ed9-5879-b9ed-14787186c64d")"}) {
        INFO(bad);
        sample::Kept kept;
        const auto end = read(contact_plan(), page_of(small_row(bad)), kept);
        REQUIRE_FALSE(end);
        CHECK(end.error().code == "server.bad_answer");
        CHECK(end.error().kind == ErrorKind::retry);
        CHECK(end.error().message.find(id1) != std::string::npos);
        CHECK(kept.rows.empty());
    }
}

TEST_CASE("deletions, links and a full set in the guise of changes are told apart", "[page]")
{
    const auto deleted =
        R"({"@odata.context":"https://org.example/api/data/v9.2/$metadata#contacts/$deletedEntity","id":")" +
        id2 + R"(","reason":"deleted"})";
    const auto body =
        R"({"@odata.context":"https://org.example/api/data/v9.2/$metadata#contacts(firstname)/$delta",)"
        R"("@odata.deltaLink":"https:\/\/org.example/api/data/v9.2/contacts?$deltatoken=1%21x","value":[)" +
        full_row() + "," + full_row() + "," + deleted + "]}";
    sample::Kept kept;
    const auto end = read(contact_plan(), body, kept);
    REQUIRE(end);
    CHECK(end->changes_only);
    CHECK(end->delta_link == "https://org.example/api/data/v9.2/contacts?$deltatoken=1%21x");
    CHECK(end->rows == 2);
    CHECK(end->tombstones == 1);
    REQUIRE(kept.tombstones.size() == 1);
    CHECK(kept.tombstones[0] == std::pair<Guid, std::string>(sample::second, "deleted"));

    sample::Kept empty;
    const auto more =
        read(contact_plan(), page_of("", R"(,"@odata.nextLink":"contacts?$skiptoken=a")"), empty);
    REQUIRE(more);
    CHECK(more->next_link == "contacts?$skiptoken=a");
    CHECK_FALSE(more->changes_only);
    CHECK(empty.rows.empty());
}

TEST_CASE("what is no page gives an error that says so", "[page]")
{
    const std::pair<std::string, std::string> cases[] = {
        {"", "byte 0"},
        {"{}", "no list of rows"},
        {R"({"value":null})", "no list"},
        {R"({"value":{}})", "no list"},
        {R"({"value":5})", "no list"},
        {R"({"value":[],"value":[]})", "two lists"},
        {R"([])", "a list stands"},
        {R"({"value":[1]})", "no object"},
        {R"({"value":[[]]})", "a list stands"},
        {R"({"value":[{}]})", "no id"},
        {R"({"value":[{"contactid":"x"}]})", "no id"},
        {R"({"value":[]} x)", "follows its end"},
        {R"({"value":[)", "byte"},
        {R"({"error":{"code":"1","message":"m"}})", "in the guise"},
        {"null", "no JSON object"},
        {"\"text\"", "no JSON object"},
        {"{\"value\":[{\"contactid\":\"\xff\"}]}", "byte"},
        {R"({"value":[{"@odata.context":"x/$deletedEntity"}]})", "no id"},
        {"{\"x\":" + std::string(100, '[') + std::string(100, ']') + ",\"value\":[]}", "byte"},
    };
    for (const auto& [body, words] : cases) {
        INFO(body);
        sample::Kept kept;
        const auto end = read(contact_plan(), body, kept);
        REQUIRE_FALSE(end);
        CHECK(end.error().code == "server.bad_answer");
        INFO(end.error().message);
        CHECK(end.error().message.find(words) != std::string::npos);
    }
}

TEST_CASE("a row that could not be the condition of a write is refused", "[page][I3]")
{
    const std::string tags[] = {R"("other":"W/\"1\"")",
                                R"("@odata.etag":null)",
                                R"("@odata.etag":"")",
                                R"("@odata.etag":"*")",
                                R"("@odata.etag":"W/*")",
                                R"("@odata.etag":"W/\"\"")",
                                R"("@odata.etag":"7")",
                                R"("@odata.etag":"W/\"1\"\r\nIf-Match: *")",
                                R"("@odata.etag":"\"1\", \"2\"")",
                                R"("@odata.etag":"W/\"1\u0000\"")"};
    for (const auto& tag : tags) {
        INFO(tag);
        const auto row = "{" + tag + R"(,"contactid":")" + id1 + "\"}";
        sample::Kept kept;
        const auto end = read(contact_plan(), page_of(row), kept);
        REQUIRE_FALSE(end);
        CHECK(end.error().code == "server.bad_answer");
        CHECK(end.error().message.find("no usable etag") != std::string::npos);
        CHECK(kept.rows.empty());
        CHECK_FALSE(parse_record(contact_plan(), row));
    }
    auto read_only = sample::contact();
    read_only.optimistic_concurrency = false;
    sample::Kept kept;
    CHECK(read({read_only, sample::layout_of(read_only)}, page_of(R"({"contactid":")" + id1 + "\"}"), kept));
}

TEST_CASE("a value that is a list or an object is refused, not taken for an empty one", "[page]")
{
    for (const std::string value : {R"({"a":[1]})", "[1]", "{}", "[]"})
        for (const std::string member : {"statecode", "firstname", "_ownerid_value", "versionnumber"}) {
            INFO(member << ": " << value);
            sample::Kept kept;
            const auto end = read(contact_plan(), page_of(small_row("\"" + member + "\":" + value)), kept);
            REQUIRE_FALSE(end);
            CHECK(end.error().message.find("the member " + member + " of row 1 is no plain value") !=
                  std::string::npos);
        }
}

TEST_CASE("a page keeps to the limits", "[page]")
{
    sample::Kept kept;
    const auto body = page_of(full_row() + "," + full_row());
    CHECK_FALSE(parse_page(contact_plan(), body, kept, nullptr, {.max_rows = 1}));
    CHECK_FALSE(parse_page(contact_plan(), body, kept, nullptr, {.max_bytes = 100}));
    CHECK_FALSE(parse_page(contact_plan(), body, kept, nullptr, {.max_depth = 3}));
    CHECK(parse_page(contact_plan(), body, kept, nullptr, {.max_rows = 2}));
}

TEST_CASE("a sink's error ends the page with that error", "[page]")
{
    struct Full : sample::Kept {
        Result<void> row(const RowView&) override
        {
            return Error{ErrorKind::stop, "store.full", "disk full"};
        }
    } full;
    const auto end = parse_page(contact_plan(), page_of(full_row()), full);
    REQUIRE_FALSE(end);
    CHECK(end.error().code == "store.full");
}

TEST_CASE("columns that were not asked for make a row partial", "[page]")
{
    const std::vector<std::string> without{"description"};
    const RowPlan plan(sample::contact(), sample::layout_of(sample::contact()), without);
    sample::Kept kept;
    REQUIRE(parse_page(
        plan, page_of(small_row(R"("firstname":"A","description":"stray","birthdate":"2000-01-01")")), kept));
    CHECK(kept.rows[0].partial);
    CHECK(kept.rows[0].body == R"(["A",null,null,"2000-01-01"])");
}

TEST_CASE("participants are gathered by person, whatever their roles", "[page][parties]")
{
    const auto party = [](const std::string& members) { return "{" + members + "}"; };
    const auto person =
        R"("_partyid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"contact","_partyid_value":")" + id1 +
        "\",";
    const auto row =
        R"({"@odata.etag":"W/\"2\"","activityid":")" + id2 +
        R"(","subject":"Hi","email_activity_parties":[)" +
        party(person + R"("participationtypemask":2,"addressused":"a@b","activitypartyid":"x")") + "," +
        party(R"("_partyid_value":null,"addressused":"Q@Example","participationtypemask":3)") + "," +
        party(person + R"("participationtypemask":1)") + "," +
        party(person + R"("participationtypemask":9)") + "," +
        party(R"("addressused":"r@b","participationtypemask":8)") + R"(],"statecode":1})";
    sample::Kept kept;
    REQUIRE(read(email_plan(), page_of(row), kept));
    REQUIRE(kept.rows.size() == 1);
    CHECK_FALSE(kept.rows[0].parties_missing);
    const auto fields = *decode_body(sample::layout_of(sample::email()), sample::email(), kept.rows[0].body);
    const auto people = *collection_to_parties(std::get<Collection>(fields.at("parties")));
    REQUIRE(people.size() == 2);
    CHECK(people[0].address == "Q@Example");
    CHECK(people[0].roles == std::vector<int>{3});
    CHECK(people[1].record == Lookup{"contact", sample::first});
    CHECK(people[1].roles == std::vector<int>{1, 2});
    CHECK(fields.at("statecode") == Value{std::int64_t{1}});
}

TEST_CASE("activities whose participants the page does not hold are named, and can be read with them",
          "[page][parties]")
{
    const auto bare = R"({"@odata.etag":"W/\"2\"","activityid":")" + id1 + R"(","subject":"bare"})";
    const auto cut =
        R"({"@odata.etag":"W/\"2\"","activityid":")" + id2 +
        R"(","email_activity_parties":[],"email_activity_parties@odata.nextLink":"https://org.example/x"})";
    const auto whole = R"({"@odata.etag":"W/\"2\"","activityid":")" + sample::third.text() +
                       R"(","email_activity_parties":[]})";
    const auto body = page_of(bare + "," + cut + "," + whole);
    const auto missing = missing_parties(email_plan(), body);
    REQUIRE(missing);
    CHECK(*missing == std::vector<Guid>{sample::first, sample::second});

    sample::Kept blind;
    REQUIRE(parse_page(email_plan(), body, blind));
    CHECK(blind.rows[0].parties_missing);
    CHECK(blind.rows[1].parties_missing);
    CHECK_FALSE(blind.rows[2].parties_missing);

    const PartyMap map{{sample::first, parties_to_collection({{{}, "a@b", {2}}})}, {sample::second, {}}};
    sample::Kept kept;
    REQUIRE(parse_page(email_plan(), body, kept, &map));
    CHECK(kept.rows[0].body ==
          R"(["bare",null,null,null,null,[["address:a@b",{"address":"a@b","roles":[2]}]]])");
    CHECK(kept.rows[1].body == "[]");
    CHECK_FALSE(kept.rows[0].parties_missing);
    CHECK(missing_parties(contact_plan(), page_of(full_row()))->empty());
}

TEST_CASE("one record is read like a row", "[page]")
{
    const auto copy = parse_record(contact_plan(), full_row());
    REQUIRE(copy);
    CHECK(copy->id == sample::first);
    CHECK(copy->etag == "W/\"915244\"");
    CHECK(copy->version == 915245);
    sample::Kept kept;
    REQUIRE(read(contact_plan(), page_of(full_row()), kept));
    CHECK(copy->body == kept.rows[0].body);
    CHECK_FALSE(copy->has_parties);

    const auto known = parties_to_collection({{{}, "a@b", {2}}});
    const auto answered = parse_record(
        email_plan(),
        R"({"@odata.context":"x#emails/$entity","@odata.etag":"W/\"2\"","activityid":")" + id1 + "\"}",
        &known);
    REQUIRE(answered);
    CHECK_FALSE(answered->has_parties);
    CHECK(answered->body.find("a@b") != std::string::npos);
    CHECK_FALSE(parse_record(contact_plan(), "{}"));
    CHECK_FALSE(parse_record(contact_plan(), "[]"));
    CHECK_FALSE(parse_record(contact_plan(), "<html>"));
    CHECK_FALSE(parse_record(contact_plan(), ""));
}

TEST_CASE("a page cut at any byte is an error, never a page", "[page]")
{
    const auto whole = page_of(full_row() + "," + small_row(R"("firstname":"a\\b")"),
                               R"(,"@odata.nextLink":"contacts?$skiptoken=1")");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        sample::Kept kept;
        INFO("cut at " << length);
        CHECK_FALSE(parse_page(contact_plan(), std::string_view(whole).substr(0, length), kept));
    }
}

TEST_CASE("a mangled page never harms the reader, and what it hands out can be stored", "[page]")
{
    const auto email =
        R"({"@odata.etag":"W/\"2\"","activityid":")" + id2 +
        R"(","subject":"\ud83d\ude00","email_activity_parties":[{"addressused":"a\n@b","participationtypemask":2}]})";
    const std::string sources[] = {page_of(full_row() + "," + full_row()), page_of(email)};
    const RowPlan plans[] = {contact_plan(), email_plan()};
    const Table tables[] = {sample::contact(), sample::email()};
    std::mt19937_64 random(7);
    std::size_t good = 0;
    for (int seed = 0; seed < 10'000; ++seed) {
        const auto which = static_cast<std::size_t>(seed % 2);
        auto text = sources[which];
        for (auto changes = 1 + random() % 3; changes > 0; --changes) {
            const auto at = random() % text.size();
            switch (random() % 4) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, random() % 30);
                break;
            case 2:
                text.insert(at, text.substr(random() % text.size(), random() % 60));
                break;
            default:
                text[at] = "{}[]\",:\\0-e"[random() % 11];
                break;
            }
            if (text.empty()) text = "{";
        }
        sample::Kept kept;
        if (!parse_page(plans[which], text, kept)) continue;
        ++good;
        for (const auto& row : kept.rows)
            REQUIRE(decode_body(sample::layout_of(tables[which]), tables[which], row.body));
    }
    CHECK(good > 100);
}
