#pragma once

#include "hawser/clock.h"
#include "transport/dataverse/page.h"
#include "transport/dataverse/service.h"

#include <string>
#include <vector>

namespace sample {

using namespace hawser;

inline const Instant now = Instant{} + std::chrono::seconds(1'700'000'000); // 2023-11-14T22:13:20Z

inline const Guid first = *Guid::parse("49516f4a-083d-5dfe-a407-b8227f73fbb9");
inline const Guid second = *Guid::parse("a39b62fb-1ed9-5879-b9ed-14787186c64d");
inline const Guid third = *Guid::parse("b3ffd816-d21e-50de-b6ba-097cdc340ac9");
inline const Guid request_id = *Guid::parse("00000000-0000-4000-8000-000000000001");

inline dataverse::Service service()
{
    return {.root = "https://org.example/api/data/v9.2/"};
}

inline Column column(std::string name, ColumnType type, std::vector<LookupTarget> targets = {})
{
    Column result;
    result.name = std::move(name);
    result.type = type;
    result.targets = std::move(targets);
    return result;
}

inline Table contact()
{
    Table table;
    table.name = "contact";
    table.entity_set = "contacts";
    table.primary_id = "contactid";
    table.primary_name = "fullname";
    table.columns = {
        column("firstname", ColumnType::text),
        column("fullname", ColumnType::text),
        column("description", ColumnType::memo),
        column("birthdate", ColumnType::date),
        column("modifiedon", ColumnType::date_time),
        column("creditlimit", ColumnType::decimal),
        column("donotemail", ColumnType::boolean),
        column("statecode", ColumnType::state),
        column("statuscode", ColumnType::status),
        column("new_colours", ColumnType::multi_choice),
        column("externalid", ColumnType::guid),
        column("ownerid", ColumnType::lookup, {{"systemuser", "ownerid"}, {"team", "ownerid"}}),
        column("parentcustomerid", ColumnType::lookup,
               {{"account", "parentcustomerid_account"}, {"contact", "parentcustomerid_contact"}}),
        column("createdby", ColumnType::lookup, {{"systemuser", "createdby"}}),
    };
    table.columns[1].updatable = table.columns[1].creatable = false;
    return table;
}

inline Table email()
{
    Table table;
    table.name = "email";
    table.entity_set = "emails";
    table.primary_id = "activityid";
    table.primary_name = "subject";
    table.is_activity = true;
    table.columns = {
        column("subject", ColumnType::text),
        column("description", ColumnType::memo),
        column("statecode", ColumnType::state),
        column("statuscode", ColumnType::status),
        column(
            "regardingobjectid", ColumnType::lookup,
            {{"account", "regardingobjectid_account_email"}, {"contact", "regardingobjectid_contact_email"}}),
        column("parties", ColumnType::parties),
    };
    return table;
}

inline Layout layout_of(const Table& table)
{
    Layout layout;
    for (const auto& each : table.columns) layout.columns.push_back(each.name);
    return layout;
}

inline dataverse::EntitySets sets()
{
    return {
        {"account", "accounts"}, {"contact", "contacts"}, {"email", "emails"}, {"systemuser", "systemusers"}};
}

inline http::Answer answer(int status, std::string body = {},
                           std::string type = "application/json; odata.metadata=minimal")
{
    http::Answer result;
    result.status = status;
    result.body = std::move(body);
    if (!result.body.empty()) result.headers.push_back({"Content-Type", std::move(type)});
    return result;
}

inline std::string error_json(const std::string& code, const std::string& message)
{
    return R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})";
}

/// A sink that keeps what it is given.
class Kept : public dataverse::PageSink {
public:
    struct Row {
        Guid id;
        std::string etag;
        std::int64_t version;
        std::string body;
        bool partial;
        bool parties_missing;
    };
    Result<void> row(const dataverse::RowView& row) override
    {
        rows.push_back({row.id, std::string(row.etag), row.version, std::string(row.body), row.partial,
                        row.parties_missing});
        return {};
    }
    Result<void> tombstone(const dataverse::TombstoneView& tombstone) override
    {
        tombstones.emplace_back(tombstone.id, std::string(tombstone.reason));
        return {};
    }
    std::vector<Row> rows;
    std::vector<std::pair<Guid, std::string>> tombstones;
};

} // namespace sample
