#include "tests/unit/server/fixture.h"

using namespace hawser::server;
using namespace hawser::server::tests;

namespace {

const json::object* find(const json::array& list, const char* member, const std::string& wanted)
{
    for (const json::value& one : list)
        if (text_of(one, member) == wanted) return &one.as_object();
    return nullptr;
}

} // namespace

TEST_CASE("one table is described with the columns a client needs")
{
    Office office;
    const Reply email = office.get(
        "EntityDefinitions(LogicalName='email')?$select=LogicalName,EntitySetName,PrimaryIdAttribute,"
        "PrimaryNameAttribute,"
        "ChangeTrackingEnabled,CanChangeTrackingBeEnabled,IsOptimisticConcurrencyEnabled,OwnershipType,"
        "ObjectTypeCode,"
        "IsActivity&$expand=Attributes($select=LogicalName,AttributeType,AttributeTypeName,IsValidForCreate,"
        "IsValidForRead,IsValidForUpdate,RequiredLevel,AttributeOf)");
    CHECK(email.text("EntitySetName") == "emails");
    CHECK(email.text("PrimaryIdAttribute") == "activityid");
    CHECK(email["IsActivity"] == true);
    CHECK(email["CanChangeTrackingBeEnabled"].at("Value") == true);
    CHECK(email["ObjectTypeCode"].as_int64() == 4202);
    CHECK_FALSE(email.has("SchemaName"));
    const json::array& attributes = email["Attributes"].as_array();
    REQUIRE(find(attributes, "LogicalName", "subject"));
    CHECK(find(attributes, "LogicalName", "to")->at("AttributeType") == "PartyList");
    CHECK(find(attributes, "LogicalName", "ownerid")->at("AttributeType") == "Owner");
    CHECK(find(attributes, "LogicalName", "senton")->at("IsValidForUpdate") == false);
    CHECK(find(attributes, "LogicalName", "regardingobjectid")->at("AttributeType") == "Lookup");
    const Reply account = office.get("EntityDefinitions(LogicalName='account')?$expand=Attributes,Keys");
    CHECK(find(account["Attributes"].as_array(), "LogicalName", "name")->at("RequiredLevel").at("Value") ==
          "ApplicationRequired");
    CHECK(account["Keys"].as_array().empty());
}

TEST_CASE("tables are listed, selected and filtered")
{
    Office office;
    const Reply tracked =
        office.get("EntityDefinitions?$select=SchemaName,LogicalName&$filter=ChangeTrackingEnabled eq true");
    CHECK(find(tracked["value"].as_array(), "LogicalName", "contact"));
    CHECK_FALSE(find(tracked["value"].as_array(), "LogicalName", "mailbox"));
    const Reply owned = office.get("EntityDefinitions?$select=LogicalName&$filter=OwnershipType eq "
                                   "Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned' and IsActivity eq true");
    CHECK(owned.rows().size() == 5);
    CHECK(office.get("EntityDefinitions?$filter=LogicalName eq 'contact' or LogicalName eq 'lead'")
              .rows()
              .size() == 2);
    CHECK(office.get("EntityDefinitions(LogicalName='nowhere')").status() == 404);
    CHECK(office.post("EntityDefinitions", "{}").status() == 405);
}

TEST_CASE("columns can be cast to their type for what only that type has")
{
    Office office;
    const std::string task = "EntityDefinitions(LogicalName='task')/Attributes/Microsoft.Dynamics.CRM.";
    const Reply status =
        office.get(task + "StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)");
    REQUIRE(status.rows().size() == 1);
    const json::array& options = status.rows()[0].at("OptionSet").at("Options").as_array();
    REQUIRE(options.size() == 6);
    CHECK(options[4].at("Value").as_int64() == 5);
    CHECK(options[4].at("State").as_int64() == 1);
    CHECK(options[4].at("Label").at("UserLocalizedLabel").at("Label") == "Completed");
    const Reply state =
        office.get(task + "StateAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)");
    CHECK(state.rows()[0].at("OptionSet").at("Options").at(1).at("DefaultStatus").as_int64() == 5);
    const Reply texts = office.get(task + "StringAttributeMetadata?$select=LogicalName,MaxLength");
    CHECK(find(texts.rows(), "LogicalName", "subject")->at("MaxLength").as_int64() == 200);
    const Reply memos = office.get(task + "MemoAttributeMetadata?$select=LogicalName,MaxLength");
    CHECK(find(memos.rows(), "LogicalName", "description")->at("MaxLength").as_int64() == 1048576);
    const Reply dates =
        office.get("EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM."
                   "DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior");
    CHECK(find(dates.rows(), "LogicalName", "birthdate")->at("DateTimeBehavior").at("Value") == "DateOnly");
    CHECK(find(dates.rows(), "LogicalName", "createdon")->at("DateTimeBehavior").at("Value") == "UserLocal");
    CHECK(office.get("EntityDefinitions(LogicalName='task')/Attributes(LogicalName='subject')")
              .text("LogicalName") == "subject");
}

TEST_CASE("relationships name the navigation properties, irregular ones included")
{
    Office office;
    const Reply lookups =
        office.get("EntityDefinitions(LogicalName='new_project')/ManyToOneRelationships?$select="
                   "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName");
    const json::object* account = find(lookups.rows(), "ReferencingAttribute", "new_accountid");
    REQUIRE(account);
    CHECK(account->at("ReferencingEntityNavigationPropertyName") == "new_AccountId");
    const Reply regarding =
        office.get("EntityDefinitions(LogicalName='email')/ManyToOneRelationships?$filter="
                   "ReferencingAttribute eq 'regardingobjectid' and ReferencedEntity eq 'contact'");
    REQUIRE(regarding.rows().size() == 1);
    CHECK(regarding.at(0, "ReferencingEntityNavigationPropertyName") == "regardingobjectid_contact_email");
    const Reply collections = office.get("EntityDefinitions(LogicalName='email')/OneToManyRelationships");
    CHECK(find(collections.rows(), "ReferencedEntityNavigationPropertyName", "email_activity_parties"));
}

TEST_CASE("the CSDL names every set and property")
{
    Office office;
    const std::string csdl = office.get("$metadata").answer.body;
    CHECK(csdl.find("<EntitySet Name=\"usersettingscollection\"") != std::string::npos);
    CHECK(csdl.find("<NavigationProperty Name=\"parentcustomerid_account\"") != std::string::npos);
    CHECK(csdl.find("Name=\"birthdate\" Type=\"Edm.Date\"") != std::string::npos);
    CHECK(office.get("").rows().size() > 15);
}

TEST_CASE("the version of the metadata comes with a page when it is asked for")
{
    Office office;
    const Reply page =
        office.get("tasks", {{"Prefer", "odata.include-annotations=\"Microsoft.Dynamics.CRM.*\""}});
    CHECK_FALSE(page.text("@Microsoft.Dynamics.CRM.globalmetadataversion").empty());
    CHECK_FALSE(office.get("tasks").has("@Microsoft.Dynamics.CRM.globalmetadataversion"));
}
