#include "tools/hawser/demo/story.h"

#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace hawser::cli {
namespace {

double seconds_since(Clock::Milliseconds begun)
{
    return std::chrono::duration<double>(system_clock()->elapsed() - begun).count();
}

Error broken(std::string sentence)
{
    return {ErrorKind::stop, "demo.broken", "the demonstration did not hold: " + std::move(sentence)};
}

} // namespace

Story::Story(StoryOptions options, Output& output)
    : options_(std::move(options)), output_(output), organization_(options_.directory)
{
}

void Story::say(const std::string& sentence, Style style)
{
    output_.sentence(sentence, style);
    std::fflush(stdout);
}

Result<StoryFigures> Story::tell()
{
    const auto begun = system_clock()->elapsed();
    using Step = Result<void> (Story::*)();
    for (const Step step : {&Story::gather, &Story::leave, &Story::edit_offline, &Story::edit_elsewhere,
                            &Story::come_back, &Story::settle_conflict, &Story::meet, &Story::check_records,
                            &Story::check_write_log, &Story::verify_all})
        if (const auto done = (this->*step)(); !done) return done.error();
    figures_.seconds = seconds_since(begun);
    return figures_;
}

Result<void> Story::restart(const std::vector<std::string>& arguments)
{
    organization_.stop();
    return organization_.start(arguments);
}

Result<std::vector<RecordKey>> Story::pick(const std::string& table, std::size_t count,
                                           const std::string& where)
{
    Query query;
    query.table = table;
    query.where = where;
    query.limit = count;
    const auto records = laptop_->replica().query(query);
    if (!records) return records.error();
    if (records->size() < count) return broken("there are not enough records of table " + table);
    std::vector<RecordKey> keys;
    for (const Record& record : *records) keys.push_back(record.key);
    return keys;
}

Result<void> Story::gather()
{
    say("An organization starts in a process of its own.", Style::strong);
    std::vector<std::string> content =
        options_.load.empty() ? std::vector<std::string>{"--sample", std::to_string(options_.records)}
                              : std::vector<std::string>{"--load", options_.load};
    // Both read the whole organization, so that Bob sees what Ada made as her own.
    for (const char* user : {"ada:global", "bob:global"}) content.insert(content.end(), {"--user", user});
    if (const auto started = organization_.start(content); !started) return started;

    struct Role {
        std::unique_ptr<Person>& person;
        const char* who;
        const char* user;
        const char* file;
    };
    for (const Role& role : {Role{laptop_, "Ada's laptop", "ada", "ada-laptop.hawser"},
                             Role{desktop_, "Ada's desktop", "ada", "ada-desktop.hawser"},
                             Role{colleague_, "Bob", "bob", "bob.hawser"}}) {
        auto person = Person::join(role.who, organization_, role.user, options_.directory / role.file);
        if (!person) return person.error();
        role.person = *std::move(person);
        const auto begun = system_clock()->elapsed();
        const auto report = role.person->sync();
        if (!report) return report.error();
        if (figures_.records == 0) {
            figures_.records = report->pulled;
            figures_.pull_seconds = seconds_since(begun);
        }
        say(fmt::format("{} pulls {} in {:.1f} seconds.", role.who, count_of(report->pulled, "record"),
                        seconds_since(begun)));
    }
    return {};
}

Result<void> Story::leave()
{
    say("Ada boards a plane: her laptop goes offline.", Style::strong);
    if (const auto gone = laptop_->synchronizer().go_offline(Synchronizer::Departure::pull_first); !gone)
        return gone;
    const auto contacts = pick("contact", 2, "statecode eq 0");
    if (!contacts) return contacts.error();
    apart_ = contacts->at(0);
    same_ = contacts->at(1);
    const auto accounts = pick("account", 1, {});
    if (!accounts) return accounts.error();
    const auto appointments = pick("appointment", 1, "statecode eq 3");
    if (!appointments) return appointments.error();
    meeting_ = appointments->front();
    const auto third = pick("contact", 3, "statecode eq 0");
    if (!third) return third.error();
    doomed_ = third->at(2);
    return {};
}

Result<void> Story::edit_offline()
{
    const std::string first = laptop_->text(apart_, "fullname").value_or(""),
                      second = laptop_->text(same_, "fullname").value_or(""),
                      third = laptop_->text(doomed_, "fullname").value_or("");
    say(fmt::format("Up there she gives {} a new job title and {} a new mobile number,", first, second));
    if (const auto done = laptop_->change(apart_, {{"jobtitle", std::string("Head of Sales")}}); !done)
        return done;
    if (const auto done = laptop_->change(same_, {{"mobilephone", std::string("+1 555 0100")}}); !done)
        return done;
    say(fmt::format("deletes {}, adds an attendee to a meeting,", third));
    const auto deleted = laptop_->replica().write({{ChangeKind::erase, doomed_, {}}});
    if (!deleted) return deleted.error();
    if (const auto done = laptop_->invite(meeting_, "from.the.plane@example.com"); !done) return done;
    say("and writes to a new contact at a new account.");
    const auto account = laptop_->create("account", {{"name", std::string("Skyline Catering")}});
    if (!account) return account.error();
    account_ = *account;
    const auto contact = laptop_->create("contact", {{"firstname", std::string("Grace")},
                                                     {"lastname", std::string("Skyline")},
                                                     {"emailaddress1", std::string("grace@skyline.example")},
                                                     {"parentcustomerid", Lookup{"account", account_.id}}});
    if (!contact) return contact.error();
    contact_ = *contact;
    const auto email =
        laptop_->create("email", {{"subject", std::string("Lunch for the whole row")},
                                  {"description", std::string("Twelve boxes, please.")},
                                  {"parties", parties_to_collection({{{"contact", contact_.id}, {}, {2}}})},
                                  {"regardingobjectid", Lookup{"contact", contact_.id}}});
    if (!email) return email.error();
    email_ = *email;
    const auto status = Synchronizer::status(laptop_->replica());
    if (!status) return status.error();
    say(fmt::format("{} on her disk.", count_of(status->pending, "change waits", "changes wait")));
    return {};
}

Result<void> Story::edit_elsewhere()
{
    say("Meanwhile Bob, online, changes the same records.", Style::strong);
    say("Another column of the first, the same number of the second, the deleted one, and an attendee of the "
        "same meeting.");
    if (const auto done = colleague_->change(apart_, {{"telephone1", std::string("+1 555 0200")}}); !done)
        return done;
    if (const auto done = colleague_->change(same_, {{"mobilephone", std::string("+1 555 0300")}}); !done)
        return done;
    if (const auto done = colleague_->change(doomed_, {{"jobtitle", std::string("Still here")}}); !done)
        return done;
    if (const auto done = colleague_->invite(meeting_, "from.the.office@example.com"); !done) return done;
    const auto report = colleague_->sync();
    if (!report) return report.error();
    const auto status = Synchronizer::status(colleague_->replica());
    if (!status) return status.error();
    if (status->pending > 0) return broken("Bob's changes still wait");
    say(fmt::format("{} on the server.", count_of(report->pushed, "change of his is", "changes of his are")));
    return {};
}

Result<void> Story::come_back()
{
    say("The plane lands. The airport's network loses one answer in four.", Style::strong);
    if (const auto bad = restart({"--faults", "drop_answer=0.25"}); !bad) return bad;
    const auto first = laptop_->synchronizer().go_online();
    const bool lost =
        !first && (first.error().kind == ErrorKind::retry || first.error().kind == ErrorKind::offline ||
                   first.error().kind == ErrorKind::wait);
    if (!first && !lost) return first.error();
    const auto cycles = laptop_->sync_until_sent();
    if (!cycles) return cycles.error();
    figures_.cycles_through_bad_network = *cycles + 1;
    if (const auto good = restart({}); !good) return good;
    say(fmt::format("Everything is sent after {}.",
                    count_of(static_cast<std::uint64_t>(*cycles) + 1, "cycle")));
    return everybody_syncs();
}

Result<void> Story::everybody_syncs()
{
    for (Person* person : {laptop_.get(), desktop_.get(), colleague_.get()}) {
        const auto report = person->sync();
        if (!report) return report.error();
    }
    return {};
}

Result<void> Story::settle_conflict()
{
    const auto conflicts = laptop_->replica().conflicts();
    if (!conflicts) return conflicts.error();
    if (conflicts->size() != 1)
        return broken(
            fmt::format("{} were found where one was made", count_of(conflicts->size(), "conflict")));
    const Conflict& conflict = conflicts->front();
    if (conflict.record != same_ || conflict.columns.size() != 1)
        return broken("the conflict is about something else");
    const ContestedColumn& column = conflict.columns.front();
    say("One question is left for a person:", Style::strong);
    say(fmt::format("  {} of {}: hers {}, Bob's {}.", column.column, conflict.record_name,
                    to_json(column.mine), to_json(column.theirs)));
    say("Ada keeps hers. Everything else went on without waiting for that.");
    const auto resolved = laptop_->replica().resolve(conflict.number, {Resolution::Side::mine, {}});
    if (!resolved) return resolved;
    const auto report = laptop_->sync();
    if (!report) return report.error();
    return {};
}

Result<void> Story::meet()
{
    if (const auto synced = everybody_syncs(); !synced) return synced;
    const auto decisions = laptop_->replica().decisions_since({});
    if (!decisions) return decisions.error();
    say("Why it came out as it did, in Hawser's words:", Style::strong);
    for (const Decision& decision : *decisions) say("  " + decision.sentence, Style::faint);
    return {};
}

Result<void> Story::expect_text(const RecordKey& record, const std::string& column, const std::string& wanted)
{
    for (Person* person : {laptop_.get(), desktop_.get(), colleague_.get()}) {
        const auto found = person->text(record, column);
        if (!found) return found.error();
        if (*found != wanted)
            return broken(
                fmt::format("on {} {} is \"{}\", not \"{}\"", person->who(), column, *found, wanted));
    }
    return {};
}

Result<void> Story::check_records()
{
    struct Expectation {
        RecordKey record;
        const char* column;
        const char* wanted;
    };
    for (const Expectation& one :
         {Expectation{apart_, "jobtitle", "Head of Sales"}, Expectation{apart_, "telephone1", "+1 555 0200"},
          Expectation{same_, "mobilephone", "+1 555 0100"}, Expectation{doomed_, "jobtitle", "Still here"},
          Expectation{account_, "name", "Skyline Catering"}, Expectation{contact_, "lastname", "Skyline"},
          Expectation{email_, "subject", "Lunch for the whole row"}})
        if (const auto held = expect_text(one.record, one.column, one.wanted); !held) return held;
    for (Person* person : {laptop_.get(), desktop_.get(), colleague_.get()}) {
        const auto attendees = person->attendees(meeting_);
        if (!attendees) return attendees.error();
        for (const char* address : {"from.the.plane@example.com", "from.the.office@example.com"})
            if (std::ranges::find(*attendees, address) == attendees->end())
                return broken(fmt::format("on {} the attendee {} is missing", person->who(), address));
    }
    return {};
}

Result<void> Story::verify_all()
{
    for (Person* person : {laptop_.get(), desktop_.get(), colleague_.get()}) {
        const auto verification = person->synchronizer().verify();
        if (!verification) return verification.error();
        if (verification->outcome != Verification::Outcome::equal)
            return broken(person->who() + " differs from the organization");
        std::uint64_t records = 0;
        for (const Verification::Count& count : verification->tables) records += count.equal;
        const auto status = Synchronizer::status(person->replica());
        if (!status) return status.error();
        if (status->pending + status->parked + status->held + status->conflicts > 0)
            return broken("something still waits on " + person->who());
        say(fmt::format("{}: {} compared with the organization, all equal; the queue is empty.",
                        person->who(), count_of(records, "record")),
            Style::good);
    }
    return {};
}

} // namespace hawser::cli
