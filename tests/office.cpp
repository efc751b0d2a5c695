#include "tests/office.h"

#include "base/time_text.h"

#include <boost/json.hpp>

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace hawser::tests {

Office::Office(Clock& clock, std::vector<std::string> users, const std::string& database,
               const std::string& vfs)
    : random(seeded_random(7)), clock_(clock)
{
    server::OrganizationOptions options;
    options.database = database;
    options.vfs = vfs;
    for (const std::string& user : users) options.users.push_back(*server::UserSpecification::parse(user));
    options.write_log = [this](std::string_view line) { log.emplace_back(line); };
    organization = std::move(*server::Organization::open(options, clock.now(), *random));
}

server::Answer Office::ask(std::string method, std::string path, std::string body, server::Headers headers,
                           std::string_view user)
{
    server::Request request;
    request.method = std::move(method);
    request.target = "/api/data/v9.2/" + path;
    request.headers = std::move(headers);
    request.headers.emplace_back("Authorization", "Bearer " + token(user));
    request.headers.emplace_back("Accept", "application/json");
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    return organization->handle(request, clock_.now(), *random);
}

void Office::put(const std::string& set, const Guid& id, const std::string& json)
{
    const server::Answer answer = ask("PATCH", set + "(" + id.text() + ")", json);
    if (answer.status / 100 != 2) throw std::runtime_error("PATCH of " + set + ": " + answer.body);
}

void Office::erase(const std::string& set, const Guid& id)
{
    const server::Answer answer = ask("DELETE", set + "(" + id.text() + ")");
    if (answer.status != 204) throw std::runtime_error("DELETE of " + set + ": " + answer.body);
}

std::string Office::value(const std::string& set, const Guid& id, const std::string& column)
{
    const server::Answer answer = ask("GET", set + "(" + id.text() + ")");
    if (answer.status != 200) return {};
    const boost::json::value parsed = boost::json::parse(answer.body);
    const boost::json::value* found = parsed.get_object().if_contains(column);
    if (!found || found->is_null()) return {};
    return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

bool Office::has(const std::string& set, const Guid& id)
{
    return ask("GET", set + "(" + id.text() + ")").status == 200;
}

int Office::effects(const Guid& id, std::string_view method) const
{
    int count = 0;
    for (const std::string& line : log) {
        const boost::json::object entry = boost::json::parse(line).as_object();
        const auto text = [&](std::string_view member) {
            const boost::json::value* found = entry.if_contains(member);
            return found && found->is_string() ? std::string(found->get_string()) : std::string();
        };
        if (text("id") == id.text() && text("method") == method) ++count;
    }
    return count;
}

void KeptOffice::back_up()
{
    copy("organization.db", "backup.db");
}

void KeptOffice::restore()
{
    office_.reset();
    copy("backup.db", "organization.db");
    start();
}

void KeptOffice::copy(const std::string& from, const std::string& to)
{
    for (const std::string part : {"", "-wal"})
        memory_.write(folder_ / (to + part), memory_.read(folder_ / (from + part)));
}

void KeptOffice::start()
{
    office_ = std::make_unique<Office>(clock_, users_, folder_ / "organization.db", memory_.name());
}

std::shared_ptr<VirtualClock> monday()
{
    return std::make_shared<VirtualClock>(*parse_instant("2026-11-02T09:00:00Z"));
}

Guid guid(int number)
{
    char text[37];
    std::snprintf(text, sizeof text, "10000000-0000-4000-8000-%012d", number);
    return *Guid::parse(text);
}

std::string person(int number)
{
    return R"({"firstname":"Ann","lastname":"Number )" + std::to_string(number) + R"("})";
}

void fill(Office& office, int from, int to)
{
    for (int i = from; i <= to; ++i) office.put("contacts", guid(i), person(i));
}

} // namespace hawser::tests
