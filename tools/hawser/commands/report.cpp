#include "tools/hawser/commands/commands.h"
#include "tools/hawser/output.h"
#include "tools/hawser/session.h"
#include "tools/hawser/support_report.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hawser::cli {

namespace {

struct ReportOptions {
    std::string file;
};

Result<void> write_owner_only(const std::string& path, const std::string& text)
{
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const auto failed = [&] {
        return Error{ErrorKind::refuse, "cli.not_written",
                     fmt::format("the file {} cannot be written: {}", path, std::strerror(errno))};
    };
    if (file < 0) return failed();
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t written = ::write(file, rest.data(), rest.size());
        if (written < 0) {
            const Error error = failed();
            ::close(file);
            return error;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::close(file) != 0) return failed();
    return {};
}

Result<ExitCode> run_report(Invocation& invocation, const ReportOptions& options)
{
    const auto replica = open_replica_to_read(invocation);
    if (!replica) return replica.error();
    const auto report = support_report(*replica, HAWSER_VERSION);
    if (!report) return report.error();
    if (const auto written = write_owner_only(options.file, report_text(*report)); !written)
        return written.error();
    Output output(invocation);
    output.json({{"file", options.file}});
    output.sentence(
        fmt::format("Wrote {}. It holds versions, counts, states, times and error codes; no names, "
                    "addresses, ids, values or tokens. Read it before you send it.",
                    options.file));
    return ExitCode::done;
}

} // namespace

void add_report(Command app, Invocation& invocation)
{
    const auto options = std::make_shared<ReportOptions>();
    Command command = app.command("report", "Write one file for support, with nothing personal in it.",
                                  "hawser report trouble.json");
    command.group(group::care);
    command.option("FILE", options->file, "The new file").required();
    command.runs(invocation, options, run_report);
}

} // namespace hawser::cli
