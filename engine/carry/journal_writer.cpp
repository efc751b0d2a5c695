#include "engine/carry/journal_file.h"
#include "engine/carry/sha256.h"

#include <boost/json/serialize.hpp>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hawser::carry {

namespace {

constexpr int level = 3;
constexpr mode_t owner_only = 0600;

Error not_written(const std::filesystem::path& file, const std::string& why)
{
    return {ErrorKind::refuse, "journal.not_written",
            "The journal " + file.string() + " could not be written: " + why + "."};
}

} // namespace

class JournalWriter::File {
public:
    explicit File(std::filesystem::path file) : file_(std::move(file)), part_(file_.string() + ".part") {}

    ~File()
    {
        ZSTD_freeCCtx(packer_);
        if (descriptor_ < 0) return;
        ::close(descriptor_);
        ::unlink(part_.c_str());
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    Result<void> open()
    {
        struct stat found {};
        if (::lstat(file_.c_str(), &found) == 0) return exists();
        // A former writer that was killed left it; nobody has read it.
        ::unlink(part_.c_str());
        descriptor_ = ::open(part_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, owner_only);
        if (descriptor_ < 0) return not_written(file_, std::strerror(errno));
        packer_ = ZSTD_createCCtx();
        if (packer_ == nullptr) return not_written(file_, "there is no memory");
        ZSTD_CCtx_setParameter(packer_, ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(packer_, ZSTD_c_checksumFlag, 1);
        packed_.resize(ZSTD_CStreamOutSize());
        return {};
    }

    Result<void> add(const boost::json::object& line)
    {
        const std::string text = boost::json::serialize(line) + "\n";
        hash_.add(text);
        ++lines_;
        return pack(text, ZSTD_e_continue);
    }

    Result<void> finish()
    {
        const boost::json::object end{{"end", {{"lines", lines_}, {"sha256", hash_.text()}}}};
        if (auto packed = pack(boost::json::serialize(end) + "\n", ZSTD_e_end); !packed) return packed;
        if (::fsync(descriptor_) != 0) return not_written(file_, std::strerror(errno));
        // A link does not replace what stands there, as a renaming would.
        if (::link(part_.c_str(), file_.c_str()) != 0)
            return errno == EEXIST ? Result<void>{exists()}
                                   : Result<void>{not_written(file_, std::strerror(errno))};
        ::unlink(part_.c_str());
        ::close(std::exchange(descriptor_, -1));
        return sync_folder();
    }

private:
    Error exists() const
    {
        return {ErrorKind::refuse, "journal.file_exists",
                "There is a file " + file_.string() + " already. Choose another name or move it away."};
    }

    Result<void> pack(std::string_view text, ZSTD_EndDirective directive)
    {
        ZSTD_inBuffer in{text.data(), text.size(), 0};
        for (bool more = true; more;) {
            ZSTD_outBuffer out{packed_.data(), packed_.size(), 0};
            const std::size_t left = ZSTD_compressStream2(packer_, &out, &in, directive);
            if (ZSTD_isError(left)) return not_written(file_, ZSTD_getErrorName(left));
            if (auto written = write(std::string_view(packed_.data(), out.pos)); !written) return written;
            more = directive == ZSTD_e_end ? left != 0 : in.pos < in.size;
        }
        return {};
    }

    Result<void> write(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
            if (done < 0 && errno == EINTR) continue;
            if (done < 0) return not_written(file_, std::strerror(errno));
            bytes.remove_prefix(static_cast<std::size_t>(done));
        }
        return {};
    }

    /// The name is only there for good once the folder is synced.
    Result<void> sync_folder() const
    {
        const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
        const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return not_written(file_, std::strerror(errno));
        const bool synced = ::fsync(descriptor) == 0;
        const int why = errno;
        ::close(descriptor);
        if (!synced) return not_written(file_, std::strerror(why));
        return {};
    }

    std::filesystem::path file_;
    std::filesystem::path part_;
    int descriptor_ = -1;
    ZSTD_CCtx* packer_ = nullptr;
    std::vector<char> packed_{};
    Sha256 hash_{};
    std::uint64_t lines_ = 0;
};

JournalWriter::JournalWriter(std::unique_ptr<File> file) : file_(std::move(file)) {}
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;
JournalWriter& JournalWriter::operator=(JournalWriter&&) noexcept = default;
JournalWriter::~JournalWriter() = default;

Result<JournalWriter> JournalWriter::create(const std::filesystem::path& file,
                                            const boost::json::object& about)
{
    auto opened = std::make_unique<File>(file);
    if (auto ready = opened->open(); !ready) return ready.error();
    boost::json::object first{{"hawser_journal", journal_version}};
    for (const auto& [name, value] : about) first.emplace(name, value);
    if (auto added = opened->add(first); !added) return added.error();
    return JournalWriter(std::move(opened));
}

Result<void> JournalWriter::add(const boost::json::object& line)
{
    return file_->add(line);
}

Result<void> JournalWriter::finish()
{
    return file_->finish();
}

} // namespace hawser::carry
