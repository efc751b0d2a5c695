#pragma once

#include "base/body.h"
#include "hawser/metadata.h"
#include "localstore/change.h"
#include "localstore/conflict.h"
#include "localstore/fold.h"
#include "localstore/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hawser::localstore {

/// A table as the replica knows it. Immutable; a newer one replaces it when metadata drifts.
struct KnownTable {
    std::int64_t number = 0;
    Table table;
    Layout layout; ///< Positions of the stored bodies; only ever appended.
};

/// What a person needs to know of one record at a glance.
enum class Badge {
    saved_here, ///< Live changes, not being sent.
    sending,    ///< In an open intent.
    on_server,  ///< Equal to the server's copy that we know.
    needs_you,  ///< A parked or contested change, or an open conflict.
};
std::string_view to_text(Badge);

/// One record as a reader sees it.
struct RecordView {
    RecordKey key;
    Fields fields;    ///< Nulls are absent.
    std::string etag; ///< Of the server's version this is based on; "" when it was never there.
    Badge badge = Badge::on_server;
    bool partial = false; ///< Pulled without its large columns.
    CycleNumber cycle;    ///< The one that brought the server's version.
};

/// What is known of the record on the server.
enum class Remote {
    never, ///< Created here and never acknowledged.
    present,
    deleted, ///< A confirmed deletion; the shadow keeps the last version.
};

/// The stored base: one real server version, never a mix. Exists while the record has live changes,
/// an open intent or an open conflict.
struct Shadow {
    Remote remote = Remote::present;
    std::string etag;
    Fields fields;
};

/// A remote version that arrived while an intent was open. `copy` is empty for a deletion.
struct Staged {
    std::string etag;
    Copy copy;
    CycleNumber cycle;
};

/// Everything the engine needs to decide about one record. `known` is false when nothing is here.
struct RecordState {
    RecordKey key;
    bool known = false;
    Copy local;       ///< Empty: deleted here, deleted there, or never here.
    std::string etag; ///< Of the server version held: the shadow's when there is one.
    std::optional<Shadow> shadow;
    std::vector<Change> live; ///< In order.
    std::optional<Guid> open_intent;
    std::optional<Conflict> conflict; ///< The open one.
    ColumnSet masked;                 ///< By the open conflict (`masked_columns`).
    std::optional<Staged> staged;
    bool tombstone = false; ///< A clean record that the server deleted.
    bool partial = false;
    bool unlinked = false; ///< In no scope any more; kept for its live changes.
    std::vector<ScopeNumber> scopes;
    CycleNumber cycle;
    Generation generation; ///< The round that last brought a row of it.

    bool dirty() const { return shadow.has_value(); }
    /// Whether the last edit of it here is its deletion.
    bool deletes() const { return !live.empty() && live.back().kind == ChangeKind::remove; }
};

} // namespace hawser::localstore
