#include "conflict/policy.h"
#include "conflict/policy_file.h"
#include "hawser/random.h"
#include "tests/catch.h"

using namespace hawser;
using namespace hawser::conflict;

namespace {

Column column(const char* name, ColumnType type = ColumnType::text)
{
    Column result;
    result.name = name;
    result.type = type;
    return result;
}

Column computed(const char* name)
{
    Column result = column(name);
    result.creatable = false;
    result.updatable = false;
    return result;
}

Table appointment()
{
    Table table;
    table.name = "appointment";
    table.columns = {column("subject"),
                     column("description", ColumnType::memo),
                     column("scheduledstart", ColumnType::date_time),
                     column("scheduledend", ColumnType::date_time),
                     column("isalldayevent", ColumnType::boolean),
                     column("statecode", ColumnType::state),
                     column("statuscode", ColumnType::status),
                     column("actualend", ColumnType::date_time),
                     column("requiredattendees", ColumnType::parties),
                     column("tags", ColumnType::multi_choice),
                     column("effort", ColumnType::integer),
                     column("address1_city"),
                     column("address1_line1"),
                     column("address1_addressid", ColumnType::guid),
                     computed("address1_composite"),
                     computed("modifiedon"),
                     computed("createdon")};
    return table;
}

std::string refusal(const Result<PolicyFile>& result)
{
    REQUIRE_FALSE(result);
    CHECK(result.error().code == "input.bad_policy");
    CHECK(result.error().kind == ErrorKind::refuse);
    return result.error().message;
}

} // namespace

TEST_CASE("A column with a name of the bookkeeping that people can write is not taken from them")
{
    Table currency;
    currency.name = "transactioncurrency";
    Column rate;
    rate.name = "exchangerate";
    rate.type = ColumnType::decimal;
    currency.columns.push_back(rate);
    CHECK(default_policy(currency).rule_of("exchangerate") == Rule::ask);
    currency.columns.front().updatable = false;
    currency.columns.front().creatable = false;
    CHECK(default_policy(currency).rule_of("exchangerate") == Rule::volatile_column);
}

TEST_CASE("Unless told otherwise, what people type asks and what the server computes is theirs")
{
    const Policy policy = default_policy(appointment());
    CHECK(policy.rule_of("subject") == Rule::ask);
    CHECK(policy.rule_of("description") == Rule::ask);
    CHECK(policy.rule_of("unheard_of") == Rule::ask);
    CHECK(policy.rule_of("requiredattendees") == Rule::union_of);
    CHECK(policy.rule_of("tags") == Rule::union_of);
    CHECK(policy.rule_of("createdon") == Rule::theirs);
    CHECK(policy.rule_of("modifiedon") == Rule::volatile_column);
    REQUIRE(policy.groups.size() == 3);
    CHECK(policy.group_of("isalldayevent")->name == "time");
    CHECK(policy.group_of("actualend") == policy.group_of("statecode"));
    CHECK(policy.group_of("address1_city")->columns ==
          std::vector<std::string>{"address1_city", "address1_line1"});
    CHECK(policy.group_of("address1_composite") == nullptr);
    CHECK(policy.group_of("address1_addressid") == nullptr);
    CHECK(policy.group_of("subject") == nullptr);
}

TEST_CASE("A series' times belong to its pattern")
{
    Table table = appointment();
    table.columns.push_back(column("recurrencepatterntype", ColumnType::choice));
    table.columns.push_back(column("interval", ColumnType::integer));
    const Policy policy = default_policy(table);
    CHECK(policy.group_of("scheduledstart")->name == "recurrence");
    CHECK(policy.group_of("scheduledstart") == policy.group_of("interval"));
}

TEST_CASE("Every rule is called by a name that is read back")
{
    for (const Rule rule : {Rule::ask, Rule::theirs, Rule::mine, Rule::union_of, Rule::max, Rule::min,
                            Rule::add, Rule::text, Rule::volatile_column})
        CHECK(rule_named(rule_name(rule)) == rule);
    CHECK_FALSE(rule_named("Ask"));
}

TEST_CASE("A policy file changes the rules it names and no others")
{
    const auto file = parse_policy_file(R"({"version": 1,
        "tables": {"appointment": {"*": "theirs", "description": "text", "effort": "add"}},
        "groups": {"appointment": {"time": ["scheduledstart", "scheduledend"], "words": ["subject", "address1_city"]}}})");
    REQUIRE(file);
    const auto policy = policy_for(*file, appointment());
    REQUIRE(policy);
    CHECK(policy->rule_of("description") == Rule::text);
    CHECK(policy->rule_of("effort") == Rule::add);
    CHECK(policy->rule_of("subject") == Rule::theirs);
    CHECK(policy->rule_of("requiredattendees") == Rule::union_of);
    CHECK(policy->group_of("isalldayevent") == nullptr);
    CHECK(policy->group_of("scheduledstart")->name == "time");
    CHECK(policy->group_of("subject")->name == "words");
    CHECK(policy->group_of("address1_line1") == nullptr);

    Table other = appointment();
    other.name = "task";
    CHECK(*policy_for(*file, other) == default_policy(other));
}

TEST_CASE("A policy that does not fit the table is refused naming both")
{
    const auto refused = [](const char* json) {
        const auto file = parse_policy_file(json);
        REQUIRE(file);
        const auto policy = policy_for(*file, appointment());
        REQUIRE_FALSE(policy);
        CHECK(policy.error().code == "input.bad_policy");
        return policy.error().message;
    };
    CHECK(refused(R"({"tables":{"appointment":{"subjekt":"mine"}}})").find("appointment.subjekt") !=
          std::string::npos);
    CHECK(refused(R"({"tables":{"appointment":{"subject":"add"}}})").find("appointment.subject") !=
          std::string::npos);
    CHECK(refused(R"({"tables":{"appointment":{"effort":"union"}}})").find("union") != std::string::npos);
    CHECK(refused(R"({"tables":{"appointment":{"effort":"text"}}})").find("text") != std::string::npos);
    CHECK(refused(R"({"tables":{"appointment":{"subject":"max"}}})").find("max") != std::string::npos);
    CHECK(refused(R"({"tables":{"appointment":{"*":"volatile"}}})").find("*") != std::string::npos);
    CHECK(refused(R"({"tables":{"appointment":{"subject":"volatile"}}})").find("subject") !=
          std::string::npos);
    CHECK(refused(R"({"groups":{"appointment":{"g":["subject","nowhere"]}}})").find("nowhere") !=
          std::string::npos);
    CHECK(refused(R"({"groups":{"appointment":{"g":["subject","createdon"]}}})").find("createdon") !=
          std::string::npos);
}

TEST_CASE("What no longer fits a table that was changed is left out, and the rest stays")
{
    const auto file = parse_policy_file(
        R"({"tables":{"appointment":{"subject":"theirs","gone":"mine","*":"mine"}},)"
        R"("groups":{"appointment":{"lost":["effort","createdon"],"kept":["subject","description"]}}})");
    REQUIRE(file);
    CHECK_FALSE(policy_for(*file, appointment()));
    const Policy policy = fitting_policy(*file, appointment());
    CHECK(policy.rule_of("subject") == Rule::theirs);
    CHECK(policy.rule_of("unheard_of") == Rule::mine);
    REQUIRE(policy.group_of("subject") != nullptr);
    CHECK(policy.group_of("subject")->name == "kept");
}

TEST_CASE("A hostile policy file is refused naming the place")
{
    CHECK(refusal(parse_policy_file("")).find("JSON") != std::string::npos);
    CHECK(refusal(parse_policy_file("[]")).find("object") != std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"version":2})")).find("version") != std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"rules":{}})")).find("rules") != std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"tables":[]})")).find("tables") != std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"tables":{"Contact":{}}})")).find("Contact") != std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"tables":{"contact":[]}})")).find("tables.contact") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"tables":{"contact":{"a b":"ask"}}})")).find("a b") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"tables":{"contact":{"a":"win"}}})")).find("tables.contact.a") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"tables":{"contact":{"a":1}}})")).find("tables.contact.a") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"groups":{"contact":{"g":["a"]}}})")).find("fewer than two") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"groups":{"contact":{"g":["a","a"]}}})")).find("two groups") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"groups":{"contact":{"g":["a","b"],"h":["b","c"]}}})"))
              .find("b in two") != std::string::npos);
    CHECK(refusal(parse_policy_file(R"({"groups":{"contact":{"g":"a"}}})")).find("groups.contact.g") !=
          std::string::npos);
    CHECK(refusal(parse_policy_file(std::string(100000, '['))).find("nested") != std::string::npos);
    CHECK(refusal(parse_policy_file(std::string(2 << 20, ' '))).find("1 MiB") != std::string::npos);
    const std::string noisy =
        refusal(parse_policy_file("{\"\\u001b[31m" + std::string(10000, 'x') + "\":1}"));
    CHECK(noisy.size() < 300);
    CHECK(noisy.find('\x1b') == std::string::npos);
}

TEST_CASE("Damaged policy files are read or refused but break nothing")
{
    const std::string good =
        R"({"version":1,"tables":{"contact":{"*":"ask","a":"add"}},"groups":{"contact":{"g":["a","b"]}}})";
    const auto random = seeded_random(31);
    for (int i = 0; i < 10000; ++i) {
        std::string text = good;
        text[below(*random, text.size())] = static_cast<char>(below(*random, 256));
        if (const auto file = parse_policy_file(text)) CHECK(file->version == 1);
    }
}
