#include "tools/hawser/exit_code.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hawser::cli {

namespace {

constexpr std::string_view usage_code = "cli.usage";

/// With kind park a chosen table is refused: whether to leave without it is a person's question.
constexpr std::string_view unfinished_code = "engine.pull_unfinished";

constexpr std::string_view refused_input = "input."; // Filters and values that were typed wrong.

struct CodeMeaning {
    std::string_view code;
    ExitCode exit;
};

// Codes that say more than their kind does.
constexpr std::array meanings{
    CodeMeaning{usage_code, ExitCode::usage},
    CodeMeaning{"engine.locked", ExitCode::locked},
    CodeMeaning{"store.busy", ExitCode::locked},
    CodeMeaning{"store.locked", ExitCode::locked},
    CodeMeaning{"engine.offline_by_choice", ExitCode::offline},
    CodeMeaning{"engine.other_user", ExitCode::sign_in},
    CodeMeaning{"engine.mass_change", ExitCode::needs_person},
    CodeMeaning{"engine.other_mailbox", ExitCode::usage},
    CodeMeaning{"store.conflict_moved", ExitCode::needs_person},
    CodeMeaning{"store.conflict_open", ExitCode::needs_person},
    CodeMeaning{"store.changes_wait", ExitCode::needs_person},
    CodeMeaning{"server.unknown_table", ExitCode::usage},
    CodeMeaning{"net.bad_url", ExitCode::usage},
    CodeMeaning{"net.insecure", ExitCode::usage},
    CodeMeaning{"odata.bad_url", ExitCode::usage},
    CodeMeaning{"net.lost_answer", ExitCode::offline},
    CodeMeaning{"net.timeout", ExitCode::offline},
    CodeMeaning{"store.no_change", ExitCode::usage},
    CodeMeaning{"store.no_record", ExitCode::usage},
    CodeMeaning{"store.unknown_table", ExitCode::usage},
    CodeMeaning{"store.unknown_column", ExitCode::usage},
    CodeMeaning{"store.bad_name", ExitCode::usage},
};

} // namespace

ExitCode exit_code_of(const Error& error)
{
    const auto known = std::find_if(meanings.begin(), meanings.end(),
                                    [&](const CodeMeaning& meaning) { return meaning.code == error.code; });
    if (known != meanings.end()) return known->exit;
    if (error.code.starts_with(refused_input)) return ExitCode::usage;
    if (error.code == unfinished_code && error.kind == ErrorKind::park) return ExitCode::needs_person;
    if (error.kind == ErrorKind::offline) return ExitCode::offline;
    if (error.kind == ErrorKind::sign_in) return ExitCode::sign_in;
    return ExitCode::failed;
}

Error usage_error(std::string message)
{
    return Error{ErrorKind::refuse, std::string(usage_code), std::move(message)};
}

} // namespace hawser::cli
