#include "tests/catch.h"
#include "tools/hawser/command_words.h"
#include "tools/hawser/progress_bar.h"
#include "tools/hawser/text_width.h"
#include "tools/hawser/words.h"

using namespace hawser;
using namespace hawser::cli;

TEST_CASE("Numbers, sizes and lists read as people write them", "[cli]")
{
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1'234'567) == "1,234,567");
    CHECK(count_of(1, "change") == "1 change");
    CHECK(count_of(12'000, "record") == "12,000 records");
    CHECK(count_of(2, "change waits", "changes wait") == "2 changes wait");
    CHECK(size_text(1) == "1 byte");
    CHECK(size_text(1'234'000) == "1.2 MB");
    CHECK(listed({}) == "");
    CHECK(listed({"a"}) == "a");
    CHECK(listed({"a", "b", "c"}, "or") == "a, b or c");
}

TEST_CASE("A span of time has a number and a unit", "[cli]")
{
    CHECK(*parse_duration("90s") == std::chrono::seconds{90});
    CHECK(*parse_duration("30m") == std::chrono::minutes{30});
    CHECK(*parse_duration("2h") == std::chrono::hours{2});
    CHECK(*parse_duration("3d") == std::chrono::hours{72});
    CHECK(*parse_duration("1w") == std::chrono::hours{168});
    for (const char* wrong :
         {"", "5", "m", "5 m", "-5m", "5mm", "1y", "99999999999999999999s", "600w", "5m\n"}) {
        INFO(wrong);
        CHECK_FALSE(parse_duration(wrong));
    }
}

TEST_CASE("A rate is bytes a second", "[cli]")
{
    CHECK(*parse_rate("5000") == 5'000);
    CHECK(*parse_rate("64k") == 64'000);
    CHECK(*parse_rate("2m") == 2'000'000);
    for (const char* wrong :
         {"", "0", "4999", "4k", "k", "64K", "64kb", "-5k", "1.5m", "99999999999999999999", "99999m"}) {
        INFO(wrong);
        CHECK_FALSE(parse_rate(wrong));
    }
}

TEST_CASE("Did you mean names what is near and nothing else", "[cli]")
{
    const std::vector<std::string> tables{"account", "contact", "email", "task"};
    CHECK(did_you_mean("contcat", tables) == " Did you mean \"contact\"?");
    CHECK(did_you_mean("taks", tables) == " Did you mean \"task\"?");
    CHECK(did_you_mean("opportunity", tables) == "");
    CHECK(did_you_mean("", tables) == "");
}

TEST_CASE("Width counts the cells of a terminal", "[cli]")
{
    CHECK(display_width("abc") == 3);
    CHECK(display_width("Zoë") == 3);
    CHECK(display_width("e\u0301") == 1);
    CHECK(display_width("日本") == 4);
    CHECK(display_width("\xff\xfe") == 2);
    CHECK(cut_to_width("Zoë Quill", 20) == "Zoë Quill");
    CHECK(cut_to_width("Zoë Quill", 5) == "Zoë…");
    CHECK(display_width(cut_to_width("日本語のテキスト", 6)) <= 6);
    CHECK(cut_to_width("abc", 0) == "");
    const auto lines = wrap_to_width("the quick brown fox", 10);
    CHECK(lines == std::vector<std::string>{"the quick", "brown fox"});
    for (const std::string& line : wrap_to_width(std::string(50, 'x'), 20)) CHECK(line.size() <= 20);
}

TEST_CASE("No text can steer the terminal", "[cli]")
{
    CHECK(one_safe_line("a\nb\tc\r\n").find_first_of("\n\t\r") == std::string::npos);
    CHECK(one_safe_line("\x1b[31mred").find('\x1b') == std::string::npos);
    CHECK(one_safe_line("\xc2\x9b"
                        "31m")
              .find("\xc2\x9b") == std::string::npos);
    CHECK(safe_lines("a\nb") == "a\nb");
    CHECK(safe_lines("a\x07").find('\x07') == std::string::npos);
}

TEST_CASE("A field of a tab-separated line holds no tab and no line end", "[cli]")
{
    CHECK(tab_field("plain") == "plain");
    CHECK(tab_field("a\tb\nc\rd\\e") == "a\\tb\\nc\\rd\\\\e");
}

TEST_CASE("A remembered command is taken apart without a shell", "[cli]")
{
    using Words = std::vector<std::string>;
    CHECK(*command_words("az account get-token") == Words{"az", "account", "get-token"});
    CHECK(*command_words("  a   'b c' \"d e\" f\\ g  ") == Words{"a", "b c", "d e", "f g"});
    CHECK(*command_words("a '' \"\"") == Words{"a", "", ""});
    CHECK(*command_words("echo $HOME `id` *") == Words{"echo", "$HOME", "`id`", "*"});
    CHECK(*command_words("a 'b\\c' \"d\\\"e\"") == Words{"a", "b\\c", "d\"e"});
    for (const char* const wrong : {"", "   ", "a 'b", "a \"b"}) CHECK_FALSE(command_words(wrong));
}

TEST_CASE("The progress line fits its width and needs no total", "[cli]")
{
    Progress progress;
    progress.phase = "pull";
    progress.table = "contact";
    progress.done = 12'000;
    progress.total = 24'000;
    CHECK(progress_text(progress, 80) == "pulling contact  [############............]  12,000 of 24,000");
    CHECK(progress_text(progress, 50) == "pulling contact  [######.......]  12,000 of 24,000");
    CHECK(progress_text(progress, 34) == "pulling contact  12,000 of 24,000");
    CHECK(display_width(progress_text(progress, 20)) <= 20);
    progress.total = 0;
    CHECK(progress_text(progress, 60).find("of") == std::string::npos);
}

TEST_CASE("A word that a shell would take apart is quoted, so that it comes back whole", "[cli]")
{
    CHECK(shell_word("3.2") == "3.2");
    CHECK(shell_word("jobtitle=Boss") == "jobtitle=Boss");
    for (const char* word : {"Head of Sales", "it's $HOME", "", "*", "a;b"})
        CHECK(*command_words(shell_word(word)) == std::vector<std::string>{word});
}
