#include "tests/catch.h"
#include "tools/hawser/replay_report.h"

#include <boost/json/serialize.hpp>

using namespace hawser;
using namespace hawser::cli;

namespace {

Replayed replayed(ChangeNumber there, ChangeState state, std::string reason = {})
{
    Change change;
    change.number = there + 100;
    change.record = {"contact", *Guid::parse("20000000-0000-4000-8000-000000000001")};
    change.record_name = "Ada | <b>Lovelace</b>";
    change.state = state;
    change.reason = std::move(reason);
    return {.there = there, .change = std::move(change)};
}

ReplayReport report()
{
    ReplayReport made{
        .journal = "queue.hjournal", .organization = "https://organization.example", .user = "u", .at = {}};
    made.changes = {replayed(1, ChangeState::applied, "stored"),
                    replayed(2, ChangeState::parked, "too long | <i>"),
                    replayed(3, ChangeState::contested, "both changed"),
                    replayed(4, ChangeState::superseded),
                    replayed(5, ChangeState::queued),
                    replayed(6, ChangeState::discarded)};
    made.changes.push_back(replayed(7, ChangeState::held, "not sent in this replay"));
    made.changes.back().chosen = false;
    made.changes.push_back({.there = 8, .change = {}});
    return made;
}

} // namespace

TEST_CASE("Each change of a replay has one outcome, and all are counted", "[replay]")
{
    const std::vector<std::pair<std::string, std::size_t>> expected{
        {"applied", 1}, {"refused", 1},  {"conflict", 1},  {"said already", 2},
        {"waits", 1},   {"given up", 1}, {"not chosen", 1}};
    CHECK(counts_of(report()) == expected);
    CHECK(is_unfinished(report()));
    ReplayReport done = report();
    done.changes = {replayed(1, ChangeState::applied), replayed(4, ChangeState::superseded)};
    done.changes.push_back(report().changes[6]);
    CHECK_FALSE(is_unfinished(done));
}

TEST_CASE("Nothing in a record steers the terminal that a page is printed on", "[replay]")
{
    ReplayReport steering = report();
    steering.changes[0].change->record_name = "Ada \x1b]0;title\x07";
    const std::string html = html_of(steering);
    CHECK(html.find('\x1b') == std::string::npos);
    CHECK(html.find('\x07') == std::string::npos);
    CHECK(html.find("Ada ") != std::string::npos);
}

TEST_CASE("Nothing in a record is markup in a report", "[replay]")
{
    const std::string html = html_of(report());
    CHECK(html.find("<b>Lovelace") == std::string::npos);
    CHECK(html.find("&lt;b&gt;Lovelace") != std::string::npos);
    CHECK(html.find("<i>") == std::string::npos);
    const std::string markdown = markdown_of(report());
    CHECK(markdown.find("Ada \\| &lt;b>Lovelace") != std::string::npos);
    CHECK(markdown.find(
              "| 2 | update of contact Ada \\| &lt;b>Lovelace&lt;/b> | refused | too long \\| &lt;i> |") !=
          std::string::npos);
}

TEST_CASE("A report in JSON says each change's numbers here and there, and why it is where it is", "[replay]")
{
    const auto json = json_of(report());
    CHECK(json.at("counts").at("refused").as_uint64() == 1);
    const auto& refused = json.at("changes").at(1);
    CHECK(refused.at("number").as_int64() == 2);
    CHECK(refused.at("here").as_int64() == 102);
    CHECK(refused.at("why").as_string() == "too long | <i>");
    CHECK(json.at("changes").at(0).at("why").as_string().empty());
    CHECK_FALSE(json.at("changes").at(7).as_object().contains("table"));
}
