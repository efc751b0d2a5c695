#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "hawser/result.h"
#include "transport/http/exchange.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::dataverse {

/// What one answer means for what was asked.
struct Outcome {
    enum class Kind {
        applied,        ///< 2xx: done.
        not_modified,   ///< 304.
        conflict,       ///< 412: the record has another version than the one sent against.
        exists,         ///< 412: a record with this id (or key) is already there.
        gone,           ///< 404 with the JSON error for this id. On a write, confirm by a read.
        refused,        ///< For good; `text` is the server's reason.
        access,         ///< A privilege is missing.
        column_access,  ///< Column security refuses one of the columns.
        throttled,      ///< Hold back the whole user's traffic for `retry_after`.
        retry,          ///< A passing fault; nothing was applied.
        sign_in,        ///< The token is expired or refused.
        rebaseline,     ///< The checkpoint is no longer honoured.
        schema_changed, ///< Read the metadata again, then repeat once.
        stop,           ///< The organization is disabled.
        intercepted,    ///< Not from the organization (sign-in page of a network, redirect). As unknown.
        unknown,        ///< Sent, no usable answer: it may have been applied (I2).
        not_run,        ///< In a batch: stopped before this one.
    };
    Kind kind = Kind::unknown;
    int status = 0;
    std::string code{};                                ///< The server's, "0x80040217", or "".
    std::string text{};                                ///< The server's words, or ours where it had none.
    std::optional<std::chrono::seconds> retry_after{}; ///< Always with throttled.
};

std::string_view name(Outcome::Kind kind);

/// What was asked, as far as the meaning of an answer depends on it.
struct Asked {
    enum class Action {
        read,   ///< One record or a list.
        pull,   ///< A delta or filter page; only here 410 means rebaseline.
        create, ///< If-None-Match: *
        update, ///< If-Match
        remove, ///< DELETE with If-Match
        group,  ///< A change set of several.
        action, ///< POST of an action, a batch as a whole.
    };
    Action action = Action::read;
    Guid id{};                   ///< Of the record; a 404 that names another id is not this record's absence.
    std::vector<Guid> members{}; ///< Of a group: its records; a 404 that names none of them is a refusal.
};

/// By status first, then code, then text (fact sheet, section 5). `now` is for Retry-After dates.
Outcome classify(const http::Answer& answer, const Asked& asked, Instant now);

/// What a failure of the exchange means: retry when the request certainly did not arrive, else
/// unknown for writes and retry for reads.
Outcome classify(const Error& failure, const Asked& asked);

/// The outcome as an Error, for everything that is not a change's own business. `what` completes
/// "the organization refused to …" ("list contacts"). Must not be called on applied.
///
/// | outcome                   | kind       | code                     |
/// |---------------------------|------------|--------------------------|
/// | sign_in                   | sign_in    | server.sign_in           |
/// | throttled                 | wait       | server.throttled         |
/// | rebaseline                | rebaseline | server.rebaseline; server.gone_page without the server's code |
/// | retry, unknown, not_run   | retry      | server.unavailable       |
/// | intercepted               | offline    | net.captive_portal       |
/// | schema_changed            | retry      | server.schema_changed    |
/// | stop                      | stop       | server.disabled          |
/// | access, column_access     | park       | server.access, server.column_access |
/// | gone                      | park       | server.gone              |
/// | conflict, exists          | park       | server.conflict, server.exists |
/// | refused, not_modified     | park       | server.refused           |
Error to_error(const Outcome& outcome, std::string_view what);

} // namespace hawser::dataverse
