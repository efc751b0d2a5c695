#include "tests/simulation/crash_day.h"

#include "localstore/repair.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hawser::tests {
namespace {

using localstore::ChangeKind;

RecordKey contact(int number)
{
    return {"contact", guid(number)};
}

Value text(const char* value)
{
    return std::string(value);
}

Collection attendees(std::initializer_list<const char*> addresses)
{
    std::vector<Party> parties;
    for (const char* address : addresses) parties.push_back({{}, address, {5}});
    return parties_to_collection(parties);
}

Value value_in(const Fields& fields, const std::string& column)
{
    const auto found = fields.find(column);
    return found == fields.end() ? Value{Null{}} : found->second;
}

/// They say when something was written, not what.
constexpr const char* moving_columns[] = {"versionnumber", "modifiedon", "createdon"};

constexpr int account = 1;
constexpr int appointment = 40;
constexpr int new_account = 50;
constexpr int new_contact = 51;
constexpr int new_task = 52;
constexpr int never_sent = 53;
constexpr int group_account = 54;
constexpr int group_contact = 55;
constexpr int late_contact = 56;

} // namespace

std::string text_of(const CrashPoint& point)
{
    const char* const names[] = {"never", "file", "before", "after", "full", "busy"};
    return std::string(names[static_cast<std::size_t>(point.at)]) + ' ' + std::to_string(point.number) + ' ' +
           name(point.loss) + ' ' + std::to_string(point.seed) + ' ' + std::to_string(point.again);
}

// Repair names no VFS: it takes the default one.
CrashDay::CrashDay(const CrashPoint& point)
    : point_(point),
      vfs_(folder_.path(), FaultVfs::Registered::as_default),
      program_(folder_ / "replica.hawser", vfs_, office_, clock_)
{
    office_.put("accounts", guid(account), R"({"name":"Fabrikam"})");
    for (int i = 10; i < 26; ++i)
        office_.put("contacts", guid(i),
                    R"({"firstname":"Ann","lastname":"Number )" + std::to_string(i) +
                        R"(","jobtitle":"Clerk","telephone1":"100"})");
    office_.put("appointments", guid(appointment),
                R"({"subject":"Review","scheduledstart":"2026-11-03T10:00:00Z",)"
                R"("scheduledend":"2026-11-03T11:00:00Z"})");
    office_.log.clear();
    interrupt();
}

void CrashDay::interrupt()
{
    // Longer than anybody waits.
    constexpr std::uint64_t attempts = 150;
    if (point_.at == CrashPoint::At::file) vfs_.crash_at(point_.number, point_.loss, point_.seed);
    if (point_.at == CrashPoint::At::full) vfs_.fill_at(point_.number);
    if (point_.at == CrashPoint::At::busy) vfs_.lock_out(attempts, point_.number);
    program_.exchange().script = [this](std::size_t number, const http::Request&) {
        const bool here = number == point_.number && interruptions_ == 0 &&
                          (point_.at == CrashPoint::At::before || point_.at == CrashPoint::At::after);
        if (!here) return Fault::none;
        vfs_.crash(point_.loss, point_.seed);
        return point_.at == CrashPoint::At::before ? Fault::hang : Fault::hang_done;
    };
    program_.exchange().alter = [this](const http::Request&, const http::Answer& answer) {
        constexpr const char* version_stamp_expired = "0x80044352";
        refused_tokens_ += answer.body.find(version_stamp_expired) != std::string::npos ? 1 : 0;
    };
}

DayEnd CrashDay::run()
{
    for (const Step& step : script()) play(step);
    DayEnd found;
    play({"look at the end", [&] {
              program_.close();
              found = end();
          }});
    return found;
}

void CrashDay::play(const Step& step)
{
    const int most = point_.again == 0 ? 1 : 2;
    for (;;) {
        try {
            if (vfs_.crashed()) start_again();
            step.second();
            if (!vfs_.crashed()) return;
        } catch (const Crashed&) {
        } catch (const std::runtime_error& failure) {
            if (!was_disturbed()) throw std::runtime_error(step.first + ": " + failure.what());
        }
        if (++interruptions_ > most) throw std::runtime_error(step.first + ": it ended once too often");
    }
}

void CrashDay::start_again()
{
    program_.close();
    vfs_.restart();
    clock_->pass(std::chrono::minutes{1});
    if (interruptions_ == 1 && point_.again != 0)
        vfs_.crash_at(vfs_.steps() + point_.again, point_.loss, point_.seed + 1);
    if (spoiled_)
        try_to_open();
    else
        program_.open();
}

/// A damaged replica may open or be refused.
void CrashDay::try_to_open()
{
    try {
        program_.open();
    } catch (const std::runtime_error&) {
        program_.close();
    }
}

/// Whether a failure is no surprise. It is the last of its kind.
bool CrashDay::was_disturbed()
{
    if (interruptions_ > 0 || point_.at == CrashPoint::At::never || point_.ends()) return false;
    vfs_.fill(false);
    vfs_.lock_out(0);
    clock_->pass(std::chrono::minutes{6});
    return true;
}

std::vector<CrashDay::Step> CrashDay::script()
{
    std::vector<Step> steps;
    morning(steps);
    on_the_train(steps);
    afternoon(steps);
    absence(steps);
    evening(steps);
    return steps;
}

void CrashDay::morning(std::vector<Step>& steps)
{
    steps.emplace_back("make the replica", [this] {
        program_.close();
        program_.open();
    });
    steps.emplace_back("first pull", [this] { program_.sync(); });
    steps.emplace_back("go offline", [this] {
        std::function<engine::Task<Result<void>>(engine::Engine&)> leave = [](engine::Engine& engine) {
            return engine.go_offline(Synchronizer::Departure::pull_first);
        };
        program_.take(program_.run<void>(std::move(leave)));
    });
}

/// Edits of every kind.
void CrashDay::on_the_train(std::vector<Step>& steps)
{
    const auto add = [&](const char* what, ChangeKind kind, const RecordKey& key, const Fields& fields = {}) {
        steps.emplace_back(what, [this, kind, key, fields] { edit(kind, key, fields); });
    };
    const RecordKey made{"account", guid(new_account)};
    add("create an account", ChangeKind::create, made, {{"name", text("Contoso")}});
    add("create a contact of it", ChangeKind::create, contact(new_contact),
        {{"lastname", text("New")}, {"parentcustomerid", Lookup{"account", made.id}}});
    add("create a task", ChangeKind::create, {"task", guid(new_task)}, {{"subject", text("Call back")}});
    add("create what is never sent", ChangeKind::create, contact(never_sent), {{"lastname", text("Nobody")}});
    add("delete what was never sent", ChangeKind::remove, contact(never_sent));
    add("change a text", ChangeKind::update, contact(10), {{"jobtitle", text("Buyer")}});
    add("change it again", ChangeKind::update, contact(10),
        {{"jobtitle", text("Head buyer")}, {"donotemail", Value{true}}});
    add("clear a text", ChangeKind::update, contact(11), {{"telephone1", Null{}}});
    add("change what the colleague changes", ChangeKind::update, contact(12),
        {{"jobtitle", text("Mine")}, {"mobilephone", text("777")}});
    add("change what the colleague deletes", ChangeKind::update, contact(13), {{"jobtitle", text("Kept")}});
    add("delete", ChangeKind::remove, contact(14));
    add("delete what the colleague changes", ChangeKind::remove, contact(15));
    add("invite", ChangeKind::update, {"appointment", guid(appointment)},
        {{"parties", attendees({"kim@example.com", "lee@example.com"})}});
    steps.emplace_back("make a group", [this] {
        const RecordKey parent{"account", guid(group_account)};
        group({{ChangeKind::create, parent, {{"name", text("Group")}}},
               {ChangeKind::create,
                contact(group_contact),
                {{"lastname", text("Grouped")}, {"parentcustomerid", Lookup{"account", parent.id}}}},
               {ChangeKind::update, contact(16), {{"jobtitle", text("Grouped")}}},
               {ChangeKind::remove, contact(17), {}}});
    });
    add("change what is undone", ChangeKind::update, contact(18), {{"jobtitle", text("Wrong")}});
    steps.emplace_back("undo it", [this] { undo_edit_of(contact(18)); });
    steps.emplace_back("meanwhile", [this] {
        office_.put("contacts", guid(10), R"({"telephone1":"555 0100"})");
        office_.put("contacts", guid(12), R"({"jobtitle":"Theirs"})");
        office_.erase("contacts", guid(13));
        office_.put("contacts", guid(15), R"({"telephone1":"555 0115"})");
        office_.put("contacts", guid(19), R"({"telephone1":"555 0119"})");
        office_.erase("contacts", guid(20));
    });
}

void CrashDay::afternoon(std::vector<Step>& steps)
{
    steps.emplace_back("go online", [this] {
        std::function<engine::Task<Result<CycleReport>>(engine::Engine&)> come_back =
            [](engine::Engine& engine) { return engine.go_online(); };
        program_.take(program_.run<CycleReport>(std::move(come_back)));
    });
    steps.emplace_back("sync", [this] { program_.sync(); });
    steps.emplace_back("resolve the conflict", [this] { resolve(contact(12), localstore::Side::mine); });
    steps.emplace_back("send the resolution", [this] { program_.sync(); });
    steps.emplace_back("change after the conflict", [this] {
        edit(ChangeKind::update, contact(21), {{"jobtitle", text("Later")}});
    });
    steps.emplace_back("delete after the conflict", [this] { edit(ChangeKind::remove, contact(22)); });
    steps.emplace_back("start the program anew", [this] {
        program_.close();
        program_.open();
    });
    steps.emplace_back("send that", [this] { program_.sync(); });
}

/// The machine sleeps longer than the organization remembers what changed; both answers to that are known.
void CrashDay::absence(std::vector<Step>& steps)
{
    const auto asleep = [this](const char* answer) {
        if (!office_.organization->set_setting("expired_token", answer))
            throw std::runtime_error("the organization does not know that answer");
        clock_->pass(std::chrono::hours{24 * 40});
    };
    steps.emplace_back("change before the long absence", [this] {
        edit(ChangeKind::update, contact(24), {{"jobtitle", text("Before")}});
    });
    steps.emplace_back("delete before the long absence", [this] { edit(ChangeKind::remove, contact(25)); });
    steps.emplace_back("a long absence", [this, asleep] {
        office_.put("contacts", guid(24), R"({"telephone1":"555 0124"})");
        office_.put("contacts", guid(late_contact), R"({"lastname":"Late"})");
        office_.erase("contacts", guid(11));
        asleep("error");
    });
    steps.emplace_back("pull with an expired token", [this] {
        program_.sync();
        if (refused_tokens_ == 0) throw std::runtime_error("no token was refused");
        demand_absence(contact(11));
    });
    steps.emplace_back("a second one", [this, asleep] {
        office_.put("contacts", guid(late_contact), R"({"jobtitle":"Later still"})");
        office_.erase("contacts", guid(19));
        asleep("full");
    });
    steps.emplace_back("pull everything without a word", [this] {
        program_.sync();
        demand_absence(contact(19));
    });
}

void CrashDay::evening(std::vector<Step>& steps)
{
    steps.emplace_back("resync", [this] {
        engine::CycleRequest request;
        request.extent = engine::Puller::Extent::full;
        program_.sync(request);
    });
    steps.emplace_back("change before the repair", [this] {
        edit(ChangeKind::update, contact(23), {{"jobtitle", text("Last")}});
    });
    steps.emplace_back("lose the records", [this] {
        program_.take(program_.store().checkpoint_log());
        program_.close();
        if (vfs_.crashed()) return;
        vfs_.spoil(program_.path(), "hawser_record");
        spoiled_ = true;
    });
    steps.emplace_back("repair", [this] { repair(); });
    steps.emplace_back("sync after the repair", [this] { program_.sync(); });
    steps.emplace_back("compare", [this] {
        ask_again();
        std::function<engine::Task<Result<Verification>>(engine::Engine&)> compare =
            [](engine::Engine& engine) { return engine.verify(); };
        const Verification found = program_.take(program_.run<Verification>(std::move(compare)));
        std::string differences;
        for (const auto& row : found.rows)
            differences += row.record.table + " " + row.record.id.text() + ": " + row.difference + "; ";
        if (found.outcome != Verification::Outcome::equal)
            throw std::runtime_error("the replica differs: " + differences);
    });
}

bool CrashDay::is_done(ChangeKind kind, const RecordKey& key, const Fields& fields)
{
    const auto view = program_.take(program_.store().get(key));
    if (kind == ChangeKind::remove || !view) return kind == ChangeKind::remove && !view;
    return std::all_of(fields.begin(), fields.end(), [&](const auto& member) {
        return value_in(view->fields, member.first) == member.second;
    });
}

void CrashDay::demand_absence(const RecordKey& key)
{
    if (!is_done(ChangeKind::remove, key, {})) throw std::runtime_error("what vanished there is still here");
}

/// A user whose program ended looks first whether the edit is there.
void CrashDay::edit(ChangeKind kind, const RecordKey& key, const Fields& fields)
{
    if (!is_done(kind, key, fields)) program_.write({{kind, key, fields}}, localstore::Grouping::separate);
}

void CrashDay::group(const std::vector<localstore::Edit>& edits)
{
    std::size_t done = 0;
    for (const localstore::Edit& one : edits) done += is_done(one.kind, one.key, one.after) ? 1 : 0;
    if (done == edits.size()) return;
    if (done != 0) throw std::runtime_error("the group is there by half");
    program_.write(edits, localstore::Grouping::one_unit);
}

void CrashDay::undo_edit_of(const RecordKey& key)
{
    localstore::ChangeFilter filter;
    filter.table = key.table;
    filter.id = key.id;
    const auto changes = program_.take(program_.store().changes(filter));
    if (!changes.empty()) program_.take(program_.store().undo(changes.front().sequence, program_.by_user()));
    if (!is_done(ChangeKind::update, key, {{"jobtitle", text("Clerk")}}))
        throw std::runtime_error("the undone edit shows");
}

void CrashDay::resolve(const RecordKey& key, localstore::Side side)
{
    for (const auto& conflict : program_.take(program_.store().conflicts({}))) {
        if (conflict.key != key)
            throw std::runtime_error("another record is in conflict: " + conflict.key.id.text());
        localstore::Resolution resolution;
        resolution.side = side;
        program_.take(program_.store().resolve(conflict.number, resolution, program_.by_user()));
    }
}

void CrashDay::repair()
{
    program_.close();
    const auto repaired = localstore::repair(program_.path(), clock_->now());
    const auto report = program_.take(repaired);
    for (const std::string& lost : report.unreadable)
        if (lost.find("record") == std::string::npos) throw std::runtime_error("it cannot read " + lost);
    if (interruptions_ == 0 && report.unreadable.empty()) throw std::runtime_error("no damage was found");
    spoiled_ = false;
    program_.open();
}

/// Without power the last answers may be forgotten: they are not synced. And an edit that was on its way to
/// a record that is gone waits for its author, who wants the record back.
void CrashDay::ask_again()
{
    if (interruptions_ == 0) return;
    program_.sync();
    localstore::ChangeFilter held;
    held.states = {localstore::ChangeState::held};
    for (const localstore::Change& change : program_.take(program_.store().changes(held)))
        program_.take(program_.store().release(change.sequence, program_.by_user()));
    program_.sync();
}

DayEnd CrashDay::end()
{
    program_.open();
    ask_again();
    const auto figures = program_.take(program_.store().queue_figures());
    if (figures.live() != 0) throw std::runtime_error("something waits");
    if (figures.open_conflicts != 0) throw std::runtime_error("a conflict is open");
    if (!program_.take(program_.store().open_intents()).empty())
        throw std::runtime_error("an intent is open");
    const auto findings = program_.take(program_.store().integrity_check());
    if (!findings.empty()) throw std::runtime_error("the file is not sound: " + findings.front());
    return {contents(), effects(), fates(), records()};
}

std::vector<std::string> CrashDay::contents()
{
    std::vector<std::string> lines;
    for (const char* set : {"accounts", "contacts", "appointments", "tasks"}) {
        const server::Answer answer = office_.ask("GET", set);
        const boost::json::value parsed = boost::json::parse(answer.body);
        for (const boost::json::value& row : parsed.at("value").as_array()) {
            boost::json::object record = row.as_object();
            record.erase("@odata.etag");
            for (const char* moving : moving_columns) record.erase(moving);
            lines.push_back(std::string(set) + ' ' + boost::json::serialize(record));
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::string> CrashDay::effects() const
{
    std::vector<std::string> lines;
    for (const std::string& line : office_.log) {
        boost::json::object entry = boost::json::parse(line).as_object();
        for (const char* moving : {"time", "condition", "version", "part", "client_request_id"})
            entry.erase(moving);
        lines.push_back(boost::json::serialize(entry));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

/// Of every change, also of those whose writing did not return.
std::vector<std::string> CrashDay::fates()
{
    using localstore::ChangeState;
    localstore::ChangeFilter all;
    all.states = {ChangeState::queued, ChangeState::held,       ChangeState::in_flight,
                  ChangeState::parked, ChangeState::contested,  ChangeState::applied,
                  ChangeState::undone, ChangeState::superseded, ChangeState::discarded};
    std::vector<std::string> lines;
    for (const localstore::Change& change : program_.take(program_.store().changes(all))) {
        // How an applied one was known to be: by its answer, or because the organization says the same.
        const std::string reason = change.state == ChangeState::applied ? std::string() : change.reason;
        lines.push_back(change.key.table + ' ' + change.key.id.text() + ' ' +
                        std::to_string(static_cast<int>(change.kind)) + ' ' +
                        std::to_string(static_cast<int>(change.state)) + ' ' + reason);
    }
    return lines;
}

std::vector<std::string> CrashDay::records()
{
    std::vector<std::string> lines;
    for (const std::string& table : program_.take(program_.store().table_names())) {
        localstore::Query all;
        all.table = table;
        all.limit = 1000;
        for (localstore::RecordView& record : program_.take(program_.store().query(all)).records) {
            for (const char* moving : moving_columns) record.fields.erase(moving);
            lines.push_back(table + ' ' + record.key.id.text() + ' ' + std::string(to_text(record.badge)) +
                            ' ' + to_json(record.fields) + (record.partial ? " in part" : ""));
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

} // namespace hawser::tests
