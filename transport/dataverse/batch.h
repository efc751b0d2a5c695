#pragma once

#include "hawser/clock.h"
#include "transport/dataverse/outcome.h"
#include "transport/dataverse/service.h"
#include "transport/dataverse/step.h"

#include <optional>
#include <span>
#include <vector>

namespace hawser::dataverse {

/// One unit of a batch: one step goes on its own, several go as one change set (all or nothing).
/// Reads must stand alone.
struct BatchItem {
    std::vector<Step> steps;
};

enum class OnError { stop, go_on };

inline constexpr std::size_t max_batch_operations = 1'000;

/// One `$batch` with the items in order. The boundary is made of `request_id`. At most
/// `max_batch_operations` steps, at least one item (programmer errors otherwise).
http::Request write_batch(const Service& service, std::span<const BatchItem> items, OnError on_error,
                          const Guid& request_id);

/// One step as a request of its own.
http::Request write_step(const Service& service, const Step& step, const Guid& request_id);

/// What became of one item.
struct ItemAnswer {
    enum class State {
        answered, ///< One answer a step, or for a failed change set the one error.
        not_run,  ///< Certainly not executed.
        unknown,  ///< Sent, no usable answer.
    };
    State state = State::unknown;
    std::vector<http::Answer> answers{};
};

struct BatchAnswer {
    std::vector<ItemAnswer> items; ///< Exactly one an item that was sent, in order.
    /// Set when the batch was answered as a whole (401, 429, 503, a page…); the items are then
    /// not_run or unknown, in line with it.
    std::optional<Outcome> whole{};
};

/// Whether an outcome of a whole batch may be due to its size or to one of its items: a smaller batch
/// may pass. Says so of refusals only, never of what would befall every batch.
bool smaller_may_pass(const Outcome& whole);

/// Never fails: an answer that cannot be read makes its items unknown.
BatchAnswer parse_batch(const http::Answer& answer, std::span<const BatchItem> items, OnError on_error,
                        Instant now);

/// The item's outcome: of the first step that failed, else of the last. `whole` of the batch
/// decides for items that have no answer of their own.
Outcome classify(const ItemAnswer& item, const std::optional<Outcome>& whole, const Asked& asked,
                 Instant now);

} // namespace hawser::dataverse
