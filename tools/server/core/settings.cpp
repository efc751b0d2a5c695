#include "tools/server/core/settings.h"

#include <charconv>
#include <optional>
#include <variant>

namespace hawser::server {
namespace {

using Field = std::variant<bool Settings::*, std::int64_t Settings::*, std::string Settings::*>;

const std::map<std::string, Field, std::less<>>& fields()
{
    static const std::map<std::string, Field, std::less<>> all = {
        {"expired_token_status", &Settings::expired_token_status},
        {"deletes_of_living", &Settings::deletes_of_living},
        {"change_tracking_retention", &Settings::change_tracking_retention},
        {"requests_per_window", &Settings::requests_per_window},
        {"window_seconds", &Settings::window_seconds},
        {"retry_after", &Settings::retry_after},
        {"dop_hint", &Settings::dop_hint},
        {"max_page_size", &Settings::max_page_size},
        {"max_request_body", &Settings::max_request_body},
        {"max_batch_operations", &Settings::max_batch_operations},
        {"max_upload_file_size", &Settings::max_upload_file_size},
        {"blocked_attachments", &Settings::blocked_attachments},
        {"trim_text", &Settings::trim_text},
        {"refuse_read_only_columns", &Settings::refuse_read_only_columns},
        {"completed_email_read_only", &Settings::completed_email_read_only},
        {"cascade_delete", &Settings::cascade_delete},
        {"party_put_bumps_parent", &Settings::party_put_bumps_parent},
        {"party_put_honours_if_match", &Settings::party_put_honours_if_match},
        {"empty_codes", &Settings::empty_codes},
        {"loaded_owner", &Settings::loaded_owner},
    };
    return all;
}

Error unusable(std::string_view name, std::string_view value, std::string_view wanted)
{
    return {ErrorKind::refuse, "server.setting",
            "The setting " + std::string(name) + " cannot be \"" + std::string(value) + "\"; give " +
                std::string(wanted) + "."};
}

std::optional<bool> truth(std::string_view text)
{
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    return std::nullopt;
}

/// A number, or a number of days as "7d".
std::optional<std::int64_t> amount(std::string_view text)
{
    std::int64_t scale = 1;
    if (!text.empty() && text.back() == 'd') {
        scale = 86400;
        text.remove_suffix(1);
    }
    std::int64_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || end.ptr != text.data() + text.size() || end.ec != std::errc{} || value < 0 ||
        value > 1000000000000)
        return std::nullopt;
    return value * scale;
}

Result<void> assign(Settings& settings, const Field& field, std::string_view name, std::string_view value)
{
    if (const auto* flag = std::get_if<bool Settings::*>(&field)) {
        const std::optional<bool> given = truth(value);
        if (!given) return unusable(name, value, "true or false");
        settings.*(*flag) = *given;
    } else if (const auto* count = std::get_if<std::int64_t Settings::*>(&field)) {
        const std::optional<std::int64_t> given = amount(value);
        if (!given) return unusable(name, value, "a number (7d means seven days in seconds)");
        settings.*(*count) = *given;
    } else {
        settings.*(std::get<std::string Settings::*>(field)) = value;
    }
    return {};
}

} // namespace

Result<void> Settings::set(std::string_view name, std::string_view value)
{
    constexpr std::string_view tracking = "change_tracking.";
    if (name.substr(0, tracking.size()) == tracking) {
        const std::optional<bool> given = truth(value);
        if (!given) return unusable(name, value, "true or false");
        change_tracking.insert_or_assign(std::string(name.substr(tracking.size())), *given);
        return {};
    }
    constexpr std::string_view rewriting = "plugin.";
    if (name.substr(0, rewriting.size()) == rewriting) {
        const std::string_view column = name.substr(rewriting.size());
        const auto point = column.find('.');
        if (point == 0 || point == std::string_view::npos || point + 1 == column.size())
            return unusable(name, value, "its name as plugin.TABLE.COLUMN");
        plugin.insert_or_assign(std::string(column), std::string(value));
        return {};
    }
    if (name == "expired_token") {
        if (value != "error" && value != "full") return unusable(name, value, "error or full");
        expired_token = value == "full" ? ExpiredToken::full : ExpiredToken::error;
        return {};
    }
    const auto found = fields().find(name);
    if (found != fields().end()) return assign(*this, found->second, name, value);
    std::string known;
    for (const auto& [one, field] : fields()) known += one + ", ";
    return Error{ErrorKind::refuse, "server.setting",
                 "There is no setting " + std::string(name) + "; known are " + known +
                     "expired_token, change_tracking.TABLE and plugin.TABLE.COLUMN."};
}

} // namespace hawser::server
