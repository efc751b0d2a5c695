#include "base/utf8.h"
#include "hawser/metadata.h"
#include "tests/catch.h"

#include <string>

using namespace hawser;

namespace {

const Table contact = [] {
    Table table;
    table.name = "contact";
    table.primary_id = "contactid";
    return table;
}();

Column of(ColumnType type)
{
    Column column;
    column.name = "thing";
    column.type = type;
    return column;
}

std::string code(const Result<Value>& result)
{
    return result ? "" : result.error().code;
}

Value text(const char* value)
{
    return Value{std::string(value)};
}

} // namespace

TEST_CASE("Values are put in the one spelling of their column")
{
    struct Row {
        ColumnType type;
        Value given;
        Value expected;
    };
    const char* id = "49516f4a-083d-5dfe-a407-b8227f73fbb9";
    const Row rows[] = {
        {ColumnType::text, text(""), Null{}},
        {ColumnType::text, text("x"), text("x")},
        {ColumnType::integer, text("12"), std::int64_t{12}},
        {ColumnType::integer, Decimal{"12"}, std::int64_t{12}},
        {ColumnType::decimal, text("1e3"), Decimal{"1000"}},
        {ColumnType::decimal, std::int64_t{5}, Decimal{"5"}},
        {ColumnType::decimal, Decimal{"-0.0"}, Decimal{"0"}},
        {ColumnType::boolean, text("true"), true},
        {ColumnType::date_time, text("2021-04-04T22:00:00.25+02:00"), text("2021-04-04T20:00:00Z")},
        {ColumnType::date, text("1753-01-01"), text("1753-01-01")},
        {ColumnType::choice, text("3"), std::int64_t{3}},
        {ColumnType::multi_choice, text("7,3,3"), text("3,7")},
        {ColumnType::multi_choice, std::int64_t{4}, text("4")},
        {ColumnType::guid, text("{49516F4A-083D-5DFE-A407-B8227F73FBB9}"), text(id)},
        {ColumnType::lookup, text("account:49516F4A-083D-5DFE-A407-B8227F73FBB9"),
         Lookup{"account", *Guid::parse(id)}},
        {ColumnType::parties, Collection{}, Null{}},
    };
    for (const Row& row : rows) {
        INFO(to_json(row.given));
        const auto result = canonical(contact, of(row.type), row.given);
        REQUIRE(result);
        CHECK(*result == row.expected);
    }
}

TEST_CASE("A wrong type is refused naming table, column and what was given")
{
    const std::pair<ColumnType, Value> rows[] = {
        {ColumnType::text, std::int64_t{1}},
        {ColumnType::integer, text("1.5")},
        {ColumnType::integer, std::int64_t{1} << 40},
        {ColumnType::integer, text("99999999999999999999")},
        {ColumnType::decimal, text("ten")},
        {ColumnType::boolean, text("yes")},
        {ColumnType::date_time, text("yesterday")},
        {ColumnType::date_time, text("1752-12-31T23:59:59Z")},
        {ColumnType::date, text("2021-02-30")},
        {ColumnType::date, text("1752-12-31")},
        {ColumnType::guid, text("x")},
        {ColumnType::lookup, text("49516f4a-083d-5dfe-a407-b8227f73fbb9")},
        {ColumnType::multi_choice, text("1,,2")},
        {ColumnType::multi_choice, text("1,")},
        {ColumnType::parties, text("a@b.c")},
        {ColumnType::choice, true}};
    for (const auto& [type, given] : rows) {
        INFO(to_json(given));
        const auto result = canonical(contact, of(type), given);
        REQUIRE(code(result) == "input.wrong_type");
        CHECK(result.error().kind == ErrorKind::refuse);
        CHECK(result.error().message.find("contact.thing") != std::string::npos);
    }
}

TEST_CASE("Length is counted in UTF-16 units")
{
    Column column = of(ColumnType::text);
    column.max_length = 4;
    CHECK(canonical(contact, column, text("éééé")));
    CHECK(canonical(contact, column, text("😀😀")));
    CHECK(code(canonical(contact, column, text("😀😀a"))) == "input.too_long");
    const auto refused = canonical(contact, column, text("abcde"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "contact.thing holds at most 4 characters; 5 were given.");
}

TEST_CASE("Text that is not UTF-8 is refused")
{
    for (const char* bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82", "\x80"}) {
        CHECK_FALSE(utf16_units(bytes));
        CHECK(code(canonical(contact, of(ColumnType::memo), text(bytes))) == "input.not_utf8");
        CHECK(code(canonical(contact, of(ColumnType::date), text(bytes))) == "input.not_utf8");
    }
}

TEST_CASE("A choice must be one of the choices, when they are known")
{
    Column column = of(ColumnType::status);
    CHECK(canonical(contact, column, std::int64_t{99}));
    column.choices = {{1, "Active", 0}, {2, "Inactive", 1}};
    CHECK(canonical(contact, column, std::int64_t{2}));
    const auto refused = canonical(contact, column, std::int64_t{3});
    CHECK(code(refused) == "input.not_a_choice");
    CHECK(refused.error().message ==
          "contact.thing has no choice 3. Its choices are 1 (Active), 2 (Inactive).");
    column.type = ColumnType::multi_choice;
    CHECK(code(canonical(contact, column, text("1,5"))) == "input.not_a_choice");
}

TEST_CASE("A lookup must refer to one of its targets, when they are known")
{
    Column column = of(ColumnType::lookup);
    const auto random_id = Guid::parse("49516f4a-083d-5dfe-a407-b8227f73fbb9").value();
    CHECK(canonical(contact, column, Lookup{"lead", random_id}));
    column.targets = {{"account", "parentcustomerid_account"}};
    CHECK(code(canonical(contact, column, Lookup{"lead", random_id})) == "input.not_a_target");
    const auto bare = canonical(contact, column, Value{random_id.text()});
    REQUIRE(bare);
    CHECK(*bare == Value{Lookup{"account", random_id}});
}

TEST_CASE("Participants are sorted, complete and each named once")
{
    const Column column = of(ColumnType::parties);
    Collection unsorted{{{"address:b@x", R"({"roles": [2, 1], "address": "B@x"})"},
                         {"address:a@x", R"({"address":"a@x","roles":[2]})"}}};
    const auto result = canonical(contact, column, unsorted);
    REQUIRE(result);
    CHECK(
        to_json(*result) ==
        R"([{"key":"address:a@x","value":{"address":"a@x","roles":[2]}},{"key":"address:b@x","value":{"address":"B@x","roles":[1,2]}}])");
    for (const char* value : {"", "[]", "{", R"({"address":"a@x"})", R"({"address":"a@x","roles":[]})",
                              R"({"address":1,"roles":[1]})", R"({"address":"other@x","roles":[1]})",
                              R"({"address":"a@x","roles":["to"]})"}) {
        INFO(value);
        CHECK(code(canonical(contact, column, Collection{{{"address:a@x", value}}})) == "input.not_parties");
    }
    CHECK(code(canonical(contact, column, Collection{{{"nonsense", R"({"roles":[1]})"}}})) ==
          "input.not_parties");
    const Element twice{"address:a@x", R"({"address":"a@x","roles":[2]})"};
    CHECK(code(canonical(contact, column, Collection{{twice, twice}})) == "input.not_parties");
}

TEST_CASE("Parties and collections say the same")
{
    const Guid id = Guid::parse("49516f4a-083d-5dfe-a407-b8227f73fbb9").value();
    const std::vector<Party> parties{{{}, "Anna@Example.com", {1}},
                                     {{}, "anna@example.com", {2}},
                                     {Lookup{"contact", id}, "x@y.z", {5, 2, 5}}};
    const Collection collection = parties_to_collection(parties);
    REQUIRE(collection.elements.size() == 2);
    CHECK(collection.elements[0].key == "address:anna@example.com");
    CHECK(collection.elements[0].value == R"({"address":"Anna@Example.com","roles":[1,2]})");
    CHECK(collection.elements[1].key == "contact:49516f4a-083d-5dfe-a407-b8227f73fbb9");
    const auto back = collection_to_parties(collection);
    REQUIRE(back);
    CHECK((*back)[1].record == Lookup{"contact", id});
    CHECK((*back)[1].roles == std::vector{2, 5});
    CHECK(parties_to_collection(*back) == collection);
}

TEST_CASE("Values print as canonical JSON")
{
    Fields fields;
    fields["b"] = Null{};
    fields["a"] = text("q\"\n\x02");
    fields["c"] = Decimal{"12.5"};
    fields["d"] = std::int64_t{-3};
    fields["e"] = Lookup{"account", Guid{}};
    fields["f"] = false;
    CHECK(
        to_json(fields) ==
        R"({"a":"q\"\n\u0002","b":null,"c":"12.5","d":-3,"e":{"id":"00000000-0000-0000-0000-000000000000","table":"account"},"f":false})");
}

TEST_CASE("A person without a full name yet goes by first and last name")
{
    Table table = contact;
    table.primary_name = "fullname";
    CHECK(name_in(table, {{"fullname", text("Dr. Ada")}, {"firstname", text("Ada")}}) == "Dr. Ada");
    CHECK(name_in(table, {{"firstname", text("Ada")}, {"lastname", text("Doe")}}) == "Ada Doe");
    CHECK(name_in(table, {{"lastname", text("Doe")}}) == "Doe");
    CHECK(name_in(table, {}) == "");
}
