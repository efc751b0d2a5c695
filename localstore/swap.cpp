#include "localstore/swap.h"

#include "localstore/error_codes.h"
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
    return with_suffix(replica, ".swap");
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
    friend bool operator==(const Note&, const Note&) = default;
};

/// One that a crash left incomplete was followed by nothing, so that it names nothing.
Note read_note(const path& replica)
{
    std::ifstream file(note_of(replica));
    std::string repaired, kept;
    if (!std::getline(file, repaired) || !std::getline(file, kept) || file.eof()) return {};
    const auto beside = [&](const std::string& name) {
        const bool ours = name.starts_with(replica.filename().string() + ".");
        return ours && path(name).filename() == name ? replica.parent_path() / name : path();
    };
    return {beside(repaired), beside(kept)};
}

/// The names of both files, on disk before anything moves.
Result<void> write_note(const path& replica, const Note& note)
{
    const path file = note_of(replica);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    if (auto made = platform::create_private_file(file); !made) return made;
    {
        std::ofstream text(file);
        text << note.repaired.filename().string() << '\n' << note.kept.filename().string() << '\n';
    }
    auto synced = platform::sync_file(file);
    if (synced && read_note(replica) != note)
        synced = Error{ErrorKind::stop, std::string(code::input_output),
                       file.string() + " cannot be written; is the disk full?"};
    if (synced) synced = platform::sync_folder(replica.parent_path());
    if (!synced) std::filesystem::remove(file, ignored);
    return synced;
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
    if (auto noted = write_note(replica, {repaired, kept}); !noted) return noted;
    for (const char* suffix : {"-wal", ""})
        if (auto moved = move_file(with_suffix(replica, suffix), with_suffix(kept, suffix)); !moved)
            return moved;
    // SQLite makes it anew from the log.
    std::filesystem::remove(with_suffix(replica, "-shm"), failed);
    std::filesystem::rename(repaired, replica, failed);
    if (failed) return cannot_move(repaired, replica, failed);
    return finish_swap(replica);
}

bool is_swap_unfinished(const path& replica)
{
    std::error_code failed;
    return std::filesystem::exists(note_of(replica), failed);
}

// The repaired file leaves its name last, so that the swap is whole exactly when that name is gone.
Result<void> finish_swap(const path& replica)
{
    if (!is_swap_unfinished(replica)) return {};
    std::error_code failed;
    const auto there = [&failed](const path& file) { return std::filesystem::exists(file, failed); };
    const Note note = read_note(replica);
    const bool whole = !note.repaired.empty() && !there(note.repaired);
    const bool away = !there(replica);
    const bool replaced = !away && std::filesystem::is_regular_file(note.kept, failed);
    if (!whole && !replaced && !note.kept.empty()) {
        // Beside the damaged file there can only be an index of the log that is away.
        std::filesystem::remove(with_suffix(replica, "-shm"), failed);
        if (away)
            if (auto moved = move_file(note.kept, replica); !moved) return moved;
        if (auto moved = move_file(with_suffix(note.kept, "-wal"), with_suffix(replica, "-wal")); !moved)
            return moved;
    }
    if (auto synced = platform::sync_folder(replica.parent_path()); !synced) return synced;
    std::filesystem::remove(note_of(replica), failed);
    if (failed) return cannot_move(note_of(replica), replica, failed);
    // The next repair makes it anew.
    if (!whole && !note.repaired.empty()) std::filesystem::remove(note.repaired, failed);
    return {};
}

Result<platform::FileUse> use_replica(const path& replica, std::chrono::milliseconds patience)
{
    const path lock_file = with_suffix(replica, ".lock");
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() <= end) {
        auto shared = platform::FileUse::share(lock_file, patience);
        if (!shared) return shared.error();
        if (!*shared) break;
        if (!is_swap_unfinished(replica)) return std::move(**shared);
        // All who come at this moment stand back, so that one of them is alone.
        shared->reset();
        const auto alone = platform::FileUse::alone(lock_file, stand_back);
        if (!alone) return alone.error();
        if (!*alone) continue;
        if (auto finished = finish_swap(replica); !finished) return finished.error();
    }
    return Error{ErrorKind::retry, std::string(code::busy),
                 "The replica " + replica.string() + " is being repaired. Try again in a moment."};
}

} // namespace hawser::localstore
