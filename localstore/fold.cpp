#include "localstore/fold.h"

#include "base/fields.h"

#include <algorithm>

namespace hawser::localstore {
namespace {

class PlainFold final : public Fold {
public:
    Result<Fields> apply(const Table&, const Fields& before, const Fields& x,
                         const Fields& after) const override
    {
        Fields result = x;
        for (const auto& [name, value] : after) {
            const auto former = before.find(name);
            const bool edited = former == before.end() ? !is_null(value) : former->second != value;
            if (!edited) continue;
            if (is_null(value))
                result.erase(name);
            else
                result.insert_or_assign(name, value);
        }
        return result;
    }
};

Fields without(const Fields& fields, const std::vector<std::string>& settled)
{
    if (settled.empty()) return fields;
    Fields rest = fields;
    for (const std::string& name : settled) rest.erase(name);
    return rest;
}

Fields without_nulls(Fields fields)
{
    std::erase_if(fields, [](const auto& entry) { return is_null(entry.second); });
    return fields;
}

} // namespace

Result<Value> Fold::take_back(const Table& table, const std::string& column, const Value& before,
                              const Value& after, const Value& value) const
{
    const Result<Fields> back =
        apply(table, {{column, after}}, without_nulls({{column, value}}), {{column, before}});
    if (!back) return back.error();
    return value_in(*back, column);
}

ColumnSet Fold::together(const Table&, ColumnSet columns) const
{
    return columns;
}

bool Fold::is_put_together(const Table&, std::string_view) const
{
    return false;
}

ColumnSet masked_columns(const Fold& port, const Table& table, const std::optional<Conflict>& open)
{
    ColumnSet columns;
    if (!open) return columns;
    for (const ConflictColumn& column : open->columns) columns.insert(column.column);
    return port.together(table, std::move(columns));
}

std::shared_ptr<const Fold> plain_fold()
{
    return std::make_shared<PlainFold>();
}

Result<Copy> fold(const Fold& port, const Table& table, Copy shadow, std::span<const Change> live)
{
    Copy local = std::move(shadow);
    for (const Change& change : live) {
        if (change.kind == ChangeKind::remove) {
            local.reset();
            continue;
        }
        if (!local && change.kind == ChangeKind::update) continue;
        const Fields after = without(change.after, change.settled);
        if (!local) {
            local = without_nulls(after);
            continue;
        }
        auto next = port.apply(table, without(change.before, change.settled), *local, after);
        if (!next) return next.error();
        local = without_nulls(std::move(*next));
    }
    return local;
}

} // namespace hawser::localstore
