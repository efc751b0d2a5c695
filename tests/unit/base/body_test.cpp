#include "base/body.h"
#include "hawser/random.h"
#include "tests/catch.h"

#include <string>

using namespace hawser;

namespace {

Table all_types()
{
    Table table;
    table.name = "sample";
    table.primary_id = "sampleid";
    const auto add = [&](const char* name, ColumnType type) {
        Column column;
        column.name = name;
        column.type = type;
        table.columns.push_back(column);
    };
    add("flag", ColumnType::boolean);
    add("count", ColumnType::big_integer);
    add("amount", ColumnType::decimal);
    add("subject", ColumnType::text);
    add("parent", ColumnType::lookup);
    add("people", ColumnType::parties);
    add("starts", ColumnType::date_time);
    add("status", ColumnType::status);
    return table;
}

Layout layout_of(const Table& table)
{
    Layout layout;
    for (const Column& column : table.columns) layout.columns.push_back(column.name);
    return layout;
}

std::string any_text(Random& random)
{
    static const std::string pieces[] = {"a", "\"", "\\", "\n",   "\x01", "é", "日本",
                                         "😀", "/",  "\t", "\x7f", "null", ",", "]"};
    std::string text;
    for (auto n = below(random, 12); n > 0; --n) text += pieces[below(random, std::size(pieces))];
    return text;
}

Fields any_fields(Random& random)
{
    Fields fields;
    if (below(random, 2) == 0) fields["flag"] = below(random, 2) == 0;
    if (below(random, 2) == 0) fields["count"] = static_cast<std::int64_t>(random.next());
    if (below(random, 2) == 0) fields["amount"] = Decimal{std::to_string(below(random, 1000)) + ".5"};
    if (below(random, 2) == 0) fields["subject"] = any_text(random);
    if (below(random, 2) == 0) fields["parent"] = Lookup{"account", Guid::make(random)};
    if (below(random, 2) == 0) {
        std::vector<Party> parties;
        for (auto n = below(random, 4); n > 0; --n)
            parties.push_back({{}, any_text(random) + "@example.com", {static_cast<int>(below(random, 12))}});
        parties.push_back({Lookup{"contact", Guid::make(random)}, "", {2, 5}});
        fields["people"] = parties_to_collection(parties);
    }
    if (below(random, 2) == 0) fields["starts"] = std::string("2021-04-04T20:00:00Z");
    return fields;
}

} // namespace

TEST_CASE("A body reads back as the fields it was written from")
{
    const Table table = all_types();
    const Layout layout = layout_of(table);
    const auto random = seeded_random(11);
    for (int i = 0; i < 5000; ++i) {
        const Fields fields = any_fields(*random);
        const std::string body = encode_body(layout, fields);
        const auto decoded = decode_body(layout, table, body);
        INFO(body);
        REQUIRE(decoded);
        REQUIRE(*decoded == fields);
        REQUIRE(encode_body(layout, *decoded) == body);
    }
}

TEST_CASE("A body is the documented text")
{
    const Table table = all_types();
    const Guid id = Guid::parse("49516f4a-083d-5dfe-a407-b8227f73fbb9").value();
    Fields fields;
    fields["count"] = std::int64_t{-7};
    fields["amount"] = Decimal{"12.5"};
    fields["parent"] = Lookup{"account", id};
    fields["people"] = parties_to_collection({{{}, "A@b.c", {2, 1}}});
    CHECK(
        encode_body(layout_of(table), fields) ==
        R"([null,-7,"12.5",null,["account","49516f4a-083d-5dfe-a407-b8227f73fbb9"],[["address:a@b.c",{"address":"A@b.c","roles":[1,2]}]]])");
    CHECK(encode_body(layout_of(table), {}) == "[]");
    CHECK(encode_body(layout_of(table), {{"flag", Null{}}}) == "[]");
}

TEST_CASE("A writer is used again without leaving anything of the last body")
{
    BodyWriter writer;
    writer.skip();
    writer.add_text("one");
    writer.skip();
    CHECK(writer.finish() == R"([null,"one"])");
    writer.clear();
    CHECK(writer.finish() == "[]");
    writer.clear();
    writer.add(true);
    writer.add_lookup("contact", "49516f4a-083d-5dfe-a407-b8227f73fbb9");
    CHECK(writer.finish() == R"([true,["contact","49516f4a-083d-5dfe-a407-b8227f73fbb9"]])");
}

TEST_CASE("A body written before a column was added or after one was dropped still reads")
{
    Table table = all_types();
    const Layout layout = layout_of(table);
    const auto old = decode_body(layout, table, R"([true])");
    REQUIRE(old);
    CHECK(*old == Fields{{"flag", true}});
    table.columns.erase(table.columns.begin() + 3);
    const auto dropped = decode_body(layout, table, R"([true,1,"2","kept"])");
    REQUIRE(dropped);
    CHECK(dropped->at("subject") == Value{std::string("kept")});
    CHECK(dropped->at("amount") == Value{Decimal{"2"}});
}

TEST_CASE("What is no body is refused as a corrupt one")
{
    const Table table = all_types();
    const Layout layout = layout_of(table);
    const std::string deep(100000, '[');
    for (const std::string& text :
         {std::string(), std::string("{}"), std::string("[1"), std::string("null"), std::string("[{}]"),
          std::string("[1.5]"), std::string("[18446744073709551615]"), std::string(R"([["account","x"]])"),
          std::string(R"([["account"]])"), std::string(R"([[["k"]]])"), std::string(R"([[["b",1],["a",1]]])"),
          std::string(R"([[["a",1],["a",1]]])"), std::string("[1,2,3,4,5,6,7,8,9]"), deep,
          std::string("[\"\xff\xfe\"]")}) {
        INFO(text.substr(0, 40));
        const auto decoded = decode_body(layout, table, text);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().code == "store.corrupt_body");
    }
}

TEST_CASE("Damaged bodies are read or refused but break nothing")
{
    const Table table = all_types();
    const Layout layout = layout_of(table);
    const auto random = seeded_random(12);
    for (int i = 0; i < 5000; ++i) {
        std::string body = encode_body(layout, any_fields(*random));
        body[below(*random, body.size())] = static_cast<char>(below(*random, 256));
        if (const auto decoded = decode_body(layout, table, body)) {
            const auto again = decode_body(layout, table, encode_body(layout, *decoded));
            REQUIRE(again);
            REQUIRE(*again == *decoded);
        }
    }
}
