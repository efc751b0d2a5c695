#include "localstore/receipt_row.h"

#include "localstore/fields_json.h"

#include <charconv>
#include <iterator>
#include <set>
#include <string>

namespace hawser::localstore {
namespace {

std::vector<Sequence> read_sequences(std::string_view text)
{
    std::vector<Sequence> sequences;
    for (const std::string& name : split_names(text)) {
        Sequence sequence;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), sequence.value);
        if (error == std::errc()) sequences.push_back(sequence);
    }
    return sequences;
}

/// Of rows with intent, changes, outcome, status, etag, words, cycle, at, requests.
std::vector<Receipt> read_receipts(Statement& rows, const KnownTable& table, const Guid& id)
{
    std::vector<Receipt> receipts;
    while (rows.step()) {
        Receipt receipt;
        receipt.intent = rows.guid(0);
        receipt.key = {table.table.name, id};
        receipt.changes = read_sequences(rows.text(1));
        receipt.outcome = parse_intent_outcome(rows.text(2)).value_or(IntentOutcome::later);
        receipt.status = static_cast<int>(rows.integer(3));
        receipt.etag = rows.string(4);
        receipt.words = rows.string(5);
        receipt.cycle.value = rows.integer(6);
        receipt.at = rows.instant(7);
        for (const std::string& request : split_names(rows.text(8)))
            if (const auto known = Guid::parse(request)) receipt.requests.push_back(*known);
        receipts.push_back(std::move(receipt));
    }
    return receipts;
}

} // namespace

void add_receipt(Database& database, const KnownTable& table, const Receipt& receipt)
{
    std::vector<std::string> changes;
    for (const Sequence change : receipt.changes) changes.push_back(std::to_string(change.value));
    std::vector<std::string> requests;
    for (const Guid& request : receipt.requests) requests.push_back(request.text());
    database
        .prepare(
            "INSERT INTO hawser_receipt (intent, table_number, id, changes, outcome, status, etag, words, "
            "requests, cycle, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
        .with(receipt.intent, table.number, receipt.key.id, join_names(changes), to_text(receipt.outcome),
              receipt.status, receipt.etag, receipt.words, join_names(requests), receipt.cycle.value,
              receipt.at)
        .run();
}

std::vector<Receipt> receipts_of(Database& database, const KnownTable& table, const Guid& id,
                                 std::size_t limit)
{
    Statement rows =
        database.prepare("SELECT intent, changes, outcome, status, etag, words, cycle, at, requests FROM "
                         "hawser_receipt WHERE id = ?1 AND table_number = ?2 ORDER BY number DESC LIMIT ?3");
    rows.with(id, table.number, static_cast<std::int64_t>(limit));
    return read_receipts(rows, table, id);
}

CoveredLoss covered_by(Database& database, const KnownTable& table, const Guid& id, Sequence change)
{
    Statement rows = database.prepare(
        "SELECT intent, changes, outcome, status, etag, words, cycle, at, requests FROM "
        "hawser_receipt WHERE id = ?1 AND table_number = ?2 AND outcome = ?3 ORDER BY number");
    rows.with(id, table.number, to_text(IntentOutcome::covered));
    CoveredLoss found;
    std::set<Sequence> lost;
    for (const Receipt& receipt : read_receipts(rows, table, id)) {
        if (receipt.changes.empty() || receipt.changes.back() != change) continue;
        lost.insert(receipt.changes.begin(), std::prev(receipt.changes.end()));
        found.why = receipt.words;
    }
    found.lost.assign(lost.begin(), lost.end());
    return found;
}

std::vector<Receipt> arrivals_of(Database& database, const KnownTable& table, const Guid& id)
{
    Statement rows =
        database.prepare("SELECT intent, changes, outcome, status, etag, words, cycle, at, requests FROM "
                         "hawser_receipt WHERE id = ?1 AND table_number = ?2 AND outcome IN (?3, ?4, ?5) "
                         "ORDER BY number DESC");
    rows.with(id, table.number, to_text(IntentOutcome::applied), to_text(IntentOutcome::shown),
              to_text(IntentOutcome::lost));
    std::vector<Receipt> arrivals;
    std::set<Sequence> lost;
    for (Receipt& receipt : read_receipts(rows, table, id)) {
        if (receipt.outcome == IntentOutcome::lost)
            lost.insert(receipt.changes.begin(), receipt.changes.end());
        std::erase_if(receipt.changes, [&](Sequence change) { return lost.contains(change); });
        if (!receipt.changes.empty()) arrivals.push_back(std::move(receipt));
    }
    return arrivals;
}

} // namespace hawser::localstore
