#include "transport/dataverse/identity.h"

#include "transport/dataverse/json_answer.h"

#include <boost/json.hpp>

namespace hawser::dataverse {
namespace {

const Asked reading{Asked::Action::read, {}};

Privilege::Depth depth_from(std::string_view text)
{
    if (text == "Global") return Privilege::Depth::global;
    if (text == "Deep") return Privilege::Depth::deep;
    if (text == "Local") return Privilege::Depth::local;
    return Privilege::Depth::basic;
}

} // namespace

http::Request who_am_i(const Service& service, const Guid& request_id)
{
    return get(service, "WhoAmI", request_id);
}

Result<Identity> parse_who_am_i(const http::Answer& answer, Instant now)
{
    constexpr std::string_view what = "say who is signed in";
    const auto object = parse_object(answer, reading, what, now);
    if (!object) return object.error();
    const auto organization = guid_at(*object, "OrganizationId");
    const auto user = guid_at(*object, "UserId");
    if (!organization || !user) return bad_answer(what, "OrganizationId or UserId is missing");
    return Identity{*organization, *user, guid_at(*object, "BusinessUnitId").value_or(Guid{}),
                    parallelism_hint(answer)};
}

http::Request retrieve_version(const Service& service, const Guid& request_id)
{
    return get(service, "RetrieveVersion", request_id);
}

Result<std::string> parse_version(const http::Answer& answer, Instant now)
{
    constexpr std::string_view what = "tell its version";
    const auto object = parse_object(answer, reading, what, now);
    if (!object) return object.error();
    const auto version = text_at(*object, "Version");
    if (version.empty() || version.size() > 64) return bad_answer(what, "Version is missing");
    return std::string(version);
}

http::Request organization_settings(const Service& service, const Guid& organization_id,
                                    const Guid& request_id)
{
    return get(service,
               "organizations(" + organization_id.text() +
                   ")?$select=name,expirechangetrackingindays,maxuploadfilesize,blockedattachments,"
                   "maxappointmentdurationdays",
               request_id);
}

Result<OrganizationSettings> parse_organization_settings(const http::Answer& answer, Instant now)
{
    const auto outcome = classify(answer, reading, now);
    const bool untold = outcome.kind == Outcome::Kind::access ||
                        outcome.kind == Outcome::Kind::column_access ||
                        outcome.kind == Outcome::Kind::refused || outcome.kind == Outcome::Kind::gone;
    if (untold) return OrganizationSettings{};
    const auto object = parse_object(answer, reading, "tell its settings", now);
    if (!object) return object.error();
    OrganizationSettings settings;
    settings.name = text_at(*object, "name");
    settings.change_tracking_days = integer_at(*object, "expirechangetrackingindays");
    settings.max_upload_bytes = integer_at(*object, "maxuploadfilesize");
    settings.blocked_attachments = text_at(*object, "blockedattachments");
    settings.max_appointment_days = integer_at(*object, "maxappointmentdurationdays");
    return settings;
}

http::Request user_privileges(const Service& service, const Guid& user_id, const Guid& request_id)
{
    return get(service, "systemusers(" + user_id.text() + ")/Microsoft.Dynamics.CRM.RetrieveUserPrivileges",
               request_id);
}

Result<std::vector<Privilege>> parse_user_privileges(const http::Answer& answer, Instant now)
{
    constexpr std::string_view what = "list the user's privileges";
    const auto object = parse_object(answer, reading, what, now);
    if (!object) return object.error();
    const auto* list = array_at(*object, "RolePrivileges");
    if (!list) return bad_answer(what, "RolePrivileges is missing");
    std::vector<Privilege> privileges;
    for (const auto& entry : *list) {
        const auto* row = entry.if_object();
        const auto name = row ? text_at(*row, "PrivilegeName") : std::string_view();
        if (!name.empty()) privileges.push_back({std::string(name), depth_from(text_at(*row, "Depth"))});
    }
    return privileges;
}

} // namespace hawser::dataverse
