#include "localstore/fence.h"

namespace hawser::localstore {
namespace {

struct Meaning {
    ErrorKind kind;
    std::string_view code;
    std::string_view happened;
    std::string_view remedy;
};

Meaning meaning(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {ErrorKind::retry, code::busy, "is being written by another process",
                "Try again when it has finished."};
    case SQLITE_READONLY:
        return {ErrorKind::stop, code::read_only, "may not be written",
                "Check the owner and the permissions of the file and of its folder, and whether the disk is "
                "mounted read-only."};
    case SQLITE_FULL:
        return {ErrorKind::stop, code::disk_full, "cannot grow, the disk is full",
                "Free some space and try again; nothing was changed."};
    case SQLITE_CORRUPT:
        return {ErrorKind::stop, code::corrupt, "is damaged",
                "Run `hawser repair`; it keeps the queue and pulls the rest again."};
    case SQLITE_NOTADB:
        return {ErrorKind::stop, code::not_a_database, "is no SQLite database",
                "Name the replica's own file, or restore it from a backup."};
    case SQLITE_IOERR:
        return {ErrorKind::stop, code::input_output, "could not be read or written by the system",
                "Check the disk; nothing was changed."};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return {ErrorKind::stop, code::permission, "cannot be opened",
                "Check the owner and the permissions of the file and of its folder."};
    default:
        return {ErrorKind::stop, code::failed, "failed an operation",
                "This is a fault of Hawser; report it."};
    }
}

/// SQLite reports some failures to grow, those of its shared memory among them, as failures of the disk.
bool is_out_of_room(int result, const std::filesystem::path& path)
{
    constexpr std::uintmax_t least = 64u << 10;
    if ((result & 0xff) != SQLITE_IOERR) return false;
    std::error_code fault;
    const auto space = std::filesystem::space(path.has_parent_path() ? path.parent_path() : ".", fault);
    return !fault && space.available < least;
}

} // namespace

Error to_error(const SQLite::Exception& failure, const std::filesystem::path& path)
{
    const int result = failure.getErrorCode();
    const Meaning found = meaning(is_out_of_room(result, path) ? SQLITE_FULL : result);
    const int detail = failure.getExtendedErrorCode();
    std::string message = "The replica " + path.string() + " " + std::string(found.happened) + " (SQLite " +
                          std::to_string(detail > 0 ? detail : result) + ": " + failure.what() + "). " +
                          std::string(found.remedy);
    return Error{found.kind, std::string(found.code), std::move(message)};
}

} // namespace hawser::localstore
