#pragma once

#include "hawser/random.h"
#include "tests/catch.h"
#include "tools/server/core/organization.h"

#include <boost/json.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hawser::server::tests {

namespace json = boost::json;

inline constexpr const char* some_id = "11111111-2222-4333-8444-555555555501";
inline constexpr const char* other_id = "11111111-2222-4333-8444-555555555502";
inline constexpr const char* root = "http://organization.test/api/data/v9.2/";

/// A member as text; "null" and numbers as JSON.
inline std::string text_of(const json::value& object, const char* name)
{
    const json::value& value = object.as_object().at(name);
    return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

/// An answer with its body read, when it is JSON.
struct Reply {
    Answer answer;
    json::value body;

    int status() const { return answer.status; }
    std::string_view head(std::string_view name) const { return header(answer.headers, name); }
    const json::value& operator[](const char* name) const { return body.as_object().at(name); }
    std::string text(const char* name) const { return std::string((*this)[name].as_string()); }
    bool has(const char* name) const { return body.is_object() && body.as_object().contains(name); }
    std::string code() const { return std::string((*this)["error"].as_object().at("code").as_string()); }
    std::string message() const
    {
        return std::string((*this)["error"].as_object().at("message").as_string());
    }
    std::string at(std::size_t number, const char* name) const { return text_of(rows().at(number), name); }
    const json::array& rows() const { return (*this)["value"].as_array(); }
};

/// An organization in memory (or in a file) with ada, who reads everything, and bob, who does not.
class Office {
public:
    explicit Office(OrganizationOptions options = {}, std::uint64_t seed = 7)
        : random(seeded_random(seed)), now(std::chrono::sys_days{std::chrono::year{2026} / 3 / 14})
    {
        options.write_log = [this](std::string_view line) { log.emplace_back(line); };
        auto opened = Organization::open(std::move(options), now, *random);
        REQUIRE(opened);
        organization = std::move(*opened);
    }

    static OrganizationOptions with(std::vector<std::pair<std::string, std::string>> settings)
    {
        OrganizationOptions options;
        options.settings = std::move(settings);
        return options;
    }

    Reply ask(std::string method, const std::string& path, std::string body = {}, Headers headers = {})
    {
        Request request;
        request.method = std::move(method);
        request.target = path.rfind("http://", 0) == 0
                             ? path.substr(std::string("http://organization.test").size())
                             : "/api/data/v9.2/" + path;
        for (char& one : request.target)
            if (one == ' ') one = '+';
        request.headers = std::move(headers);
        request.headers.emplace_back("Host", "organization.test");
        if (header(request.headers, "Authorization").empty())
            request.headers.emplace_back("Authorization", "Bearer " + organization->user(user)->token);
        request.body = std::move(body);
        Reply reply{organization->handle(request, now, *random), nullptr};
        json::error_code failure;
        json::value value = json::parse(reply.answer.body, failure);
        if (!failure) reply.body = std::move(value);
        return reply;
    }

    Reply get(const std::string& path, Headers headers = {})
    {
        return ask("GET", path, {}, std::move(headers));
    }
    Reply post(const std::string& path, std::string body, Headers headers = {})
    {
        return ask("POST", path, std::move(body), std::move(headers));
    }
    Reply patch(const std::string& path, std::string body, Headers headers = {})
    {
        return ask("PATCH", path, std::move(body), std::move(headers));
    }

    /// Makes a row and returns it whole.
    Reply make(const std::string& set, std::string body)
    {
        Reply made = post(set, std::move(body), {{"Prefer", "return=representation"}});
        INFO(made.answer.body);
        REQUIRE(made.status() == 201);
        return made;
    }

    std::string id_of(const std::string& set, std::string body)
    {
        const Reply made = make(set, std::move(body));
        return std::string(made.body.as_object()
                               .at(set == "contacts"   ? "contactid"
                                   : set == "accounts" ? "accountid"
                                                       : "activityid")
                               .as_string());
    }

    std::shared_ptr<Random> random;
    Instant now;
    std::vector<std::string> log;
    std::string user = "ada";
    std::unique_ptr<Organization> organization;
};

inline std::string row(const std::string& set, const std::string& id)
{
    return set + "(" + id + ")";
}

/// "navigation@odata.bind":"set(id)"
inline std::string bound(const std::string& navigation, const std::string& set, const std::string& id)
{
    return "\"" + navigation + "@odata.bind\":\"" + row(set, id) + "\"";
}

/// {"@odata.id":"set(id)"}
inline std::string referring(const std::string& set, const std::string& id)
{
    return "{\"@odata.id\":\"" + row(set, id) + "\"}";
}

} // namespace hawser::server::tests
