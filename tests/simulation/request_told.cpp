#include "tests/simulation/request_told.h"

#include "base/time_text.h"
#include "tests/organization_exchange.h"
#include "tests/simulation/rows.h"
#include "transport/odata/url.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace hawser::simulation {

namespace {

/// One request, or one part of a batch.
struct Asked {
    std::string_view method;
    std::string_view set{};
    std::string_view key{};
    std::string_view query{};
};

std::string_view before(std::string_view text, std::string_view mark)
{
    return text.substr(0, text.find(mark));
}

std::string_view behind(std::string_view text, std::string_view mark)
{
    const auto at = text.find(mark);
    return at == std::string_view::npos ? std::string_view{} : text.substr(at + mark.size());
}

Asked asked(std::string_view method, std::string_view target)
{
    if (const auto below = behind(target, "/api/data/"); !below.empty()) target = behind(below, "/");
    const std::string_view path = before(target, "?");
    return {method, before(path, "("), before(behind(path, "("), ")"), behind(target, "?")};
}

std::string one_of(std::string_view set)
{
    const auto table = std::ranges::find(tracked_tables(), set, &TrackedTable::set);
    return table == tracked_tables().end() ? "a record of " + std::string(set) : std::string(table->name);
}

std::string reading(const Asked& one)
{
    const std::string set(one.set);
    if (one.set == "WhoAmI") return "asks who it is";
    if (one.set == "EntityDefinitions") return "asks what the tables are like";
    if (!one.key.empty()) return "reads " + one_of(one.set);
    if (one.query.find("deltatoken") != std::string_view::npos) return "asks what changed among " + set;
    if (one.query.find("skiptoken") != std::string_view::npos) return "asks for more " + set;
    return "asks for " + set;
}

std::string sentence_of(const Asked& one)
{
    const std::string key = one.key.empty() ? std::string() : " " + std::string(one.key);
    if (one.method == "GET") return reading(one) + key;
    return (one.method == "DELETE" ? "deletes " : "writes ") + one_of(one.set) + key;
}

std::vector<Asked> parts_of(std::string_view body)
{
    std::vector<Asked> parts;
    for (; !body.empty(); body = behind(body, "\n")) {
        const std::string_view line = before(body, "\n");
        for (const std::string_view method : {"GET", "POST", "PATCH", "PUT", "DELETE"})
            if (line.starts_with(method) && line.find(" HTTP/1.1") != std::string_view::npos)
                parts.push_back(asked(method, before(behind(line, " "), " ")));
    }
    return parts;
}

} // namespace

std::string told(const http::Request& request)
{
    const std::string target = tests::target_of(request.url);
    if (!target.ends_with("/$batch")) return sentence_of(asked(request.method, target));
    const auto parts = parts_of(request.body);
    std::string all = parts.size() == 1 ? "" : "sends as one: ";
    for (const Asked& part : parts) all += (&part == &parts.front() ? "" : ", ") + sentence_of(part);
    return all;
}

std::vector<RecordKey> written_by(const std::string& body)
{
    std::vector<RecordKey> keys;
    for (const TrackedTable& table : tracked_tables())
        for (const std::string_view method : {"PATCH ", "DELETE "})
            for (auto at = body.find(method); at != std::string::npos; at = body.find(method, at + 1)) {
                const auto end = body.find("\r\n", at);
                const std::string mark = "/" + std::string(table.set) + "(";
                const auto id = body.find(mark, at);
                if (id == std::string::npos || id > end) continue;
                if (const auto guid = Guid::parse(std::string_view(body).substr(id + mark.size(), 36)))
                    keys.push_back({std::string(table.name), *guid});
            }
    return keys;
}

std::vector<Instant> delta_tokens_in(const http::Request& request)
{
    constexpr std::string_view mark = "$deltatoken=";
    std::vector<Instant> times;
    for (const std::string* text : {&request.url, &request.body})
        for (auto at = text->find(mark); at != std::string::npos; at = text->find(mark, at + 1)) {
            const auto end = text->find_first_of("& \r\n", at);
            const auto token = odata::percent_decode(std::string_view(*text).substr(at, end - at));
            // "…!03/14/2026 10:00:00"
            const std::string time(behind(token.value_or(std::string()), "!"));
            if (time.size() != 19) continue;
            const auto handed_out = parse_instant(time.substr(6, 4) + "-" + time.substr(0, 2) + "-" +
                                                  time.substr(3, 2) + "T" + time.substr(11) + "Z");
            if (handed_out) times.push_back(*handed_out);
        }
    return times;
}

} // namespace hawser::simulation
