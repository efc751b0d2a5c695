#include "base/time_text.h"
#include "engine/push.h"
#include "localstore/transaction.h"
#include "transport/dataverse/write.h"

#include <utility>

namespace hawser::engine {

namespace {

/// When receipt rows were last cleared away.
constexpr std::string_view receipts_setting = "sync.receipts_cleared";

} // namespace

/// The change set was refused for want of a privilege, and the receipt may be what it was for: the
/// changes go again without one, and counters and line merges ask from now on.
Result<void> Pusher::give_up_receipts(localstore::Transaction& transaction, const Sent& sent,
                                      const std::string& words)
{
    around_.policies.without_receipts();
    around_.forget_tables();
    Result<void> done = transaction.journal.set_setting(no_receipts_setting, to_text(around_.now()));
    if (done)
        done = transaction.journal.decide(
            cycle_.number, sent.draft.parts.front().key, "receipts",
            "The organization lets you write no receipt rows (" + words +
                "): counters and line merges ask from now on when both sides change them.",
            around_.now());
    if (!done) return done;
    return transaction.intents.later(sent.draft.intent, words, std::nullopt, cycle_.number, around_.now());
}

/// Receipt rows have done their work once the intent is settled. One that stays behind is harmless.
Task<void> Pusher::clear_receipts()
{
    std::vector<dataverse::BatchItem> items;
    for (const Guid& intent : std::exchange(receipts_done_, {}))
        items.push_back({{dataverse::receipt_delete_step(intent)}});
    if (items.empty() || around_.leaving) co_return;
    // The settlements were committed without a sync. Whoever loses them to a power cut needs the rows:
    // this commit puts them on the disk first.
    const Result<void> durable =
        around_.store.transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
            return transaction.journal.set_setting(receipts_setting, to_text(around_.now()));
        });
    if (!durable) co_return;
    http::Request request = dataverse::write_batch(around_.courier.service(), items,
                                                   dataverse::OnError::go_on, around_.courier.request_id());
    auto sending = around_.courier.send(std::move(request));
    (void)co_await std::move(sending);
}

} // namespace hawser::engine
