#include "tools/server/core/metadata_json.h"

#include "base/hash.h"
#include "tools/server/core/delta.h"
#include "tools/server/core/rules.h"

#include <boost/json.hpp>

namespace hawser::server {
namespace {

namespace json = boost::json;

json::object label_json(const std::string& text)
{
    const json::object one = {{"Label", text}, {"LanguageCode", 1033}, {"IsManaged", true}};
    return {{"LocalizedLabels", json::array{one}}, {"UserLocalizedLabel", one}};
}

json::object managed(bool value)
{
    return {{"Value", value}, {"CanBeChanged", true}, {"ManagedPropertyLogicalName", ""}};
}

std::string metadata_id(const std::string& name)
{
    Guid id;
    for (std::size_t half = 0; half < 2; ++half) {
        const std::uint64_t sum = checksum((half == 0 ? "metadata " : "id ") + name);
        for (std::size_t at = 0; at < 8; ++at)
            id.bytes[half * 8 + at] = static_cast<std::uint8_t>(sum >> (at * 8));
    }
    return id.text();
}

struct TypeNames {
    const char* type;      ///< AttributeType
    const char* type_name; ///< AttributeTypeName.Value
    const char* metadata;  ///< the derived metadata type
};

TypeNames type_names(const Column& column)
{
    switch (column.kind) {
    case Kind::text:
        return {"String", "StringType", "StringAttributeMetadata"};
    case Kind::memo:
        return {"Memo", "MemoType", "MemoAttributeMetadata"};
    case Kind::integer:
        return {"Integer", "IntegerType", "IntegerAttributeMetadata"};
    case Kind::big_integer:
        return {"BigInt", "BigIntType", "BigIntAttributeMetadata"};
    case Kind::decimal:
        return {"Decimal", "DecimalType", "DecimalAttributeMetadata"};
    case Kind::money:
        return {"Money", "MoneyType", "MoneyAttributeMetadata"};
    case Kind::boolean:
        return {"Boolean", "BooleanType", "BooleanAttributeMetadata"};
    case Kind::date_time:
    case Kind::date:
        return {"DateTime", "DateTimeType", "DateTimeAttributeMetadata"};
    case Kind::choice:
        return {"Picklist", "PicklistType", "PicklistAttributeMetadata"};
    case Kind::multi_choice:
        return {"Virtual", "MultiSelectPicklistType", "MultiSelectPicklistAttributeMetadata"};
    case Kind::state:
        return {"State", "StateType", "StateAttributeMetadata"};
    case Kind::status:
        return {"Status", "StatusType", "StatusAttributeMetadata"};
    case Kind::lookup:
        if (column.name == "ownerid") return {"Owner", "OwnerType", "LookupAttributeMetadata"};
        if (column.name == "customerid" || column.name == "parentcustomerid")
            return {"Customer", "CustomerType", "LookupAttributeMetadata"};
        return {"Lookup", "LookupType", "LookupAttributeMetadata"};
    case Kind::guid:
        return {"Uniqueidentifier", "UniqueidentifierType", "AttributeMetadata"};
    case Kind::parties:
        return {"PartyList", "PartyListType", "LookupAttributeMetadata"};
    }
    return {"String", "StringType", "StringAttributeMetadata"};
}

void add_type_facts(json::object& object, const Column& column)
{
    switch (column.kind) {
    case Kind::text:
    case Kind::memo:
        object["MaxLength"] = column.max_length;
        object["Format"] = column.kind == Kind::text ? "Text" : "TextArea";
        break;
    case Kind::date_time:
    case Kind::date:
        object["DateTimeBehavior"] = {{"Value", column.kind == Kind::date ? "DateOnly" : "UserLocal"}};
        object["Format"] = column.kind == Kind::date ? "DateOnly" : "DateAndTime";
        break;
    case Kind::integer:
        object["MinValue"] = INT32_MIN;
        object["MaxValue"] = INT32_MAX;
        break;
    case Kind::money:
        object["Precision"] = 2;
        break;
    case Kind::decimal:
        object["Precision"] = 10;
        break;
    case Kind::lookup: {
        json::array targets;
        for (const Target& target : column.targets) targets.emplace_back(target.table);
        object["Targets"] = std::move(targets);
        break;
    }
    case Kind::parties:
        object["Targets"] = {"account", "contact", "lead", "systemuser"};
        break;
    default:
        break;
    }
}

const char* required_level(const Column& column)
{
    if (column.source == Source::primary_id || column.name == "ownerid" || column.name == "statecode")
        return "SystemRequired";
    return column.required ? "ApplicationRequired" : "None";
}

/// The collection on the other side, when it has a name of its own.
const CollectionProperty* collection_back(const Table& target, const Table& table, const Column& column)
{
    for (const CollectionProperty& one : target.collections)
        if (one.table == table.name && one.column == column.name) return &one;
    return nullptr;
}

json::object relationship_json(const Table& table, const Column& column, const Target& target,
                               const Table& referenced)
{
    const CollectionProperty* back = collection_back(referenced, table, column);
    const std::string name = back ? back->name : referenced.name + "_" + table.name + "_" + column.name;
    return {{"MetadataId", metadata_id(name)},
            {"SchemaName", name},
            {"RelationshipType", "OneToManyRelationship"},
            {"ReferencedEntity", referenced.name},
            {"ReferencedAttribute", referenced.primary_id},
            {"ReferencingEntity", table.name},
            {"ReferencingAttribute", column.name},
            {"ReferencedEntityNavigationPropertyName", name},
            {"ReferencingEntityNavigationPropertyName", target.navigation}};
}

} // namespace

const char* metadata_type(const Column& column)
{
    return type_names(column).metadata;
}

json::object option_set_json(const Table& table, const Column& column)
{
    json::array options;
    for (const Option& option : column.options) {
        json::object one = {{"Value", option.value}, {"Label", label_json(option.label)}};
        if (column.kind == Kind::status) one["State"] = option.state;
        const Column* const status = column.kind == Kind::state ? table.column("statuscode") : nullptr;
        if (status != nullptr)
            if (const auto chosen = default_status(*status, option.value)) one["DefaultStatus"] = *chosen;
        options.push_back(std::move(one));
    }
    json::object set = {{"MetadataId", metadata_id(table.name + "." + column.name + ".options")},
                        {"Name", table.name + "_" + column.name},
                        {"IsGlobal", false},
                        {"Options", std::move(options)}};
    if (column.kind == Kind::boolean) {
        set.erase("Options");
        set["TrueOption"] = {{"Value", 1}, {"Label", label_json("Yes")}};
        set["FalseOption"] = {{"Value", 0}, {"Label", label_json("No")}};
    }
    return set;
}

json::object column_json(const Table& table, const Column& column)
{
    const TypeNames names = type_names(column);
    const bool parties = column.kind == Kind::parties;
    json::object object = {{"@odata.type", std::string("#Microsoft.Dynamics.CRM.") + names.metadata},
                           {"MetadataId", metadata_id(table.name + "." + column.name)},
                           {"LogicalName", column.name},
                           {"SchemaName", column.name},
                           {"EntityLogicalName", table.name},
                           {"AttributeType", names.type},
                           {"AttributeTypeName", {{"Value", names.type_name}}},
                           {"AttributeOf", nullptr},
                           {"ColumnNumber", column.ordinal + 1},
                           {"DisplayName", label_json(column.label)},
                           {"Description", label_json("")},
                           {"IsValidForCreate", column.creatable},
                           {"IsValidForRead", column.readable},
                           {"IsValidForUpdate", column.updatable},
                           {"IsValidForGrid", column.readable && !parties},
                           {"IsPrimaryId", column.source == Source::primary_id},
                           {"IsPrimaryName", column.name == table.primary_name},
                           {"IsLogical", false},
                           {"IsSecured", false},
                           {"IsCustomAttribute", column.name.rfind("new_", 0) == 0},
                           {"RequiredLevel",
                            {{"Value", required_level(column)},
                             {"CanBeChanged", false},
                             {"ManagedPropertyLogicalName", "canmodifyrequirementlevelsettings"}}}};
    add_type_facts(object, column);
    return object;
}

json::object table_json(const Call& call, const Table& table)
{
    const char* ownership = table.ownership == Ownership::user           ? "UserOwned"
                            : table.ownership == Ownership::organization ? "OrganizationOwned"
                                                                         : "None";
    json::array privileges;
    for (const char* verb : {"Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"})
        privileges.push_back(json::object{{"Name", "prv" + std::string(verb) + table.privilege_noun()},
                                          {"PrivilegeType", verb},
                                          {"CanBeBasic", true},
                                          {"CanBeGlobal", true}});
    return {{"MetadataId", metadata_id(table.name)},
            {"LogicalName", table.name},
            {"SchemaName", table.schema_name},
            {"EntitySetName", table.set},
            {"LogicalCollectionName", table.set},
            {"CollectionSchemaName", table.schema_name + "s"},
            {"PrimaryIdAttribute", table.primary_id},
            {"PrimaryNameAttribute",
             table.primary_name.empty() ? json::value(nullptr) : json::value(table.primary_name)},
            {"ObjectTypeCode", table.code},
            {"OwnershipType", ownership},
            {"IsActivity", table.activity},
            {"IsActivityParty", table.name == "activityparty"},
            {"IsCustomEntity", table.name.rfind("new_", 0) == 0},
            {"IsIntersect", false},
            {"TableType", "Standard"},
            {"ChangeTrackingEnabled", is_tracked(call, table)},
            {"CanChangeTrackingBeEnabled", managed(true)},
            {"IsOptimisticConcurrencyEnabled", table.concurrency},
            {"HasActivities", table.collections.size() > 0},
            {"HasNotes", table.collections.size() > 0},
            {"DisplayName", label_json(table.label)},
            {"DisplayCollectionName", label_json(table.plural_label)},
            {"Description", label_json("")},
            {"Privileges", std::move(privileges)}};
}

json::array many_to_one_json(const Table& table, const Catalogue& catalogue)
{
    json::array list;
    for (const Column& column : table.columns)
        for (const Target& target : column.targets)
            if (const Table* referenced = catalogue.table(target.table))
                list.push_back(relationship_json(table, column, target, *referenced));
    return list;
}

json::array one_to_many_json(const Table& table, const Catalogue& catalogue)
{
    json::array list;
    for (const Table& other : catalogue.tables())
        for (const Column& column : other.columns)
            if (const Target* target = column.target(table.name))
                list.push_back(relationship_json(other, column, *target, table));
    return list;
}

} // namespace hawser::server
