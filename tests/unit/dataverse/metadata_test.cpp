#include "sample.h"
#include "tests/catch.h"
#include "transport/dataverse/metadata.h"

using namespace hawser;
using namespace hawser::dataverse;

namespace {

std::string label(const std::string& text)
{
    return R"({"UserLocalizedLabel":{"Label":")" + text + R"("}})";
}

std::string attribute(const std::string& name, const std::string& type, const std::string& more = {})
{
    return R"({"LogicalName":")" + name + R"(","AttributeType":")" + type + R"(","AttributeOf":null)" + more +
           "}";
}

std::vector<std::string> recorded()
{
    const auto definition =
        R"({"LogicalName":"email","EntitySetName":"emails","PrimaryIdAttribute":"activityid","PrimaryNameAttribute":"subject",)"
        R"("ChangeTrackingEnabled":true,"IsOptimisticConcurrencyEnabled":true,"IsActivity":true,"DisplayName":)" +
        label("Email") + R"(,"Attributes":[)" + attribute("activityid", "Uniqueidentifier") + "," +
        attribute("subject", "String",
                  R"(,"RequiredLevel":{"Value":"ApplicationRequired"},"DisplayName":)" + label("Subject")) +
        "," + attribute("description", "Memo") + "," + attribute("from", "PartyList") + "," +
        attribute("to", "PartyList") + "," + attribute("statecode", "State", R"(,"IsValidForCreate":false)") +
        "," + attribute("statuscode", "Status") + "," + attribute("regardingobjectid", "Lookup") + "," +
        attribute("ownerid", "Owner") + "," +
        R"({"LogicalName":"owneridname","AttributeType":"String","AttributeOf":"ownerid"})" + "," +
        attribute("prioritycode", "Picklist") + "," +
        attribute("senton", "DateTime", R"(,"IsValidForUpdate":false)") + "," + attribute("due", "DateTime") +
        "," + attribute("amount", "Money") + "," + attribute("versionnumber", "BigInt") + "," +
        R"({"LogicalName":"new_colours","AttributeType":"Virtual","AttributeTypeName":{"Value":"MultiSelectPicklistType"}})" +
        "," + attribute("image", "Virtual") + "," + attribute("Bad Name", "String") + "," +
        attribute("hawser_x", "String") + "," + attribute("secret", "String", R"(,"IsValidForRead":false)") +
        "," + attribute("subject", "String") + ",7]}";
    const auto relationship = [](const std::string& column, const std::string& target,
                                 const std::string& property) {
        return R"({"ReferencingAttribute":")" + column + R"(","ReferencedEntity":")" + target +
               R"(","ReferencingEntityNavigationPropertyName":")" + property + "\"}";
    };
    return {
        definition,
        "{\"value\":[" + relationship("regardingobjectid", "account", "regardingobjectid_account_email") +
            "," + relationship("regardingobjectid", "contact", "regardingobjectid_contact_email") + "," +
            relationship("regardingobjectid", "x y", "a b") + "," +
            relationship("ownerid", "owner", "ownerid") + "," + relationship("nosuch", "account", "x") + "]}",
        R"({"value":[{"LogicalName":"subject","MaxLength":800}]})",
        R"({"value":[{"LogicalName":"description","MaxLength":1073741823}]})",
        R"({"value":[{"LogicalName":"prioritycode","OptionSet":null,"GlobalOptionSet":{"Options":[{"Value":1,"Label":)" +
            label("Normal") + "},{\"Value\":\"x\"}]}}]}",
        R"({"value":[{"LogicalName":"statecode","OptionSet":{"Options":[{"Value":0,"DefaultStatus":3,"Label":)" +
            label("Open") + "}]}}]}",
        R"({"value":[{"LogicalName":"statuscode","OptionSet":{"Options":[{"Value":3,"State":1,"Label":)" +
            label("Sent") + "}]}}]}",
        R"({"value":[{"LogicalName":"new_colours","OptionSet":{"Options":[{"Value":2,"Label":{}}]}}]})",
        R"({"value":[{"LogicalName":"due","DateTimeBehavior":{"Value":"DateOnly"}},{"LogicalName":"subject","DateTimeBehavior":{"Value":"DateOnly"}}]})"};
}

BatchAnswer answers(const std::vector<std::string>& bodies)
{
    BatchAnswer result;
    for (const auto& body : bodies)
        result.items.push_back({ItemAnswer::State::answered, {sample::answer(200, body)}});
    return result;
}

} // namespace

TEST_CASE("a table is described by a batch of reads", "[metadata]")
{
    const auto items = metadata_items("email");
    REQUIRE(items.size() == recorded().size());
    for (const auto& item : items) {
        CHECK(item.steps[0].method == Step::Method::get);
        CHECK(item.steps[0].path.starts_with("EntityDefinitions(LogicalName='email')"));
    }
    const auto table = parse_metadata("email", answers(recorded()), sample::now);
    REQUIRE(table);
    CHECK(table->entity_set == "emails");
    CHECK(table->primary_id == "activityid");
    CHECK(table->primary_name == "subject");
    CHECK(table->label == "Email");
    CHECK(table->is_activity);
    CHECK(table->change_tracking);
    std::vector<std::string> names;
    for (const auto& column : table->columns) names.push_back(column.name);
    CHECK(names == std::vector<std::string>{"subject", "description", "statecode", "statuscode",
                                            "regardingobjectid", "ownerid", "prioritycode", "senton", "due",
                                            "amount", "new_colours", "parties"});
    CHECK(table->column("subject")->max_length == 800);
    CHECK(table->column("subject")->required);
    CHECK(table->column("subject")->label == "Subject");
    CHECK(table->column("subject")->type == ColumnType::text);
    CHECK(table->column("description")->type == ColumnType::memo);
    CHECK_FALSE(table->column("statecode")->creatable);
    CHECK(table->column("statecode")->choices.front().default_status == 3);
    CHECK_FALSE(table->column("senton")->updatable);
    CHECK(table->column("senton")->type == ColumnType::date_time);
    CHECK(table->column("due")->type == ColumnType::date);
    CHECK(table->column("amount")->type == ColumnType::decimal);
    CHECK(table->column("new_colours")->type == ColumnType::multi_choice);
    CHECK(table->column("new_colours")->choices == std::vector<Choice>{{2, "", {}}});
    CHECK(table->column("prioritycode")->choices == std::vector<Choice>{{1, "Normal", {}}});
    CHECK(table->column("statuscode")->choices == std::vector<Choice>{{3, "Sent", 1}});
    CHECK(table->column("regardingobjectid")->targets ==
          std::vector<LookupTarget>{{"account", "regardingobjectid_account_email"},
                                    {"contact", "regardingobjectid_contact_email"}});
    CHECK(table->column("ownerid")->targets ==
          std::vector<LookupTarget>{{"systemuser", "ownerid"}, {"team", "ownerid"}});
    CHECK(has_parties(*table));
}

TEST_CASE("details that are refused are left open, passing faults are not", "[metadata]")
{
    auto answer = answers(recorded());
    for (std::size_t part = 2; part < answer.items.size(); ++part)
        answer.items[part].answers[0] = sample::answer(400, sample::error_json("", "not supported"));
    const auto table = parse_metadata("email", answer, sample::now);
    REQUIRE(table);
    CHECK(table->column("subject")->max_length == 0);
    CHECK(table->column("prioritycode")->choices.empty());

    answer.items[4].answers[0] = sample::answer(503);
    CHECK(parse_metadata("email", answer, sample::now).error().kind == ErrorKind::retry);
    answer = answers(recorded());
    answer.items[1].answers[0] = sample::answer(400, sample::error_json("", "not supported"));
    CHECK_FALSE(parse_metadata("email", answer, sample::now));
}

TEST_CASE("an unknown table and nonsense are refused by name", "[metadata]")
{
    auto answer = answers(recorded());
    answer.items[0].answers[0] = sample::answer(
        404, sample::error_json("0x80060888", "Could not find an entity with specified entity name: emial"));
    CHECK(parse_metadata("emial", answer, sample::now).error().code == "server.unknown_table");
    for (const std::string bad :
         {"{}", "[]", "{",
          R"({"EntitySetName":"emails; drop","PrimaryIdAttribute":"activityid","Attributes":[{}]})",
          R"({"EntitySetName":"emails","PrimaryIdAttribute":"activityid","Attributes":[]})",
          R"({"EntitySetName":"emails","PrimaryIdAttribute":"a\"b","Attributes":[{}]})"}) {
        answer.items[0].answers[0] = sample::answer(200, bad);
        CHECK(parse_metadata("email", answer, sample::now).error().code == "server.bad_answer");
    }
    CHECK_FALSE(parse_metadata("email", {}, sample::now));
}

TEST_CASE("entity sets are read by logical name", "[metadata]")
{
    const auto sets = parse_entity_sets(
        sample::answer(
            200, R"({"value":[{"LogicalName":"contact","EntitySetName":"contacts"},{"LogicalName":"x"},5]})"),
        sample::now);
    REQUIRE(sets);
    CHECK(*sets == EntitySets{{"contact", "contacts"}});
    CHECK_FALSE(parse_entity_sets(sample::answer(200, "{}"), sample::now));
    CHECK(metadata_version(sample::answer(
              200, R"({"@Microsoft.Dynamics.CRM.globalmetadataversion":"12","value":[]})")) == "12");
    CHECK(metadata_version(sample::answer(200, "{}")).empty());
}
