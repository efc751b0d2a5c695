#include "engine/carry/journal_file.h"
#include "engine/carry/sha256.h"
#include "tests/folder.h"
#include "tests/fuzz/targets.h"

#include <boost/json/serialize.hpp>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace hawser::fuzz {
namespace {

constexpr std::size_t line_most = 4096;
constexpr std::uint64_t total_most = 1 << 20;

std::string packed(std::string_view text)
{
    std::string frame(ZSTD_compressBound(text.size()), '\0');
    frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 1));
    return frame;
}

/// With the last line that belongs to these.
std::string finished(std::string text)
{
    if (!text.ends_with('\n')) text += '\n';
    carry::Sha256 hash;
    hash.add(text);
    const auto lines = std::ranges::count(text, '\n');
    return text +
           boost::json::serialize(boost::json::value{{"end", {{"lines", lines}, {"sha256", hash.text()}}}}) +
           "\n";
}

/// All lines after the first; nothing when it is refused.
std::optional<std::vector<boost::json::object>> read(const std::filesystem::path& file,
                                                     const carry::JournalLimits& limits)
{
    auto reader = carry::JournalReader::open(file, limits);
    const auto refused = [](const Error& error) {
        demand(error.code.starts_with("journal.") && !error.message.empty(),
               "a refusal has a code and words");
        return std::nullopt;
    };
    if (!reader) return refused(reader.error());
    std::vector<boost::json::object> lines;
    for (;;) {
        auto line = reader->next();
        if (!line) return refused(line.error());
        if (!*line) return lines;
        demand(reader->position() < limits.total_most, "no more is read than may be");
        lines.push_back(std::move(**line));
    }
}

} // namespace

/// The first byte says what the others are: 'f' the file, 't' its text, else the lines before the last one.
void read_journal(std::string_view input)
{
    static const tests::Folder folder;
    const auto file = folder / "journal";
    const auto again = folder / "again";
    std::filesystem::remove(again);
    const char form = input.empty() ? 'f' : input.front();
    if (!input.empty()) input.remove_prefix(1);
    std::ofstream(file, std::ios::binary) << (form == 'f'   ? std::string(input)
                                              : form == 't' ? packed(input)
                                                            : packed(finished(std::string(input))));
    const auto lines = read(file, {line_most, total_most});
    if (!lines) return;
    auto writer = carry::JournalWriter::create(again, {});
    demand(writer.has_value(), "a journal can be written");
    for (const auto& line : *lines) demand(writer->add(line).has_value(), "what was read can be written");
    demand(writer->finish().has_value(), "a journal can be finished");
    // What was short may be written longer, as a number is.
    const auto same = read(again, {});
    demand(same && *same == *lines, "what is written is read as it was");
}

} // namespace hawser::fuzz
