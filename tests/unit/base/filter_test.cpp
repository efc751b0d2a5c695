#include "base/filter.h"
#include "hawser/random.h"
#include "tests/catch.h"

#include <string>

using namespace hawser;

namespace {

const Table task = [] {
    Table table;
    table.name = "task";
    table.primary_id = "taskid";
    const auto add = [&](const char* name, ColumnType type) {
        Column column;
        column.name = name;
        column.type = type;
        table.columns.push_back(column);
    };
    add("subject", ColumnType::text);
    add("description", ColumnType::memo);
    add("percentcomplete", ColumnType::integer);
    add("cost", ColumnType::decimal);
    add("done", ColumnType::boolean);
    add("scheduledend", ColumnType::date_time);
    add("due", ColumnType::date);
    add("prioritycode", ColumnType::choice);
    add("regardingobjectid", ColumnType::lookup);
    add("people", ColumnType::parties);
    return table;
}();

const Guid account = Guid::parse("49516f4a-083d-5dfe-a407-b8227f73fbb9").value();

const Fields record{{"subject", std::string("Call O'Neil")},
                    {"percentcomplete", std::int64_t{40}},
                    {"cost", Decimal{"12.5"}},
                    {"done", false},
                    {"scheduledend", std::string("2021-04-04T20:00:00Z")},
                    {"due", std::string("2021-04-05")},
                    {"prioritycode", std::int64_t{1}},
                    {"regardingobjectid", Lookup{"account", account}}};

} // namespace

TEST_CASE("Conditions mean what they mean on the server")
{
    struct Row {
        const char* text;
        bool expected;
    };
    const Row rows[] = {
        {"", true},
        {"subject eq 'call o''neil'", true},
        {"subject eq 'call'", false},
        {"subject ne 'call'", true},
        {"subject gt 'CALL N'", true},
        {"subject eq null", false},
        {"description eq null", true},
        {"description ne null", false},
        {"description eq 'x'", false},
        {"description ne 'x'", false},
        {"description lt 'x'", false},
        {"percentcomplete gt null", false},
        {"not (description eq 'x')", true},
        {"percentcomplete ge 40 and percentcomplete le 40", true},
        {"percentcomplete gt 40 or percentcomplete lt 40", false},
        {"percentcomplete gt 40 or cost eq 12.50 and done eq false", true},
        {"(percentcomplete gt 40 or cost eq 12.50) and done eq true", false},
        {"cost gt 9", true},
        {"cost lt 1.3e1", true},
        {"not done eq true", true},
        {"done ne true", true},
        {"scheduledend eq 2021-04-04T22:00:00+02:00", true},
        {"scheduledend gt 2021-04-04", true},
        {"due le 2021-04-05", true},
        {"prioritycode eq 1", true},
        {"prioritycode eq 7", false},
        {"regardingobjectid eq 49516F4A-083D-5DFE-A407-B8227F73FBB9", true},
        {"_regardingobjectid_value eq 49516f4a-083d-5dfe-a407-b8227f73fbb9", true},
        {"_regardingobjectid_value ne 49516f4a-083d-5dfe-a407-b8227f73fbb8", true},
        {"regardingobjectid ne null", true},
        {"people eq null", true},
        {"contains(subject,'ALL')", true},
        {"contains( subject , 'zz' )", false},
        {"startswith(subject,'call')", true},
        {"endswith(subject,'neil')", true},
        {"endswith(description,'neil')", false},
        {"not contains(subject,'zz') and (((done eq false)))", true},
        {"prioritycode in (7, 1)", true},
        {"prioritycode in (7)", false},
        {"not prioritycode in (7, 8) and subject in ('CALL O''NEIL', 'other')", true},
        {"description in ('x', null)", true},
        {"regardingobjectid in (49516f4a-083d-5dfe-a407-b8227f73fbb9)", true},
        {"taskid eq 49516f4a-083d-5dfe-a407-b8227f73fbb9", false},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto filter = parse_filter(task, row.text);
        if (!filter) FAIL(filter.error().message);
        CHECK(matches(*filter, record) == row.expected);
    }
}

TEST_CASE("Conditions that make no sense are refused with the place")
{
    for (const char* text : {"subject",
                             "subject eq",
                             "'x' eq subject",
                             "subject eq x",
                             "subject like 'x'",
                             "subject eq 'x",
                             "(subject eq 'x'",
                             "subject eq 'x')",
                             "subject eq 'x' and",
                             ", subject",
                             "not",
                             "percentcomplete eq 'many'",
                             "percentcomplete eq 1.5",
                             "done gt true",
                             "done eq maybe",
                             "regardingobjectid gt 49516f4a-083d-5dfe-a407-b8227f73fbb9",
                             "regardingobjectid eq 'me'",
                             "scheduledend gt soon",
                             "contains(percentcomplete,'4')",
                             "contains(subject)",
                             "contains(subject,4)",
                             "contains(subject,'a'",
                             "people eq 'x'",
                             "subject eq 'x' subject eq 'y'",
                             "subject = 'x'",
                             "subject eq (",
                             "cost eq ''",
                             "subject eq '\xff'"}) {
        INFO(text);
        const auto filter = parse_filter(task, text);
        REQUIRE_FALSE(filter);
        CHECK(filter.error().code == "input.bad_filter");
        CHECK(filter.error().message.find("position") != std::string::npos);
    }
}

TEST_CASE("An unknown column is refused with the nearest known ones")
{
    const auto filter = parse_filter(task, "subjct eq 'x'");
    REQUIRE_FALSE(filter);
    CHECK(filter.error().code == "input.unknown_column");
    CHECK(filter.error().message == "task has no column \"subjct\". Did you mean subject?");
    CHECK_FALSE(parse_filter(task, "_subject_value eq 'x'"));
}

TEST_CASE("Nesting and length are bounded")
{
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "done eq true" + std::string(depth, ')');
    };
    CHECK(parse_filter(task, nested(60)));
    CHECK_FALSE(parse_filter(task, nested(65)));
    CHECK_FALSE(parse_filter(task, nested(30000)));
    std::string negations;
    for (int i = 0; i < 10000; ++i) negations += "not ";
    CHECK_FALSE(parse_filter(task, negations + "done eq true"));
    CHECK_FALSE(parse_filter(task, std::string(70000, ' ')));
    const auto list_of = [](int values) {
        std::string list = "prioritycode in (1";
        for (int i = 1; i < values; ++i) list += ",1";
        return list + ")";
    };
    CHECK(parse_filter(task, list_of(500)));
    CHECK_FALSE(parse_filter(task, list_of(501)));
    for (const char* wrong : {"subject in", "subject in ()", "subject in ('a'", "subject in ('a',)",
                              "subject in 'a'", "people in (1)", "in ('a')"})
        CHECK_FALSE(parse_filter(task, wrong));
}

TEST_CASE("Random words are read or refused but break nothing")
{
    const auto random = seeded_random(21);
    static const std::string words[] = {
        "subject", "percentcomplete", "eq", "ne",   "and",  "or", "not", "(", ")",    "'x'", "4",
        "null",    "contains",        ",",  "true", "done", "_",  "{",   "'", "\xc3", "-",   "2021-04-04"};
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        for (auto n = below(*random, 12); n > 0; --n) text += words[below(*random, std::size(words))] + " ";
        if (const auto filter = parse_filter(task, text)) static_cast<void>(matches(*filter, record));
    }
}

TEST_CASE("The nearest names are few, close and in order")
{
    const std::vector<std::string> known{"emailaddress1", "emailaddress2", "firstname",
                                         "lastname",      "fullname",      "telephone1"};
    CHECK(nearest("fristname", known) == std::vector<std::string>{"firstname", "lastname"});
    CHECK(nearest("FirstName", known).front() == "firstname");
    CHECK(nearest("emailaddress", known) == std::vector<std::string>{"emailaddress1", "emailaddress2"});
    CHECK(nearest("email", known).size() == 2);
    CHECK(nearest("zzzzzzzz", known).empty());
    CHECK(nearest("", known).empty());
    CHECK(nearest(std::string(100000, 'a'), known).empty());
}
