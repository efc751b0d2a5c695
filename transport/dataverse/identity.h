#pragma once

#include "hawser/clock.h"
#include "transport/dataverse/service.h"

#include <optional>
#include <string>
#include <vector>

namespace hawser::dataverse {

struct Identity {
    Guid organization_id{};
    Guid user_id{};
    Guid business_unit_id{};
    std::optional<int> parallelism_hint{};
};

http::Request who_am_i(const Service& service, const Guid& request_id);
Result<Identity> parse_who_am_i(const http::Answer& answer, Instant now);

http::Request retrieve_version(const Service& service, const Guid& request_id);
/// "9.2.24011.00190".
Result<std::string> parse_version(const http::Answer& answer, Instant now);

/// The organization's settings that matter here; each empty when it was not told (also when the
/// user may not read the row).
struct OrganizationSettings {
    std::string name{};
    std::optional<std::int64_t> change_tracking_days{};
    std::optional<std::int64_t> max_upload_bytes{}; ///< Of the Base64 text.
    std::string blocked_attachments{};
    std::optional<std::int64_t> max_appointment_days{};
};

http::Request organization_settings(const Service& service, const Guid& organization_id,
                                    const Guid& request_id);
Result<OrganizationSettings> parse_organization_settings(const http::Answer& answer, Instant now);

struct Privilege {
    enum class Depth { basic, local, deep, global };
    std::string name; ///< "prvReadContact".
    Depth depth = Depth::basic;
};

/// Team-inherited privileges are reported as basic: absence of depth proves nothing, absence of the
/// name does.
http::Request user_privileges(const Service& service, const Guid& user_id, const Guid& request_id);
Result<std::vector<Privilege>> parse_user_privileges(const http::Answer& answer, Instant now);

} // namespace hawser::dataverse
