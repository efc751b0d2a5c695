#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/write.h"

using namespace hawser;
using namespace hawser::dataverse;
using Method = Step::Method;
using Condition = Step::Condition;

namespace {

Value text(const char* value)
{
    return std::string(value);
}
Value number(std::int64_t value)
{
    return value;
}
Value people(std::vector<Party> list)
{
    return parties_to_collection(list);
}

const std::string record = "contacts(" + sample::first.text() + ")";
const std::string activity = "emails(" + sample::first.text() + ")";

std::vector<Step> update(const Table& table, const Fields& changed, const Fields& base = {})
{
    auto steps = update_steps(table, sample::layout_of(table), sample::first, "W/\"7\"", changed, base,
                              sample::sets());
    REQUIRE(steps);
    return *steps;
}

std::vector<Step> create(const Table& table, const Fields& fields)
{
    auto steps = create_steps(table, sample::layout_of(table), sample::first, fields, sample::sets());
    REQUIRE(steps);
    return *steps;
}

} // namespace

TEST_CASE("a write's body holds exactly the columns in the wire's spelling", "[write]")
{
    const auto table = sample::contact();
    const Fields changed{{"firstname", text("Zoë \"Z\"\n")},
                         {"creditlimit", Decimal{"1250.10"}},
                         {"donotemail", true},
                         {"statuscode", number(2)},
                         {"birthdate", Value{}},
                         {"modifiedon", text("2021-04-04T20:00:00Z")},
                         {"new_colours", text("1,2")},
                         {"parentcustomerid", Lookup{"account", sample::second}},
                         {"ownerid", Lookup{"systemuser", sample::third}}};
    CHECK(*write_body(table, changed, sample::sets()) ==
          R"~({"birthdate":null,"creditlimit":1250.10,"donotemail":true,"firstname":"Zoë \"Z\"\n",)~"
          R"~("modifiedon":"2021-04-04T20:00:00Z","new_colours":"1,2","ownerid@odata.bind":"systemusers()~" +
              sample::third.text() + R"~()","parentcustomerid_account@odata.bind":"accounts()~" +
              sample::second.text() + R"~()","statuscode":2})~");
    CHECK(*write_body(table, {}, sample::sets()) == "{}");
}

TEST_CASE("a null lookup clears through the property of the table it held", "[write]")
{
    const auto table = sample::contact();
    const Fields cleared{{"parentcustomerid", Value{}}};
    CHECK(*write_body(table, cleared, sample::sets()) == R"({"parentcustomerid_account@odata.bind":null})");
    CHECK(*write_body(table, cleared, sample::sets(),
                      {{"parentcustomerid", Lookup{"contact", sample::second}}}) ==
          R"({"parentcustomerid_contact@odata.bind":null})");
}

TEST_CASE("what cannot be sent is refused by name", "[write]")
{
    const auto table = sample::contact();
    CHECK(write_body(table, {{"nocolumn", text("x")}}, sample::sets()).error().code ==
          "write.unknown_column");
    CHECK(write_body(table, {{"parentcustomerid", Lookup{"lead", sample::first}}}, sample::sets())
              .error()
              .code == "write.unbindable");
    CHECK(write_body(table, {{"parentcustomerid", Lookup{"account", sample::first}}}, {}).error().code ==
          "write.unbindable");
    CHECK(write_body(table, {{"parentcustomerid", text("x")}}, sample::sets()).error().code ==
          "write.unbindable");
    CHECK(write_parties(parties_to_collection({{{"lead", sample::first}, "", {1}}}), sample::sets())
              .error()
              .code == "write.unbindable");
}

TEST_CASE("participants are sent as the complete list, one entry a role", "[write][parties]")
{
    const auto list = parties_to_collection({{{"contact", sample::first}, "a@b", {1, 2}}, {{}, "Q@x", {3}}});
    const auto person = R"~({"partyid_contact@odata.bind":"contacts()~" + sample::first.text() +
                        R"~()","addressused":"a@b",)~";
    CHECK(*write_parties(list, sample::sets()) ==
          R"({"value":[{"addressused":"Q@x","participationtypemask":3},)" + person +
              R"("participationtypemask":1},)" + person + R"("participationtypemask":2}]})");
    CHECK(*write_parties({}, sample::sets()) == R"({"value":[]})");
}

TEST_CASE("a create is one PATCH that must find nothing there", "[write]")
{
    const auto steps = create(sample::contact(), {{"firstname", text("A")},
                                                  {"birthdate", Value{}},
                                                  {"fullname", text("computed")},
                                                  {"statecode", number(1)}});
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].method == Method::patch);
    CHECK(steps[0].condition == Condition::if_absent);
    CHECK(steps[0].path.starts_with(record + "?$select=contactid,firstname,"));
    CHECK(steps[0].body == R"({"firstname":"A","statecode":1})");
    CHECK(steps[0].wants == Step::Wants::representation);
    CHECK_FALSE(needs_read_back(sample::contact(), steps));
}

TEST_CASE("an activity is created with its participants, and its state last where it may not be set at once",
          "[write]")
{
    auto table = sample::email();
    table.columns[2].creatable = false;
    const Fields fields{{"subject", text("Hi")},
                        {"statecode", number(1)},
                        {"statuscode", number(4)},
                        {"parties", people({{{}, "a@b", {2}}})}};
    const auto steps = create(table, fields);
    REQUIRE(steps.size() == 3);
    CHECK(steps[0].condition == Condition::if_absent);
    CHECK(steps[0].body == R"({"subject":"Hi"})");
    CHECK(steps[1].method == Method::put);
    CHECK(steps[1].path == activity + "/email_activity_parties");
    CHECK(steps[1].condition == Condition::none);
    CHECK(steps[2].method == Method::patch);
    CHECK(steps[2].condition == Condition::if_match);
    CHECK(steps[2].etag == "*");
    CHECK(steps[2].body == R"({"statecode":1,"statuscode":4})");
    CHECK(needs_read_back(table, steps));

    table.columns[2].creatable = true;
    CHECK(create(table, fields) == steps);
    const auto open = create(table, {{"statecode", number(0)}, {"parties", people({{{}, "a@b", {2}}})}});
    REQUIRE(open.size() == 2);
    CHECK(open[0].body == R"({"statecode":0})");
    table.columns[2].creatable = false;

    const auto status_only = create(table, {{"subject", text("Hi")}, {"statuscode", number(1)}});
    REQUIRE(status_only.size() == 1);
    CHECK(status_only[0].body == R"({"statuscode":1,"subject":"Hi"})");
    CHECK(needs_read_back(table, status_only));
}

TEST_CASE("an update carries only what changed, and the etag", "[write]")
{
    const auto steps = update(sample::contact(), {{"firstname", text("B")}},
                              {{"firstname", text("A")}, {"statecode", number(0)}});
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].method == Method::patch);
    CHECK(steps[0].condition == Condition::if_match);
    CHECK(steps[0].etag == "W/\"7\"");
    CHECK(steps[0].body == R"({"firstname":"B"})");
    CHECK(steps[0].path.find("$select=") != std::string::npos);
    CHECK_FALSE(needs_read_back(sample::contact(), steps));
}

TEST_CASE("participants change only behind a conditional write of their activity", "[write][parties]")
{
    const Fields base{{"subject", text("Hi")}, {"description", text("long")}};
    const auto steps = update(sample::email(), {{"parties", people({{{}, "a@b", {2}}})}}, base);
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].condition == Condition::if_match);
    CHECK(steps[0].etag == "W/\"7\"");
    CHECK(steps[0].body == R"({"subject":"Hi"})");
    CHECK(steps[1].method == Method::put);
    CHECK(needs_read_back(sample::email(), steps));

    const auto cleared = update(sample::email(), {{"parties", Value{}}, {"subject", text("Ho")}}, base);
    REQUIRE(cleared.size() == 2);
    CHECK(cleared[0].body == R"({"subject":"Ho"})");
    CHECK(cleared[1].body == R"({"value":[]})");
}

TEST_CASE("closing an activity comes after its participants, opening it before", "[write][parties]")
{
    const Fields base{{"subject", text("Hi")}};
    const auto closing = update(
        sample::email(),
        {{"statecode", number(1)}, {"statuscode", number(2)}, {"parties", people({{{}, "a@b", {2}}})}}, base);
    REQUIRE(closing.size() == 3);
    CHECK(closing[0].body == R"({"subject":"Hi"})");
    CHECK(closing[1].method == Method::put);
    CHECK(closing[2].body == R"({"statecode":1,"statuscode":2})");
    CHECK(closing[2].etag == "*");

    const auto opening =
        update(sample::email(), {{"statecode", number(0)}, {"parties", people({{{}, "a@b", {2}}})}}, base);
    REQUIRE(opening.size() == 2);
    CHECK(opening[0].body == R"({"statecode":0})");

    const auto plain = update(sample::email(), {{"statecode", number(1)}, {"subject", text("x")}}, base);
    REQUIRE(plain.size() == 1);
    CHECK(plain[0].body == R"({"statecode":1,"subject":"x"})");
}

TEST_CASE("no step of an update or a deletion can create or overwrite unseen", "[write]")
{
    const Fields base{{"subject", text("Hi")}};
    const std::vector<Fields> changes{{{"subject", text("x")}},
                                      {{"parties", people({{{}, "a@b", {2}}})}},
                                      {{"statecode", number(1)}, {"parties", Value{}}},
                                      {{"statecode", number(0)}, {"parties", Value{}}, {"subject", Value{}}}};
    for (const auto& changed : changes) {
        const auto steps = update(sample::email(), changed, base);
        CHECK(steps[0].condition == Condition::if_match);
        CHECK(steps[0].etag == "W/\"7\"");
        for (const auto& step : steps)
            CHECK((step.method == Method::put || step.condition == Condition::if_match));
    }
    const auto removal = *delete_step(sample::contact(), sample::first, "W/\"7\"");
    CHECK(removal.condition == Condition::if_match);
    CHECK(removal.etag == "W/\"7\"");
    CHECK(removal.path == record);

    for (const char* none : {"", "*", "7", "W/\"\"", "W/\"1\"\r\nX: y"}) {
        INFO(none);
        CHECK(delete_step(sample::contact(), sample::first, none).error().code == "write.unconditional");
        CHECK(update_steps(sample::email(), sample::layout_of(sample::email()), sample::first, none,
                           {{"subject", text("x")}}, base, sample::sets())
                  .error()
                  .code == "write.unconditional");
    }
}

TEST_CASE("read-only tables and columns are refused before anything is sent", "[write]")
{
    auto table = sample::contact();
    const auto layout = sample::layout_of(table);
    const auto refused = [&](const Fields& changed) {
        return update_steps(table, layout, sample::first, "W/\"7\"", changed, {}, sample::sets())
            .error()
            .code;
    };
    CHECK(refused({{"fullname", text("x")}}) == "write.read_only");
    table.optimistic_concurrency = false;
    CHECK(refused({{"firstname", text("x")}}) == "write.read_only");

    auto bare = sample::email();
    for (auto& column : bare.columns) column.updatable = column.type == ColumnType::parties;
    CHECK(update_steps(bare, sample::layout_of(bare), sample::first, "W/\"7\"", {{"parties", Value{}}}, {},
                       sample::sets())
              .error()
              .code == "write.unconditional");
}

TEST_CASE("a record is read back with its participants, and a receipt is a row of its own", "[write]")
{
    CHECK(read_step(sample::email(), sample::layout_of(sample::email()), sample::first).path ==
          activity +
              "?$select=activityid,subject,description,statecode,statuscode,_regardingobjectid_value,"
              "versionnumber"
              "&$expand=email_activity_parties($select=_partyid_value,addressused,participationtypemask)");
    const auto receipt = receipt_step(sample::second, "Hawser \"receipt\"");
    CHECK(receipt.path == "annotations(" + sample::second.text() + ")");
    CHECK(receipt.condition == Condition::if_absent);
    CHECK(receipt.body == R"({"subject":"Hawser \"receipt\""})");
    CHECK(receipt_read_step(sample::second).method == Method::get);
    CHECK(receipt_delete_step(sample::second).method == Method::remove);
}
