#include "small_scope.h"

#include <algorithm>
#include <utility>

namespace hawser::conflict::small_scope {
namespace {

const std::vector<std::string> columns{"first", "second"};

Value in(const std::optional<Fields>& fields, const std::string& column)
{
    if (!fields) return Null{};
    const auto found = fields->find(column);
    return found == fields->end() ? Value{Null{}} : found->second;
}

std::string words(const Value& value)
{
    const auto* text = std::get_if<std::string>(&value);
    return text ? *text : "nothing";
}

bool is_contested(const std::vector<Contested>& contested, const std::string& column)
{
    return std::any_of(contested.begin(), contested.end(),
                       [&](const Contested& one) { return one.column == column; });
}

Names changed_columns(const Request& request)
{
    Names names;
    for (const auto& [column, value] : request.changes) names.insert(column);
    return names;
}

} // namespace

std::string text_of(const Move& move)
{
    const char* const who[] = {"here", "other", "colleague"};
    const char* const edits[] = {"create", "first = own", "first = common", "second = own", "remove"};
    const char* const kinds[] = {"", "cycle", "freeze", "answered", "answer lost", "request lost"};
    const auto kind = static_cast<std::size_t>(move.kind);
    return std::string(who[static_cast<std::size_t>(move.who)]) + ": " +
           (move.kind == Move::Kind::edit ? edits[static_cast<std::size_t>(move.edit)] : kinds[kind]);
}

std::optional<Copy> Organization::copy() const
{
    if (!record) return std::nullopt;
    return Copy{*record, std::to_string(version)};
}

bool Organization::carry_out(Request& request)
{
    const bool holds =
        request.kind == Send::create ? !record : record && request.condition == std::to_string(version);
    if (!holds) return false;
    if (request.kind == Send::remove) {
        record.reset();
    } else {
        if (!record) record.emplace();
        for (const auto& [column, value] : request.changes) record->insert_or_assign(column, value);
        record = without_nulls(*record);
    }
    ++version;
    ++request.applied;
    return true;
}

World::World(Policy policy, bool is_there) : policy_(std::move(policy))
{
    if (!is_there) return;
    organization_ = {Fields{{"first", std::string("0")}, {"second", std::string("0")}}, 1};
    for (Installation* one : {&here_, &other_}) {
        one->base = organization_.copy();
        one->local = organization_.record;
    }
}

const std::optional<Fields>& World::seen_by(Who who) const
{
    return who == Who::colleague ? organization_.record : at(who).local;
}

bool World::allows(const Move& move) const
{
    const Installation& one = at(move.who);
    switch (move.kind) {
    case Move::Kind::edit:
        if (move.edit == Edit::create) {
            // An id is given once; two may have given it at the same time.
            const bool is_new = organization_.version == 0;
            return is_new && !seen_by(move.who) && !one.base && one.absence == LocalAbsence::never_here &&
                   !one.request;
        }
        // A record about which nobody chose yet is not deleted.
        if (move.edit == Edit::remove && move.who != Who::colleague && !one.conflicts.empty()) return false;
        return seen_by(move.who).has_value();
    case Move::Kind::cycle:
        return !one.request || one.is_unknown;
    case Move::Kind::freeze:
        return !one.request;
    case Move::Kind::answered:
    case Move::Kind::answer_lost:
    case Move::Kind::request_lost:
        return one.request && !one.is_unknown;
    }
    return false;
}

void World::make(const Move& move)
{
    Installation& one = at(move.who);
    switch (move.kind) {
    case Move::Kind::edit:
        return edit(move);
    case Move::Kind::cycle:
        return cycle(one);
    case Move::Kind::freeze:
        return freeze(one);
    case Move::Kind::answered:
        return hear(one, organization_.carry_out(*one.request));
    case Move::Kind::answer_lost:
        organization_.carry_out(*one.request);
        [[fallthrough]];
    case Move::Kind::request_lost:
        one.is_unknown = true;
    }
}

void World::supersede(const Value& value)
{
    superseded_.insert(words(value));
}

void World::edit(const Move& move)
{
    const char* const names[] = {"h", "o", "c"};
    const std::string own = names[static_cast<std::size_t>(move.who)] +
                            std::to_string(++edits_[static_cast<std::size_t>(move.who)]);
    Installation& one = at(move.who);
    std::optional<Fields>& record = move.who == Who::colleague ? organization_.record : one.local;
    if (move.who == Who::colleague) ++organization_.version;
    const auto set = [&](const std::string& column, const std::string& value) {
        if (record) supersede(in(record, column));
        if (!record) record.emplace();
        record->insert_or_assign(column, value);
        made_.emplace(column, value);
    };
    switch (move.edit) {
    case Edit::create:
        set("first", own);
        set("second", own + "'");
        return;
    case Edit::own_first:
        return set("first", own);
    case Edit::common_first:
        return set("first", "x");
    case Edit::own_second:
        return set("second", own);
    case Edit::remove:
        for (const std::string& column : columns) supersede(in(record, column));
        record.reset();
        if (move.who == Who::colleague) return;
        one.absence = one.base || one.request ? LocalAbsence::deleted_here : LocalAbsence::never_here;
    }
}

Plan World::compare(Installation& one, const Names& indeterminate)
{
    Situation given;
    given.base = one.base;
    given.local = one.local;
    given.local_absence = one.absence;
    given.remote = organization_.copy();
    // What was never there cannot have been deleted there.
    if (!given.remote && one.base) given.presence = Presence::deleted;
    given.indeterminate = indeterminate;
    given.open_conflicts = one.conflicts;
    Plan plan = reconcile(given, policy_);
    ++decisions_;
    check_laws(given, policy_, plan);
    one.local = plan.local;
    one.conflicts = plan.contested;
    if (plan.shadow)
        one.base = plan.shadow;
    else if (plan.send == Send::create || !plan.local)
        one.base.reset();
    else
        one.base = given.remote;
    if (plan.local || plan.send == Send::nothing) one.absence = LocalAbsence::never_here;
    return plan;
}

void World::freeze(Installation& one)
{
    const Plan plan = compare(one, {});
    if (plan.send == Send::nothing) return;
    one.request = Request{plan.send, plan.changes, plan.condition, one.local.value_or(Fields{})};
    one.is_unknown = false;
}

void World::hear(Installation& one, bool was_carried_out)
{
    one.is_unknown = false;
    if (was_carried_out) return acknowledge(one);
    one.request.reset();
}

/// The organization's representation is the base from now on; newer edits stay on top of it.
void World::acknowledge(Installation& one)
{
    const Request sent = *std::exchange(one.request, std::nullopt);
    if (sent.kind == Send::remove) {
        one.base.reset();
        if (!one.local) one.absence = LocalAbsence::never_here;
        return;
    }
    one.base = organization_.copy();
    if (!one.local) return;
    for (const std::string& column : columns) {
        const bool is_newer = in(one.local, column) != in(sent.local, column);
        if (!is_newer && !is_contested(one.conflicts, column))
            one.local->insert_or_assign(column, in(organization_.record, column));
    }
    one.local = without_nulls(*one.local);
}

/// I2: the same request again while its condition holds, proof by equality, or a question.
void World::recover(Installation& one)
{
    Request& sent = *one.request;
    one.is_unknown = false;
    const std::optional<Copy> there = organization_.copy();
    if (sent.kind == Send::create ? !there : there && there->etag == sent.condition) {
        organization_.carry_out(sent);
        // A creation that arrived and was deleted unheard is one of the windows of docs/MERGING.md.
        if (sent.applied > 1 && sent.kind != Send::create)
            throw Broken{"a request had its effect twice (I2)"};
        return acknowledge(one);
    }
    if (!there && sent.kind == Send::remove) return acknowledge(one);
    if (!there || sent.kind == Send::remove) {
        one.request.reset();
        return;
    }
    const bool holds_ours = std::all_of(sent.changes.begin(), sent.changes.end(), [&](const auto& member) {
        return in(there->fields, member.first) == member.second;
    });
    if (holds_ours) {
        // What was read may hold more than our request made: it has to be compared, as if it were new.
        Fields believed = one.base ? one.base->fields : Fields{};
        for (const auto& [column, value] : sent.changes) believed.insert_or_assign(column, value);
        one.base = Copy{without_nulls(std::move(believed)), ""};
        one.request.reset();
        return;
    }
    const Names indeterminate = changed_columns(sent);
    one.request.reset();
    if (one.local) compare(one, indeterminate);
}

void World::cycle(Installation& one)
{
    if (one.request) recover(one);
    constexpr int attempts = 3;
    for (int i = 0; i < attempts; ++i) {
        freeze(one);
        if (!one.request) return;
        hear(one, organization_.carry_out(*one.request));
    }
}

void World::settle()
{
    if (here_.request && !here_.is_unknown) here_.is_unknown = true;
    for (int round = 0; round < 4; ++round)
        for (Installation* one : {&here_, &other_}) cycle(*one);
    const int version = organization_.version;
    for (Installation* one : {&here_, &other_}) {
        cycle(*one);
        check_equal(*one);
    }
    if (organization_.version != version) throw Broken{"it never becomes quiet (I4)"};
    if (policy_.fallback == Rule::ask) check_nothing_lost();
}

void World::check_equal(const Installation& one) const
{
    if (one.request) throw Broken{"a request is left open (I4)"};
    if (one.local.has_value() != organization_.record.has_value())
        throw Broken{"one side has the record and the other has not (I4)"};
    for (const std::string& column : columns) {
        const Value mine = in(one.local, column);
        const Value theirs = in(organization_.record, column);
        if (mine != theirs && !is_contested(one.conflicts, column))
            throw Broken{column + " is " + words(mine) + " here and " + words(theirs) + " there (I4)"};
    }
    for (const Contested& open : one.conflicts)
        if (open.mine != in(one.local, open.column) || open.theirs != in(organization_.record, open.column))
            throw Broken{"a conflict tells something else than is there"};
}

namespace {

void add(std::string& key, const std::optional<Fields>& fields)
{
    for (const std::string& column : columns) key += words(in(fields, column)) + ',';
    key += fields ? '+' : '-';
}

void add(std::string& key, const std::optional<Copy>& copy)
{
    key += copy ? copy->etag : "none";
    add(key, copy ? std::optional<Fields>(copy->fields) : std::nullopt);
}

} // namespace

std::string World::key() const
{
    std::string key = std::to_string(organization_.version);
    add(key, organization_.record);
    for (const Installation* one : {&here_, &other_}) {
        add(key, one->base);
        add(key, one->local);
        key += one->absence == LocalAbsence::never_here ? 'n' : 'd';
        for (const Contested& open : one->conflicts)
            key += open.column + words(open.base) + words(open.mine) + words(open.theirs) + open.reason;
        if (!one->request) continue;
        key += one->is_unknown ? "unknown" : "open";
        key += std::to_string(static_cast<int>(one->request->kind)) + one->request->condition +
               std::to_string(one->request->applied);
        add(key, one->request->changes);
        for (const auto& [column, value] : one->request->changes) key += column;
        add(key, one->request->local);
    }
    for (const auto& [column, value] : made_) key += '/' + column + value;
    for (const std::string& value : superseded_) key += '|' + value;
    return key;
}

/// Every value that somebody wrote is there, is asked about, or was replaced by somebody who saw it.
void World::check_nothing_lost() const
{
    for (const auto& [column, value] : made_) {
        const auto holds = [&](const std::optional<Fields>& fields) {
            return words(in(fields, column)) == value;
        };
        if (superseded_.contains(value) || holds(organization_.record)) continue;
        if (holds(here_.local) && is_contested(here_.conflicts, column)) continue;
        if (holds(other_.local) && is_contested(other_.conflicts, column)) continue;
        throw Broken{column + " = " + value + " is lost unseen (I1, I3)"};
    }
}

} // namespace hawser::conflict::small_scope
