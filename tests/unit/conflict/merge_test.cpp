#include "conflict/merge.h"
#include "conflict/validate.h"
#include "tests/catch.h"

using namespace hawser;
using namespace hawser::conflict;

namespace {

Value text(const char* value)
{
    return std::string(value);
}
Value whole(std::int64_t value)
{
    return value;
}

Value people(std::vector<Element> elements)
{
    return Collection{std::move(elements)};
}

Policy with(Rule rule)
{
    Policy policy;
    policy.rules["c"] = rule;
    return policy;
}

} // namespace

TEST_CASE("A column that both sides changed is settled by its rule")
{
    struct Row {
        Rule rule;
        Value base;
        Value mine;
        Value theirs;
        Value merged;
        bool contested;
    };
    const Row rows[] = {
        {Rule::ask, text("a"), text("b"), text("c"), text("b"), true},
        {Rule::ask, text("a"), Null{}, text("c"), Null{}, true},
        {Rule::ask, Null{}, text("b"), text("b"), text("b"), false},
        {Rule::theirs, text("a"), text("b"), text("c"), text("c"), false},
        {Rule::theirs, text("a"), text("b"), Null{}, Null{}, false},
        {Rule::mine, text("a"), text("b"), text("c"), text("b"), false},
        {Rule::mine, text("a"), Null{}, text("c"), Null{}, false},
        {Rule::max, whole(1), whole(5), whole(3), whole(5), false},
        {Rule::max, Decimal{"1"}, Decimal{"-20"}, Decimal{"-3"}, Decimal{"-3"}, false},
        {Rule::max, text("2021-01-01"), text("2021-02-01"), text("2022-01-01"), text("2022-01-01"), false},
        {Rule::max, whole(1), Null{}, whole(3), Null{}, true},
        {Rule::min, whole(1), whole(5), whole(3), whole(3), false},
        {Rule::add, whole(10), whole(12), whole(15), whole(17), false},
        {Rule::add, whole(10), whole(12), whole(12), whole(14), false},
        {Rule::add, Null{}, whole(2), whole(3), whole(5), false},
        {Rule::add, Decimal{"1.5"}, Decimal{"2"}, Decimal{"1.25"}, Decimal{"1.75"}, false},
        {Rule::add, whole(0), whole(INT64_MAX), whole(1), whole(INT64_MAX), true},
        {Rule::add, whole(1), Null{}, whole(3), Null{}, true},
        {Rule::text, text("a\nb\nc\n"), text("A\nb\nc\n"), text("a\nb\nC\n"), text("A\nb\nC\n"), false},
        {Rule::text, text("a\n"), text("b\n"), text("c\n"), text("b\n"), true},
        {Rule::union_of, text("1,2"), text("2,3"), text("1,2,4"), text("2,3,4"), false},
        {Rule::union_of, text("1"), Null{}, text("1,2"), text("2"), false},
        {Rule::union_of, text("x"), text("y"), text("z"), text("y"), true},
        {Rule::union_of, people({{"a", "1"}}), people({{"a", "1"}, {"b", "1"}}),
         people({{"a", "1"}, {"c", "1"}}), people({{"a", "1"}, {"b", "1"}, {"c", "1"}}), false},
        {Rule::union_of, people({{"a", "1"}, {"b", "1"}}), people({{"b", "1"}}), people({{"a", "1"}}), Null{},
         false},
        {Rule::union_of, people({{"a", "1"}}), people({{"a", "2"}}), people({{"a", "3"}, {"b", "1"}}),
         people({{"a", "2"}}), true},
        {Rule::union_of, people({{"a", "1"}}), Null{}, people({{"a", "2"}}), Null{}, true},
        {Rule::union_of, Null{}, people({{"a", "1"}}), people({{"b", "1"}}), people({{"a", "1"}, {"b", "1"}}),
         false},
        {Rule::volatile_column, whole(1), whole(2), whole(3), whole(3), false},
    };
    for (const Row& row : rows) {
        INFO(rule_name(row.rule) << " " << to_json(row.base) << " " << to_json(row.mine) << " "
                                 << to_json(row.theirs));
        const Merge result = merge({{"c", row.base}}, {{"c", row.mine}}, {{"c", row.theirs}}, with(row.rule));
        const Fields expected = without_nulls({{"c", row.merged}});
        CHECK(result.merged == expected);
        CHECK(result.contested.size() == (row.contested ? 1U : 0U));
        if (row.contested) CHECK(result.contested.front().reason == both_changed);
        const bool agreed = row.mine == row.theirs && row.rule != Rule::add;
        const bool explained = !agreed && row.rule != Rule::volatile_column;
        CHECK(result.decisions.size() == (explained ? 1U : 0U));
    }
}

TEST_CASE("One side's change takes the whole group, and two sides' changes contest it")
{
    Policy policy;
    policy.groups = {{"time", {"start", "end", "allday"}}};
    const Fields base{{"start", text("1")}, {"end", text("2")}, {"subject", text("s")}};
    Fields mine = base;
    mine["start"] = text("1a");
    Fields theirs = base;
    theirs["subject"] = text("t");

    const Merge apart = merge(base, mine, theirs, policy);
    CHECK(apart.contested.empty());
    CHECK(apart.merged == Fields{{"start", text("1a")}, {"end", text("2")}, {"subject", text("t")}});
    CHECK(apart.from_mine == std::vector<std::string>{"start"});
    CHECK(apart.from_theirs == std::vector<std::string>{"subject"});

    theirs["end"] = text("2b");
    const Merge together = merge(base, mine, theirs, policy);
    REQUIRE(together.contested.size() == 2);
    CHECK(together.contested[0].column == "end");
    CHECK(together.contested[1].column == "start");
    CHECK(together.contested[0].group == "time");
    CHECK(together.merged == Fields{{"start", text("1a")}, {"end", text("2")}, {"subject", text("t")}});
    CHECK(net_effect(theirs, together.merged, {"end"}, policy).empty());

    theirs["start"] = text("1a");
    mine["end"] = text("2b");
    const Merge agreed = merge(base, mine, theirs, policy);
    CHECK(agreed.contested.empty());
    CHECK(agreed.decisions.empty());
    CHECK(agreed.from_both == std::vector<std::string>{"end", "start"});
}

TEST_CASE("A group whose columns all have one rule of sides is settled whole")
{
    Policy policy;
    policy.groups = {{"time", {"start", "end"}}};
    const Fields base{{"start", text("1")}, {"end", text("2")}};
    const Fields mine{{"start", text("1a")}, {"end", text("2")}};
    const Fields theirs{{"start", text("1")}, {"end", text("2b")}};
    policy.rules = {{"start", Rule::theirs}, {"end", Rule::theirs}};
    CHECK(merge(base, mine, theirs, policy).merged == theirs);
    policy.rules = {{"start", Rule::mine}, {"end", Rule::mine}};
    CHECK(merge(base, mine, theirs, policy).merged == mine);
    policy.rules = {{"start", Rule::mine}, {"end", Rule::theirs}};
    CHECK(merge(base, mine, theirs, policy).contested.size() == 2);
}

TEST_CASE("A change whose fate is unknown contests its whole group")
{
    Policy policy;
    policy.groups = {{"time", {"start", "end"}}};
    const Fields base{{"start", text("1")}, {"end", text("2")}};
    const Fields mine{{"start", text("1a")}, {"end", text("2a")}};
    const Merge result = merge(base, mine, base, policy, {{"start", std::string(may_be_applied)}});
    REQUIRE(result.contested.size() == 2);
    CHECK(result.contested[0].reason == may_be_applied);
    CHECK(result.decisions.front().rule == "merge.indeterminate");
    CHECK(result.merged == mine);
    CHECK(merge(base, mine, mine, policy, {{"start", std::string(may_be_applied)}}).contested.empty());
}

TEST_CASE("The net effect pulls in the whole group and leaves out masked and volatile columns")
{
    Policy policy;
    policy.groups = {{"time", {"start", "end", "allday"}}};
    policy.rules["modifiedon"] = Rule::volatile_column;
    const Fields shadow{{"start", text("1")},
                        {"end", text("2")},
                        {"a", text("x")},
                        {"b", text("y")},
                        {"modifiedon", text("m")}};
    const Fields folded{
        {"start", text("1a")}, {"end", text("2")}, {"b", text("z")}, {"modifiedon", text("n")}};
    CHECK(net_effect(shadow, folded, {}, policy) ==
          Fields{{"a", Null{}}, {"b", text("z")}, {"end", text("2")}, {"start", text("1a")}});
    CHECK(net_effect(shadow, folded, {"end", "b"}, policy) == Fields{{"a", Null{}}});
}

TEST_CASE("A merged record that makes no sense is asked about")
{
    Table table;
    table.name = "task";
    Column status;
    status.name = "statuscode";
    status.type = ColumnType::status;
    status.choices = {{2, "Not started", 0}, {3, "Waiting", 0}, {5, "Completed", 1}};
    table.columns.push_back(status);
    const Validator validator = validator_for(table);
    const Policy policy;
    const Fields base{
        {"actualstart", text("2021-01-01")}, {"actualend", text("2021-01-05")}, {"subject", text("s")}};
    Fields mine = base;
    mine["actualstart"] = text("2021-01-04");
    mine["subject"] = text("t");
    Fields theirs = base;
    theirs["actualend"] = text("2021-01-02");
    const Merge plain = merge(base, mine, theirs, policy);
    REQUIRE(plain.contested.empty());
    const Merge checked = validated(plain, base, mine, theirs, policy, validator);
    REQUIRE(checked.contested.size() == 2);
    CHECK(checked.contested[0].column == "actualend");
    CHECK(checked.contested[0].reason == "the end lies before the start");
    CHECK(checked.merged == mine);
    CHECK(checked.from_mine == std::vector<std::string>{"subject"});
    CHECK(checked.decisions.back().rule == "merge.invalid");

    const Fields open{{"statecode", whole(0)}, {"statuscode", whole(2)}};
    const Fields closed{{"statecode", whole(1)}, {"statuscode", whole(5)}};
    const Fields waiting{{"statecode", whole(0)}, {"statuscode", whole(3)}};
    Policy careless;
    careless.rules["statuscode"] = Rule::theirs;
    const Merge wrong = merge(open, closed, waiting, careless);
    REQUIRE(wrong.contested.empty());
    const Merge states = validated(wrong, open, closed, waiting, careless, validator);
    CHECK(states.contested.size() == 2);
    CHECK(states.merged == closed);
}

TEST_CASE("What one side alone made wrong is left for the server to judge")
{
    const Validator validator = validator_for(Table{});
    const Policy policy;
    const Fields base{{"actualstart", text("2021-01-01")}, {"subject", text("s")}};
    Fields theirs = base;
    theirs["actualend"] = text("2020-01-01");
    theirs["actualstart"] = text("2021-01-02");
    Fields mine = base;
    mine["subject"] = text("t");
    for (const auto& [local, remote] : {std::pair{mine, theirs}, std::pair{theirs, mine}}) {
        const Merge result =
            validated(merge(base, local, remote, policy), base, local, remote, policy, validator);
        CHECK(result.contested.empty());
        CHECK(result.decisions.empty());
        CHECK(result.merged.at("actualend") == text("2020-01-01"));
    }
}
