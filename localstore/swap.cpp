#include "localstore/swap.h"

#include "localstore/error_codes.h"
#include "localstore/platform/file_users.h"
#include "localstore/platform/permissions.h"
#include "localstore/suffix.h"

#include <fstream>
#include <string>
#include <system_error>

namespace hawser::localstore {
namespace {

using std::filesystem::path;

constexpr std::chrono::milliseconds stand_back{10};

path note_of(const path& replica)
{
    return with_suffix(replica, ".repairing");
}

Error cannot_move(const path& from, const path& to, const std::error_code& failed)
{
    return Error{ErrorKind::stop, std::string(code::input_output),
                 from.string() + " cannot be kept as " + to.string() + ": " + failed.message() + "."};
}

Result<void> move_file(const path& from, const path& to)
{
    std::error_code failed;
    if (std::filesystem::exists(from, failed)) std::filesystem::rename(from, to, failed);
    if (failed) return cannot_move(from, to, failed);
    return {};
}

struct Note {
    path repaired;
    path kept;
    std::uint64_t repaired_file = 0; ///< Its identity, under which name ever.
    std::uint64_t damaged_file = 0;
    friend bool operator==(const Note&, const Note&) = default;
};

Error cut_short(const path& replica, const std::string& why)
{
    return Error{ErrorKind::stop, std::string(code::input_output),
                 "A repair of the replica " + replica.string() +
                     " was cut short, and its files cannot be put back: " + why +
                     " Open it as somebody who may read and write in its folder."};
}

/// One that a crash left incomplete was followed by nothing, so that it names nothing. One that cannot be
/// read may name all.
Result<Note> read_note(const path& replica)
{
    std::ifstream file(note_of(replica));
    if (!file) return cut_short(replica, note_of(replica).string() + " cannot be read.");
    std::string repaired, kept;
    Note note;
    if (!std::getline(file, repaired) || !std::getline(file, kept) ||
        !(file >> note.repaired_file >> note.damaged_file) || file.get() != '\n')
        return Note{};
    const auto beside = [&](const std::string& name) {
        const bool ours = name.starts_with(replica.filename().string() + ".");
        return ours && path(name).filename() == name ? replica.parent_path() / name : path();
    };
    note.repaired = beside(repaired);
    note.kept = beside(kept);
    return note;
}

/// On disk before anything moves.
Result<void> write_note(const path& replica, const Note& note)
{
    const path file = note_of(replica);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    if (auto made = platform::create_private_file(file); !made) return made;
    {
        std::ofstream text(file);
        text << note.repaired.filename().string() << '\n'
             << note.kept.filename().string() << '\n'
             << note.repaired_file << ' ' << note.damaged_file << '\n';
    }
    platform::give_to_owner_of(replica, file);
    auto synced = platform::sync_file(file);
    if (const auto read = read_note(replica); synced && (!read || *read != note))
        synced = Error{ErrorKind::stop, std::string(code::input_output),
                       file.string() + " cannot be written; is the disk full?"};
    if (synced) synced = platform::sync_folder(replica.parent_path());
    if (!synced) std::filesystem::remove(file, ignored);
    return synced;
}

/// How far a swap came.
enum class Progress {
    nothing_moved,
    under_way,
    only_repaired, ///< The damaged file is gone: somebody threw it away.
    over,          ///< The repaired file is in its place, or one that somebody put there.
};

Progress progress_of(const path& replica, const Note& note)
{
    if (note.kept.empty()) return Progress::nothing_moved;
    std::error_code failed;
    // Who looks at a replica that is away with SQLite makes an empty file.
    const bool empty = std::filesystem::file_size(replica, failed) == 0 && !failed;
    const std::uint64_t present = empty ? 0 : platform::identity_of(replica);
    if (present == note.damaged_file) return Progress::under_way;
    if (present != 0) return Progress::over;
    if (platform::identity_of(note.kept) == note.damaged_file) return Progress::under_way;
    if (platform::identity_of(note.repaired) == note.repaired_file) return Progress::only_repaired;
    return Progress::over;
}

/// Takes it back.
Result<void> put_back(const path& replica, const Note& note)
{
    std::error_code failed;
    const bool file_moved = platform::identity_of(note.kept) == note.damaged_file;
    if (!file_moved && !std::filesystem::exists(with_suffix(note.kept, "-wal"), failed)) return {};
    // Who reads with SQLite holds on to a log by its name, and deletes what has that name in the end.
    for (const path& name : {replica, note.kept})
        if (const auto process = platform::process_that_has_open(name))
            return Error{
                ErrorKind::retry, std::string(code::busy),
                "The replica " + replica.string() + " is open in another program (process " +
                    std::to_string(*process) +
                    "), and a repair of it was cut short. Close that program, so that the files of the "
                    "replica can be put back."};
    for (const path& name : {replica, note.kept}) std::filesystem::remove(with_suffix(name, "-shm"), failed);
    if (file_moved)
        if (auto moved = move_file(note.kept, replica); !moved)
            return cut_short(replica, moved.error().message);
    if (auto moved = move_file(with_suffix(note.kept, "-wal"), with_suffix(replica, "-wal")); !moved)
        return cut_short(replica, moved.error().message);
    return {};
}

} // namespace

path free_name(const path& replica)
{
    std::error_code ignored;
    for (int number = 1;; ++number) {
        path name = with_suffix(replica, ".damaged-" + std::to_string(number));
        if (!std::filesystem::exists(name, ignored) &&
            !std::filesystem::exists(with_suffix(name, "-wal"), ignored))
            return name;
    }
}

Result<void> swap_in(const path& replica, const path& repaired, const path& kept)
{
    std::error_code failed;
    if (!std::filesystem::exists(repaired, failed))
        return Error{ErrorKind::stop, std::string(code::input_output),
                     "There is no " + repaired.string() + "."};
    platform::give_to_owner_of(replica, repaired);
    if (auto noted = write_note(
            replica, {repaired, kept, platform::identity_of(repaired), platform::identity_of(replica)});
        !noted)
        return noted;
    for (const char* suffix : {"-wal", "-shm", ""})
        if (auto moved = move_file(with_suffix(replica, suffix), with_suffix(kept, suffix)); !moved)
            return moved;
    std::filesystem::rename(repaired, replica, failed);
    if (failed) return cannot_move(repaired, replica, failed);
    return finish_swap(replica);
}

bool is_swap_unfinished(const path& replica)
{
    std::error_code failed;
    // One that is there and cannot be looked at is there.
    return std::filesystem::symlink_status(note_of(replica), failed).type() !=
           std::filesystem::file_type::not_found;
}

Result<void> finish_swap(const path& replica)
{
    if (!is_swap_unfinished(replica)) return {};
    const auto read = read_note(replica);
    if (!read) return read.error();
    const Note& note = *read;
    const Progress progress = progress_of(replica, note);
    if (progress == Progress::under_way)
        if (auto back = put_back(replica, note); !back) return back;
    if (progress == Progress::only_repaired)
        if (auto moved = move_file(note.repaired, replica); !moved)
            return cut_short(replica, moved.error().message);
    if (auto synced = platform::sync_folder(replica.parent_path()); !synced) return synced;
    std::error_code failed;
    std::filesystem::remove(note_of(replica), failed);
    if (failed)
        return cut_short(replica,
                         note_of(replica).string() + " cannot be removed: " + failed.message() + ".");
    // The next repair makes it anew.
    if (progress == Progress::under_way) std::filesystem::remove(note.repaired, failed);
    return {};
}

Result<platform::FileUse> use_replica(const path& replica, std::chrono::milliseconds patience)
{
    for (auto left = patience; left >= std::chrono::milliseconds{0}; left -= stand_back) {
        auto shared = platform::FileUse::share(replica, left);
        if (!shared) return shared.error();
        if (!*shared) break;
        if (!is_swap_unfinished(replica)) return std::move(**shared);
        // All who come at this moment stand back, so that one of them is alone.
        shared->reset();
        const auto alone = platform::FileUse::alone(replica, stand_back);
        if (!alone) return cut_short(replica, alone.error().message);
        if (!*alone) continue;
        if (auto finished = finish_swap(replica); !finished) return finished.error();
    }
    return Error{ErrorKind::retry, std::string(code::busy),
                 "The replica " + replica.string() + " is being repaired. Try again in a moment."};
}

} // namespace hawser::localstore
