#include "tools/server/core/call.h"

#include "tools/server/core/json_text.h"

#include <algorithm>
#include <charconv>

namespace hawser::server {
namespace {

/// Splits at commas outside of double quotes.
std::vector<std::string_view> preference_parts(std::string_view text)
{
    std::vector<std::string_view> parts;
    bool quoted_part = false;
    std::size_t start = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (at < text.size() && text[at] == '"') quoted_part = !quoted_part;
        if (at < text.size() && (quoted_part || (text[at] != ',' && text[at] != ';'))) continue;
        parts.push_back(trim(text.substr(start, at - start)));
        start = at + 1;
    }
    return parts;
}

bool pattern_matches(std::string_view pattern, std::string_view name)
{
    if (!pattern.empty() && pattern.back() == '*')
        return name.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
    return pattern == name;
}

void read_annotations(Annotations& annotations, std::string_view list)
{
    for (const std::string_view pattern : preference_parts(list)) {
        const auto asks = [&](std::string_view name) { return pattern_matches(pattern, name); };
        annotations.lookup_table |= asks("Microsoft.Dynamics.CRM.lookuplogicalname");
        annotations.navigation |= asks("Microsoft.Dynamics.CRM.associatednavigationproperty");
        annotations.formatted |= asks("OData.Community.Display.V1.FormattedValue");
        annotations.metadata_version |= asks("Microsoft.Dynamics.CRM.globalmetadataversion");
        annotations.page_facts |= asks("Microsoft.Dynamics.CRM.totalrecordcount") ||
                                  asks("Microsoft.Dynamics.CRM.fetchxmlpagingcookie") ||
                                  asks("Microsoft.Dynamics.CRM.morerecords");
    }
}

void read_preference(Preferences& preferences, std::string_view part)
{
    const auto equals = part.find('=');
    const std::string_view name = trim(part.substr(0, equals));
    std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    if (name == "return") {
        preferences.representation = value == "representation";
    } else if (name == "odata.track-changes") {
        preferences.track_changes = true;
    } else if (name == "odata.continue-on-error") {
        preferences.continue_on_error = value != "false";
    } else if (name == "odata.maxpagesize") {
        std::size_t size = 0;
        std::from_chars(value.data(), value.data() + value.size(), size);
        if (size > 0) preferences.page_size = size;
    } else if (name == "odata.include-annotations") {
        preferences.annotation_list = value;
        read_annotations(preferences.annotations, value);
    }
}

} // namespace

std::string_view header(const Headers& headers, std::string_view name)
{
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& one) { return same_word(one.first, name); });
    return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

bool has_header(const Headers& headers, std::string_view name)
{
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& one) { return same_word(one.first, name); });
}

Preferences read_preferences(const Headers& headers)
{
    Preferences preferences;
    for (const auto& [name, value] : headers)
        if (same_word(name, "Prefer"))
            for (const std::string_view part : preference_parts(value)) read_preference(preferences, part);
    return preferences;
}

Answer json_answer(int status, std::string body)
{
    Answer answer;
    answer.status = status;
    answer.headers = {{"Content-Type", "application/json; odata.metadata=minimal"}, {"OData-Version", "4.0"}};
    answer.body = std::move(body);
    return answer;
}

Answer empty_answer(int status)
{
    Answer answer;
    answer.status = status;
    answer.headers = {{"OData-Version", "4.0"}};
    return answer;
}

Answer refuse(const Settings& settings, const Refusal& refusal)
{
    std::string body = "{\"error\":{\"code\":";
    append_quoted(body, settings.empty_codes ? std::string() : refusal.code);
    body += ",\"message\":";
    append_quoted(body, refusal.message);
    return json_answer(refusal.status, body + "}}");
}

Answer refuse(const Call& call, const Refusal& refusal)
{
    return refuse(call.settings(), refusal);
}

std::string etag(std::int64_t version)
{
    return "W/\"" + std::to_string(version) + "\"";
}

} // namespace hawser::server
