#include "tests/simulation/world.h"

#include "base/time_text.h"
#include "tests/simulation/request_told.h"

#include <boost/json.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace hawser::simulation {

namespace {

using Milliseconds = Clock::Milliseconds;

/// On one ground out of so many it is looked where changes and intents go.
constexpr std::uint64_t watched_every = 16;
constexpr int first_accounts = 4;
constexpr int first_contacts = 9;
constexpr int first_meetings = 3;
/// Far more than any story needs; one that comes to it runs in a circle.
constexpr int most_events = 200'000;

std::vector<std::string> users_of(const Script& script)
{
    std::vector<std::string> users;
    for (const Seat& seat : script.seats) users.push_back(seat.user);
    return users;
}

/// Among users that are given with their rights.
bool is_one_of(const std::vector<std::string>& users, const std::string& name)
{
    return std::ranges::any_of(
        users, [&](const std::string& user) { return user.substr(0, user.find(':')) == name; });
}

std::string as_text(Milliseconds time)
{
    const auto seconds = time.count() / 1000;
    char text[40];
    std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld.%03lld", static_cast<long long>(seconds / 3600),
                  static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60),
                  static_cast<long long>(time.count() % 1000));
    return text;
}

} // namespace

Report run(Script script, bool tell)
{
    World world(script, tell);
    world.begin();
    return world.live(std::move(script));
}

World::World(Script script, bool tell)
    : script_(std::move(script)), telling_(tell), time_(tests::monday()), oracle_(users_of(script_))
{
}

World::~World()
{
    desks_.clear();
    context_.poll();
}

void World::tell(const std::string& sentence)
{
    if (!telling_) return;
    std::string line = as_text(time_->elapsed()) + "  " + sentence;
    std::ranges::replace(line, '\n', ' ');
    report_.story.push_back(std::move(line));
}

void World::note(std::string_view what)
{
    report_.trace = stirred(report_.trace, std::hash<std::string_view>{}(what));
    report_.trace = stirred(report_.trace, static_cast<std::uint64_t>(time_->elapsed().count()));
}

/// The organization with what is in it, and everybody's machine.
void World::found()
{
    std::vector<std::string> users = {"ada", "bob:basic", "dan:global:-prvDeleteContact", "carol", "root"};
    for (const Seat& seat : script_.seats)
        if (!is_one_of(users, seat.user)) users.push_back(seat.user);
    if (script_.kept) {
        kept_office_ = std::make_unique<tests::KeptOffice>(*time_, users);
        office_ = &**kept_office_;
    } else {
        memory_office_ = std::make_unique<tests::Office>(*time_, users);
        office_ = memory_office_.get();
    }
    (void)office_->organization->set_setting("expired_token", script_.quiet_token_expiry ? "full" : "error");
    if (Draw(stirred(script_.ground, 4)).chance(0.5))
        (void)office_->organization->set_setting("deletes_of_living", "true");
    if (script_.plugin) {
        (void)office_->organization->set_setting("plugin.contact." + std::string(rewritten_column),
                                                 rewritten_prefix);
        oracle_.has_plugin();
    }
    const auto teams = boost::json::parse(ask("GET", "teams?$select=teamid").body);
    team_ = teams.at("value").at(0).at("teamid").as_string().c_str();
    colleague_ = office_->organization->user("carol")->id.text();
    Draw draw(stirred(script_.ground, 3));
    for (int i = 0; i < first_accounts; ++i) colleague_creates(Draw(draw.next()), "account");
    for (int i = 0; i < first_contacts; ++i) colleague_creates(Draw(draw.next()), "contact");
    Draw meetings(stirred(script_.ground, 45));
    for (int i = 0; script_.meetings && i < first_meetings; ++i) colleague_calls_meeting(meetings);
    for (std::size_t i = 0; i < script_.seats.size(); ++i) {
        Setup setup;
        setup.number = i;
        setup.seat = script_.seats[i];
        setup.meetings = script_.meetings;
        setup.seed = stirred(script_.ground, 500 + i);
        setup.token = office_->token(setup.seat.user);
        setup.binding.organization = office_->organization->organization_id();
        setup.binding.user = office_->organization->user(setup.seat.user)->id;
        setup.binding.mailbox = setup.seat.user + "@organization.example";
        setup.binding.url = "http://127.0.0.1:1";
        setup.options = options_of(i, draw);
        if (script_.ground % watched_every == 0) setup.moved = [this](const std::string& how) { count(how); };
        const bool sees_less = setup.seat.user == "bob" || !setup.seat.contact_filter.empty();
        if (sees_less) oracle_.narrowed(i);
        if (setup.seat.user == "bob") oracle_.lost_rights(i);
        slipped_away_ = slipped_away_ || sees_less;
        networks_.push_back(network_for(i));
        desks_.push_back(std::make_unique<Installation>(std::move(setup), time_, context_, networks_.back()));
    }
}

SynchronizerOptions World::options_of(std::size_t where, Draw& draw)
{
    SynchronizerOptions options;
    options.page_bytes = draw.chance(0.12) ? 3'000 : 2u << 20;
    options.batch_changes = draw.chance(0.12) ? 1 : 250;
    options.mass_change_least = 4;
    if (!draw.chance(0.1)) options.metadata_every = std::chrono::hours{24 * 90};
    oracle_.wants_to_be_asked(where, 4, options.mass_change_share);
    options.ask_mass_change = [this, where](const MassChange& change,
                                            const std::function<void(bool)>& answer) {
        const bool yes = calm_ || Draw(stirred(script_.seed, change.affected)).chance(0.5);
        tell(place(where) + ": is asked about " + std::to_string(change.affected) + " deletions and says " +
             (yes ? "yes" : "no"));
        count(yes ? "mass change: yes" : "mass change: no");
        if (yes) oracle_.asked(where, change.table);
        answer(yes);
    };
    options.cycle_finished = [this, where](const CycleReport&) {
        ++cycles_;
        count("cycles");
        unreported_.erase(where);
        oracle_.cycle_turned(where);
        look(where);
        heed_waiting(where);
    };
    options.log = [this, where](std::string_view, std::string_view event, std::string_view json) {
        // What an earlier cycle did that could not report, as on a full disk, is none of this one's.
        if (event == "cycle.begun" && !unreported_.insert(where).second) look(where);
        if (script_.seats[where].in_background) heed_cycles(where, event, json);
    };
    return options;
}

/// After a failure nothing begins by itself at once.
void World::heed_cycles(std::size_t where, std::string_view event, std::string_view json)
{
    constexpr Milliseconds least{900};
    if (event == "cycle.ended") {
        failed_at_.erase(where);
        if (json.find(R"("outcome":"failed")") != std::string_view::npos)
            failed_at_[where] = time_->elapsed();
    }
    const bool by_itself = json.find(R"("reason":"timer")") != std::string_view::npos ||
                           json.find(R"("reason":"edited")") != std::string_view::npos;
    if (event != "cycle.begun" || !by_itself || !failed_at_.contains(where)) return;
    oracle_.require(time_->elapsed() - failed_at_[where] >= least, 4,
                    place(where) + " tries again at once after a failure");
}

void World::sent_too_soon(std::size_t where, const http::Request& request)
{
    oracle_.require(false, 4,
                    place(where) + " " + told(request) +
                        " before the time is over for which the organization asked for quiet");
}

/// Everybody has the tables aboard before anything goes wrong.
void World::open_the_day()
{
    for (const auto& network : networks_) network->calm = true;
    for (const auto& desk : desks_)
        if (desk->alive()) begin_cycle(*desk);
    pass(std::chrono::minutes{1});
    for (const auto& network : networks_) network->calm = false;
}

void World::begin()
{
    // Whatever is drawn here is the same for all stories on this ground.
    script_.seed = stirred(script_.ground, 29);
    const bool telling = std::exchange(telling_, false);
    found();
    open_the_day();
    for (const auto& desk : desks_) desk->let_go_of_lock();
    telling_ = telling;
    std::string people;
    for (const auto& desk : desks_)
        if (desk->alive()) people += (people.empty() ? "" : ", ") + place(desk->setup().number);
    tell(std::to_string(first_accounts) + " accounts and " + std::to_string(first_contacts) +
         " contacts are there, and these have aboard what they may see: " + people);
}

std::vector<std::filesystem::path> World::folders() const
{
    std::vector<std::filesystem::path> folders;
    for (const auto& desk : desks_) folders.push_back(desk->folder());
    if (kept_office_) folders.push_back(kept_office_->folder());
    return folders;
}

void World::live_through()
{
    for (const auto& desk : desks_) desk->take_lock_again();
    const Milliseconds start = time_->elapsed();
    for (const Deed& deed : script_.deeds) {
        advance(start + deed.at);
        if (oracle_.broken()) break;
        perform(deed);
        settle_down();
    }
    carry_on();
    if (!oracle_.broken()) come_to_rest();
}

Report World::live(Script script)
{
    script_ = std::move(script);
    try {
        live_through();
    } catch (const std::exception& failure) {
        // Such as a replica that cannot be opened any more.
        oracle_.require(false, 1, failure.what());
    }
    for (const auto& desk : desks_) {
        report_.counts["SQLite was told: full"] += desk->times_full();
        report_.counts["SQLite was told: busy"] += desk->times_busy();
    }
    tell("what became of it, and why:");
    for (const auto& desk : desks_)
        if (desk->alive()) collect(*desk);
    report_.broken = oracle_.broken();
    return std::move(report_);
}

/// Whatever befell people, they get their day's work done.
void World::carry_on()
{
    constexpr int most_deeds = 200;
    Draw draw(stirred(script_.seed, 11));
    for (int i = 0; i < most_deeds && !oracle_.broken(); ++i) {
        const bool edits = report_.counts["edits"] < script_.least_edits;
        if (!edits && cycles_ >= script_.busy_cycles) return;
        pass(Milliseconds{draw.chance(0.6) ? draw.between(10, 900) : draw.between(2'000, 60'000)});
        const Act rather = edits ? Act::edit : draw.chance(0.2) ? Act::go_online : Act::cycle;
        const Act act = draw.chance(0.1) ? Act::cycle : rather;
        perform({act, draw.below(script_.seats.size()), {}, draw.next()});
        settle_down();
    }
}

/// Everything that can happen without time passing happens.
void World::settle_down()
{
    while (context_.poll() > 0) {
    }
    for (const auto& desk : desks_)
        if (desk->crashed()) doomed_.insert(desk->setup().number);
    while (!doomed_.empty()) {
        const std::size_t where = *doomed_.begin();
        doomed_.erase(doomed_.begin());
        if (!desks_[where]->alive() && !desks_[where]->crashed()) continue;
        const bool cut_off = desks_[where]->crashed();
        count(cut_off ? "mishap: cut off at a write" : "mishap: killed");
        if (cut_off) count("cut off: " + desks_[where]->end_in_words());
        tell(place(where) + (cut_off ? ": everything ends at a write" : ": the process is killed"));
        if (cut_off) oracle_.lost_power(where);
        desks_[where]->kill();
        failed_at_.erase(where);
        while (context_.poll() > 0) {
        }
        start_again(where);
    }
}

/// After a while.
void World::start_again(std::size_t where)
{
    Draw draw(stirred(script_.seed, static_cast<std::uint64_t>(time_->elapsed().count())));
    time_->call_after(Milliseconds{draw.between(500, 90'000)}, [this, where] {
        if (desks_[where]->alive()) return;
        tell(place(where) + ": the process starts again");
        desks_[where]->start();
        // Once more at once where the first writes were the last ones.
        if (desks_[where]->crashed()) {
            desks_[where]->kill();
            desks_[where]->start();
        }
    });
}

void World::advance(Milliseconds until)
{
    settle_down();
    for (;;) {
        const auto due = time_->next_due();
        if (!due || *due > until || oracle_.broken()) break;
        if (++events_ > most_events) {
            oracle_.require(false, 4, "the story does not come to an end: something runs in a circle");
            break;
        }
        time_->fire_next();
        settle_down();
    }
    if (time_->elapsed() < until && !oracle_.broken()) time_->pass(until - time_->elapsed());
}

void World::look(std::size_t where)
{
    if (!desks_[where]->alive() || desks_[where]->crashed()) return;
    for (const TrackedTable& table : tables_of(script_.meetings))
        oracle_.looked(where, table.name, desks_[where]->see_all(table));
}

void World::befell(std::size_t where, std::uint64_t number, Mishap mishap, const http::Request& request)
{
    report_.befallen.emplace_back(where, number);
    // What is held back counts where it was overtaken.
    if (mishap != Mishap::reordered) count("mishap: " + std::string(name(mishap)));
    if (mishap == Mishap::duplicate) oracle_.doubled(where, request.body);
    if (telling_)
        tell(place(where) + ": request " + std::to_string(number) + " (" + told(request) +
             ") meets: " + std::string(name(mishap)));
}

void World::hides_the_answer(const http::Request& request)
{
    if (!written_by(request.body).empty()) count("mishap: another answer to what was done");
}

http::Answer World::carry(std::size_t where, const http::Request& request)
{
    const std::string* token = http::find_header(request.headers, "Authorization");
    const std::string target = tests::target_of(request.url);
    for (const server::User& user : office_->organization->users())
        if (token && *token == "Bearer " + user.token) {
            if (user.name != script_.seats[where].user) count("another user's token arrived");
            oracle_.arrived(where, user.name, target.find("WhoAmI") != std::string::npos);
        }
    if (request.method != "GET") heed_references(where, request.body);
    for (const RecordKey& key : written_by(request.body)) oracle_.tried(where, key, time_->elapsed());
    if (request.method != "GET" && !bumped_.empty()) bump(request);
    http::Answer answer = tests::carry_out(*office_->organization, request, time_->now(), *office_->random);
    count("requests");
    count_expired(request, answer);
    note(request.method + target + request.body + std::to_string(answer.status));
    if (telling_) tell(place(where) + " " + told(request) + ": " + std::to_string(answer.status));
    heed_log(where);
    late_ = false;
    return answer;
}

/// Both answers that are known to a change-tracking token that is too old: an error, or everything without a word.
void World::count_expired(const http::Request& request, const http::Answer& answer)
{
    constexpr std::string_view expired = "0x80044352";
    const bool is_told = answer.body.find(expired) != std::string::npos;
    if (is_told) count("token expired: " + expired_status_);
    if (is_told || !script_.quiet_token_expiry) return;
    const std::chrono::seconds lifetime =
        tokens_expire_soon_ ? std::chrono::seconds{1} : std::chrono::days{7};
    for (const Instant handed_out : delta_tokens_in(request))
        if (time_->now() - handed_out > lifetime) count("token expired: everything, without a word");
}

void World::delivers(std::size_t where, const http::Request& request, const http::Answer& answer)
{
    // A sweep brings ids and versions without bodies.
    const std::string target = tests::target_of(request.url);
    const auto select = target.find("select=");
    const bool bodies =
        request.method == "POST" || target.find('(') != std::string::npos ||
        (select != std::string::npos && target.find_first_of(",%&", select) != std::string::npos &&
         target[target.find_first_of(",%&", select)] != '&');
    if (bodies) oracle_.received(where, answer.body);
    oracle_.refused(where, written_by(request.body), answer.status, answer.body);
    note(answer.body);
}

void World::run_copy(Installation& desk)
{
    const std::size_t where = desk.setup().number;
    const std::size_t from = *desk.setup().seat.copy_of;
    if (desk.alive() || !desks_[from]->alive() || desks_[from]->crashed()) return;
    count("happened: copy runs, too");
    tell(place(where) + ": a copy of the replica of " + place(from) + " begins to work");
    former_ids_[where] = former_ids_[from];
    oracle_.replica_copied(from, where);
    desk.begin_as_copy_of(*desks_[from]);
}

/// Machines that are off, or asleep with everything on them where it stands.
void World::go_on_holiday(Milliseconds time, bool asleep)
{
    tell(asleep ? "everybody closes their machine for days" : "everybody goes on holiday");
    if (asleep) count("asleep for days");
    for (const auto& desk : desks_) {
        if (asleep && desk->has_engine()) desk->engine().suspend();
        if (!asleep && desk->alive()) doomed_.insert(desk->setup().number);
    }
    settle_down();
    time_->pass(time);
    for (const auto& desk : desks_)
        if (asleep && desk->has_engine()) desk->engine().resume();
}

void World::perform(const Deed& deed)
{
    Installation& desk = *desks_[deed.where];
    note(name(deed.act));
    const bool at_a_machine = deed.act < Act::colleague_create || deed.act == Act::renew_token;
    if (at_a_machine && deed.act != Act::run_copy && !desk.alive()) return;
    count("act: " + std::string(name(deed.act)));
    Draw draw(deed.draw);
    switch (deed.act) {
    case Act::colleague_create:
        return colleague_creates(draw, draw.chance(0.8) ? "contact" : "account");
    case Act::colleague_edit:
        return colleague_edits(draw);
    case Act::colleague_erase:
        return colleague_deletes(draw);
    case Act::colleague_purge:
        return colleague_purges(draw);
    case Act::colleague_meets:
        return colleague_meets(draw);
    case Act::leave:
        return record_leaves(draw);
    case Act::privilege:
        return privilege_changes(script_.seats[deed.where % script_.seats.size()]);
    case Act::rewriting:
        rewriting_ = !rewriting_;
        return tell(rewriting_ ? "a job begins to rewrite what is sent" : "the rewriting job ends");
    case Act::bumping:
        if (const auto key = some_record(draw, "contact"); key && bumped_.empty())
            bumped_.insert(*key);
        else
            bumped_.clear();
        return tell(bumped_.empty() ? "the bumping job ends" : "a job begins to bump a contact");
    case Act::tokens_expire:
        return tokens_expire(draw);
    case Act::back_up:
        backed_up_ = true;
        oracle_.organization_backed_up();
        kept_office_->back_up();
        return tell("the organization is backed up");
    case Act::restore:
        return restore();
    case Act::run_copy:
        return run_copy(desk);
    case Act::holiday:
        return go_on_holiday(std::chrono::hours{24 * draw.between(2, 40)}, draw.chance(0.58));
    default:
        break;
    }
    act(deed, desk);
}

} // namespace hawser::simulation
