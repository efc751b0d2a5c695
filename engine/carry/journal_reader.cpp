#include "engine/carry/journal_file.h"
#include "engine/carry/sha256.h"

#include <boost/json/parse.hpp>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hawser::carry {

namespace {

/// 8 MB: more than the writer's level uses, and all the memory that a frame of strangers may ask for.
constexpr int window_log_most = 23;
constexpr std::string_view whole_one = "Ask for the file again, or export it anew.";

} // namespace

class JournalReader::File {
public:
    File(std::filesystem::path file, JournalLimits limits) : file_(std::move(file)), limits_(limits) {}

    ~File()
    {
        ZSTD_freeDCtx(unpacker_);
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    Result<void> open()
    {
        descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor_ < 0)
            return Error{ErrorKind::refuse, "journal.unreadable",
                         "The journal " + file_.string() + " cannot be opened: " + std::strerror(errno) +
                             "."};
        unpacker_ = ZSTD_createDCtx();
        if (unpacker_ == nullptr) return refused("journal.unreadable", "cannot be read: there is no memory.");
        ZSTD_DCtx_setParameter(unpacker_, ZSTD_d_windowLogMax, window_log_most);
        packed_.resize(ZSTD_DStreamInSize());
        unpacked_.resize(ZSTD_DStreamOutSize());
        auto first = next();
        if (!first) return first.error();
        if (!*first) return not_one();
        return check_version(**first);
    }

    Result<std::optional<boost::json::object>> next()
    {
        if (finished_) return std::optional<boost::json::object>();
        auto line = next_line();
        if (!line) return line.error();
        position_ = consumed_;
        consumed_ += line->size() + 1;
        boost::system::error_code failure;
        boost::json::value parsed = boost::json::parse(*line, failure);
        if (failure || !parsed.is_object())
            return lines_ == 0 ? not_one() : damaged_line("is no JSON object");
        boost::json::object object = std::move(parsed.get_object());
        if (const auto* end = object.if_contains("end"); end != nullptr && lines_ > 0) return check_end(*end);
        hash_.add(*line);
        hash_.add("\n");
        ++lines_;
        return std::optional(std::move(object));
    }

    boost::json::object about{};
    std::uint64_t position() const { return position_; }

private:
    Error refused(std::string code, const std::string& what) const
    {
        return {ErrorKind::refuse, std::move(code), "The journal " + file_.string() + " " + what};
    }

    Error not_one() const
    {
        return refused("journal.not_one", "is no journal of Hawser: its first line does not say so.");
    }

    Error damaged_line(const std::string& what) const
    {
        return refused("journal.damaged", "is damaged: its line " + std::to_string(lines_ + 1) +
                                              ", at byte " + std::to_string(position_) + " of the text, " +
                                              what + ". " + std::string(whole_one));
    }

    Result<void> check_version(boost::json::object& first)
    {
        const auto* version = first.if_contains("hawser_journal");
        if (version == nullptr || !version->is_int64() || version->get_int64() < 1) return not_one();
        if (version->get_int64() > journal_version)
            return refused("journal.newer", "is of version " + std::to_string(version->get_int64()) +
                                                "; this program reads up to " +
                                                std::to_string(journal_version) +
                                                ". Use the program that wrote it, or a newer one.");
        about = std::move(first);
        return {};
    }

    /// The last line: nothing may follow, and what it says of the others must be so.
    Result<std::optional<boost::json::object>> check_end(const boost::json::value& end)
    {
        const auto* said = end.if_object();
        const auto* lines = said == nullptr ? nullptr : said->if_contains("lines");
        const auto* hash = said == nullptr ? nullptr : said->if_contains("sha256");
        if (lines == nullptr || hash == nullptr || !lines->is_int64() || !hash->is_string())
            return damaged_line("does not say how many lines there are");
        if (std::cmp_not_equal(lines->get_int64(), lines_))
            return damaged_line("says that there are " + std::to_string(lines->get_int64()) +
                                " lines before it");
        if (std::string_view(hash->get_string()) != hash_.text())
            return damaged_line("has another SHA-256 than the lines before it: something was altered");
        auto more = fill();
        if (!more) return more.error();
        if (*more || taken_ < text_.size()) return damaged_line("is not the last one");
        finished_ = true;
        return std::optional<boost::json::object>();
    }

    /// The next line without its end.
    Result<std::string> next_line()
    {
        std::size_t searched = taken_;
        for (;;) {
            const std::size_t end = text_.find('\n', searched);
            if (end != std::string::npos) {
                std::string line = text_.substr(taken_, end - taken_);
                taken_ = end + 1;
                return line;
            }
            if (text_.size() - taken_ > limits_.line_most)
                return refused("journal.too_large",
                               "has a line of more than " + std::to_string(limits_.line_most) +
                                   " bytes, from byte " + std::to_string(consumed_) + " of the text on.");
            text_.erase(0, std::exchange(taken_, 0));
            searched = text_.size();
            auto more = fill();
            if (!more) return more.error();
            if (!*more) return lines_ == 0 ? not_one() : incomplete();
        }
    }

    Error incomplete() const
    {
        return refused("journal.incomplete", "ends at byte " + std::to_string(read_) +
                                                 ", before its last line: a part of it is missing. " +
                                                 std::string(whole_one));
    }

    /// Unpacks some more. False at the end of the frame, which has to be the end of the file.
    Result<bool> fill()
    {
        while (!at_end_) {
            if (in_.pos == in_.size)
                if (auto more = read_packed(); !more) return more.error();
            ZSTD_outBuffer out{unpacked_.data(), unpacked_.size(), 0};
            const std::size_t left = ZSTD_decompressStream(unpacker_, &out, &in_);
            if (ZSTD_isError(left)) return broken_frame(left);
            at_end_ = left == 0;
            total_ += out.pos;
            if (total_ > limits_.total_most)
                return refused("journal.too_large", "unpacks to more than " +
                                                        std::to_string(limits_.total_most) +
                                                        " bytes, at its byte " +
                                                        std::to_string(read_ - (in_.size - in_.pos)) + ".");
            text_.append(unpacked_.data(), out.pos);
            if (out.pos > 0) return true;
        }
        if (in_.pos < in_.size) return trailing();
        const auto more = read_some();
        if (!more) return more.error();
        if (*more > 0) return trailing();
        return false;
    }

    Error trailing() const
    {
        return refused("journal.damaged", "goes on behind its end, at byte " +
                                              std::to_string(read_ - (in_.size - in_.pos)) + ". " +
                                              std::string(whole_one));
    }

    Error broken_frame(std::size_t failure) const
    {
        if (!is_frame()) return not_one();
        return refused("journal.damaged", "is damaged at about byte " +
                                              std::to_string(read_ - (in_.size - in_.pos)) + " (" +
                                              ZSTD_getErrorName(failure) + "). " + std::string(whole_one));
    }

    Result<void> read_packed()
    {
        const auto more = read_some();
        if (!more) return more.error();
        if (*more == 0) return is_frame() ? incomplete() : not_one();
        return {};
    }

    Result<std::size_t> read_some()
    {
        ssize_t done = 0;
        do done = ::read(descriptor_, packed_.data(), packed_.size());
        while (done < 0 && errno == EINTR);
        if (done < 0)
            return refused("journal.unreadable", "cannot be read at byte " + std::to_string(read_) + ": " +
                                                     std::strerror(errno) + ".");
        in_ = {packed_.data(), static_cast<std::size_t>(done), 0};
        if (read_ == 0 && done >= magic_bytes) std::memcpy(&magic_, packed_.data(), magic_bytes);
        read_ += static_cast<std::uint64_t>(done);
        return static_cast<std::size_t>(done);
    }

    static constexpr ssize_t magic_bytes = 4;
    /// Whether the file begins as every zstd frame does.
    bool is_frame() const { return magic_ == ZSTD_MAGICNUMBER; }

    std::filesystem::path file_;
    JournalLimits limits_;
    std::uint32_t magic_ = 0; ///< The file's first bytes.
    int descriptor_ = -1;
    ZSTD_DCtx* unpacker_ = nullptr;
    std::vector<char> packed_{};
    std::vector<char> unpacked_{};
    ZSTD_inBuffer in_{nullptr, 0, 0};
    bool at_end_ = false;
    std::string text_{}; ///< Unpacked and not yet returned, from `taken_` on.
    std::size_t taken_ = 0;
    std::uint64_t read_ = 0;     ///< Bytes of the file.
    std::uint64_t total_ = 0;    ///< Bytes of the text.
    std::uint64_t consumed_ = 0; ///< Of those, returned.
    std::uint64_t position_ = 0;
    std::uint64_t lines_ = 0;
    bool finished_ = false;
    Sha256 hash_{};
};

JournalReader::JournalReader(std::unique_ptr<File> file) : file_(std::move(file)) {}
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;
JournalReader::~JournalReader() = default;

Result<JournalReader> JournalReader::open(const std::filesystem::path& file, const JournalLimits& limits)
{
    auto opened = std::make_unique<File>(file, limits);
    if (auto ready = opened->open(); !ready) return ready.error();
    return JournalReader(std::move(opened));
}

const boost::json::object& JournalReader::about() const
{
    return file_->about;
}

Result<std::optional<boost::json::object>> JournalReader::next()
{
    return file_->next();
}

std::uint64_t JournalReader::position() const
{
    return file_->position();
}

} // namespace hawser::carry
