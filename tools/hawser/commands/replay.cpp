#include "tools/hawser/replay.h"

#include "tools/hawser/change_text.h"
#include "tools/hawser/command_words.h"
#include "tools/hawser/commands/commands.h"
#include "tools/hawser/commands/replay_course.h"
#include "tools/hawser/file_text.h"
#include "tools/hawser/output.h"
#include "tools/hawser/question.h"
#include "tools/hawser/replay_receipts.h"
#include "tools/hawser/replay_report.h"
#include "tools/hawser/session.h"
#include "tools/hawser/text_width.h"
#include "tools/hawser/words.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>

namespace hawser::cli {

namespace {

struct ReplayOptions {
    std::string journal;
    std::string against;
    std::string mailbox;
    std::string token_command;
    std::string receipts;
    std::string only;
    std::string rate;
    std::string stop_on = "never";
    std::string report;
    std::string policy;
    std::int64_t until = 0;
    bool dry_run = false;
    bool step = false;
    bool as_me = false;
    bool first_time = false;
    bool into_empty = false;
};

/// What one batch may hold: fewer requests, and nobody waits for the first answer.
constexpr std::uint32_t most_changes_a_batch = 1000;

Error refused(const std::string& code, const std::string& message)
{
    return Error{ErrorKind::refuse, code, message};
}

Result<double> read_rate(const std::string& text)
{
    if (text.empty()) return 0.0;
    double rate = 0;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), rate);
    constexpr double least = 0.01, most = 10'000;
    if (failure != std::errc{} || stop != text.data() + text.size() || !(rate >= least && rate <= most))
        return usage_error(
            fmt::format("--rate: \"{}\" is no number of changes a second from 0.01 to 10,000", text));
    return rate;
}

std::filesystem::path receipts_of(const ReplayOptions& options)
{
    return options.receipts.empty() ? options.journal + ".receipts" : options.receipts;
}

/// Whether this sign-in may send what the journal holds.
Result<void> check_binding(const ReplayOptions& options, const JournalAbout& about, const Binding& binding)
{
    if (options.into_empty) {
        if (about.organization_id != binding.organization_id) return {};
        return usage_error(
            fmt::format("{} is the organization that the journal {} is of: leave --into-empty out",
                        options.against, options.journal));
    }
    if (about.organization_id != binding.organization_id)
        return refused(
            "journal.other_organization",
            fmt::format("The journal {} is of the organization {} ({}), and {} is {}. Nothing was sent.",
                        options.journal, about.organization_id.text(), about.organization_url,
                        options.against, binding.organization_id.text()) +
                (is_on_this_machine(options.against)
                     ? " To see what happens in an organization that was made for it, say --into-empty."
                     : ""));
    if (about.user_id != binding.user_id && !options.as_me)
        return refused(
            "journal.other_user",
            fmt::format(
                "The journal {} is of the user {} ({}), and you are signed in as {}. Sign in as they, "
                "or send their edits as yours with --as-me. Nothing was sent.",
                options.journal, about.user_id.text(), about.mailbox, binding.user_id.text()));
    return {};
}

void tell(const Invocation& invocation, const ReplayOptions& options, const ReplayReport& report)
{
    Output output(invocation);
    if (invocation.json || options.report == "json") {
        if (invocation.json)
            output.json(json_of(report));
        else
            output.painted(boost::json::serialize(json_of(report)) + "\n");
        return;
    }
    if (options.report == "markdown") return output.painted(safe_lines(markdown_of(report)));
    if (options.report == "html") return output.painted(html_of(report));
    Grid grid{{{"change", Align::right},
               {"table"},
               {"record"},
               {"outcome"},
               {"why", Align::left, Keep::if_it_fits, Long::wrap}}};
    for (const Replayed& replayed : report.changes) {
        const std::string outcome = outcome_of(replayed);
        if (!replayed.change || outcome == "applied" || outcome == "not chosen") continue;
        grid.rows.push_back(
            {{std::to_string(replayed.there), replayed.change->record.table, replayed.change->record_name,
              Cell(outcome, Style::warning), replayed.change->reason}});
    }
    if (!grid.rows.empty()) output.grid(grid);
    std::vector<std::string> parts;
    for (const auto& [outcome, number] : counts_of(report))
        parts.push_back(fmt::format("{} {}", grouped(number), outcome));
    output.sentence(fmt::format("{}: {}.", report.journal, parts.empty() ? "nothing in it" : listed(parts)),
                    is_unfinished(report) ? Style::warning : Style::good);
    if (!report.as_another.empty())
        output.sentence(fmt::format("Edits of the user {} were sent as yours.", report.as_another),
                        Style::warning);
    if (needs_person(report))
        output.sentence(
            fmt::format("What needs a person is decided in the receipts: hawser -r {} conflicts, or queue. "
                        "Then the same command goes on.",
                        receipts_of(options).string()));
    if (!report.stopped.empty())
        output.sentence(
            fmt::format("It ended early: {}. The same command goes on.", without_stop(report.stopped)),
            Style::warning);
}

/// Makes what the journal stands on.
Result<void> found(const Invocation& invocation, const ReplayOptions& options, Replica replica)
{
    const auto founded = replica.found_journal(options.journal);
    if (!founded) return founded.error();
    if (founded->waiting == 0) return {};
    std::vector<ScopeChoice> tables;
    for (const std::string& table : founded->tables) tables.push_back({.table = table});
    if (const auto chosen = replica.choose(tables); !chosen) return chosen.error();
    OnlineSession session(invocation, std::move(replica), Consent::given, most_changes_a_batch);
    const auto report = session.synchronizer().cycle();
    session.progress().clear();
    if (!report) return report.error();
    remark(invocation, fmt::format("What the journal stands on is made first: {}.",
                                   count_of(founded->records, "record")));
    ChangeFilter left;
    left.limit = 1;
    const auto waiting = session.replica().queue(left);
    if (!waiting) return waiting.error();
    if (!waiting->empty())
        remark(invocation,
               fmt::format("Not all could be made: hawser -r {} queue", receipts_of(options).string()));
    return {};
}

Result<Imported> take_over(const ReplayOptions& options, Replica& replica)
{
    ImportOptions import;
    import.of_another_user = options.as_me || options.into_empty;
    import.of_another_organization = options.into_empty;
    // Each request is conditional on the version that the journal names, and there is nothing to compare with.
    import.compare_first = false;
    return replica.import_queue(options.journal, import);
}

/// The replica that merges by the policy from here on.
Result<Replica> with_policy(const Invocation& invocation, const ReplayOptions& options, Replica replica)
{
    if (options.policy.empty()) return replica;
    const auto given = file_text(options.policy);
    if (!given) return given.error();
    const std::string policy = options.first_time ? *given : asking(*given);
    if (const auto set = replica.set_policy(policy); !set) return set.error();
    if (!options.first_time)
        remark(invocation,
               "Whether this journal was sent before is not known: where the policy says mine, add or text, "
               "you are asked. --first-time says that it was not.");
    ReplicaOptions again;
    again.path = replica.path();
    {
        const Replica closed = std::move(replica);
    }
    return Replica::open(std::move(again));
}

Result<ExitCode> replay_with(const Invocation& invocation, const ReplayOptions& options, Replica replica,
                             const JournalAbout& about, const ReplayPlan& plan)
{
    const Binding binding = replica.binding();
    if (options.into_empty)
        if (const auto founded = found(invocation, options, replica); !founded) return founded.error();
    const auto imported = take_over(options, replica);
    if (!imported) return imported.error();
    auto merging = with_policy(invocation, options, std::move(replica));
    if (!merging) return merging.error();
    OnlineSession session(invocation, *std::move(merging), Consent::given, most_changes_a_batch);
    Replay replay(session, *imported, plan);
    if (options.step) replay.one_at_a_time();
    if (const auto prepared = replay.prepare(); !prepared) return prepared.error();
    if (options.dry_run) return show_plan(invocation, session);
    const auto stopped = go_through(invocation, session, replay, {.step = options.step, .rate = plan.rate});
    session.progress().clear();
    if (!stopped) return stopped.error();
    auto outcome = replay.outcome();
    if (!outcome) return outcome.error();
    ReplayReport report{.journal = options.journal,
                        .organization = binding.organization_url,
                        .user = binding.user_id.text(),
                        .stopped = *stopped,
                        .at = system_clock()->now(),
                        .changes = *std::move(outcome)};
    if (about.user_id != binding.user_id) report.as_another = about.user_id.text();
    tell(invocation, options, report);
    return is_unfinished(report) || !stopped->empty() ? ExitCode::needs_person : ExitCode::done;
}

Result<ExitCode> run_replay(Invocation& invocation, const ReplayOptions& options)
{
    const auto rate = read_rate(options.rate);
    if (!rate) return rate.error();
    const auto about = Replica::about_journal(options.journal);
    if (!about) return about.error();
    if (about->redacted)
        return refused(
            "journal.redacted",
            fmt::format("The journal {} is redacted: what the changes say is not in it.", options.journal));
    if (options.into_empty && !is_on_this_machine(options.against))
        return usage_error("--into-empty is for an organization on this machine, as hawser serve makes one");
    std::vector<std::string> command;
    if (!options.token_command.empty()) {
        auto words = command_words(options.token_command);
        if (!words) return usage_error("--token-command: " + words.error().message);
        command = *std::move(words);
    }
    ProgressBar progress(invocation, system_clock());
    const std::string mailbox = options.mailbox.empty() ? about->mailbox : options.mailbox;
    auto binding = Synchronizer::identify(options.against, mailbox,
                                          synchronizer_options(invocation, &progress), ports_for(command));
    progress.clear();
    if (!binding) return binding.error();
    if (const auto fine = check_binding(options, *about, *binding); !fine) return fine.error();
    binding->token_command = command;

    ReplayPlan plan{.only = options.only, .rate = *rate};
    if (options.until > 0) plan.until = options.until;
    plan.stop_on = options.stop_on == "conflict"  ? StopOn::conflict
                   : options.stop_on == "refusal" ? StopOn::refusal
                                                  : StopOn::never;
    const std::filesystem::path kept = receipts_of(options);
    if (!options.dry_run) {
        auto replica = open_receipts(kept, *binding);
        if (!replica) return replica.error();
        return replay_with(invocation, options, *std::move(replica), *about, plan);
    }
    const ShortLivedFolder folder;
    if (folder.path().empty())
        return Error{ErrorKind::stop, "cli.no_directory", "there is no place for the files of a rehearsal"};
    const std::filesystem::path rehearsal = folder.path() / "receipts";
    if (std::filesystem::exists(kept)) {
        const auto former = open_receipts(kept, *binding);
        if (!former) return former.error();
        if (const auto copied = former->backup(rehearsal); !copied) return copied.error();
    }
    auto replica = open_receipts(rehearsal, *binding);
    if (!replica) return replica.error();
    return replay_with(invocation, options, *std::move(replica), *about, plan);
}

} // namespace

void add_replay(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<ReplayOptions>();
    Command command = app.command(
        "replay", "Send the changes of a journal to the organization that it is of.",
        "hawser replay queue.hjournal --against https://contoso.crm.dynamics.com -n\n"
        "hawser replay queue.hjournal --against http://127.0.0.1:8080 --step\n"
        "hawser replay queue.hjournal --against http://127.0.0.1:8080 --only contact --report markdown");
    command.group(group::synchronize);
    command.option("FILE", options->journal, "A journal that hawser queue export wrote")
        .required()
        .not_empty();
    command.option("--against", options->against, "The organization's address").type_name("URL").required();
    command.option("--mailbox", options->mailbox, "The mailbox; the journal's when left out")
        .type_name("ADDRESS");
    command.option("--token-command", options->token_command, "A program that prints a bearer token")
        .type_name("COMMAND");
    command
        .option("--receipts", options->receipts,
                "What keeps what became of each change; FILE.receipts when left out")
        .type_name("PATH");
    Option dry = command.flag("-n,--dry-run", options->dry_run, "Say what would happen, and send nothing");
    command.flag("--step", options->step, "Show one change at a time, and ask").excludes(dry);
    command.option("--until", options->until, "The last change, by its number in the journal")
        .type_name("N")
        .between(1, std::numeric_limits<std::int64_t>::max());
    command.option("--only", options->only, "Only changes of this table").type_name("TABLE");
    command.option("--rate", options->rate, "So many changes a second, at most").type_name("R");
    command.option("--stop-on", options->stop_on, "End at the first conflict, or refusal")
        .one_of({"conflict", "refusal", "never"});
    command.option("--report", options->report, "Print what became of each change")
        .one_of({"json", "markdown", "html"});
    command.option("--policy", options->policy, "Merge by this policy file").type_name("FILE");
    command.flag("--first-time", options->first_time,
                 "Nobody sent this journal before: mine, add and text of the policy apply");
    command
        .flag("--into-empty", options->into_empty,
              "Make what the journal stands on first, in an organization on this machine that has none of it")
        .excludes(dry);
    command.flag("--as-me", options->as_me, "Send another user's edits as yours");
    command.runs(invocation, options, run_replay);
}

} // namespace hawser::cli
