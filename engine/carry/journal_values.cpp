#include "engine/carry/journal_values.h"

#include "base/time_text.h"
#include "localstore/fields_json.h"
#include "localstore/table_json.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace hawser::carry {

namespace {

namespace json = boost::json;

/// Reads the members of one object and remembers the first that is not as it has to be.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}

    std::string text(std::string_view name)
    {
        const json::value* found = of(name);
        if (found == nullptr) return {};
        if (found->is_string()) return std::string(found->get_string());
        return wrong<std::string>(name, "a text");
    }
    std::string text_or_nothing(std::string_view name) { return has(name) ? text(name) : std::string(); }

    std::int64_t number(std::string_view name, std::int64_t least)
    {
        const json::value* found = of(name);
        if (found == nullptr) return {};
        if (found->is_int64() && found->get_int64() >= least) return found->get_int64();
        return wrong<std::int64_t>(name, "a number from " + std::to_string(least) + " on");
    }
    std::int64_t number_or(std::string_view name, std::int64_t otherwise)
    {
        return has(name) ? number(name, 0) : otherwise;
    }

    bool flag(std::string_view name)
    {
        if (!has(name)) return false;
        const json::value* found = of(name);
        if (found->is_bool()) return found->get_bool();
        return wrong<bool>(name, "true or false");
    }

    Guid guid(std::string_view name)
    {
        const std::string written = text(name);
        const auto id = Guid::parse(written);
        return id ? *id : wrong<Guid>(name, "an id");
    }

    Instant instant(std::string_view name)
    {
        const auto moment = parse_instant(text(name));
        return moment ? *moment : wrong<Instant>(name, "a time such as 2026-11-23T09:30:00Z");
    }

    Fields fields(std::string_view name)
    {
        const json::value* found = of(name);
        if (found == nullptr) return {};
        if (!found->is_object()) return wrong<Fields>(name, "columns");
        auto read = localstore::decode_fields(json::serialize(*found));
        return read ? *std::move(read) : wrong<Fields>(name, "columns");
    }

    std::vector<std::string> names(std::string_view name)
    {
        std::vector<std::string> all;
        if (!has(name)) return all;
        const json::value* found = of(name);
        if (!found->is_array()) return wrong<std::vector<std::string>>(name, "a list of names");
        for (const json::value& one : found->get_array()) {
            if (!one.is_string() || one.get_string().find(',') != json::string::npos)
                return wrong<std::vector<std::string>>(name, "a list of names");
            all.emplace_back(one.get_string());
        }
        return all;
    }

    std::vector<const json::object*> objects(std::string_view name)
    {
        std::vector<const json::object*> all;
        const json::value* found = of(name);
        if (found == nullptr) return all;
        if (!found->is_array()) return wrong<std::vector<const json::object*>>(name, "a list");
        for (const json::value& one : found->get_array()) {
            if (!one.is_object()) return wrong<std::vector<const json::object*>>(name, "a list of objects");
            all.push_back(&one.get_object());
        }
        return all;
    }

    RecordKey key() { return {text("table"), guid("id")}; }

    /// One of the words that `parse` knows.
    template <class Parse>
    auto word(std::string_view name, const Parse& parse) ->
        typename decltype(parse(std::string_view()))::value_type
    {
        using Meaning = typename decltype(parse(std::string_view()))::value_type;
        const auto meaning = parse(std::string_view(text(name)));
        return meaning ? *meaning : wrong<Meaning>(name, "one of the words that docs/JOURNAL.md has for it");
    }

    /// What another part of the line lacks.
    template <class Part>
    Part taken(Result<Part> part)
    {
        if (part) return *std::move(part);
        if (wrong_.empty()) wrong_ = part.error().message;
        return Part{};
    }
    void refuse(std::string why)
    {
        if (wrong_.empty()) wrong_ = std::move(why);
    }

    template <class Line>
    Result<Line> finish(Line line) const
    {
        if (wrong_.empty()) return line;
        return Error{ErrorKind::refuse, "journal.damaged", wrong_};
    }

private:
    bool has(std::string_view name) const { return object_.contains({name.data(), name.size()}); }
    const json::value* of(std::string_view name)
    {
        const json::value* found = object_.if_contains({name.data(), name.size()});
        if (found == nullptr) refuse("it has no \"" + std::string(name) + "\"");
        return found;
    }
    template <class Value>
    Value wrong(std::string_view name, const std::string& wanted)
    {
        refuse("its \"" + std::string(name) + "\" is not " + wanted);
        return Value{};
    }

    const json::object& object_;
    std::string wrong_{};
};

std::optional<localstore::Remote> parse_remote(std::string_view word)
{
    if (word == "never") return localstore::Remote::never;
    if (word == "present") return localstore::Remote::present;
    if (word == "deleted") return localstore::Remote::deleted;
    return std::nullopt;
}

std::optional<localstore::StepState> parse_step_state(std::string_view word)
{
    if (word == "waiting") return localstore::StepState::waiting;
    if (word == "sent") return localstore::StepState::sent;
    if (word == "answered") return localstore::StepState::answered;
    if (word == "unknown") return localstore::StepState::unknown;
    return std::nullopt;
}

bool is_one_line(std::string_view text)
{
    return std::ranges::none_of(text, [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; });
}

/// A request is sent again as it stands: it must be one of ours.
bool is_request_of_ours(const localstore::IntentStep& step)
{
    constexpr std::array<std::string_view, 5> methods{"GET", "POST", "PATCH", "PUT", "DELETE"};
    return std::ranges::find(methods, step.method) != methods.end() && is_one_line(step.path) &&
           is_one_line(step.condition) && is_one_line(step.content_id) &&
           step.path.find("://") == std::string::npos && !step.path.starts_with("//") &&
           (step.condition.empty() || step.condition.starts_with("If-Match: ") ||
            step.condition.starts_with("If-None-Match: "));
}

Result<localstore::IntentStep> step_in(const json::object& line)
{
    Members members(line);
    localstore::IntentStep step;
    step.key = members.key();
    step.kind = members.word("kind", localstore::parse_step_kind);
    step.method = members.text("method");
    step.path = members.text("path");
    step.condition = members.text_or_nothing("condition");
    step.content_id = members.text_or_nothing("content_id");
    step.body = members.text_or_nothing("body");
    step.sent = members.fields("sent");
    step.state = members.word("state", parse_step_state);
    step.status = static_cast<int>(std::min<std::int64_t>(members.number_or("status", 0), 999));
    step.etag = members.text_or_nothing("etag");
    step.answer = members.text_or_nothing("answer");
    if (!is_request_of_ours(step)) members.refuse("it holds a request that Hawser does not make");
    return members.finish(std::move(step));
}

Result<localstore::Covered> covered_in(const json::object& line)
{
    Members members(line);
    localstore::Covered covered;
    covered.sequence.value = members.number("number", 1);
    covered.columns = members.names("columns");
    covered.none = members.flag("none");
    return members.finish(std::move(covered));
}

Result<localstore::Attempt> attempt_in(const json::object& line)
{
    Members members(line);
    localstore::Attempt attempt;
    attempt.client_request_id = members.guid("request");
    attempt.at = members.instant("at");
    return members.finish(attempt);
}

Value side(Members& members, std::string_view name, const std::string& column)
{
    Fields fields = members.fields(name);
    const auto found = fields.find(column);
    return found == fields.end() ? Value{} : std::move(found->second);
}

Result<localstore::ConflictColumn> conflict_column_in(const json::object& line)
{
    Members members(line);
    localstore::ConflictColumn column;
    column.column = members.text("column");
    column.base = side(members, "base", column.column);
    column.mine = side(members, "mine", column.column);
    column.theirs = side(members, "theirs", column.column);
    return members.finish(std::move(column));
}

} // namespace

Result<JournalAbout> about_in(const json::object& line)
{
    Members members(line);
    JournalAbout about;
    about.organization_id = members.guid("organization");
    about.user_id = members.guid("user");
    about.instance_id = members.guid("instance");
    about.organization_url = members.text_or_nothing("url");
    about.mailbox = members.text_or_nothing("mailbox");
    about.written_at = members.instant("written_at");
    about.redacted = members.flag("redacted");
    return members.finish(std::move(about));
}

Result<Table> table_in(const json::object& line)
{
    auto table = localstore::decode_table(json::serialize(line));
    if (table) return table;
    return Error{ErrorKind::refuse, "journal.damaged", "it is no table: " + table.error().message};
}

Result<RecordLine> record_in(const json::object& line)
{
    Members members(line);
    RecordLine record;
    record.key = members.key();
    record.base.remote = members.word("organization", parse_remote);
    record.base.etag = members.text_or_nothing("etag");
    record.base.fields = members.fields("fields");
    record.partial = members.flag("partial");
    if (record.base.remote == localstore::Remote::present && record.base.etag.empty())
        members.refuse("its version is not said (\"etag\")");
    return members.finish(std::move(record));
}

Result<ChangeLine> change_in(const json::object& line)
{
    Members members(line);
    ChangeLine read;
    localstore::Change& change = read.change;
    change.key = members.key();
    change.sequence.value = members.number("number", 1);
    if (const json::value* made = line.if_contains("made_as"); made != nullptr && made->is_object()) {
        Members identity(made->get_object());
        read.identity = {identity.guid("instance"), {identity.number("number", 1)}};
        members.taken(identity.finish(true));
    } else {
        members.refuse("it does not say who made it (\"made_as\")");
    }
    change.kind = members.word("kind", localstore::parse_change_kind);
    change.state = members.word("state", localstore::parse_change_state);
    change.before = members.fields("before");
    change.after = members.fields("after");
    change.settled = members.names("settled");
    change.group.value = members.number_or("group", 0);
    change.origin = members.word("origin", localstore::parse_origin);
    change.actor = members.text_or_nothing("actor");
    change.on_behalf_of = members.text_or_nothing("on_behalf_of");
    change.made_at = members.instant("made_at");
    constexpr std::int64_t most_attempts = 1'000'000;
    change.attempts = static_cast<int>(std::min(members.number_or("attempts", 0), most_attempts));
    change.last_error = members.text_or_nothing("last_error");
    change.waits_for = members.text_or_nothing("waits_for");
    if (!is_live(change.state)) members.refuse("it does not wait");
    if (change.kind == localstore::ChangeKind::update && change.after.empty())
        members.refuse("it changes nothing");
    return members.finish(std::move(read));
}

Result<localstore::Conflict> conflict_in(const json::object& line)
{
    Members members(line);
    localstore::Conflict conflict;
    conflict.key = members.key();
    conflict.number.value = members.number("number", 1);
    conflict.revision = members.number("revision", 1);
    conflict.reason = members.word("reason", localstore::parse_conflict_reason);
    conflict.sentence = members.text("sentence");
    for (const json::object* column : members.objects("columns"))
        conflict.columns.push_back(members.taken(conflict_column_in(*column)));
    conflict.opened_at = members.instant("opened_at");
    if (conflict.columns.empty()) members.refuse("it is about no column");
    return members.finish(std::move(conflict));
}

Result<localstore::Intent> intent_in(const json::object& line)
{
    Members members(line);
    localstore::Intent intent;
    intent.id = members.guid("id");
    intent.atomicity = members.flag("one_change_set") ? localstore::Atomicity::one_change_set
                                                      : localstore::Atomicity::single_requests;
    intent.destination =
        members.flag("mailbox") ? localstore::Destination::mailbox : localstore::Destination::organization;
    intent.made_at = members.instant("made_at");
    for (const json::object* covered : members.objects("changes"))
        intent.changes.push_back(members.taken(covered_in(*covered)));
    for (const json::object* step : members.objects("steps")) {
        intent.steps.push_back(members.taken(step_in(*step)));
        intent.steps.back().number = static_cast<int>(intent.steps.size()) - 1;
    }
    for (const json::object* attempt : members.objects("attempts"))
        intent.attempts.push_back(members.taken(attempt_in(*attempt)));
    if (intent.changes.empty() || intent.steps.empty() || intent.steps.size() > localstore::most_steps)
        members.refuse("it is no request about changes");
    return members.finish(std::move(intent));
}

} // namespace hawser::carry
