#include "localstore/fields_json.h"
#include "localstore/verbs.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

Error deleted(const RecordKey& key, std::string_view where)
{
    return refusal(code::record_deleted,
                   describe(key) + " is deleted " + std::string(where) + ". Undo the deletion first.");
}

Result<void> check_creation(const Subject& subject, Purpose purpose)
{
    if (!subject.known()) return {};
    if (subject.row.has(flag::tombstone)) return {};
    if (purpose == Purpose::compensation && subject.row.has(flag::absent)) return {};
    if (subject.row.has(flag::absent))
        return refusal(code::record_exists, describe(subject.key()) +
                                                " is deleted here and its deletion waits to be sent. Undo "
                                                "that, or create the record under another id.");
    return refusal(code::record_exists, describe(subject.key()) + " exists already. Update it instead.");
}

Result<void> check_presence(const Subject& subject)
{
    if (!subject.known())
        return refusal(code::no_record,
                       describe(subject.key()) + " is not in this replica. Check the id, or pull first.");
    if (subject.row.has(flag::tombstone)) return deleted(subject.key(), "on the server");
    if (subject.row.has(flag::absent)) return deleted(subject.key(), "here");
    return {};
}

/// A record that the server never heard of goes for good when it is deleted; what refers to it
/// would be refused later, so the deletion is refused now.
Result<void> check_references(TransactionState& state, const Subject& subject)
{
    if (!subject.shadow || subject.shadow->remote != Remote::never) return {};
    Statement users = state.database.prepare(
        "SELECT DISTINCT r.sequence FROM hawser_reference r JOIN hawser_change c ON c.sequence = r.sequence "
        "WHERE r.id = ?1 AND r.target = ?2 AND r.role = 1 AND c.live = 1 AND NOT (c.id = ?1 AND "
        "c.table_number = ?3) ORDER BY r.sequence");
    users.with(subject.row.id, subject.table().table.name, subject.table().number);
    std::string numbers;
    while (users.step()) numbers += (numbers.empty() ? "" : ", ") + users.string(0);
    if (numbers.empty()) return {};
    return refusal(code::referred_to, describe(subject.key()) +
                                          " was made here and queued changes refer to it: " + numbers +
                                          ". Undo or change those first.");
}

/// "jobtitle is \"Boss\"" for the first few contested columns.
std::string their_sides(const Conflict& conflict)
{
    constexpr std::size_t columns_most = 5, value_most = 200;
    std::string sides;
    for (std::size_t i = 0; i < std::min(conflict.columns.size(), columns_most); ++i) {
        const ConflictColumn& column = conflict.columns[i];
        std::string value = "empty";
        if (!is_null(column.theirs)) {
            const std::string member = encode_fields({{column.column, column.theirs}});
            const std::size_t begin = member.find("\":") + 2;
            value = member.substr(begin, member.size() - begin - 1);
        }
        if (value.size() > value_most) value = "a long value";
        sides += (sides.empty() ? "" : ", ") + column.column + " is " + value;
    }
    if (conflict.columns.size() > columns_most) sides += ", …";
    return sides;
}

/// The base of a contested record moved to theirs when the conflict was opened, so that a deletion
/// would take theirs along although nobody may have seen it.
Result<void> check_undisputed(const Subject& subject)
{
    if (!subject.conflict) return {};
    const std::string label = subject.conflict->label();
    return refusal(code::conflict_open,
                   describe(subject.key()) + " is in conflict " + label +
                       ", which is open: at the organization " + their_sides(*subject.conflict) +
                       ". Decide it first (hawser resolve " + label + "), then delete the record.");
}

Change blank_change(const Subject& subject, ChangeKind kind, const WriteContext& context)
{
    Change change;
    change.key = subject.key();
    change.kind = kind;
    change.origin = context.origin;
    change.actor = context.actor;
    change.on_behalf_of = context.on_behalf_of;
    change.made_at = context.now;
    return change;
}

/// Columns that differ from the local record, with what they were.
void fill_update(const Fields& local, const Fields& wanted, Change& change)
{
    for (const auto& [name, value] : wanted) {
        const auto former = local.find(name);
        const Value before = former == local.end() ? Value{} : former->second;
        if (before == value) continue;
        change.before.emplace(name, before);
        change.after.emplace(name, value);
    }
}

} // namespace

Result<void> check_columns(const Subject& subject, const Fields& fields)
{
    for (const auto& [name, value] : fields) {
        if (subject.table().table.column(name) != nullptr) continue;
        return refusal(code::unknown_column,
                       "The table " + subject.table().table.name + " has no column \"" + name + "\".");
    }
    return {};
}

Result<Sequence> write_edit(TransactionState& state, Subject& subject, const Edit& edit,
                            const WriteContext& context, Purpose purpose, GroupNumber& group)
{
    if (auto fine = check_columns(subject, edit.after); !fine) return fine.error();
    Change change = blank_change(subject, edit.kind, context);
    switch (edit.kind) {
    case ChangeKind::create:
        if (auto fine = check_creation(subject, purpose); !fine) return fine.error();
        for (const auto& [name, value] : edit.after)
            if (!is_null(value)) change.after.emplace(name, value);
        break;
    case ChangeKind::update:
        if (auto fine = check_presence(subject); !fine) return fine.error();
        fill_update(*subject.local(), edit.after, change);
        if (change.after.empty()) return Sequence{};
        break;
    case ChangeKind::remove:
        if (auto fine = check_presence(subject); !fine) return fine.error();
        if (purpose == Purpose::edit)
            if (auto fine = check_undisputed(subject); !fine) return fine.error();
        if (auto fine = check_references(state, subject); !fine) return fine.error();
        change.before = *subject.local();
        break;
    }
    subject.make_dirty();
    change.sequence = next_sequence(state.database);
    if (context.grouping == Grouping::one_unit) {
        if (group.value == 0) group.value = change.sequence.value;
        change.group = group;
    }
    const Sequence sequence = change.sequence;
    subject.add(std::move(change));
    return sequence;
}

std::vector<Sequence> mended_by(const Subject& subject, Sequence edit)
{
    std::vector<Sequence> parked;
    const auto made = std::ranges::find(subject.live, edit, &Change::sequence);
    if (made == subject.live.end()) return parked;
    for (auto former = subject.live.begin(); former != made; ++former) {
        if (former->state != ChangeState::parked) continue;
        const bool bears_on = made->kind == ChangeKind::remove || former->kind == ChangeKind::create ||
                              std::ranges::any_of(made->after, [&](const auto& member) {
                                  return claims(*former, member.first);
                              });
        if (bears_on) parked.push_back(former->sequence);
    }
    return parked;
}

} // namespace hawser::localstore
