#pragma once

#include "hawser/guid.h"
#include "localstore/database.h"

#include <cstdint>
#include <optional>
#include <string>

namespace hawser::localstore {

/// The bits of hawser_record.flags. Part of the file format; the views and indexes spell some out.
namespace flag {
inline constexpr std::int64_t dirty = 1;       ///< It has a shadow.
inline constexpr std::int64_t in_flight = 2;   ///< It is in an open intent.
inline constexpr std::int64_t conflict = 4;    ///< It has an open conflict.
inline constexpr std::int64_t absent = 8;      ///< Its fold is absent: deleted here, or never here.
inline constexpr std::int64_t tombstone = 16;  ///< Clean, and deleted on the server.
inline constexpr std::int64_t partial = 32;    ///< Pulled without its large columns.
inline constexpr std::int64_t unlinked = 64;   ///< In no scope; here for its live changes.
inline constexpr std::int64_t needs_you = 128; ///< A live change is parked or contested.
inline constexpr std::int64_t staged = 256;

inline constexpr std::int64_t busy = dirty | in_flight | conflict; ///< Not clean: pulls leave it alone.
inline constexpr std::int64_t hidden = absent | tombstone;         ///< Not shown to readers.
} // namespace flag

struct RecordRow {
    std::int64_t record = 0; ///< 0: not stored yet.
    std::int64_t table = 0;
    Guid id;
    std::string etag;
    std::string body = "[]";
    std::int64_t flags = 0;
    std::int64_t scopes = 0;
    std::int64_t cycle = 0;
    std::int64_t generation = 0;

    bool has(std::int64_t bits) const { return (flags & bits) != 0; }
    void set(std::int64_t bit, bool on) { flags = on ? flags | bit : flags & ~bit; }
};

std::optional<RecordRow> find_row(Database& database, std::int64_t table, const Guid& id);
std::optional<RecordRow> find_row(Database& database, std::int64_t record);

/// Inserts when `row.record` is 0 (and sets it), else rewrites.
void save_row(Database& database, RecordRow& row);

/// The row with everything that hangs on its number.
void erase_row(Database& database, std::int64_t record);

} // namespace hawser::localstore
