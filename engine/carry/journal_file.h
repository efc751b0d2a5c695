#pragma once

#include "hawser/result.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

namespace hawser::carry {

/// The version of the format that is written (docs/JOURNAL.md). Readers refuse a newer one.
inline constexpr std::int64_t journal_version = 1;

/// What a journal may cost whoever reads it, whatever its makers say.
struct JournalLimits {
    std::size_t line_most = std::size_t{256} << 20;    ///< Bytes of one line.
    std::uint64_t total_most = std::uint64_t{8} << 30; ///< Bytes of all lines.
};

/// Writes a journal: one zstd frame of JSON lines. The first line says what it is, the last one how many
/// there were before it and the SHA-256 of their bytes. The file is the owner's alone (mode 0600) and appears
/// under its name only when it is whole and synced; what stands there is never replaced. Not thread-safe.
class JournalWriter {
public:
    /// Fails with journal.file_exists, and with journal.not_written when there is no place for it.
    /// `about` is put behind the version in the first line.
    static Result<JournalWriter> create(const std::filesystem::path& file, const boost::json::object& about);
    JournalWriter(JournalWriter&&) noexcept;
    JournalWriter& operator=(JournalWriter&&) noexcept;
    /// Without `finish` nothing is left of it.
    ~JournalWriter();

    /// Fails with journal.not_written. A line has no member "end".
    Result<void> add(const boost::json::object& line);
    Result<void> finish();

private:
    class File;
    explicit JournalWriter(std::unique_ptr<File> file);
    std::unique_ptr<File> file_;
};

/// Reads a journal from its beginning to its end, with little memory. Nothing of it may be acted upon before it
/// was read to its end once: what is altered is only known then. Fails with journal.unreadable, journal.not_one,
/// journal.newer, journal.damaged, journal.incomplete and journal.too_large; each names the file, the byte
/// and what to do. Not thread-safe.
class JournalReader {
public:
    static Result<JournalReader> open(const std::filesystem::path& file, const JournalLimits& limits = {});
    JournalReader(JournalReader&&) noexcept;
    JournalReader& operator=(JournalReader&&) noexcept;
    ~JournalReader();

    /// The first line.
    const boost::json::object& about() const;
    /// The next line; nothing when all were read and their number and hash are right.
    Result<std::optional<boost::json::object>> next();
    /// Where in the unpacked text the line stands that `next` returned last, for messages about it.
    std::uint64_t position() const;

private:
    class File;
    explicit JournalReader(std::unique_ptr<File> file);
    std::unique_ptr<File> file_;
};

} // namespace hawser::carry
