#include "tools/hawser/commands/commands.h"
#include "tools/hawser/demo/story.h"
#include "tools/hawser/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace hawser::cli {

namespace {

struct DemoOptions {
    std::string load;
    std::string keep;
    std::size_t records = 10'000;
};

Result<std::filesystem::path> make_directory(const std::string& wish)
{
    std::error_code fault;
    if (wish.empty()) {
        std::string pattern = (std::filesystem::temp_directory_path(fault) / "hawser-demo-XXXXXX").string();
        if (!fault && mkdtemp(pattern.data())) return std::filesystem::path(pattern);
        return Error{ErrorKind::stop, "cli.no_directory",
                     fmt::format("no temporary directory can be made: {}", std::strerror(errno))};
    }
    const std::filesystem::path path = std::filesystem::absolute(wish);
    std::filesystem::create_directories(path, fault);
    if (fault || !std::filesystem::is_empty(path, fault) || fault)
        return usage_error(fmt::format("{} must be a new or empty directory", wish));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, fault);
    return path;
}

boost::json::object document_of(const StoryFigures& figures, const std::filesystem::path& kept)
{
    return {{"records", figures.records},
            {"pull_seconds", figures.pull_seconds},
            {"cycles_through_bad_network", figures.cycles_through_bad_network},
            {"answers_lost", figures.answers_lost},
            {"lost", figures.lost},
            {"duplicated", figures.duplicated},
            {"seconds", figures.seconds},
            {"kept", kept.string()}};
}

void tell_what_next(Output& output, const std::filesystem::path& directory, bool kept)
{
    output.sentence("");
    if (!kept) {
        output.sentence("Everything lay in a temporary directory and is removed now; keep it with: "
                        "hawser demo --keep DIR");
        output.sentence("Three commands to try next:", Style::strong);
        output.sentence("  hawser demo --keep trip");
        output.sentence("  hawser -r trip/ada-laptop.hawser log --since-offline");
        output.sentence("  hawser serve --sample 1000");
        return;
    }
    const std::string replica = (directory / "ada-laptop.hawser").string();
    output.sentence(fmt::format("Everything is in {}.", directory.string()));
    output.sentence("Three commands to try next:", Style::strong);
    output.sentence(fmt::format("  hawser -r {} status", replica));
    output.sentence(fmt::format("  hawser -r {} log --since-offline", replica));
    output.sentence(fmt::format("  hawser -r {} list contact --sort lastname", replica));
}

Result<ExitCode> run_demo(Invocation& invocation, const DemoOptions& options)
{
    const auto directory = make_directory(options.keep);
    if (!directory) return directory.error();
    Output output(invocation);
    Result<StoryFigures> told = Error{};
    {
        Story story({*directory, options.load, options.records}, output);
        told = story.tell();
    }
    const bool kept = !options.keep.empty();
    std::error_code ignored;
    if (!kept) std::filesystem::remove_all(*directory, ignored);
    if (!told) return told.error();
    output.json(document_of(*told, kept ? *directory : std::filesystem::path()));
    output.sentence(
        fmt::format("Done in {:.0f} seconds: nothing lost, nothing twice, nobody overwritten unseen.",
                    told->seconds),
        Style::strong);
    tell_what_next(output, *directory, kept);
    return ExitCode::done;
}

} // namespace

void add_demo(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<DemoOptions>();
    Command command =
        app.command("demo", "Watch the main job: offline, edits on both sides, back, reconciled.",
                    "hawser demo\nhawser demo --keep trip");
    command.group(group::start);
    Option load = command.option("--load", options->load, "Load TABLE.jsonl files instead of a sample")
                      .type_name("DIR");
    command.option("--records", options->records, "How large the sample is (10,000)")
        .type_name("N")
        .between(500, 1'000'000)
        .excludes(load);
    command.option("--keep", options->keep, "Make everything here and keep it").type_name("DIR");
    command.runs(invocation, options, run_demo);
}

} // namespace hawser::cli
