#include "transport/dataverse/unknown_answer.h"

#include "base/fields.h"

namespace hawser::dataverse {
namespace {

using Kind = Verdict::Kind;
using Presence = Seen::Presence;

std::vector<std::string> differing(const Fields& sent, const Fields& seen)
{
    std::vector<std::string> columns;
    for (const auto& [column, value] : sent)
        if (!equal_as_stored(value, value_in(seen, column))) columns.push_back(column);
    return columns;
}

Verdict judge_create(const Sent& sent, const Seen& seen)
{
    if (seen.record == Presence::absent) return {Kind::resend, {}};
    auto columns = differing(sent.columns, seen.columns);
    if (columns.empty()) return {Kind::applied, {}};
    if (sent.revival || sent.proof == Sent::Proof::receipt) return {Kind::not_applied, {}};
    return {Kind::indeterminate, std::move(columns)};
}

Verdict judge_update(const Sent& sent, const Seen& seen)
{
    if (seen.record == Presence::absent) return {Kind::gone, {}};
    if (seen.etag == sent.etag) return {Kind::resend, {}};
    if (sent.proof == Sent::Proof::receipt) return {Kind::not_applied, {}};
    auto columns = differing(sent.columns, seen.columns);
    if (columns.empty()) return {Kind::applied, {}};
    return {Kind::indeterminate, std::move(columns)};
}

} // namespace

Verdict judge_unknown(const Sent& sent, const Seen& seen)
{
    if (sent.proof == Sent::Proof::receipt) {
        if (seen.receipt == Presence::present) return {Kind::applied, {}};
        if (seen.receipt == Presence::no_answer) return {Kind::ask_again, {}};
    }
    if (seen.record == Presence::no_answer) return {Kind::ask_again, {}};
    switch (sent.kind) {
    case Sent::Kind::create:
        return judge_create(sent, seen);
    case Sent::Kind::update:
        return judge_update(sent, seen);
    case Sent::Kind::remove:
        if (seen.record == Presence::absent) return {Kind::applied, {}};
        return {seen.etag == sent.etag ? Kind::resend : Kind::not_applied, {}};
    }
    return {};
}

} // namespace hawser::dataverse
