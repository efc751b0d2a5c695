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
    if (!std::filesystem::exists(from, failed)) return {};
    std::filesystem::rename(from, to, failed);
    if (failed) return cannot_move(from, to, failed);
    return {};
}

struct Note {
    path repaired;
    path kept;
    std::uint64_t identity = 0; ///< Of the repaired file, under which name ever.
    friend bool operator==(const Note&, const Note&) = default;
};

/// One that a crash left incomplete was followed by nothing, so that it names nothing.
Note read_note(const path& replica)
{
    std::ifstream file(note_of(replica));
    std::string repaired, kept;
    Note note;
    if (!std::getline(file, repaired) || !std::getline(file, kept) || !(file >> note.identity) ||
        file.get() != '\n')
        return {};
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
             << note.identity << '\n';
    }
    auto synced = platform::sync_file(file);
    if (synced && read_note(replica) != note)
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
    whole,
    given_up, ///< Somebody put a file of his own in the place of the replica.
};

Progress progress_of(const path& replica, const Note& note)
{
    if (note.kept.empty()) return Progress::nothing_moved;
    std::error_code failed;
    // Who looks at a replica that is away with SQLite makes an empty file.
    const bool away = !std::filesystem::exists(replica, failed) ||
                      (std::filesystem::file_size(replica, failed) == 0 && !failed);
    if (away) return Progress::under_way;
    if (platform::identity_of(replica) == note.identity) return Progress::whole;
    return std::filesystem::is_regular_file(note.kept, failed) ? Progress::given_up : Progress::under_way;
}

Error cut_short(const path& replica, const Error& why)
{
    return Error{why.kind, why.code,
                 "A repair of the replica " + replica.string() +
                     " was cut short, and its files cannot be put back: " + why.message +
                     " Open it as somebody who may write in its folder."};
}

/// Takes it back.
Result<void> put_back(const path& replica, const Note& note)
{
    std::error_code failed;
    const bool file_moved = std::filesystem::is_regular_file(note.kept, failed);
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
        if (auto moved = move_file(note.kept, replica); !moved) return cut_short(replica, moved.error());
    if (auto moved = move_file(with_suffix(note.kept, "-wal"), with_suffix(replica, "-wal")); !moved)
        return cut_short(replica, moved.error());
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
    if (auto noted = write_note(replica, {repaired, kept, platform::identity_of(repaired)}); !noted)
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
    return std::filesystem::exists(note_of(replica), failed);
}

Result<void> finish_swap(const path& replica)
{
    if (!is_swap_unfinished(replica)) return {};
    const Note note = read_note(replica);
    const Progress progress = progress_of(replica, note);
    if (progress == Progress::under_way)
        if (auto back = put_back(replica, note); !back) return back;
    if (auto synced = platform::sync_folder(replica.parent_path()); !synced) return synced;
    std::error_code failed;
    std::filesystem::remove(note_of(replica), failed);
    if (failed)
        return cut_short(replica,
                         Error{ErrorKind::stop, std::string(code::input_output),
                               note_of(replica).string() + " cannot be removed: " + failed.message() + "."});
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
        if (!alone) return cut_short(replica, alone.error());
        if (!*alone) continue;
        if (auto finished = finish_swap(replica); !finished) return finished.error();
    }
    return Error{ErrorKind::retry, std::string(code::busy),
                 "The replica " + replica.string() + " is being repaired. Try again in a moment."};
}

} // namespace hawser::localstore
