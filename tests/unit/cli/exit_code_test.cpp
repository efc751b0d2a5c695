#include "tests/catch.h"
#include "tools/hawser/exit_code.h"
#include "tools/hawser/state_words.h"

#include <algorithm>

using namespace hawser;
using namespace hawser::cli;

TEST_CASE("Failures become the exit codes that are promised", "[cli]")
{
    const auto exit_of = [](ErrorKind kind, const char* code) { return exit_code_of({kind, code, "words"}); };
    CHECK(exit_code_of(usage_error("wrong")) == ExitCode::usage);
    CHECK(exit_of(ErrorKind::refuse, "input.too_long") == ExitCode::usage);
    CHECK(exit_of(ErrorKind::refuse, "store.unknown_table") == ExitCode::usage);
    CHECK(exit_of(ErrorKind::refuse, "store.no_record") == ExitCode::usage);
    CHECK(exit_of(ErrorKind::refuse, "odata.bad_url") == ExitCode::usage);
    CHECK(exit_of(ErrorKind::offline, "net.unreachable") == ExitCode::offline);
    CHECK(exit_of(ErrorKind::offline, "net.captive_portal") == ExitCode::offline);
    CHECK(exit_of(ErrorKind::refuse, "engine.offline_by_choice") == ExitCode::offline);
    CHECK(exit_of(ErrorKind::retry, "net.lost_answer") == ExitCode::offline);
    CHECK(exit_of(ErrorKind::retry, "net.timeout") == ExitCode::offline);
    CHECK(exit_of(ErrorKind::sign_in, "server.sign_in") == ExitCode::sign_in);
    CHECK(exit_of(ErrorKind::stop, "engine.other_user") == ExitCode::sign_in);
    CHECK(exit_of(ErrorKind::stop, "engine.mass_change") == ExitCode::needs_person);
    CHECK(exit_of(ErrorKind::retry, "engine.locked") == ExitCode::locked);
    CHECK(exit_of(ErrorKind::retry, "store.busy") == ExitCode::locked);
    CHECK(exit_of(ErrorKind::stop, "store.corrupt") == ExitCode::failed);
    CHECK(exit_of(ErrorKind::retry, "server.bad_answer") == ExitCode::failed);
}

TEST_CASE("A cycle is told in one sentence, a failed one as such", "[cli]")
{
    CycleReport report;
    report.outcome = "done";
    CHECK(cycle_sentence(report) == "Nothing had changed.");
    report.pulled = 12'000;
    report.pushed = 1;
    CHECK(cycle_sentence(report) == "Pulled 12,000 records and sent 1 change.");
    report.pulled = report.pushed = 0;
    report.kept = 1;
    report.held = 2;
    CHECK(cycle_sentence(report) ==
          "Held back 2 changes and kept 1 record that you had deleted, because somebody had changed it.");
    report.kept = report.held = 0;
    report.pulled = 12'000;
    report.pushed = 1;
    report.outcome = "cannot reach example.com";
    CHECK(cycle_sentence(report) ==
          "Pulled 12,000 records and sent 1 change; then it ended: cannot reach example.com.");
    report.pulled = report.pushed = 0;
    CHECK(cycle_sentence(report) == "It did not finish: cannot reach example.com.");
}

TEST_CASE("What waits is told apart: to be sent, refused, held, contested", "[cli]")
{
    Status status;
    const Instant now{std::chrono::hours(1)};
    CHECK(waiting_sentences(status, now).empty());
    CHECK_FALSE(needs_person(status));
    status.pending = 2;
    status.oldest_pending = now - std::chrono::minutes(5);
    status.next_attempt = now + std::chrono::seconds(30);
    CHECK(waiting_sentences(status, now) ==
          std::vector<std::string>{"2 changes wait to be sent, the oldest from 5 minutes ago."});
    status.engine = "process 1"; // Without one nothing is attempted.
    CHECK(
        waiting_sentences(status, now) ==
        std::vector<std::string>{
            "2 changes wait to be sent, the oldest from 5 minutes ago; the next attempt is in 30 seconds."});
    CHECK_FALSE(needs_person(status));
    status.deletions_wait = true;
    CHECK(needs_person(status));
    CHECK(waiting_sentences(status, now).front().find("hawser sync --yes") != std::string::npos);
    status.deletions_wait = false;
    status.parked = status.held = status.conflicts = 1;
    CHECK(waiting_sentences(status, now).size() == 4);
    CHECK(needs_person(status));
}

TEST_CASE("A departure that waits for a refused table says how it goes on", "[cli]")
{
    Status status;
    const Instant now{std::chrono::hours(1)};
    status.state = ConnectionState::going_offline;
    CHECK(waiting_sentences(status, now).empty());
    TableStatus table;
    table.table = "contact";
    table.refused = true;
    table.missing = "missing prvReadContact";
    status.tables = {table};
    const auto sentences = waiting_sentences(status, now);
    REQUIRE(sentences.size() == 2);
    CHECK(sentences.back().find("hawser go-offline --now") != std::string::npos);
    CHECK(needs_person(status));
}

TEST_CASE("A stay offline says since when it is out of touch when that is longer", "[cli]")
{
    Status status;
    const Instant now{std::chrono::hours(10)};
    status.state = ConnectionState::offline_by_choice;
    status.state_since = now - std::chrono::hours(1);
    status.offline_since = status.state_since;
    CHECK(connection_sentence(status, now).find("not online") == std::string::npos);
    status.offline_since = now - std::chrono::hours(2);
    CHECK(connection_sentence(status, now).find(", not online since ") != std::string::npos);
    status.state = ConnectionState::online;
    CHECK(connection_sentence(status, now).find("not online") == std::string::npos);
}

TEST_CASE("A stay offline by choice needs no further reason", "[cli]")
{
    Status status;
    const Instant now{std::chrono::hours(1)};
    status.state = ConnectionState::offline_by_choice;
    status.state_reason = "pulling before going offline";
    CHECK(connection_sentence(status, now) == "Offline by your choice");
    status.state = ConnectionState::disconnected;
    status.state_reason = "cannot reach example.com";
    CHECK(connection_sentence(status, now) == "Not connected: cannot reach example.com");
}

TEST_CASE("Edits are told before and after, short and in one line", "[cli]")
{
    Change change;
    change.edits = {{"description", Value{}, Value{std::string("two\nlines\n")}},
                    {"jobtitle", Value{std::string("Clerk")}, Value{std::string("Boss")}},
                    {"telephone1", Value{std::string("1")}, Value{}},
                    {"fax", Value{}, Value{std::string("2")}}};
    CHECK(edits_text(change, nullptr, 3) ==
          "description: two lines, jobtitle: Clerk -> Boss, telephone1 cleared, 1 more");
}
