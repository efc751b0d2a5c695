#include "tests/catch.h"
#include "transport/odata/url.h"

using namespace hawser::odata;

TEST_CASE("an address is taken apart and its host is lower case", "[odata]")
{
    const auto url = parse_url("HTTPS://Org.Example:8443/crm/api?x=1%20y");
    REQUIRE(url);
    CHECK(url->scheme == "https");
    CHECK(url->host == "org.example");
    CHECK(url->port == 8443);
    CHECK(url->path == "/crm/api");
    CHECK(url->query == "x=1%20y");
    CHECK(parse_url("http://[::1]:99")->host == "[::1]");
    CHECK(parse_url("http://[::1]:99")->port == 99);
    CHECK(parse_url("https://a")->path == "/");
}

TEST_CASE("what is no plain http address is refused", "[odata]")
{
    for (const std::string text :
         {"", "org.example", "ftp://a/", "https://", "https:///x", "https://user@host/", "https://a:0/",
          "https://a:70000/", "https://a:9x/", "https://a b/", "https://a/\r\nX: y", "https://a/#f",
          "https://a\\b/", "file:///etc/passwd", "https://[::1/", "https://[x]/"}) {
        INFO(text);
        REQUIRE_FALSE(parse_url(text));
        CHECK(parse_url(text).error().code == "odata.bad_url");
    }
    CHECK_FALSE(parse_url("https://a/" + std::string(70'000, 'x')));
}

TEST_CASE("a link of the same service is followed to the byte", "[odata]")
{
    const std::string root = "https://org.example/crm/api/data/v9.2/";
    const auto token = root + "contacts?$select=a&$deltatoken=919042%2108%2f22";
    CHECK(*same_service(root, token) == token);
    CHECK(*same_service(root, "HTTPS://ORG.example:443/crm/api/data/v9.2/x?y=%20") ==
          "HTTPS://ORG.example:443/crm/api/data/v9.2/x?y=%20");
    CHECK(*same_service(root, "/crm/api/data/v9.2/contacts?$skiptoken=1") ==
          "https://org.example/crm/api/data/v9.2/contacts?$skiptoken=1");
    CHECK(*same_service(root, "contacts?$skiptoken=http://x") == root + "contacts?$skiptoken=http://x");
}

TEST_CASE("a link that leaves the service is refused", "[odata]")
{
    const std::string root = "https://org.example/crm/api/data/v9.2/";
    for (const std::string link :
         {"https://evil.example/crm/api/data/v9.2/contacts", "http://org.example/crm/api/data/v9.2/contacts",
          "https://org.example:444/crm/api/data/v9.2/contacts", "https://org.example/api/data/v9.2/contacts",
          "https://org.example.evil/crm/api/data/v9.2/",
          "https://org.example@evil.example/crm/api/data/v9.2/", "//evil.example/crm/api/data/v9.2/",
          "/other/contacts", "../../../secrets", "https://org.example/crm/api/data/v9.2/../../../x",
          "https://org.example/crm/api/data/v9.2/%2e%2e/x", "https://org.example/crm/api/data/v9.2/..%2fx",
          "https://org.example/crm/api/data/v9.2/%", "", "https://org.example\\@evil/crm/api/data/v9.2/",
          "javascript:alert(1)//"}) {
        INFO(link);
        const auto followed = same_service(root, link);
        if (link == "javascript:alert(1)//") {
            CHECK(followed->starts_with(root));
            continue;
        }
        REQUIRE_FALSE(followed);
        CHECK(followed.error().code == "odata.foreign_link");
        CHECK(followed.error().kind == hawser::ErrorKind::stop);
    }
}

TEST_CASE("percent encoding and text literals survive the way there and back", "[odata]")
{
    CHECK(percent_encode("a b&c'é") == "a%20b%26c%27%C3%A9");
    CHECK(encode_option("name eq 'a&b'") == "name%20eq%20'a%26b'");
    CHECK(encode_option("a+b") == "a%2Bb");
    CHECK(percent_decode("a%20b%26") == "a b&");
    CHECK_FALSE(percent_decode("%"));
    CHECK_FALSE(percent_decode("%1"));
    CHECK_FALSE(percent_decode("%zz"));
    CHECK(text_literal("O'Brien's") == "'O''Brien''s'");
    for (int byte = 0; byte < 256; ++byte) {
        const std::string one(1, static_cast<char>(byte));
        CHECK(percent_decode(percent_encode(one)) == one);
    }
}
