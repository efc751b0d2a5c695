#include "tools/server/core/precondition.h"

#include <charconv>

namespace hawser::server {
namespace {

std::optional<std::int64_t> version_in(std::string_view tag)
{
    if (tag.substr(0, 2) == "W/") tag.remove_prefix(2);
    if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
    tag = tag.substr(1, tag.size() - 2);
    std::int64_t version = 0;
    const auto end = std::from_chars(tag.data(), tag.data() + tag.size(), version);
    if (end.ec != std::errc{} || end.ptr != tag.data() + tag.size()) return std::nullopt;
    return version;
}

} // namespace

Outcome<Precondition> read_precondition(const Headers& headers)
{
    Precondition condition;
    const std::string_view match = trim(header(headers, "If-Match"));
    const std::string_view none_match = trim(header(headers, "If-None-Match"));
    if (none_match == "*") {
        if (!match.empty() && match != "null")
            return bad_request("If-Match and If-None-Match cannot be used together.");
        condition.kind = Precondition::Kind::must_not_exist;
        condition.text = "If-None-Match: *";
        return condition;
    }
    if (match.empty() && has_header(headers, "If-Match"))
        return bad_request("The If-Match header has no value.");
    if (match.empty() || match == "null") return condition;
    condition.text = "If-Match: " + std::string(match);
    if (match == "*") {
        condition.kind = Precondition::Kind::must_exist;
        return condition;
    }
    const std::optional<std::int64_t> version = version_in(match);
    if (!version) return bad_request("The ETag '" + std::string(match.substr(0, 100)) + "' is not valid.");
    condition.kind = Precondition::Kind::must_match;
    condition.version = *version;
    return condition;
}

std::optional<Refusal> check(const Precondition& condition, const Table& table, const Guid& id,
                             const std::optional<StoredRow>& row)
{
    switch (condition.kind) {
    case Precondition::Kind::none:
        return std::nullopt;
    case Precondition::Kind::must_not_exist:
        if (row) return duplicate_record();
        return std::nullopt;
    case Precondition::Kind::must_exist:
        if (!row) return record_absent(table.name, id.text());
        return std::nullopt;
    case Precondition::Kind::must_match:
        if (!table.concurrency)
            return Refusal{400, "0x8006088d",
                           "Optimistic concurrency isn't enabled for entity type " + table.name +
                               ". The IfVersionMatches behavior can only be used "
                               "if optimistic concurrency is enabled."};
        if (!row) return record_absent(table.name, id.text());
        if (row->version != condition.version) return version_mismatch();
        return std::nullopt;
    }
    return std::nullopt;
}

} // namespace hawser::server
