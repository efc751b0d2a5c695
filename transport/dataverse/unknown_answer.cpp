#include "transport/dataverse/unknown_answer.h"

#include "base/fields.h"

namespace hawser::dataverse {
namespace {

using Kind = Verdict::Kind;
using Presence = Seen::Presence;

std::string as_stored(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        result += text[i] == '\r' ? '\n' : text[i];
    }
    while (!result.empty() && (result.back() == ' ' || result.back() == '\n' || result.back() == '\t'))
        result.pop_back();
    return result;
}

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

bool equal_as_stored(const Value& sent, const Value& stored)
{
    if (sent == stored) return true;
    const auto* left = std::get_if<std::string>(&sent);
    const auto* right = std::get_if<std::string>(&stored);
    if (left && right) return as_stored(*left) == as_stored(*right);
    if (left && is_null(stored)) return as_stored(*left).empty();
    return false;
}

} // namespace hawser::dataverse
