#include "localstore/net_effect.h"

#include "localstore/change_row.h"
#include "localstore/subject.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

void extend(Run& run, const Change& change, const ColumnSet& masked)
{
    run.changes.push_back(change.sequence);
    if (change.kind == ChangeKind::remove) {
        // Also of what the run created: another copy of the replica may have brought it there meanwhile.
        run.kind = ChangeKind::remove;
        run.before = change.before;
        run.after.clear();
        return;
    }
    if (change.kind == ChangeKind::create) run.kind = ChangeKind::create;
    for (const std::string& column : free_columns(change, masked)) {
        if (run.kind != ChangeKind::create) {
            const auto former = change.before.find(column);
            run.before.try_emplace(column, former == change.before.end() ? Value{} : former->second);
        }
        run.after.insert_or_assign(column, change.after.at(column));
    }
}

void drop_unchanged(Run& run)
{
    if (run.kind == ChangeKind::create) {
        std::erase_if(run.after, [](const auto& entry) { return is_null(entry.second); });
        return;
    }
    if (run.kind != ChangeKind::update) return;
    std::erase_if(run.after, [&](const auto& entry) {
        const auto former = run.before.find(entry.first);
        return former != run.before.end() && former->second == entry.second;
    });
    std::erase_if(run.before, [&](const auto& entry) { return !run.after.contains(entry.first); });
}

} // namespace

std::vector<std::string> free_columns(const Change& change, const ColumnSet& masked)
{
    std::vector<std::string> columns = open_columns(change);
    std::erase_if(columns, [&](const std::string& name) { return masked.contains(name); });
    return columns;
}

bool is_masked(const Change& change, const ColumnSet& masked)
{
    return !masked.empty() &&
           std::ranges::any_of(open_columns(change), [&](const auto& name) { return masked.contains(name); });
}

std::vector<Run> runs(std::span<const Change> live, const ColumnSet& masked)
{
    std::vector<Run> found;
    bool ended = true; ///< Whether the next change begins a run of its own.
    for (const Change& change : live) {
        if (change.state == ChangeState::contested) continue;
        if (change.state != ChangeState::queued) break;
        const bool same_group = !found.empty() && found.back().group == change.group;
        if (ended || !same_group) {
            found.push_back({});
            found.back().group = change.group;
        }
        extend(found.back(), change, masked);
        ended = change.kind == ChangeKind::remove;
    }
    for (Run& run : found) drop_unchanged(run);
    return found;
}

} // namespace hawser::localstore
