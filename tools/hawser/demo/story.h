#pragma once

#include "tools/hawser/demo/person.h"
#include "tools/hawser/output.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hawser::cli {

struct StoryOptions {
    std::filesystem::path directory; ///< Everything is made in here; it exists and is empty.
    std::string load{};              ///< A folder of JSON Lines instead of a sample.
    std::size_t records = 10'000;
};

/// What the demonstration found, for people and for --json.
struct StoryFigures {
    std::uint64_t records = 0; ///< In the first replica after its pull.
    double pull_seconds = 0;
    int cycles_through_bad_network = 0;
    std::uint64_t answers_lost = 0;
    std::uint64_t lost = 0;       ///< Edits whose effect is not on the server.
    std::uint64_t duplicated = 0; ///< Edits with more than one effect, by the organization's write log.
    double seconds = 0;
};

/// The main job, told in plain sentences while it really happens: an organization in a process of its
/// own, two machines of one user and a colleague, edits on both sides, a bad network, merges, one
/// conflict. Every claim is checked; the first that does not hold ends it with what was found.
class Story {
public:
    Story(StoryOptions options, Output& output);

    Result<StoryFigures> tell();
    const OrganizationProcess& organization() const { return organization_; }

private:
    Result<void> gather();
    Result<void> leave();
    Result<void> edit_offline();
    Result<void> edit_elsewhere();
    Result<void> come_back();
    Result<void> settle_conflict();
    Result<void> meet();
    Result<void> check_records();
    Result<void> check_write_log();
    Result<void> verify_all();

    Result<void> everybody_syncs();
    Result<void> restart(const std::vector<std::string>& arguments);
    Result<std::vector<RecordKey>> pick(const std::string& table, std::size_t count,
                                        const std::string& where);
    Result<void> expect_text(const RecordKey& record, const std::string& column, const std::string& wanted);
    void say(const std::string& sentence, Style style = Style::plain);

    StoryOptions options_;
    Output& output_;
    OrganizationProcess organization_;
    StoryFigures figures_;
    std::unique_ptr<Person> laptop_, desktop_, colleague_;

    RecordKey apart_;   ///< Both edit it, different columns.
    RecordKey same_;    ///< Both edit the same column.
    RecordKey doomed_;  ///< One deletes it, the other edits it.
    RecordKey meeting_; ///< Each side adds an attendee.
    RecordKey account_, contact_, email_;
};

} // namespace hawser::cli
