#include "transport/dataverse/outcome.h"

#include "transport/odata/answer.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace hawser::dataverse {
namespace {

using Kind = Outcome::Kind;
using Action = Asked::Action;

constexpr std::chrono::seconds default_wait{30};

struct CodeRule {
    std::string_view code;
    Kind kind;
};

// Codes whose meaning does not depend on the status. Everything not listed is decided by the status.
constexpr std::array code_rules{
    CodeRule{"0x80044352", Kind::rebaseline},     // ExpiredVersionStamp
    CodeRule{"0x80072510", Kind::schema_changed}, // MetadataSyncRequired
    CodeRule{"0x8004a101", Kind::sign_in},        // ExpiredAuthTicket
    CodeRule{"0x8004a100", Kind::sign_in},        // InvalidAuthTicket
    CodeRule{"0x80041d52", Kind::sign_in},        // ExpiredOAuthToken
    CodeRule{"0x8005f101", Kind::sign_in},        // AccessTokenExpired
    CodeRule{"0x80044302", Kind::sign_in},        // RequestIsNotAuthenticated
    CodeRule{"0x8004a104", Kind::stop},           // OrganizationDisabled
    CodeRule{"0x80072322", Kind::throttled},      // number of requests
    CodeRule{"0x80072321", Kind::throttled},      // execution time
    CodeRule{"0x80072326", Kind::throttled},      // concurrent requests
    CodeRule{"0x8005f103", Kind::throttled},      // Throttling
    CodeRule{"0x80048544", Kind::throttled},      // DataEngineQueryThrottling
    CodeRule{"0x80060882", Kind::conflict},       // ConcurrencyVersionMismatch
    CodeRule{"0x80040237", Kind::exists},         // DuplicateRecord
    CodeRule{"0x80060892", Kind::exists},         // DuplicateRecordEntityKey
    CodeRule{"0x80040333", Kind::exists},         // DuplicateRecordsFound
    CodeRule{"0x8004e106", Kind::gone},           // AppointmentDeleted
    CodeRule{"0x80040220", Kind::access},         // PrivilegeDenied
    CodeRule{"0x80048306", Kind::access},         // unManagedIdsAccessDenied
    CodeRule{"0x80040231", Kind::access},         // PrincipalPrivilegeDenied
    CodeRule{"0x8004020d", Kind::access},         // InvalidAccessRights
    CodeRule{"0x80048405", Kind::access},         // AccessDenied
    CodeRule{"0x8004f502", Kind::column_access},  // AttributePermissionCreateIsMissing
    CodeRule{"0x8004f504", Kind::column_access},  // AttributePermissionReadIsMissing
    CodeRule{"0x8004f507", Kind::column_access},  // AttributePermissionUpdateIsMissing
    CodeRule{"0x80040216", Kind::retry},          // UnExpected
    CodeRule{"0x80044150", Kind::retry},          // SQL deadlock
    CodeRule{"0x80044151", Kind::retry},          // SQL timeout
    CodeRule{"0x80040203", Kind::refused},        // InvalidArgument
    CodeRule{"0x80040239", Kind::refused},        // InvalidDateTime
    CodeRule{"0x8004023b", Kind::refused},        // InvalidOperation
    CodeRule{"0x8004f00e", Kind::refused},        // InvalidStateTransition
    CodeRule{"0x80040227", Kind::refused},        // CannotDeleteDueToAssociation
    CodeRule{"0x80040228", Kind::refused},        // CannotDeleteAsItIsReadOnly
    CodeRule{"0x80040265", Kind::refused},        // IsvAborted
    CodeRule{"0x80044331", Kind::refused},        // StringLengthTooLong
    CodeRule{"0x80043e09", Kind::refused},        // AttachmentBlocked
    CodeRule{"0x80044a08", Kind::refused},        // AttachmentInvalidFileName
    CodeRule{"0x80044a02", Kind::refused},        // attachment too big
    CodeRule{"0x80040275", Kind::refused},        // AppointmentScheduleNotSet
    CodeRule{"0x80043506", Kind::refused},        // ActivityPartyObjectTypeNotAllowed
    CodeRule{"0x80043518", Kind::refused},        // InvalidActivityPartyAddress
    CodeRule{"0x8004027c", Kind::refused},        // CannotExceedFilterLimit
    CodeRule{"0x8006088d", Kind::refused},        // OptimisticConcurrencyNotEnabled
};

const CodeRule* rule_for(std::string_view code)
{
    const auto found = std::ranges::find(code_rules, code, &CodeRule::code);
    return found == code_rules.end() ? nullptr : &*found;
}

bool is_write(Action action)
{
    return action != Action::read && action != Action::pull;
}

bool contains(std::string_view text, std::string_view part)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    // std::search: what std::ranges::search returns is beyond clang 14.
    const auto equal = [&](char a, char b) { return lower(a) == lower(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), equal) != text.end();
}

// Whether the text names ids and none of them is one asked for: then it speaks of another record,
// such as the target of a lookup.
bool names_only_others(std::string_view text, const Asked& asked)
{
    bool other = false;
    for (std::size_t at = 0; at + 36 <= text.size(); ++at) {
        const auto found = Guid::parse(text.substr(at, 36));
        if (!found) continue;
        if (*found == asked.id || std::ranges::find(asked.members, *found) != asked.members.end())
            return false;
        other = true;
        at += 35;
    }
    return other && !(asked.id.is_nil() && asked.members.empty());
}

Kind of_not_found(const odata::ErrorBody& body, const Asked& asked)
{
    if (body.form != odata::ErrorBody::Form::json)
        return is_write(asked.action) ? Kind::unknown : Kind::retry;
    const bool absent = body.code == "0x80040217" || body.code == "0x8004e106" ||
                        (body.code.empty() && contains(body.text, "does not exist"));
    const bool segment = contains(body.text, "segment");
    if (!absent || segment || names_only_others(body.text, asked)) return Kind::refused;
    return Kind::gone;
}

Kind of_precondition(const odata::ErrorBody& body, const Asked& asked)
{
    if (const auto* rule = rule_for(body.code);
        rule && (rule->kind == Kind::exists || rule->kind == Kind::conflict))
        return rule->kind;
    if (contains(body.text, "matching key values already exists")) return Kind::exists;
    if (contains(body.text, "RowVersion")) return Kind::conflict;
    return asked.action == Action::create ? Kind::exists : Kind::conflict;
}

// A page or nothing in place of the JSON error may come from a gateway behind which the request went on.
Kind of_server_fault(int status, const odata::ErrorBody& body, const Asked& asked)
{
    const auto* rule = rule_for(body.code);
    if (rule) return rule->kind;
    if (!is_write(asked.action)) return Kind::retry;
    return body.form == odata::ErrorBody::Form::json && status == 500 ? Kind::retry : Kind::unknown;
}

Kind of_refusal(int status, const odata::ErrorBody& body, const Asked& asked)
{
    // Without the organization's own words it may be anybody's answer.
    if (body.form != odata::ErrorBody::Form::json && (status == 403 || status == 410))
        return is_write(asked.action) ? Kind::unknown : Kind::retry;
    if (const auto* rule = rule_for(body.code)) return rule->kind;
    return status == 403 ? Kind::access : Kind::refused;
}

Kind decide(const http::Answer& answer, const odata::ErrorBody& body, const Asked& asked, bool told_to_wait)
{
    const int status = answer.status;
    if (status == 304) return Kind::not_modified;
    if (status >= 300 && status < 400) return Kind::intercepted;
    switch (status) {
    case 401:
        return Kind::sign_in;
    case 404:
        return of_not_found(body, asked);
    case 407:
        return Kind::intercepted;
    case 408:
        return is_write(asked.action) ? Kind::unknown : Kind::retry;
    case 410:
        return asked.action == Action::pull ? Kind::rebaseline : of_refusal(status, body, asked);
    case 412:
        return of_precondition(body, asked);
    case 429:
        return Kind::throttled;
    case 501:
        return Kind::refused;
    case 511: // Network Authentication Required: only a network's sign-in says so.
        return Kind::intercepted;
    case 503:
        if (told_to_wait && body.form == odata::ErrorBody::Form::json) return Kind::throttled;
        return of_server_fault(status, body, asked);
    default:
        break;
    }
    if (status >= 500) return of_server_fault(status, body, asked);
    if (status >= 400) return of_refusal(status, body, asked);
    return is_write(asked.action) ? Kind::unknown : Kind::retry;
}

std::string default_text(int status, const odata::ErrorBody& body)
{
    std::string text = "HTTP status " + std::to_string(status);
    if (status / 100 == 3) return text + ", a redirect, which was not followed";
    if (body.form == odata::ErrorBody::Form::html) text += " with a web page";
    if (body.form == odata::ErrorBody::Form::empty) text += " without an explanation";
    return text;
}

struct ErrorRule {
    ErrorKind kind;
    std::string_view code;
    std::string_view advice;
};

ErrorRule error_rule(Kind kind)
{
    switch (kind) {
    case Kind::sign_in:
        return {ErrorKind::sign_in, "server.sign_in", "sign in again"};
    case Kind::throttled:
        return {ErrorKind::wait, "server.throttled", "it will be tried again when the server allows"};
    case Kind::rebaseline:
        return {ErrorKind::rebaseline, "server.rebaseline", "the table is pulled from the start"};
    case Kind::intercepted:
        return {ErrorKind::offline, "net.captive_portal", "this network wants you to sign in"};
    case Kind::schema_changed:
        return {ErrorKind::retry, "server.schema_changed", "the metadata is read again"};
    case Kind::stop:
        return {ErrorKind::stop, "server.disabled", "ask the organization's administrator"};
    case Kind::access:
        return {ErrorKind::park, "server.access", "ask the administrator for the privilege"};
    case Kind::column_access:
        return {ErrorKind::park, "server.column_access", "ask the administrator for access to the column"};
    case Kind::gone:
        return {ErrorKind::park, "server.gone", "the record is no longer there"};
    case Kind::conflict:
        return {ErrorKind::park, "server.conflict", "somebody else changed the record"};
    case Kind::exists:
        return {ErrorKind::park, "server.exists", "the record is already there"};
    case Kind::refused:
    case Kind::not_modified:
        return {ErrorKind::park, "server.refused", "change what was asked"};
    case Kind::retry:
    case Kind::unknown:
    case Kind::not_run:
    case Kind::applied:
        break;
    }
    return {ErrorKind::retry, "server.unavailable", "it will be tried again"};
}

} // namespace

std::string_view name(Outcome::Kind kind)
{
    constexpr std::array<std::string_view, 17> names{
        "applied",        "not_modified",  "conflict",    "exists",  "gone",    "refused",
        "access",         "column_access", "throttled",   "retry",   "sign_in", "rebaseline",
        "schema_changed", "stop",          "intercepted", "unknown", "not_run"};
    return names[static_cast<std::size_t>(kind)];
}

Outcome classify(const http::Answer& answer, const Asked& asked, Instant now)
{
    Outcome outcome;
    outcome.status = answer.status;
    if (answer.status >= 200 && answer.status < 300) {
        outcome.kind = Kind::applied;
        if (answer.body.empty()) return outcome;
        if (const auto odd = odata::unexpected_content(answer, "application/json")) {
            const bool page = odd->kind == ErrorKind::offline;
            outcome.kind = page ? Kind::intercepted : is_write(asked.action) ? Kind::unknown : Kind::retry;
            outcome.text = odd->message;
        }
        return outcome;
    }
    const auto body = odata::parse_error_body(answer);
    const auto wait = odata::retry_after(answer, now);
    outcome.code = body.code;
    outcome.text = body.text.empty() ? default_text(answer.status, body) : body.text;
    outcome.kind = decide(answer, body, asked, wait.has_value());
    if (outcome.kind == Kind::throttled) outcome.retry_after = wait.value_or(default_wait);
    return outcome;
}

Outcome classify(const Error& failure, const Asked& asked)
{
    Outcome outcome;
    outcome.kind = is_write(asked.action) && http::may_have_arrived(failure) ? Kind::unknown : Kind::retry;
    outcome.text = failure.message;
    return outcome;
}

Error to_error(const Outcome& outcome, std::string_view what)
{
    assert(outcome.kind != Kind::applied);
    const auto rule = error_rule(outcome.kind);
    Error error{rule.kind, std::string(rule.code), {}};
    if (outcome.kind == Kind::rebaseline && outcome.code.empty()) error.code = "server.gone_page";
    error.message = "the organization did not " + std::string(what);
    if (!outcome.text.empty()) error.message += ": " + outcome.text;
    if (!outcome.code.empty()) error.message += " (" + outcome.code + ")";
    if (error.message.find(rule.advice) == std::string::npos)
        error.message += "; " + std::string(rule.advice);
    if (rule.kind == ErrorKind::wait) error.retry_after = outcome.retry_after.value_or(default_wait);
    return error;
}

} // namespace hawser::dataverse
