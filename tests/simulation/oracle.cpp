#include "tests/simulation/oracle.h"

#include <algorithm>
#include <utility>

namespace hawser::simulation {

namespace {

/// The version in a condition such as: If-Match: W/"12".
std::string version_in(std::string_view condition)
{
    const auto begin = condition.find('"');
    if (begin == std::string_view::npos) return {};
    const auto end = condition.find('"', begin + 1);
    return std::string(condition.substr(begin + 1, end - begin - 1));
}

/// Which step, counted from 1, a value came from that was written after step `reached`: the next one that
/// entered it, as references are entered more than once; the last one where none did.
std::size_t step_of(const std::vector<std::string>& steps, const std::string& value, std::size_t reached)
{
    const auto next = std::find(steps.begin() + static_cast<std::ptrdiff_t>(reached), steps.end(), value);
    if (next != steps.end()) return static_cast<std::size_t>(next - steps.begin()) + 1;
    return static_cast<std::size_t>(steps.rend() - std::find(steps.rbegin(), steps.rend(), value));
}

} // namespace

Oracle::Oracle(std::vector<std::string> users)
{
    for (std::size_t i = 0; i < users.size(); ++i) {
        Person person;
        person.name = users[i] + " at machine " + std::to_string(i + 1);
        person.user = std::move(users[i]);
        people_.push_back(std::move(person));
    }
}

void Oracle::break_(int invariant, std::string sentence)
{
    if (!broken_) broken_ = Violation{invariant, std::move(sentence)};
}

void Oracle::require(bool holds, int invariant, const std::string& sentence)
{
    if (!holds) break_(invariant, sentence);
}

Row Oracle::there(const RecordKey& key) const
{
    const auto row = rows_.find(key);
    return row == rows_.end() ? Row{} : Row(row->second);
}

// ---- what people did --------------------------------------------------------------------------------

void Oracle::see(Person& person, const RecordKey& key, const Row& row)
{
    if (!row) return;
    for (const TrackedColumn& column : tracked(key.table)->columns)
        person.seen[{key, std::string(column.name)}].insert(text_of(row, column.name));
}

void Oracle::acted(std::size_t who, const RecordKey& key, const Row& before, const Row& after,
                   std::string_view etag)
{
    Person& person = people_[who];
    see(person, key, before);
    see(person, key, after);
    person.deleted_in.erase(key);
    // With a deletion go the edits that it takes back.
    if (!after) {
        person.removed[key] = true;
        person.deletions[key] = {moment_, is_unseen(person, key, etag)};
        uncounted_.insert(key);
        for (const TrackedColumn& column : tracked(key.table)->columns)
            excuse(person, {key, std::string(column.name)});
        return;
    }
    person.removed[key] = false;
    for (const TrackedColumn& column : tracked(key.table)->columns) {
        const Place place{key, std::string(column.name)};
        const std::string from = text_of(before, column.name);
        const std::string to = text_of(after, column.name);
        if (from == to) continue;
        person.excused.erase(place);
        enter(person, place, etag, from, to);
        if (column.meeting == Meeting::unites) invite(person, place, from, to, false);
        if (column.meeting == Meeting::adds && before && counters_.contains(key))
            counters_[key] += number(to) - number(from);
    }
}

void Oracle::enter(Person& person, const Place& place, std::string_view etag, const std::string& stood,
                   const std::string& value)
{
    person.stood[place].push_back(stood);
    person.steps[place].push_back(value);
    ++person.allowed[place][value];
    person.entries[place] = {moment_, is_unseen(person, place.first, etag)};
}

/// Whether others wrote what this person has not had before their eyes, whose replica holds that version. What
/// reached the machine was not always taken.
bool Oracle::is_unseen(const Person& person, const RecordKey& key, std::string_view etag) const
{
    const auto version = versions_.find(key);
    if (version == versions_.end()) return ever_deleted_.contains(key);
    const std::string text = std::to_string(version->second);
    const bool is_own = person.versions_made.contains(text);
    if (!is_own && (!person.versions.contains(text) || (!etag.empty() && version_in(etag) != text)))
        return true;
    const Texts& row = rows_.at(key);
    return std::ranges::any_of(tracked(key.table)->columns, [&](const TrackedColumn& column) {
        const auto seen = person.seen.find({key, std::string(column.name)});
        return seen == person.seen.end() || !seen->second.contains(text_of(row, column.name));
    });
}

void Oracle::insisted(std::size_t who, const RecordKey& key, const Texts& columns)
{
    Person& person = people_[who];
    for (const auto& [column, value] : columns) {
        ++person.allowed[{key, column}][value];
        if (tracked(key.table)->column(column)->meeting != Meeting::unites) continue;
        for (const std::string& guest : guests_in(value)) ++person.guests[{key, column}][guest].invited;
    }
}

void Oracle::parted(std::size_t who, const RecordKey& key, const Texts& columns)
{
    Person& person = people_[who];
    for (const auto& entry : columns) {
        const auto unit = person.unit_of.find({{key, entry.first}, entry.second});
        if (unit != person.unit_of.end()) person.units[unit->second].excused = true;
    }
}

void Oracle::acted_as_one(std::size_t who, const std::map<RecordKey, Row>& parts)
{
    Person& person = people_[who];
    for (const auto& [key, texts] : parts) {
        if (!texts) person.deleted_in[key] = person.units.size();
        for (const auto& [column, text] : texts.value_or(Texts{})) {
            // Values that say who typed them.
            const Meeting meeting = tracked(key.table)->column(column)->meeting;
            if (meeting == Meeting::adds || meeting == Meeting::merges_lines || meeting == Meeting::unites ||
                column == "parentcustomerid")
                continue;
            person.unit_of[{{key, column}, text}] = person.units.size();
        }
    }
    person.units.emplace_back();
}

void Oracle::took_back(std::size_t who, const RecordKey& key, const Texts& columns)
{
    for (const auto& [column, value] : columns) excuse(people_[who], {key, column});
}

void Oracle::decided(std::size_t who, const RecordKey& key, const std::string& column,
                     const std::string& mine, const std::string& theirs, bool mine_is_sent)
{
    Person& person = people_[who];
    const Place place{key, column};
    person.seen[place].insert(theirs);
    person.seen[place].insert(mine);
    const TrackedColumn* known = tracked(key.table)->column(column);
    if (known && known->meeting == Meeting::adds) uncounted_.insert(key);
    // What is decided may come without the rest.
    if (const auto unit = person.unit_of.find({place, mine}); unit != person.unit_of.end())
        person.units[unit->second].excused = true;
    if (mine_is_sent) enter(person, place, {}, theirs, mine);
    if (known && known->meeting == Meeting::unites)
        invite(person, place, mine_is_sent ? theirs : mine, mine_is_sent ? mine : theirs, true);
}

void Oracle::looked(std::size_t who, std::string_view table, const std::map<Guid, Texts>& visible)
{
    Person& person = people_[who];
    std::set<Guid> now;
    for (const auto& [id, row] : visible) now.insert(id);
    std::set<Guid>& held = person.held[std::string(table)];
    std::size_t gone = 0;
    for (const Guid& id : held) {
        const RecordKey key{std::string(table), id};
        const auto removed = person.removed.find(key);
        const bool by_hand = removed != person.removed.end() && removed->second;
        const bool excused = by_hand || ever_deleted_.contains(key) || person.narrowed || person.replaced ||
                             !rows_.contains(key) || lacking_.contains(key);
        if (!now.contains(id) && !excused)
            break_(9, called(key) + " is gone at " + person.name +
                          ", though nobody ever deleted it and it is still in the organization");
        if (!now.contains(id) && !by_hand) ++gone;
    }
    // What came in the meantime was here too when they were taken away.
    const auto of = static_cast<double>(std::max(held.size(), now.size() + gone));
    const bool many = gone >= person.ask_least && static_cast<double>(gone) >= person.ask_share * of;
    require(!many || person.narrowed || person.replaced || person.asked.contains(table), 9,
            std::to_string(gone) + " of " + std::to_string(held.size()) + " records of " +
                std::string(table) + " vanished at once at " + person.name + ", and nobody was asked");
    if (many) person.asked.erase(std::string(table));
    held = std::move(now);
}

bool Oracle::asked_since(std::size_t who, std::string_view table, std::int64_t version,
                         const std::map<Guid, Texts>& visible,
                         const std::function<bool(const RecordKey&)>& is_open)
{
    Person& person = people_[who];
    person.has_met = restored_;
    if (restored_ || person.narrowed) return false;
    const auto before = person.compared.find(table);
    if (before != person.compared.end() && before->second == version) return false;
    person.compared.insert_or_assign(std::string(table), version);
    for (const auto& [key, written] : versions_) {
        if (key.table != table || written > version) continue;
        const auto seen = visible.find(key.id);
        const Texts& there = rows_.at(key);
        if ((seen != visible.end() && seen->second == there) || is_open(key)) continue;
        break_(5, person.name + " asks for what changed after version " + std::to_string(version) + " and " +
                      (seen == visible.end() ? "lacks " : "has another copy of ") + called(key) +
                      ", which was written before, at " + std::to_string(written));
    }
    return true;
}

// ---- what the organization says -----------------------------------------------------------------------

void Oracle::arrived(std::size_t who, std::string_view user_of_token, bool asks_who_it_is)
{
    Person& person = people_[who];
    if (restored_ && !person.has_met) person.latest_met = latest_;
    if (user_of_token != person.user && !asks_who_it_is)
        break_(8, person.name + " sent a request as " + std::string(user_of_token));
}

void Oracle::referred(std::size_t who, const RecordKey& key)
{
    require(rows_.contains(key) || ever_deleted_.contains(key) || lacking_.contains(key), 6,
            people_[who].name + " sent a reference to " + called(key) + ", which is not there yet");
}

void Oracle::received(std::size_t who, std::string_view body)
{
    // It begins with what is rare in JSON.
    constexpr std::string_view mark = R"(@odata.etag":"W/\")";
    for (auto at = body.find(mark); at != std::string_view::npos; at = body.find(mark, at + 1)) {
        const auto begin = at + mark.size();
        people_[who].versions.emplace(body.substr(begin, body.find('\\', begin) - begin));
    }
}

void Oracle::wrote(std::optional<std::size_t> who, const Written& written, const Row& now)
{
    const RecordKey& key = written.key;
    const auto known = rows_.find(key);
    const Row before = known == rows_.end() ? Row{} : Row(known->second);
    writers_[key][who] = ++moment_;
    if (who) people_[*who].attempts.erase(key);
    note_columns(who, key, before, now);
    const bool direct = written.outcome != "unlinked" && written.condition != "cascade";
    if (who && direct) {
        Person& person = people_[*who];
        require(written.user == person.user, 8,
                person.name + " wrote to " + called(key) + " as " + written.user);
        person.versions_made.insert(written.version);
        check_condition(person, written);
        check_overwritten(person, written, before, now);
        const Row sent = as_sent(person, written, now);
        check_effects(person, written, before, sent);
        check_guests(person, written, before, now);
        check_columns(person, written, before, now);
        check_references(person, written, now);
        check_units(person, written, before, sent);
        see_own(person, written, sent, now);
    }
    if (!who || !direct) put_back(key, before, now);
    if (!who && now && key.table == "account" && (!before || counters_.contains(key))) {
        if (!before) counters_[key] = 0;
        counters_[key] +=
            number(text_of(now, "numberofemployees")) - number(text_of(before, "numberofemployees"));
    }
    if (written.outcome == "created" && written.late && ever_deleted_.contains(key))
        risen_.insert(key);
    else if (written.outcome == "created")
        risen_.erase(key);
    if (written.outcome == "deleted" || !now) ever_deleted_.insert(key);
    for (const TrackedColumn& column : tracked(key.table)->columns) {
        if (text_of(now, column.name) == text_of(before, column.name)) continue;
        const Place place{key, std::string(column.name)};
        // The deletion of what it refers to may be of the same request.
        const bool said =
            direct && (written.outcome != "updated" ||
                       std::ranges::find(written.columns, column.name) != written.columns.end());
        if (said)
            cleared_.erase(place);
        else
            cleared_.insert(place);
    }
    if (!now) {
        rows_.erase(key);
        versions_.erase(key);
        return;
    }
    versions_[key] = number(written.version);
    latest_ = std::max(latest_, number(written.version));
    // With a record that was deleted went what had been written into it: it is said again, in its order.
    if (!before)
        for (Person& person : people_)
            for (const TrackedColumn& column : tracked(key.table)->columns) {
                person.effects.erase({key, std::string(column.name)});
                person.last.erase({key, std::string(column.name)});
                person.reached.erase({key, std::string(column.name)});
                for (auto& [guest, one] : person.guests[{key, std::string(column.name)}]) one.arrived = 0;
            }
    for (const auto& [column, text] : *now)
        for (const std::string& value : {text, behind_prefix({key, column}, text)}) {
            ever_[{key, column}].insert(value);
            in_this_life_[{key, column}].insert(value);
        }
    rows_[key] = *now;
}

void Oracle::note_columns(std::optional<std::size_t> who, const RecordKey& key, const Row& before,
                          const Row& now)
{
    for (const TrackedColumn& column : tracked(key.table)->columns) {
        const std::string was = text_of(before, column.name);
        if (was == text_of(now, column.name)) continue;
        const Place place{key, std::string(column.name)};
        column_writers_[place][who] = moment_;
        if (was.empty()) emptied_until_[place] = moment_;
    }
}

void Oracle::check_condition(Person& person, const Written& written)
{
    const std::pair place{written.key, written.change_set};
    const std::string deed = person.name + "'s " + written.method + " of " + called(written.key);
    if (written.outcome == "created") {
        require(written.condition.find('*') != std::string::npos &&
                    written.condition.find("None") != std::string::npos,
                2, deed + " made it without If-None-Match: *");
        person.guarded.insert(place);
        return;
    }
    // The condition is that of the write which it goes with.
    if (written.outcome == "parties_replaced" || written.condition == "If-Match: *") {
        require(person.guarded.contains(place), 3, deed + " had no condition");
        return;
    }
    const std::string version = version_in(written.condition);
    require(!version.empty(), 3, deed + " had no condition (\"" + written.condition + "\")");
    person.guarded.insert(place);
    if (person.replaced) return;
    require(person.versions.contains(version), 3,
            deed + " was conditional on version " + version + ", whose body never arrived there");
}

void Oracle::check_overwritten(Person& person, const Written& written, const Row& before, const Row& now)
{
    // A version that the organization hands out a second time says nothing of what stands behind it, nor does
    // the one that is written on top of it.
    if (person.versions_of_a_former_life.contains(version_in(written.condition)))
        person.mistaken.insert(written.key);
    if (!before || person.mistaken.contains(written.key)) return;
    for (const TrackedColumn& column : tracked(written.key.table)->columns) {
        if (column.meeting != Meeting::asks && column.meeting != Meeting::theirs) continue;
        // What else of the same request did to the record, such as the deletion of what it refers to.
        const bool sent = std::ranges::find(written.columns, column.name) != written.columns.end();
        if (written.outcome == "updated" && !sent) continue;
        const std::string was = text_of(before, column.name);
        if (now && was == text_of(now, column.name)) continue;
        // What the organization does by itself is nobody's word.
        if (column.name == "statecode" && was == "0") continue;
        if (was.empty() && cleared_.contains({written.key, std::string(column.name)})) continue;
        const auto seen = person.seen.find({written.key, std::string(column.name)});
        if (seen != person.seen.end() && seen->second.contains(was)) continue;
        const auto made = person.made_of_theirs.find({written.key, std::string(column.name)});
        if (made != person.made_of_theirs.end() && made->second.contains(was)) continue;
        // Made again elsewhere, it came without a reference to what was deleted meanwhile.
        if (was.empty() && column.name == "parentcustomerid" && seen != person.seen.end() &&
            std::ranges::any_of(seen->second, [&](const std::string& target) {
                const auto id = Guid::parse(target);
                return id && ever_deleted_.contains({"account", *id});
            }))
            continue;
        break_(3, person.name + (now ? " overwrote " : " deleted ") + std::string(column.name) + " \"" + was +
                      "\" of " + called(written.key) +
                      (now ? " by \"" + text_of(now, column.name) + "\"" : std::string()) +
                      ", which the person there had never seen");
    }
}

void Oracle::check_effects(Person& person, const Written& written, const Row& before, const Row& now)
{
    if (!now) return;
    if (!before) {
        const bool theirs = std::ranges::any_of(
            person.steps, [&](const auto& step) { return step.first.first == written.key; });
        require(theirs, 2, person.name + " created " + called(written.key) + ", which nobody had made there");
        // What is made again whole is this person's word from now on.
        see(person, written.key, now);
        return;
    }
    for (const TrackedColumn& column : tracked(written.key.table)->columns) {
        if (column.meeting == Meeting::adds || column.meeting == Meeting::merges_lines ||
            column.meeting == Meeting::unites)
            continue;
        const Place place{written.key, std::string(column.name)};
        const std::string to = text_of(now, column.name);
        if (to == text_of(before, column.name)) continue;
        // A list goes with a column that is as it was in the version that was mistaken for this one.
        if (person.mistaken.contains(written.key) && person.allowed[place][to] == 0) continue;
        // What else of the same request did to the record, such as the deletion of what it refers to.
        const bool sent = std::ranges::find(written.columns, column.name) != written.columns.end();
        if (to.empty() && (!sent || column.name == "parentcustomerid")) continue;
        const auto steps = person.steps.find(place);
        const int effects = ++person.effects[place][to];
        person.last[place] = {to, text_of(before, column.name)};
        person.written_in[place] = {to, number(written.version)};
        const int allowed = steps == person.steps.end() ? 0 : person.allowed[place][to];
        const std::string sentence = person.name + " wrote \"" + to + "\" into " + std::string(column.name) +
                                     " of " + called(written.key);
        require(allowed > 0, 3, sentence + ", which nobody had entered there");
        // An older copy cannot know that what waits in it was sent and then replaced by somebody. What the
        // organization emptied by itself, with the record that it referred to, is set again.
        const bool emptied = text_of(before, column.name).empty() && cleared_.contains(place);
        require(effects <= allowed || person.replaced || emptied, 2,
                sentence + " " + std::to_string(effects) + " times");
        if (allowed == 0) continue;
        const auto reached = person.reached.find(place);
        const std::size_t before_it = reached == person.reached.end() ? 0 : reached->second;
        const std::size_t step = step_of(steps->second, to, before_it);
        require(before_it <= step || person.replaced, 6, sentence + " after a later edit of theirs");
        person.reached[place] = step;
    }
}

/// Who puts a column back to what it was before somebody's write undoes that one: nothing tells it from one
/// that never took effect.
void Oracle::put_back(const RecordKey& key, const Row& before, const Row& now)
{
    if (!before || !now) return;
    for (const TrackedColumn& column : tracked(key.table)->columns) {
        const Place place{key, std::string(column.name)};
        const std::string was = text_of(before, column.name);
        const std::string is = text_of(now, column.name);
        for (Person& person : people_) {
            const auto last = person.last.find(place);
            if (last == person.last.end()) continue;
            const auto& [said, over] = last->second;
            if (over != is || (said != was && said != behind_prefix(place, was))) continue;
            --person.effects[place][said];
            person.last.erase(last);
        }
    }
}

void Oracle::check_columns(const Person& person, const Written& written, const Row& before, const Row& now)
{
    if (written.outcome != "updated") return;
    // A list goes with a column that carries the condition and stays as it is.
    const bool may_carry =
        std::ranges::any_of(tracked(written.key.table)->columns, [&](const TrackedColumn& column) {
            return column.meeting == Meeting::unites &&
                   person.steps.contains({written.key, std::string(column.name)});
        });
    for (const std::string& column : written.columns)
        require(!tracked(written.key.table)->column(column) || person.steps.contains({written.key, column}) ||
                    (may_carry && (text_of(before, column) == text_of(now, column) ||
                                   person.mistaken.contains(written.key))),
                3,
                person.name + " sent " + column + " of " + called(written.key) +
                    ", which nobody had changed there");
}

void Oracle::check_references(const Person& person, const Written& written, const Row& now)
{
    const std::string parent = text_of(now, "parentcustomerid");
    if (written.outcome != "created" || parent.empty()) return;
    require(rows_.contains({"account", *Guid::parse(parent)}) ||
                ever_deleted_.contains({"account", *Guid::parse(parent)}),
            6, person.name + " created " + called(written.key) + " before the account that it refers to");
}

/// All parts of a unit in one change set. What never comes gave way to others' words.
void Oracle::check_units(Person& person, const Written& written, const Row& before, const Row& now)
{
    if (restored_ || person.replaced) return;
    const auto deleted_in = person.deleted_in.find(written.key);
    if (!now && deleted_in != person.deleted_in.end())
        check_unit(person, person.units[deleted_in->second], written);
    for (const auto& [column, text] : now.value_or(Texts{})) {
        if (text == text_of(before, column)) continue;
        // What had arrived before, perhaps from a copy, and comes back with a record that is made again.
        if (!before && ever_[{written.key, column}].contains(text)) continue;
        const auto found = person.unit_of.find({{written.key, column}, text});
        if (found != person.unit_of.end()) check_unit(person, person.units[found->second], written);
    }
}

void Oracle::check_unit(const Person& person, Unit& unit, const Written& written)
{
    unit.sent_in.try_emplace(written.key, written.change_set);
    for (const auto& [key, change_set] : unit.sent_in)
        require(unit.excused || change_set == unit.sent_in.at(written.key), 6,
                person.name + " sent " + called(written.key) + " and " + called(key) +
                    ", which are one unit, in two change sets");
}

// ---- what excuses what ----------------------------------------------------------------------------------

void Oracle::organization_restored(std::map<RecordKey, Texts> rows)
{
    restored_ = true;
    for (const auto& [key, row] : rows_)
        if (!rows.contains(key)) lacking_.insert(key);
    // What others, or a job, wrote over before is theirs to lose.
    const auto stood = [this, former = std::exchange(rows_, std::move(rows))](const Place& place,
                                                                              const std::string& value) {
        const auto row = former.find(place.first);
        const std::string there = row == former.end() ? std::string() : text_of(row->second, place.second);
        return row != former.end() && (there == value || behind_prefix(place, there) == value);
    };
    versions_.clear();
    for (Person& person : people_) {
        for (const auto& [place, written] : person.written_in)
            if (!kept_[place].contains(written.first) && stood(place, written.first))
                person.lost[place] = written;
        person.has_met = false;
        person.compared_before = person.compared;
        person.effects.clear();
        for (auto& [place, guests] : person.guests)
            for (auto& [guest, one] : guests) one.arrived = 0;
        person.last.clear();
        person.reached.clear();
        person.versions_of_a_former_life = person.versions;
        person.versions_of_a_former_life.merge(person.versions_made);
    }
    in_this_life_ = kept_;
    cleared_ = kept_cleared_;
    latest_ = 0;
}

void Oracle::replica_kept(std::size_t who)
{
    Person& person = people_[who];
    person.kept_steps.clear();
    for (const auto& [place, steps] : person.steps) person.kept_steps[place] = steps.size();
}

void Oracle::replica_replaced(std::size_t who)
{
    Person& person = people_[who];
    person.replaced = true;
    for (const auto& [place, steps] : person.steps)
        if (steps.size() > person.kept_steps[place]) excuse(person, place);
    for (auto& [key, removed] : person.removed) removed = false;
    for (const auto& [key, sum] : counters_) uncounted_.insert(key);
    person.reached.clear();
    person.compared.clear();
}

void Oracle::replica_copied(std::size_t from, std::size_t to)
{
    Person copy = people_[from];
    copy.name = people_[to].name;
    copy.copied = people_[from].copied = true;
    people_[to] = std::move(copy);
    // Whoever comes second cannot tell their own addition, once others have added since.
    for (const auto& [key, sum] : counters_) uncounted_.insert(key);
}

} // namespace hawser::simulation
