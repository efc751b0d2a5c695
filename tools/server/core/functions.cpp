#include "tools/server/core/functions.h"

#include "base/hash.h"
#include "base/time_text.h"
#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/rules.h"
#include "tools/server/core/write.h"

#include <boost/json.hpp>

namespace hawser::server {

const char* const organization_version = "9.2.24044.00187";

namespace {

constexpr std::string_view names_space = "Microsoft.Dynamics.CRM.";

std::string context(const Call& call, std::string_view type)
{
    std::string text = "{\"@odata.context\":";
    append_quoted(text, call.root + "$metadata#Microsoft.Dynamics.CRM." + std::string(type));
    return text;
}

Answer who_am_i(const Call& call)
{
    return json_answer(200, context(call, "WhoAmIResponse") + ",\"BusinessUnitId\":\"" +
                                call.world.unit.text() + "\",\"UserId\":\"" + call.account.user.id.text() +
                                "\",\"OrganizationId\":\"" + call.world.organization.text() + "\"}");
}

Answer total_record_count(const Call& call, const Segment& function)
{
    std::string names = function.key.value_or("");
    if (const auto equals = names.find('='); equals != std::string::npos) names.erase(0, equals + 1);
    if (names.size() > 1 && names[0] == '@')
        if (const std::string* alias = call.address.option(names)) names = *alias;
    boost::json::error_code failure;
    for (char& one : names)
        if (one == '\'') one = '"';
    const boost::json::value list = boost::json::parse(names, failure);
    if (failure || !list.is_array()) return refuse(call, bad_request("EntityNames must be a list of names."));
    std::string keys, values;
    for (const boost::json::value& name : list.get_array()) {
        const Table* table =
            name.is_string()
                ? call.world.catalogue.table({name.get_string().data(), name.get_string().size()})
                : nullptr;
        if (!table) return refuse(call, bad_request("EntityNames names an unknown table."));
        if (!keys.empty()) keys += ',', values += ',';
        append_quoted(keys, table->name);
        values += std::to_string(call.storage().count(*table));
    }
    return json_answer(
        200, context(call, "RetrieveTotalRecordCountResponse") +
                 ",\"EntityRecordCountCollection\":{\"Count\":" + std::to_string(list.get_array().size()) +
                 ",\"IsReadOnly\":false,\"Keys\":[" + keys + "],\"Values\":[" + values + "]}}");
}

/// A GUID that stays the same for the same name.
Guid named_guid(std::string_view name)
{
    Guid id;
    for (std::size_t half = 0; half < 2; ++half) {
        const std::uint64_t sum = checksum(std::string(half == 0 ? "a" : "b") + std::string(name));
        for (std::size_t at = 0; at < 8; ++at)
            id.bytes[half * 8 + at] = static_cast<std::uint8_t>(sum >> (at * 8));
    }
    return id;
}

Answer user_privileges(const Call& call, const Guid& id)
{
    const Account* account = nullptr;
    for (const Account& one : call.world.accounts)
        if (one.user.id == id) account = &one;
    if (!account) return refuse(call, record_absent("systemuser", id.text()));
    std::map<std::string, Depth> privileges;
    for (const Table& table : call.world.catalogue.tables())
        for (const Verb verb : {Verb::create, Verb::read, Verb::write, Verb::erase, Verb::append,
                                Verb::append_to, Verb::assign, Verb::share}) {
            Depth& depth = privileges[privilege_name(verb, table)];
            depth = std::max(depth, depth_of(*account, verb, table));
        }
    for (const char* extra : {"prvSyncToOutlook", "prvGoOffline", "prvUseOfficeApps"})
        if (account->refused.count(extra) == 0) privileges[extra] = Depth::global;
    std::string list;
    for (const auto& [name, depth] : privileges) {
        if (depth == Depth::none) continue;
        if (!list.empty()) list += ',';
        list +=
            "{\"Depth\":\"" + std::string(depth == Depth::global ? "Global" : "Basic") +
            "\",\"PrivilegeId\":\"" + named_guid(name).text() + "\",\"BusinessUnitId\":\"" +
            call.world.unit.text() + "\",\"PrivilegeName\":\"" + name +
            "\",\"RecordFilterId\":\"00000000-0000-0000-0000-000000000000\",\"RecordFilterUniqueName\":\"\"}";
    }
    return json_answer(200, context(call, "RetrieveUserPrivilegesResponse") + ",\"RolePrivileges\":[" + list +
                                "]}");
}

Answer principal_access(const Call& call, const Segment& operation)
{
    std::string target = operation.key.value_or("");
    if (const auto equals = target.find('='); equals != std::string::npos) target.erase(0, equals + 1);
    if (!target.empty() && target[0] == '@')
        if (const std::string* alias = call.address.option(target)) target = *alias;
    for (char& one : target)
        if (one == '\'') one = '"';
    boost::json::error_code failure;
    const boost::json::value value = boost::json::parse(target, failure);
    const boost::json::value* url =
        !failure && value.is_object() ? value.get_object().if_contains("@odata.id") : nullptr;
    if (!url || !url->is_string())
        return refuse(call, bad_request("Target must be {'@odata.id':'set(id)'}."));
    const auto below =
        below_service_root({url->get_string().data(), url->get_string().size()}, call.world.path_prefix);
    Outcome<Address> address = parse_address(below.value_or(""));
    const Table* table =
        address && address->path.size() == 1 ? call.world.catalogue.set(address->path[0].name) : nullptr;
    const auto id = table && address->path[0].key ? Guid::parse(*address->path[0].key) : std::nullopt;
    if (!id) return refuse(call, bad_request("Target does not name a record."));
    const std::optional<StoredRow> row = call.storage().find(*table, *id);
    if (!row) return refuse(call, record_absent(table->name, id->text()));
    return json_answer(200, context(call, "RetrievePrincipalAccessResponse") + ",\"AccessRights\":" +
                                quoted_text(access_rights(call, *table, row->view())) + "}");
}

/// Marks a draft as sent. Nothing leaves this machine.
Answer send_email(const Call& call, const Table& table, const Guid& id)
{
    const std::optional<StoredRow> row = call.storage().find(table, id);
    if (!row) return refuse(call, record_absent(table.name, id.text()));
    if (!reaches(call, Verb::write, table, row->view()))
        return refuse(call, row_refused(call, Verb::write, table, id));
    const Values values = decode(row->body);
    if (number_in(table, values, "statecode").value_or(0) != 0)
        return refuse(call, {400, "0x80044900", "The email is not a draft and cannot be sent."});
    Payload payload;
    payload.put(*table.column("statecode"), "1");
    payload.put(*table.column("statuscode"), "3");
    payload.put(*table.column("senton"), quoted_text(to_text(call.now)));
    Outcome<StoredRow> sent = change_row(call, table, *row, payload, "SendEmail");
    if (!sent) return refuse(call, sent.refusal());
    return json_answer(200, context(call, "SendEmailResponse") +
                                ",\"Subject\":" + quoted_text(text_in(table, values, "subject")) + "}");
}

} // namespace

bool is_function(std::string_view name)
{
    return name == "WhoAmI" || name == "RetrieveVersion" || name == "RetrieveTotalRecordCount";
}

Answer function_answer(const Call& call, const Segment& function)
{
    if (call.method != "GET") return refuse(call, method_refused(call.method));
    if (function.name == "WhoAmI") return who_am_i(call);
    if (function.name == "RetrieveTotalRecordCount") return total_record_count(call, function);
    return json_answer(200, context(call, "RetrieveVersionResponse") + ",\"Version\":\"" +
                                organization_version + "\"}");
}

bool is_bound_operation(std::string_view name)
{
    return name.substr(0, names_space.size()) == names_space;
}

Answer bound_operation(const Call& call, const Table& table, const Guid& id, const Segment& operation)
{
    const std::string_view name = std::string_view(operation.name).substr(names_space.size());
    const bool user = table.name == "systemuser";
    if (user && name == "RetrieveUserPrivileges" && call.method == "GET") return user_privileges(call, id);
    if (user && name == "RetrievePrincipalAccess" && call.method == "GET")
        return principal_access(call, operation);
    if (table.name == "email" && name == "SendEmail" && call.method == "POST")
        return send_email(call, table, id);
    return refuse(call, resource_absent(operation.name));
}

} // namespace hawser::server
