#include "engine/merge_fold.h"

#include "conflict/merge.h"
#include "conflict/set_merge.h"

#include <utility>

namespace hawser::engine {
namespace {

class MergeFold : public localstore::Fold {
public:
    explicit MergeFold(std::shared_ptr<const Policies> policies) : policies_(std::move(policies)) {}

    Result<Fields> apply(const Table& table, const Fields& before, const Fields& x,
                         const Fields& after) const override
    {
        return conflict::apply(before, x, after, policies_->of(table)->policy);
    }

    Result<Value> take_back(const Table& table, const std::string& column, const Value& before,
                            const Value& after, const Value& value) const override
    {
        static const Collection nobody;
        const auto list = [](const Value& side) {
            return is_null(side) ? &nobody : std::get_if<Collection>(&side);
        };
        const Collection* was = list(before);
        const Collection* made = list(after);
        const Collection* now = list(value);
        const bool is_union = policies_->of(table)->policy.rule_of(column) == conflict::Rule::union_of;
        if (!is_union || was == nullptr || made == nullptr || now == nullptr)
            return Fold::take_back(table, column, before, after, value);
        Collection back = conflict::take_back(*was, *made, *now);
        return back.elements.empty() ? Value{} : Value{std::move(back)};
    }

    localstore::ColumnSet together(const Table& table, localstore::ColumnSet columns) const override
    {
        const std::set<std::string> all =
            conflict::with_groups({columns.begin(), columns.end()}, policies_->of(table)->policy);
        return {all.begin(), all.end()};
    }

    bool is_put_together(const Table& table, std::string_view column) const override
    {
        return conflict::is_put_together(policies_->of(table)->policy.rule_of(column));
    }

private:
    std::shared_ptr<const Policies> policies_;
};

} // namespace

std::shared_ptr<const localstore::Fold> merge_fold(std::shared_ptr<const Policies> policies)
{
    return std::make_shared<MergeFold>(std::move(policies));
}

} // namespace hawser::engine
