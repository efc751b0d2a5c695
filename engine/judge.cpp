#include "engine/judge.h"

#include "base/fields.h"

#include <algorithm>

namespace hawser::engine {

namespace {

using dataverse::Seen;
using dataverse::Sent;
using dataverse::Verdict;
using localstore::StepKind;

Seen::Presence presence(const Found& found)
{
    switch (found.presence) {
    case Found::Presence::present:
        return Seen::Presence::present;
    case Found::Presence::absent:
        return Seen::Presence::absent;
    case Found::Presence::no_access:
    case Found::Presence::no_answer:
        break;
    }
    return Seen::Presence::no_answer;
}

/// The etag in a stored condition line.
std::string etag_of(const std::string& condition)
{
    constexpr std::string_view header = "If-Match: ";
    return condition.starts_with(header) ? condition.substr(header.size()) : std::string();
}

Sent sent_of(const localstore::IntentStep& step, bool with_receipt, bool revival)
{
    Sent sent;
    sent.revival = revival;
    if (step.kind == StepKind::create) sent.kind = Sent::Kind::create;
    if (step.kind == StepKind::remove) sent.kind = Sent::Kind::remove;
    if (with_receipt) sent.proof = Sent::Proof::receipt;
    sent.etag = etag_of(step.condition);
    sent.columns = step.sent;
    return sent;
}

Judgement::Kind kind_of(Verdict::Kind kind)
{
    switch (kind) {
    case Verdict::Kind::applied:
        return Judgement::Kind::applied;
    case Verdict::Kind::resend:
        return Judgement::Kind::resend;
    case Verdict::Kind::indeterminate:
        return Judgement::Kind::indeterminate;
    case Verdict::Kind::not_applied:
        return Judgement::Kind::not_applied;
    case Verdict::Kind::gone:
        return Judgement::Kind::deleted_since;
    case Verdict::Kind::ask_again:
        break;
    }
    return Judgement::Kind::ask_again;
}

struct Judged {
    RecordKey key;
    StepKind kind = StepKind::update;
    Verdict verdict;
    bool shows = false; ///< An edited record says something of what was sent.
};

bool shows_any(const Sent& sent, const Seen& seen)
{
    return sent.kind == Sent::Kind::update && sent.proof == Sent::Proof::equality &&
           seen.record == Seen::Presence::present &&
           std::ranges::any_of(sent.columns, [&](const auto& member) {
               return equal_as_stored(member.second, value_in(seen.columns, member.first));
           });
}

Judgement alone(const Judged& judged)
{
    Judgement judgement{kind_of(judged.verdict.kind), {}};
    if (judgement.kind == Judgement::Kind::indeterminate)
        judgement.columns = {{judged.key, judged.verdict.columns}};
    return judgement;
}

Judgement together(const std::vector<Judged>& judged, const Known& known, bool with_receipt)
{
    const auto any = [&](Verdict::Kind kind) {
        return std::ranges::any_of(judged, [&](const Judged& j) { return j.verdict.kind == kind; });
    };
    const auto all = [&](Verdict::Kind kind) {
        return std::ranges::all_of(judged, [&](const Judged& j) { return j.verdict.kind == kind; });
    };
    const auto some = [&](StepKind kind, Verdict::Kind verdict) {
        return std::ranges::any_of(
            judged, [&](const Judged& j) { return j.kind == kind && j.verdict.kind == verdict; });
    };
    if (any(Verdict::Kind::ask_again)) return {};
    if (all(Verdict::Kind::resend)) return {Judgement::Kind::resend, {}};
    // One record is as it was sent against, another is not: the set can never succeed any more.
    const bool untouched = std::ranges::any_of(judged, [](const Judged& j) {
        return j.kind != StepKind::create && j.verdict.kind == Verdict::Kind::resend;
    });
    if (untouched) return {Judgement::Kind::not_applied, {}};
    const bool is_open = known.shared && any(Verdict::Kind::indeterminate);
    if (!is_open && (some(StepKind::create, Verdict::Kind::applied) || all(Verdict::Kind::applied)))
        return {Judgement::Kind::applied, {}};
    const bool deleted_since = std::ranges::all_of(judged, [&](const Judged& j) {
        return j.verdict.kind == Verdict::Kind::applied ||
               (j.verdict.kind == Verdict::Kind::resend && known.deleted.contains(j.key));
    });
    if (deleted_since && some(StepKind::update, Verdict::Kind::applied))
        return {Judgement::Kind::applied, {}};
    const bool shows = std::ranges::any_of(judged, &Judged::shows);
    // A set that was applied has left its receipt, whatever was deleted since.
    const bool perhaps_deleted = !with_receipt && std::ranges::any_of(judged, [&](const Judged& j) {
        return j.kind == StepKind::create && j.verdict.kind == Verdict::Kind::resend &&
               (known.untold.contains(j.key) || (shows && known.deleted.contains(j.key)));
    });
    if (perhaps_deleted) return {Judgement::Kind::deleted_since, {}};
    const bool there_otherwise = some(StepKind::create, Verdict::Kind::indeterminate);
    if (any(Verdict::Kind::resend) && !there_otherwise) return {Judgement::Kind::not_applied, {}};
    // What was to be deleted and is there speaks for the set, whatever the columns of another tell.
    const bool kept = std::ranges::any_of(judged, [](const Judged& j) {
        return j.kind == StepKind::remove && j.verdict.kind == Verdict::Kind::not_applied;
    });
    if (kept) return {Judgement::Kind::not_applied, {}};
    if (!any(Verdict::Kind::indeterminate))
        return {any(Verdict::Kind::gone) ? Judgement::Kind::deleted_since : Judgement::Kind::not_applied, {}};
    Judgement open{Judgement::Kind::indeterminate, {}};
    for (const Judged& one : judged)
        if (one.verdict.kind == Verdict::Kind::indeterminate)
            open.columns.push_back({one.key, one.verdict.columns});
    return open;
}

/// What was sent happened whole or not at all: a column as it was before says that it did not, one that says
/// what was sent that it did. Hardly anybody writes between two requests, so that read at once the first is
/// believed, and without either it did not happen. Late, whoever overwrote one column may have put back another.
Judgement judge_overwritten(const localstore::Intent& intent,
                            std::span<const std::pair<RecordKey, Found>> records,
                            const std::map<RecordKey, Fields>& before, Reading reading,
                            const std::set<RecordKey>& deleted)
{
    bool is_there_in_part = false;
    bool is_there_as_before = false;
    bool is_overwritten = false;
    bool is_gone = false;
    std::map<RecordKey, std::vector<std::string>> others;
    for (const localstore::IntentStep& step : intent.steps)
        for (const auto& [key, found] : records) {
            const auto former = before.find(key);
            if (key != step.key || former == before.end() || deleted.contains(key)) continue;
            for (const auto& [column, sent] : step.sent) {
                const Value& was = value_in(former->second, column);
                const Value& there = value_in(found.fields, column);
                if (sent == was) continue;
                if (equal_as_stored(sent, there)) {
                    is_there_in_part = true;
                    continue;
                }
                if (found.presence != Found::Presence::present) {
                    if (reading == Reading::at_once) return {Judgement::Kind::not_applied, {}};
                    is_gone = true;
                    continue;
                }
                (there == was ? is_there_as_before : is_overwritten) = true;
                others[key].push_back(column);
            }
        }
    const bool perhaps = reading == Reading::at_once ? is_there_in_part && !is_there_as_before
                                                     : is_there_in_part || (is_overwritten && !is_gone);
    if (others.empty() || !perhaps) return {Judgement::Kind::not_applied, {}};
    Judgement open{Judgement::Kind::indeterminate, {}};
    for (auto& [key, columns] : others) open.columns.push_back({key, std::move(columns)});
    return open;
}

} // namespace

Judgement judge(const localstore::Intent& intent, std::span<const std::pair<RecordKey, Found>> records,
                const std::optional<Found>& receipt, const Known& known)
{
    const bool proven = receipt && receipt->presence == Found::Presence::present;
    bool unreadable = false;
    std::vector<Judged> judged;
    for (const auto& [key, found] : records) {
        const auto step = std::ranges::find_if(intent.steps, [&](const localstore::IntentStep& candidate) {
            return candidate.key == key && candidate.kind != StepKind::receipt;
        });
        if (step == intent.steps.end()) continue;
        if (found.presence == Found::Presence::no_access && !proven) {
            unreadable = true;
            continue;
        }
        const bool gone = known.reborn.contains(key);
        const Seen seen{gone ? Seen::Presence::absent : presence(found), found.etag, found.fields,
                        receipt ? presence(*receipt) : Seen::Presence::no_answer};
        const Sent sent = sent_of(*step, receipt.has_value(), known.revived.contains(key));
        judged.push_back({key, step->kind, dataverse::judge_unknown(sent, seen), shows_any(sent, seen)});
    }
    if (judged.empty()) return {unreadable ? Judgement::Kind::out_of_reach : Judgement::Kind::ask_again, {}};
    Judgement judgement =
        judged.size() > 1 ? together(judged, known, receipt.has_value()) : alone(judged.front());
    const bool told =
        judgement.kind != Judgement::Kind::indeterminate && judgement.kind != Judgement::Kind::deleted_since;
    if (unreadable && !told) return {Judgement::Kind::out_of_reach, {}};
    // What was made and deleted since is not made again unasked.
    if (judgement.kind == Judgement::Kind::resend && !known.deleted.empty())
        judgement.kind = Judgement::Kind::not_applied;
    return judgement;
}

bool is_outdated(const localstore::Intent& intent)
{
    return std::ranges::any_of(intent.steps, [](const localstore::IntentStep& step) {
        return step.state == localstore::StepState::answered && step.status >= 400;
    });
}

Judgement judge_outdated(const localstore::Intent& intent,
                         std::span<const std::pair<RecordKey, Found>> records,
                         const std::map<RecordKey, Fields>& before, Reading reading, Known known)
{
    for (const localstore::IntentStep& step : intent.steps)
        if (step.kind == StepKind::create) known.revived.insert(step.key);
    const Judgement judgement = judge(intent, records, std::nullopt, known);
    const bool told =
        judgement.kind == Judgement::Kind::applied || judgement.kind == Judgement::Kind::ask_again;
    return told ? judgement : judge_overwritten(intent, records, before, reading, known.deleted);
}

} // namespace hawser::engine
