#include "tools/hawser/commands/queue_carry.h"

#include "tools/hawser/output.h"
#include "tools/hawser/session.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <filesystem>

namespace hawser::cli {

namespace {

struct ExportOptions {
    std::string file;
    bool redact = false;
};

std::string what_is_in(const Exported& exported)
{
    std::string text =
        fmt::format("{} of {}", count_of(exported.changes, "change"), count_of(exported.records, "record"));
    if (exported.conflicts > 0) text += fmt::format(", {}", count_of(exported.conflicts, "open conflict"));
    if (exported.unknown > 0)
        text += fmt::format(", {} without an answer", count_of(exported.unknown, "request"));
    return text;
}

Result<ExitCode> run_export(Invocation& invocation, const ExportOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto exported =
        replica->export_queue(options.file, options.redact ? Contents::redacted : Contents::whole);
    if (!exported) return exported.error();
    Output output(invocation);
    output.json(boost::json::object{{"file", options.file},
                                    {"redacted", options.redact},
                                    {"changes", exported->changes},
                                    {"records", exported->records},
                                    {"conflicts", exported->conflicts},
                                    {"unknown", exported->unknown}});
    output.sentence(fmt::format("{} holds {}.", options.file, what_is_in(*exported)), Style::good);
    output.sentence(options.redact
                        ? "What records say, and who you are, is left out: it can be shown to others."
                        : "It holds what you wrote, and only you may read it. The queue stays as it is.",
                    Style::faint);
    return ExitCode::done;
}

struct ImportOptions {
    std::string file;
};

void tell_import(Output& output, const Imported& imported)
{
    std::string taken =
        fmt::format("{} of {}", count_of(imported.changes, "change"), count_of(imported.records, "record"));
    if (imported.conflicts > 0) taken += fmt::format(", {}", count_of(imported.conflicts, "open conflict"));
    if (imported.unknown > 0)
        taken += fmt::format(", {} without an answer", count_of(imported.unknown, "request"));
    output.sentence(imported.changes > 0 ? fmt::format("Taken over: {}.", taken) : "Nothing new is in it.",
                    Style::good);
    if (imported.known > 0)
        output.sentence(fmt::format("{} {} here already.", count_of(imported.known, "change"),
                                    imported.known == 1 ? "was" : "were"),
                        Style::faint);
    if (imported.held > 0)
        output.sentence(fmt::format("{} of them {} for you to look at (hawser queue --state held).",
                                    imported.held, imported.held == 1 ? "is held" : "are held"),
                        Style::warning);
    if (imported.changes > 0)
        output.sentence("Nothing is sent before the next sync has compared with the whole organization.",
                        Style::faint);
}

Result<ExitCode> run_import(Invocation& invocation, const ImportOptions& options)
{
    auto replica = open_replica(invocation);
    if (!replica) return replica.error();
    const auto imported = replica->import_queue(options.file);
    if (!imported) return imported.error();
    Output output(invocation);
    output.json(boost::json::object{{"file", options.file},
                                    {"changes", imported->changes},
                                    {"records", imported->records},
                                    {"known", imported->known},
                                    {"held", imported->held},
                                    {"conflicts", imported->conflicts},
                                    {"unknown", imported->unknown}});
    tell_import(output, *imported);
    return ExitCode::done;
}

void add_import(Command queue, Invocation& invocation)
{
    const auto options = std::make_shared<ImportOptions>();
    Command command =
        queue.command("import", "Take over the changes of a journal that another replica wrote.",
                      "hawser queue import queue.hjournal");
    command.option("FILE", options->file, "A journal of the same user and organization")
        .required()
        .not_empty();
    command.runs(invocation, options, run_import);
}

} // namespace

void add_queue_carry(Command queue, Invocation& invocation)
{
    const auto options = std::make_shared<ExportOptions>();
    Command command = queue.command("export", "Write the queue to a file that holds all it needs: a journal.",
                                    "hawser queue export queue.hjournal\n"
                                    "hawser queue export for-support.hjournal --redact");
    command.option("FILE", options->file, "A new file").required().not_empty();
    command.flag("--redact", options->redact, "Leave out what records say, for others to look at");
    command.runs(invocation, options, run_export);
    add_import(queue, invocation);
}

} // namespace hawser::cli
