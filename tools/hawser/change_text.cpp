#include "tools/hawser/change_text.h"

#include "tools/hawser/state_words.h"
#include "tools/hawser/value_text.h"

#include <fmt/format.h>

#include <vector>

namespace hawser::cli {

std::string content_of(const Change& change, const Replica& replica, RecordNames& names)
{
    const auto table = replica.table(change.record.table);
    const NameOf name_of = [&](const Lookup& lookup) { return names.name_of(lookup); };
    std::vector<std::string> parts;
    for (const ColumnEdit& edit :
         change.kind == ChangeKind::erase ? std::vector<ColumnEdit>{} : change.edits) {
        const Column* column = table ? table->column(edit.column) : nullptr;
        const std::string before = people_text(column, edit.before, name_of);
        const std::string after =
            is_null(edit.after) ? "(cleared)" : people_text(column, edit.after, name_of);
        parts.push_back(fmt::format("{}: {}{}{}", edit.column, before, before.empty() ? "" : " -> ", after));
    }
    return fmt::format("change {}, {} of {}{}{}", change.number, word_of(change.kind),
                       names.name_of(change.record, change.record_name), parts.empty() ? "" : ": ",
                       fmt::join(parts, "; "));
}

} // namespace hawser::cli
