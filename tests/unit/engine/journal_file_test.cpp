#include "engine/carry/journal_file.h"
#include "engine/carry/sha256.h"
#include "tests/catch.h"
#include "tests/folder.h"

#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>

using namespace hawser;
using carry::JournalLimits;
using carry::JournalReader;
using carry::JournalWriter;
using tests::Folder;

namespace {

std::string bytes_of(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void put(const std::filesystem::path& file, const std::string& bytes)
{
    std::ofstream(file, std::ios::binary) << bytes;
}

std::string packed(const std::string& text)
{
    std::string frame(ZSTD_compressBound(text.size()), '\0');
    frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 3));
    return frame;
}

std::string unpacked(const std::string& frame)
{
    std::string text(1 << 20, '\0');
    text.resize(ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size()));
    return text;
}

void write_three_lines(const std::filesystem::path& file)
{
    auto writer = JournalWriter::create(file, {{"organization", "https://contoso.example"}});
    REQUIRE(writer);
    for (const char* word : {"one", "two", "three"}) REQUIRE(writer->add({{"word", word}}));
    REQUIRE(writer->finish());
}

/// All lines, or the code of what is wrong.
std::string read_all(const std::filesystem::path& file, const JournalLimits& limits = {})
{
    auto reader = JournalReader::open(file, limits);
    if (!reader) return reader.error().code;
    std::string words;
    for (;;) {
        auto line = reader->next();
        if (!line) return line.error().code;
        if (!*line) return words;
        words += std::string((*line)->at("word").as_string()) + " ";
    }
}

} // namespace

TEST_CASE("A journal is read as it was written, and is its owner's alone", "[journal]")
{
    const Folder folder;
    const auto file = folder / "queue.hawser-journal";
    write_three_lines(file);
    CHECK(read_all(file) == "one two three ");
    auto reader = JournalReader::open(file);
    REQUIRE(reader);
    CHECK(reader->about().at("organization") == "https://contoso.example");
    struct stat found {};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    CHECK(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}) == 1);
}

TEST_CASE("A journal replaces no file and leaves nothing when it is not finished", "[journal]")
{
    const Folder folder;
    const auto file = folder / "queue.hawser-journal";
    {
        auto writer = JournalWriter::create(file, {});
        REQUIRE(writer);
        REQUIRE(writer->add({{"word", "lost"}}));
    }
    CHECK(std::filesystem::is_empty(file.parent_path()));

    auto late = JournalWriter::create(file, {});
    REQUIRE(late);
    put(file, "somebody's");
    const auto finished = late->finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code == "journal.file_exists");
    CHECK(bytes_of(file) == "somebody's");
    const auto again = JournalWriter::create(file, {});
    REQUIRE_FALSE(again);
    CHECK(again.error().code == "journal.file_exists");
    const auto nowhere = JournalWriter::create(folder / "no" / "where", {});
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == "journal.not_written");
}

TEST_CASE("A journal that ends early or goes on too long is refused, wherever it was cut", "[journal]")
{
    const Folder folder;
    const auto file = folder / "whole";
    write_three_lines(file);
    const std::string whole = bytes_of(file);
    const auto cut = folder / "cut";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        put(cut, whole.substr(0, size));
        const std::string outcome = read_all(cut);
        INFO("cut at " << size);
        CHECK((outcome == "journal.incomplete" || outcome == "journal.not_one"));
    }
    put(cut, whole + "x");
    CHECK(read_all(cut) == "journal.damaged");
    put(cut, whole + whole);
    CHECK(read_all(cut) == "journal.damaged");
}

TEST_CASE("A journal of which a bit was altered is refused, or says the same", "[journal]")
{
    const Folder folder;
    const auto file = folder / "whole";
    write_three_lines(file);
    const std::string whole = bytes_of(file);
    const auto altered = folder / "altered";
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bytes = whole;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
            put(altered, bytes);
            INFO("byte " << at << ", bit " << bit);
            // Of the frame some bits are reserved, or only say how much memory to take.
            const std::string outcome = read_all(altered);
            CHECK((outcome.starts_with("journal.") || outcome == "one two three "));
        }
}

TEST_CASE("Lines that were altered, added or left out are found by their hash and number", "[journal]")
{
    const Folder folder;
    const auto file = folder / "whole";
    write_three_lines(file);
    const std::string text = unpacked(bytes_of(file));
    const auto forged = folder / "forged";
    const auto read_with = [&](const std::string& from, const std::string& to) {
        std::string other = text;
        REQUIRE(other.find(from) != std::string::npos);
        other.replace(other.find(from), from.size(), to);
        put(forged, packed(other));
        return read_all(forged);
    };
    CHECK(read_with("two", "two") == "one two three ");
    CHECK(read_with("two", "ten") == "journal.damaged");
    CHECK(read_with("{\"word\":\"two\"}\n", "") == "journal.damaged");
    CHECK(read_with("{\"word\":\"two\"}\n", "{\"word\":\"two\"}\n{\"word\":\"two\"}\n") == "journal.damaged");
    CHECK(read_with("{\"word\":\"two\"}", "word: two") == "journal.damaged");
    CHECK(read_with("\"hawser_journal\":1", "\"hawser_journal\":2") == "journal.newer");
    CHECK(read_with("\"hawser_journal\":1", "\"hawser_journal\":0") == "journal.not_one");
    CHECK(read_with("\"lines\":4", "\"lines\":-4") == "journal.damaged");
    put(forged, packed(text.substr(0, text.find("{\"end\""))));
    CHECK(read_all(forged) == "journal.incomplete");
    put(forged, packed(text + "{\"word\":\"more\"}\n"));
    CHECK(read_all(forged) == "journal.damaged");
}

TEST_CASE("What is no journal is said to be none", "[journal]")
{
    const Folder folder;
    const auto file = folder / "other";
    for (const std::string& bytes : {std::string(), std::string("PK\3\4 a letter"), packed("hello\n"),
                                     packed("{\"end\":1}\n"), packed("[]\n"), packed("")}) {
        put(file, bytes);
        CHECK(read_all(file) == "journal.not_one");
    }
    CHECK(read_all(folder / "missing") == "journal.unreadable");
}

TEST_CASE("A journal that unpacks to too much is refused before it takes the memory", "[journal]")
{
    const Folder folder;
    const auto file = folder / "bomb";
    const std::string first = "{\"hawser_journal\":1}\n";
    put(file, packed(first + std::string(50'000'000, ' ')));
    CHECK(std::filesystem::file_size(file) < 10'000);
    CHECK(read_all(file, {1'000'000, 1'000'000'000}) == "journal.too_large");
    CHECK(read_all(file, {1'000'000'000, 1'000'000}) == "journal.too_large");
    std::string lines = first;
    for (int i = 0; i < 1'000'000; ++i) lines += "{\"word\":\"\"}\n";
    put(file, packed(lines));
    CHECK(read_all(file, {1'000'000, 1'000'000}) == "journal.too_large");
}

TEST_CASE("SHA-256 answers what its standard says", "[journal]")
{
    carry::Sha256 hash;
    CHECK(hash.text() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash.add("a");
    hash.add("bc");
    CHECK(hash.text() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
