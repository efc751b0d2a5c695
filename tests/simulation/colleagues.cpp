#include "tests/simulation/request_told.h"
#include "tests/simulation/world.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace hawser::simulation {

namespace {

std::string text_in(const boost::json::object& line, std::string_view member)
{
    const boost::json::value* found = line.if_contains(member);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string path_of(const RecordKey& key)
{
    return std::string(tracked(key.table)->set) + "(" + key.id.text() + ")";
}

/// The accounts that a batch refers to before it makes them.
std::vector<RecordKey> referred_to_by(std::string_view body)
{
    constexpr std::string_view mark = "accounts(";
    std::vector<RecordKey> keys;
    std::set<Guid> made;
    for (auto at = body.find(mark, 1); at != std::string_view::npos; at = body.find(mark, at + 1)) {
        const auto id = Guid::parse(body.substr(at + mark.size(), 36));
        if (!id) continue;
        const auto line = body.rfind('\n', at) + 1;
        if (body[at - 1] == '/' && body.substr(line).starts_with("PATCH "))
            made.insert(*id);
        else if (body[at - 1] == '"' && !made.contains(*id))
            keys.push_back({"account", *id});
    }
    return keys;
}

std::string json_text(std::string_view text)
{
    return boost::json::serialize(boost::json::value(boost::json::string(text)));
}

/// A request for what changed says from which version on, alone or as a part of a batch.
std::vector<std::pair<const TrackedTable*, std::int64_t>> claims_in(std::string_view text)
{
    std::vector<std::pair<const TrackedTable*, std::int64_t>> claims;
    for (const std::string_view mark : {"$deltatoken=", "versionnumber%20gt%20"})
        for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
            std::int64_t version = 0;
            std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), version);
            const auto begin = text.find_last_of(" \n", at) + 1;
            const std::string_view address = text.substr(begin, at - begin);
            for (const TrackedTable& table : tracked_tables())
                if (address.find("/" + std::string(table.set)) != address.npos)
                    claims.emplace_back(&table, version);
        }
    return claims;
}

} // namespace

server::Answer World::ask(const std::string& method, const std::string& path, const std::string& body)
{
    return office_->ask(method, path, body, {}, "root");
}

Row World::read(const RecordKey& key)
{
    const TrackedTable& table = *tracked(key.table);
    const server::Answer answer = ask("GET", path_of(key) + "?$select=" + table.select());
    if (answer.status != 200) return std::nullopt;
    return texts_of(table, boost::json::parse(answer.body).as_object());
}

std::map<RecordKey, Texts> World::read_all(std::string_view user, const std::string& contact_filter)
{
    std::map<RecordKey, Texts> all;
    for (const TrackedTable& table : tables_of(script_.meetings)) {
        std::string path = std::string(table.set) + "?$select=" + table.select();
        if (table.name == "contact" && !contact_filter.empty()) path += "&$filter=statecode%20eq%200";
        const server::Answer answer = office_->ask("GET", path, {}, {}, user);
        if (answer.status != 200) throw std::runtime_error(answer.body);
        const boost::json::value page = boost::json::parse(answer.body);
        for (const auto& one : page.at("value").as_array()) {
            const boost::json::object& row = one.as_object();
            const auto id = Guid::parse(text_in(row, table.id));
            all.emplace(RecordKey{std::string(table.name), *id}, texts_of(table, row));
        }
    }
    return all;
}

/// Tells the oracle what the write log says since the last time.
void World::heed_log(std::optional<std::size_t> who)
{
    std::vector<RecordKey> written;
    ++readings_;
    for (; heeded_ < office_->log.size(); ++heeded_) {
        const boost::json::object line = boost::json::parse(office_->log[heeded_]).as_object();
        const std::string table = text_in(line, "table");
        if (text_in(line, "kind") != "write" || !tracked(table)) continue;
        Written one{text_in(line, "user"),
                    {table, *Guid::parse(text_in(line, "id"))},
                    text_in(line, "method"),
                    text_in(line, "outcome"),
                    text_in(line, "condition"),
                    std::to_string(line.at("version").to_number<std::int64_t>()),
                    readings_ * 10'000 + line.at("part").to_number<std::uint64_t>()};
        for (const auto& column : line.at("columns").as_array()) one.columns.emplace_back(column.as_string());
        one.late = late_ && who;
        ++writes_;
        count("writes");
        const Row now = read(one.key);
        if (telling_) {
            std::string what;
            if (now)
                for (const auto& [column, text] : *now)
                    if (text != text_of(oracle_.there(one.key), column))
                        what += " " + column + "=\"" + text + "\"";
            tell("    written: " + one.user + " " + one.outcome + " " + one.key.table + " " +
                 one.key.id.text() + (one.condition.empty() ? "" : ", with " + one.condition) + what);
        }
        if (who && script_.plugin && one.key.table == "contact" &&
            std::ranges::find(one.columns, rewritten_column) != one.columns.end() &&
            text_of(now, rewritten_column).starts_with(rewritten_prefix))
            count("rewritten within the write");
        oracle_.wrote(who, one, now);
        if (one.outcome != "deleted") written.push_back(one.key);
    }
    if (who && rewriting_) rewrite(written);
}

bool World::put(const RecordKey& key, const std::string& json)
{
    const server::Answer answer = office_->ask("PATCH", path_of(key), json, {}, "carol");
    heed_log(std::nullopt);
    return answer.status / 100 == 2;
}

std::optional<RecordKey> World::some_record(Draw& draw, std::string_view table) const
{
    std::vector<RecordKey> keys;
    for (const auto& [key, row] : oracle_.organization())
        if (key.table == table) keys.push_back(key);
    if (keys.empty()) return std::nullopt;
    // Few records meet many edits.
    return keys[std::min(draw.below(keys.size()), draw.below(keys.size()))];
}

void World::colleague_creates(Draw draw, std::string_view table)
{
    std::string id(36, '-');
    for (std::size_t i = 0; i < id.size(); ++i)
        if (i != 8 && i != 13 && i != 18 && i != 23) id[i] = "0123456789abcdef"[draw.below(16)];
    const std::string mark = "C" + std::to_string(draw.below(1'000'000'000));
    std::string json = R"x({"ownerid@odata.bind":"/teams()x" + team_ + R"x()",)x";
    if (table == "account") {
        json +=
            R"("name":"Firm )" + mark + R"(","numberofemployees":)" + std::to_string(draw.below(50)) + "}";
    } else {
        json += R"("lastname":"Person )" + mark + '"';
        const auto parent = some_record(draw, "account");
        if (parent && draw.chance(0.4))
            json += R"x(,"parentcustomerid_account@odata.bind":"/accounts()x" + parent->id.text() + R"x()")x";
        json += "}";
    }
    const bool done = put({std::string(table), *Guid::parse(id)}, json);
    tell("a colleague creates " + std::string(table) + " " + id + (done ? "" : ", in vain"));
}

void World::colleague_edits(Draw draw)
{
    const bool account = draw.chance(0.25);
    const auto key = some_record(draw, account ? "account" : "contact");
    if (!key) return;
    static constexpr std::string_view of_contacts[] = {"firstname",   "lastname",   "jobtitle", "telephone1",
                                                       "description", "department", "nickname"};
    static constexpr std::string_view of_accounts[] = {"name", "telephone1", "numberofemployees",
                                                       "description"};
    const std::string column(account ? draw.pick(std::to_array(of_accounts))
                                     : draw.pick(std::to_array(of_contacts)));
    std::string value = json_text("C" + std::to_string(draw.below(1'000'000'000)));
    const std::string present = text_of(oracle_.there(*key), column);
    if (column == "numberofemployees")
        value =
            std::to_string((present.empty() ? 0 : std::stoi(present)) + static_cast<int>(draw.below(9)) - 2);
    else if (account && column == "description")
        value = json_text("C" + std::to_string(draw.below(1'000'000'000)) + "\n" + present.substr(0, 1'500));
    else if (draw.chance(0.05) && column != "lastname" && column != "name")
        value = "null";
    tell("a colleague sets " + column + " of " + key->table + " " + key->id.text() + " to " + value);
    put(*key, "{\"" + column + "\":" + value + "}");
}

void World::colleague_deletes(Draw draw)
{
    const auto key = some_record(draw, draw.chance(0.9) ? "contact" : "account");
    if (!key) return;
    tell("a colleague deletes " + key->table + " " + key->id.text());
    (void)office_->ask("DELETE", path_of(*key), {}, {}, "carol");
    heed_log(std::nullopt);
}

void World::colleague_purges(Draw draw)
{
    if (!draw.chance(0.3)) return;
    std::vector<RecordKey> keys;
    for (const auto& [key, row] : oracle_.organization())
        if (key.table == "contact" && draw.chance(0.7)) keys.push_back(key);
    tell("a colleague deletes " + std::to_string(keys.size()) + " contacts at once");
    for (const RecordKey& key : keys) (void)office_->ask("DELETE", path_of(key), {}, {}, "carol");
    heed_log(std::nullopt);
}

/// Out of a scope or back: another state, or another owner.
void World::record_leaves(Draw draw)
{
    const auto key = some_record(draw, "contact");
    if (!key) return;
    slipped_away_ = true;
    const bool inactive = text_of(oracle_.there(*key), "statecode") == "1";
    if (draw.chance(0.6)) {
        tell("a colleague " + std::string(inactive ? "activates" : "deactivates") + " contact " +
             key->id.text());
        if (!inactive) count("happened: record leaves");
        put(*key, inactive ? R"({"statecode":0,"statuscode":1})" : R"({"statecode":1,"statuscode":2})");
    } else {
        const bool away = draw.chance(0.5);
        tell("a colleague gives contact " + key->id.text() + (away ? " to herself" : " to the team"));
        if (away) count("happened: record leaves");
        put(*key, R"({"ownerid@odata.bind":"/)" + (away ? "systemusers(" + colleague_ : "teams(" + team_) +
                      R"x()"})x");
    }
}

void World::privilege_changes(const Seat& seat)
{
    if (seat.user == "bob") return;
    slipped_away_ = true;
    const bool lower = !lowered_.contains(seat.user);
    tell((lower ? "an administrator takes organization-wide rights from "
                : "an administrator gives all rights to ") +
         seat.user);
    (void)office_->organization->set_depth(seat.user, lower ? server::Depth::basic : server::Depth::global);
    if (lower) {
        count("happened: privilege taken");
        lowered_.insert(seat.user);
    } else {
        lowered_.erase(seat.user);
    }
    for (std::size_t i = 0; i < script_.seats.size(); ++i)
        if (script_.seats[i].user == seat.user) oracle_.lost_rights(i);
}

/// All that were handed out until now are too old; those handed out later are not.
void World::tokens_expire(Draw draw)
{
    tell("change-tracking tokens expire sooner for a while");
    expiry_happened_ = true;
    oracle_.seems_restored();
    (void)office_->organization->set_setting("change_tracking_retention", "1");
    const Clock::Milliseconds wait{draw.between(5'000, 120'000)};
    // Both answers to an expired token are known.
    tokens_expire_soon_ = true;
    expired_status_ = draw.chance(0.5) ? "410" : "400";
    (void)office_->organization->set_setting("expired_token_status", expired_status_);
    time_->call_after(wait, [this] {
        tokens_expire_soon_ = false;
        (void)office_->organization->set_setting("change_tracking_retention", "7d");
    });
}

void World::restore()
{
    if (!backed_up_) return;
    count("happened: organization restored");
    tell("the organization is set back to its backup");
    for (const auto& desk : desks_)
        if (desk->alive()) doomed_.insert(desk->setup().number);
    settle_down();
    kept_office_->restore();
    office_ = &**kept_office_;
    heeded_ = office_->log.size();
    for (const char* const user : {"ada", "dan"}) {
        const server::Depth depth = lowered_.contains(user) ? server::Depth::basic : server::Depth::global;
        (void)office_->organization->set_depth(user, depth);
    }
    oracle_.organization_restored(read_all("root", {}));
}

void World::heed_references(std::size_t where, const std::string& body)
{
    for (const RecordKey& key : referred_to_by(body)) oracle_.referred(where, key);
}

void World::heed_claim(std::size_t where, const TrackedTable& table, std::int64_t version)
{
    Installation& desk = *desks_[where];
    const Seat& seat = desk.setup().seat;
    // What others lack may have left what they see.
    const bool sees_everything = seat.contact_filter.empty() && !lowered_.contains(seat.user) &&
                                 office_->organization->user(seat.user)->depth == server::Depth::global;
    if (!sees_everything) return;
    const auto is_open = [&desk](const RecordKey& key) {
        const auto state = desk.store().state(key);
        const auto record = desk.store().get(key);
        if (!state || !record) return true;
        const bool became_another = *record && (*record)->key != key;
        return state->dirty() || state->staged || became_another;
    };
    if (oracle_.asked_since(where, table.name, version, desk.see_all(table), is_open))
        count("checkpoints compared");
}

void World::sends(std::size_t where, const http::Request& request)
{
    if (!desks_[where]->alive() || desks_[where]->crashed()) return;
    for (const std::string_view text : {std::string_view(request.url), std::string_view(request.body)})
        for (const auto& [table, version] : claims_in(text)) heed_claim(where, *table, version);
}

bool World::outrun(const http::Request& request)
{
    const std::vector<RecordKey> keys = written_by(request.body);
    if (request.method != "POST" || keys.empty() || !oracle_.there(keys.front())) return false;
    const bool meeting = keys.front().table == "appointment";
    return put(keys.front(), std::string(meeting ? R"({"location":"O)" : R"({"telephone1":"O)") +
                                 std::to_string(++last_value_) + "\"}");
}

void World::bump(const http::Request& request)
{
    for (const RecordKey& key : written_by(request.body))
        if (bumped_.contains(key) && oracle_.there(key)) {
            count("bumped");
            put(key, R"({"fax":")" + std::to_string(++last_value_) + "\"}");
        }
}

/// A job that runs right after a write.
void World::rewrite(const std::vector<RecordKey>& written)
{
    for (const RecordKey& key : written) {
        const std::string text = text_of(oracle_.there(key), "jobtitle");
        if (key.table != "contact" || text.empty() || text.starts_with("Dr. ")) continue;
        count("rewritten");
        put(key, R"({"jobtitle":)" + json_text("Dr. " + text) + "}");
    }
}

} // namespace hawser::simulation
