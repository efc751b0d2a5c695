#include "tools/server/core/delta.h"

#include "base/time_text.h"
#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/token.h"

#include <charconv>
#include <cstdio>
#include <ctime>

namespace hawser::server {
namespace {

/// Where a round stands.
struct Round {
    std::int64_t since = 0; ///< 0 = from the start; then there are no deletions.
    std::int64_t up_to = 0; ///< The newest version when the round began.
    std::int64_t at = 0;    ///< Rows up to here are out; then deletions up to here.
    bool deleting = false;
    std::int64_t began = 0; ///< Seconds; the next token's age counts from here.
};

std::string payload_of(const Round& round)
{
    return std::to_string(round.since) + ' ' + std::to_string(round.up_to) + ' ' + std::to_string(round.at) +
           ' ' + (round.deleting ? '1' : '0') + ' ' + std::to_string(round.began);
}

std::optional<std::vector<std::int64_t>> numbers_in(std::string_view text)
{
    std::vector<std::int64_t> numbers;
    for (const std::string_view part : split_outside(text, ' ')) {
        std::int64_t number = 0;
        const auto end = std::from_chars(part.data(), part.data() + part.size(), number);
        if (part.empty() || end.ptr != part.data() + part.size()) return std::nullopt;
        numbers.push_back(number);
    }
    return numbers;
}

std::string purpose_of(const Call& call, const Table& table)
{
    const std::string* select = call.address.option("$select");
    return "delta " + table.name + "|" + (select ? *select : "");
}

/// "919042!08/22/2017 08:10:44", as the organization spells it; the client must not read it.
std::string delta_token(std::int64_t version, std::int64_t seconds)
{
    const std::string iso = to_text(Instant{std::chrono::seconds{seconds}});
    if (iso.size() < 19) return std::to_string(version) + "!";
    return std::to_string(version) + "!" + iso.substr(5, 2) + "/" + iso.substr(8, 2) + "/" +
           iso.substr(0, 4) + " " + iso.substr(11, 8);
}

struct Since {
    std::int64_t version = 0;
    std::int64_t seconds = 0;
};

std::optional<Since> read_delta_token(std::string_view token)
{
    const auto mark = token.find('!');
    Since since;
    const auto number_end = token.data() + std::min(mark, token.size());
    const auto end = std::from_chars(token.data(), number_end, since.version);
    if (mark == std::string_view::npos || mark == 0 || end.ptr != number_end || since.version < 0)
        return std::nullopt;
    const std::string_view time = token.substr(mark + 1);
    if (time.size() != 19) return std::nullopt;
    const auto instant =
        parse_instant(std::string(time.substr(6, 4)) + "-" + std::string(time.substr(0, 2)) + "-" +
                      std::string(time.substr(3, 2)) + "T" + std::string(time.substr(11)) + "Z");
    if (!instant) return std::nullopt;
    since.seconds = instant->time_since_epoch().count();
    return since;
}

std::int64_t seconds_of(Instant now)
{
    return now.time_since_epoch().count();
}

Refusal expired(const Call& call)
{
    return {static_cast<int>(call.settings().expired_token_status), "0x80044352",
            "Version stamp associated with the client has expired. Please perform a full sync."};
}

/// The round that a delta token starts. A token is too old by its time, and wrong when it is from
/// a database that knew more than this one (a restored copy).
Outcome<Round> begin_round(const Call& call, const std::string* token)
{
    Round round;
    round.up_to = call.storage().version();
    round.began = seconds_of(call.now);
    if (!token) return round;
    const std::optional<Since> since = read_delta_token(*token);
    if (!since) return bad_query("The delta token is not valid.");
    const bool old = round.began - since->seconds > call.settings().change_tracking_retention;
    if (since->version > round.up_to) return expired(call);
    if (old && call.settings().expired_token == Settings::ExpiredToken::error) return expired(call);
    if (!old) round.since = round.at = since->version;
    return round;
}

Outcome<Round> resume_round(const Call& call, const Table& table, const std::string& token)
{
    const std::optional<std::string> payload = open_token(token, purpose_of(call, table));
    const auto numbers = payload ? numbers_in(*payload) : std::nullopt;
    if (!numbers || numbers->size() != 5) return bad_query("The skip token is not one of this query.");
    return Round{(*numbers)[0], (*numbers)[1], (*numbers)[2], (*numbers)[3] != 0, (*numbers)[4]};
}

std::optional<Refusal> refuse_options(const Call& call)
{
    for (const char* option : {"$filter", "$orderby", "$expand", "$top"})
        if (call.address.option(option))
            return bad_query("The \"" + std::string(option) +
                             "\" query parameter isn't supported when Change Tracking is enabled.");
    return std::nullopt;
}

struct DeltaPage {
    std::string rows{};
    std::size_t size = 0;
    bool more = false;
};

void add_rows(const Call& call, const Projection& projection, Round& round, std::size_t limit,
              DeltaPage& page)
{
    Cursor cursor = call.storage().by_version(projection.table(), round.at, round.up_to);
    while (cursor.next()) {
        if (page.size == limit) {
            page.more = true;
            return;
        }
        const Row row = cursor.row();
        if (page.size++ > 0) page.rows += ',';
        projection.write(page.rows, call, row);
        page.rows += '}';
        round.at = row.version;
    }
    round.deleting = true;
    round.at = round.since;
}

void add_deletions(const Call& call, const Table& table, Round& round, std::size_t limit, DeltaPage& page)
{
    if (round.since == 0) return;
    for (;;) {
        const std::size_t room = limit - page.size;
        const auto deletions = call.storage().deletions(table, round.at, round.up_to, room + 1);
        for (const Deletion& deletion : deletions) {
            if (page.size == limit) {
                page.more = true;
                return;
            }
            round.at = deletion.version;
            if (!call.settings().deletes_of_living && call.storage().exists(table, deletion.id)) continue;
            if (page.size++ > 0) page.rows += ',';
            page.rows += "{\"@odata.context\":\"" + call.root + "$metadata#" + table.set +
                         "/$deletedEntity\",\"id\":\"" + deletion.id.text() + "\",\"reason\":\"deleted\"}";
        }
        if (deletions.size() <= room) return;
    }
}

} // namespace

bool is_tracked(const Call& call, const Table& table)
{
    const auto found = call.settings().change_tracking.find(table.name);
    return found == call.settings().change_tracking.end() ? table.change_tracking : found->second;
}

bool is_tracking_request(const Call& call, const Table& table)
{
    if (call.address.option("$deltatoken")) return true;
    if (const std::string* token = call.address.option("$skiptoken"))
        if (open_token(*token, purpose_of(call, table))) return true;
    return call.preferences.track_changes && is_tracked(call, table);
}

Answer track_changes(const Call& call, const Table& table)
{
    if (!is_tracked(call, table))
        return refuse(call,
                      {400, "0x80072491", "Change tracking is not enabled for entity " + table.name + "."});
    if (const auto refusal = less_than_global(call, Verb::read, table)) return refuse(call, *refusal);
    if (const auto refusal = refuse_options(call)) return refuse(call, *refusal);
    const std::string* select = call.address.option("$select");
    Outcome<Projection> projection = Projection::make(call.world, table, select ? *select : "");
    if (!projection) return refuse(call, projection.refusal());
    projection->annotate(call.preferences.annotations);
    const std::string* token = call.address.option("$deltatoken");
    const std::string* skip = call.address.option("$skiptoken");
    Outcome<Round> round = skip ? resume_round(call, table, *skip) : begin_round(call, token);
    if (!round) return refuse(call, round.refusal());
    DeltaPage page;
    const std::size_t limit = page_size(call);
    if (!round->deleting) add_rows(call, *projection, *round, limit, page);
    if (round->deleting) add_deletions(call, table, *round, limit, page);
    std::string extra;
    if (page.more) {
        extra = ",\"@odata.nextLink\":";
        append_quoted(extra,
                      link_with(call, "$skiptoken", make_token(payload_of(*round), purpose_of(call, table))));
    } else {
        extra = ",\"@odata.deltaLink\":";
        append_quoted(
            extra, link_with(call, "$deltatoken", percent_encoded(delta_token(round->up_to, round->began))));
    }
    const std::string context = table.set + projection->context() + (round->since > 0 ? "/$delta" : "");
    Answer answer = page_answer(call, context, extra, page.rows);
    std::erase_if(answer.headers, [](const auto& one) { return one.first == "Preference-Applied"; });
    std::string applied = "odata.track-changes";
    if (call.preferences.page_size)
        applied += ",odata.maxpagesize=" + std::to_string(*call.preferences.page_size);
    answer.headers.emplace_back("Preference-Applied", applied);
    return answer;
}

Answer count_changes(const Call& call, const Table& table)
{
    if (const auto refusal = less_than_global(call, Verb::read, table)) return refuse(call, *refusal);
    Outcome<Round> round = begin_round(call, call.address.option("$deltatoken"));
    if (!round) return refuse(call, round.refusal());
    std::size_t count = call.storage().changed_count(table, round->since, round->up_to);
    if (round->since > 0) count += call.storage().deletion_count(table, round->since, round->up_to);
    Answer answer = empty_answer(200);
    answer.headers.emplace_back("Content-Type", "text/plain");
    answer.body = std::to_string(count);
    return answer;
}

} // namespace hawser::server
