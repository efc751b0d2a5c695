#include "tools/server/core/sample.h"

#include "base/time_text.h"
#include "hawser/random.h"
#include "tools/server/core/founding.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/sample_words.h"

#include <cstdio>

namespace hawser::server {
namespace {

constexpr std::string_view sample_fact = "sample";
constexpr std::size_t wanted_bytes = 1100; ///< Of the JSON of a record's columns that have a value.
constexpr std::size_t bytes_a_column = 28; ///< A column's name with its quotes and marks, on average.

/// Thousandths of the records that go to each table. The last one takes what is left.
struct Share {
    std::string_view table;
    std::size_t thousandths;
};
constexpr Share shares[] = {{"account", 80},   {"contact", 330},    {"lead", 40},        {"opportunity", 40},
                            {"incident", 40},  {"new_project", 10}, {"appointment", 90}, {"task", 90},
                            {"phonecall", 10}, {"annotation", 20},  {"email", 250}};

/// One row being made: columns by name, in any order.
class Draft {
public:
    explicit Draft(const Table& table) : table_(table), slots_(table.columns.size()) {}

    void start()
    {
        for (std::string& slot : slots_) slot.clear();
        size_ = 0;
    }
    void raw(std::string_view column, std::string_view bytes)
    {
        slots_[table_.by_name.find(column)->second].assign(bytes);
        size_ += bytes.size() + bytes_a_column;
    }
    void text(std::string_view column, std::string_view value)
    {
        std::string& slot = slots_[table_.by_name.find(column)->second];
        slot.clear();
        append_quoted(slot, value);
        size_ += slot.size() + bytes_a_column;
    }
    void number(std::string_view column, std::uint64_t value) { raw(column, std::to_string(value)); }
    void lookup(std::string_view column, const Table& target, const Guid& id)
    {
        raw(column, reference_bytes(target.code, id));
        if (table_.parent == column) parent = id;
    }
    std::size_t size() const { return size_; }
    const std::string& slot(std::string_view column) const
    {
        return slots_[table_.by_name.find(column)->second];
    }

    void encode_into(std::string& body) const
    {
        body.clear();
        for (std::size_t at = 0; at < slots_.size(); ++at)
            if (!slots_[at].empty()) append_value(body, static_cast<std::uint16_t>(at), slots_[at]);
    }
    Guid parent;

private:
    const Table& table_;
    std::vector<std::string> slots_;
    std::size_t size_ = 0;
};

struct Person {
    Guid id;
    std::string name;
    std::string address;
};

class SampleMaker {
public:
    SampleMaker(World& world, const Guid& owner, Instant now)
        : world_(world),
          owner_(owner),
          now_(now),
          random_(seeded_random(20240229)),
          party_(table("activityparty")),
          party_draft_(party_)
    {
    }

    void make(const Table& kind, std::size_t count)
    {
        Draft draft(kind);
        for (std::size_t number = 0; number < count; ++number) {
            draft.start();
            draft.parent = {};
            const Guid id = next_id(kind, number);
            stamp(draft, kind);
            if (kind.name == "account") {
                account(draft, id, number);
            } else if (kind.name == "contact") {
                contact(draft, id, number);
            } else if (kind.activity) {
                activity(draft, kind, id, number);
            } else {
                business(draft, kind, number);
            }
            store(draft, kind, id);
        }
    }

private:
    const Table& table(std::string_view name) const { return *world_.catalogue.table(name); }
    std::uint64_t draw(std::uint64_t bound) { return below(*random_, bound); }

    template <class Words>
    const auto& pick(const Words& words)
    {
        return words[static_cast<std::size_t>(draw(words.size()))];
    }

    /// Ids of one table lie close together, as the organization's own sequential ones do.
    Guid next_id(const Table& kind, std::size_t number)
    {
        Guid id;
        const std::uint64_t low = random_->next();
        const auto high = static_cast<std::uint32_t>(number * 2654435761u % 0x1000000u);
        id.bytes[0] = static_cast<std::uint8_t>(number >> 16);
        id.bytes[1] = static_cast<std::uint8_t>(number >> 8);
        id.bytes[2] = static_cast<std::uint8_t>(number);
        id.bytes[3] = static_cast<std::uint8_t>(high >> 8);
        id.bytes[4] = static_cast<std::uint8_t>(kind.code >> 8);
        id.bytes[5] = static_cast<std::uint8_t>(kind.code);
        for (std::size_t at = 6; at < 14; ++at)
            id.bytes[at] = static_cast<std::uint8_t>(low >> ((at - 6) * 8));
        id.bytes[14] = static_cast<std::uint8_t>(high);
        id.bytes[15] = static_cast<std::uint8_t>(number >> 24);
        id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | 0x40);
        id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
        return id;
    }

    std::string time_before(std::uint64_t most_days)
    {
        return to_text(now_ - std::chrono::seconds(static_cast<std::int64_t>(draw(most_days * 86400))));
    }

    void stamp(Draft& draft, const Table& kind)
    {
        const std::string created = time_before(900);
        draft.text("createdon", created);
        draft.text("modifiedon", created);
        draft.lookup("createdby", table("systemuser"), world_.accounts.front().user.id);
        draft.lookup("modifiedby", table("systemuser"), world_.accounts.front().user.id);
        const bool team = owner_ == world_.team;
        draft.lookup("ownerid", table(team ? "team" : "systemuser"), owner_);
        if (kind.column("statecode")) draft.raw("statecode", "0");
        if (kind.column("statuscode")) draft.number("statuscode", kind.name == "task" ? 2 : 1);
    }

    /// Sentences until the record has its size.
    void fill(Draft& draft, std::string_view column, std::size_t most)
    {
        std::string text;
        while (draft.size() + text.size() + bytes_a_column < wanted_bytes) {
            const std::string_view sentence = pick(words::sentences);
            if (text.size() + sentence.size() > most) break;
            text += sentence;
        }
        if (text.empty()) return;
        text.pop_back();
        draft.text(column, text);
    }

    void address(Draft& draft, const std::string& prefix)
    {
        const words::City& city = pick(words::cities);
        const std::string street = std::to_string(1 + draw(240)) + " " + std::string(pick(words::streets));
        const std::string postal = std::to_string(10000 + draw(89999));
        draft.text(prefix + "line1", street);
        draft.text(prefix + "city", city.city);
        draft.text(prefix + "stateorprovince", city.state);
        draft.text(prefix + "postalcode", postal);
        draft.text(prefix + "country", city.country);
        draft.text(prefix + "composite", street + "\r\n" + std::string(city.city) + ", " +
                                             std::string(city.state) + " " + postal + "\r\n" +
                                             std::string(city.country));
    }

    std::string phone()
    {
        char text[32];
        std::snprintf(text, sizeof text, "+%u %u %04u %04u", static_cast<unsigned>(30 + draw(60)),
                      static_cast<unsigned>(100 + draw(900)), static_cast<unsigned>(draw(10000)),
                      static_cast<unsigned>(draw(10000)));
        return text;
    }

    void account(Draft& draft, const Guid& id, std::size_t number)
    {
        const std::string root(words::company_roots[number % words::company_roots.size()]);
        const std::string kind(pick(words::company_kinds));
        std::string name = root + " " + kind + " " + std::string(pick(words::company_forms));
        if (number >= words::company_roots.size())
            name += " " + std::to_string(number / words::company_roots.size());
        const std::string host = lower(root) + "-" + lower(kind) + std::to_string(number) + ".example";
        draft.text("name", name);
        draft.text("accountnumber", "A-" + std::to_string(100000 + number));
        draft.text("websiteurl", "https://www." + host);
        draft.text("emailaddress1", "office@" + host);
        draft.text("telephone1", phone());
        draft.raw("revenue", std::to_string(50000 + draw(9000000)) + ".00");
        draft.number("numberofemployees", 3 + draw(4000));
        draft.raw("creditonhold", "false");
        address(draft, "address1_");
        fill(draft, "description", 1900);
        accounts_.push_back({id, name, host});
    }

    void contact(Draft& draft, const Guid& id, std::size_t number)
    {
        const std::string first(pick(words::first_names));
        const std::string last(pick(words::last_names));
        std::string host = "mail.example";
        if (!accounts_.empty()) {
            const Person& employer = accounts_[static_cast<std::size_t>(draw(accounts_.size()))];
            draft.lookup("parentcustomerid", table("account"), employer.id);
            host = employer.address;
        }
        const std::string mail = "c" + std::to_string(number) + "@" + host;
        draft.text("firstname", first);
        draft.text("lastname", last);
        draft.text("fullname", first + " " + last);
        draft.text("jobtitle", pick(words::jobs));
        draft.text("emailaddress1", mail);
        draft.text("telephone1", phone());
        draft.text("mobilephone", phone());
        draft.raw("donotemail", "false");
        draft.raw("donotphone", draw(10) == 0 ? "true" : "false");
        draft.number("preferredcontactmethodcode", 1 + draw(3));
        if (draw(4) == 0)
            draft.text("birthdate", to_text(now_ - std::chrono::hours(
                                                       24 * (8000 + static_cast<std::int64_t>(draw(12000)))))
                                        .substr(0, 10));
        address(draft, "address1_");
        fill(draft, "description", 1900);
        people_.push_back({id, first + " " + last, mail});
    }

    void business(Draft& draft, const Table& kind, std::size_t number)
    {
        if (kind.name == "lead") {
            const std::string first(pick(words::first_names));
            const std::string last(pick(words::last_names));
            draft.text("subject", pick(words::subjects));
            draft.text("firstname", first);
            draft.text("lastname", last);
            draft.text("fullname", first + " " + last);
            draft.text("companyname", std::string(pick(words::company_roots)) + " " +
                                          std::string(pick(words::company_kinds)));
            draft.text("emailaddress1", "lead" + std::to_string(number) + "@prospects.example");
            draft.text("telephone1", phone());
            draft.number("leadqualitycode", 1 + draw(3));
            address(draft, "address1_");
        } else if (kind.name == "opportunity") {
            draft.text("name", pick(words::subjects));
            customer(draft, "customerid");
            draft.raw("estimatedvalue", std::to_string(1000 + draw(400000)) + ".00");
            draft.text(
                "estimatedclosedate",
                to_text(now_ + std::chrono::hours(24 * static_cast<std::int64_t>(draw(300)))).substr(0, 10));
            draft.number("closeprobability", draw(101));
            draft.number("opportunityratingcode", 1 + draw(3));
        } else if (kind.name == "incident") {
            draft.text("title", pick(words::subjects));
            draft.text("ticketnumber", "CAS-" + std::to_string(10000 + number));
            customer(draft, "customerid");
            draft.number("prioritycode", 1 + draw(3));
            draft.number("caseorigincode", 1 + draw(3));
        } else if (kind.name == "new_project") {
            draft.text("new_name",
                       "Project " + std::to_string(number + 1) + ": " + std::string(pick(words::subjects)));
            customer(draft, "new_accountid");
            draft.raw("new_budgethours", std::to_string(draw(900)) + ".5");
            draft.raw("new_budget", std::to_string(draw(90000)) + ".25");
            draft.number("new_counter", draw(100));
            draft.number("new_phase", 100000000 + draw(4));
            draft.raw("new_topics", "\"1,3\"");
            draft.raw("new_billable", "true");
        } else {
            draft.text("subject", pick(words::subjects));
            if (!people_.empty()) {
                draft.lookup("objectid", table("contact"), people_[number % people_.size()].id);
                draft.text("objecttypecode", "contact");
            }
            draft.raw("isdocument", "false");
        }
        const char* memo = kind.name == "new_project"  ? "new_summary"
                           : kind.name == "annotation" ? "notetext"
                                                       : "description";
        fill(draft, memo, 1900);
    }

    void customer(Draft& draft, std::string_view column)
    {
        if (!accounts_.empty())
            draft.lookup(column, table("account"),
                         accounts_[static_cast<std::size_t>(draw(accounts_.size()))].id);
    }

    void activity(Draft& draft, const Table& kind, const Guid& id, std::size_t number)
    {
        draft.text("activitytypecode", kind.name);
        draft.text("subject", pick(words::subjects));
        draft.number("prioritycode", 1);
        const Person* person =
            people_.empty() ? nullptr : &people_[static_cast<std::size_t>(draw(people_.size()))];
        if (person) draft.lookup("regardingobjectid", table("contact"), person->id);
        const Instant start =
            now_ + std::chrono::minutes(30 * static_cast<std::int64_t>(draw(20000)) - 300000);
        if (kind.name == "email") {
            email(draft, kind, id, number, person);
        } else if (kind.name == "appointment") {
            appointment(draft, kind, id, start, person);
        } else {
            draft.text("scheduledend", to_text(start));
            if (kind.name == "phonecall") draft.raw("directioncode", "true");
            if (kind.name == "task") draft.number("percentcomplete", draw(10) * 10);
        }
        fill(draft, "description", 20000);
    }

    void email(Draft& draft, const Table& kind, const Guid& id, std::size_t number, const Person* person)
    {
        const User& user = world_.accounts.front().user;
        const std::string sender = person ? person->address : "nobody@mail.example";
        const std::string sent = time_before(900);
        draft.raw("statecode", "1");
        draft.raw("statuscode", "4");
        draft.raw("directioncode", "false");
        draft.text("messageid", "<" + std::to_string(number) + "." + std::to_string(draw(1u << 30)) + "@" +
                                    sender.substr(sender.find('@') + 1) + ">");
        draft.text("sender", sender);
        draft.text("torecipients", user.mailbox);
        draft.text("senton", sent);
        draft.text("actualend", sent);
        if (person) add_party(kind, id, 1, &table("contact"), *person);
        add_party(kind, id, 2, &table("systemuser"), {user.id, user.name, user.mailbox});
        if (draw(4) == 0)
            add_party(kind, id, 3, nullptr, {{}, "", "copy" + std::to_string(number) + "@mail.example"});
    }

    void appointment(Draft& draft, const Table& kind, const Guid& id, Instant start, const Person* person)
    {
        const auto minutes = static_cast<std::int64_t>(30 * (1 + draw(6)));
        draft.raw("statecode", "3");
        draft.raw("statuscode", "5");
        draft.text("scheduledstart", to_text(start));
        draft.text("scheduledend", to_text(start + std::chrono::minutes(minutes)));
        draft.number("scheduleddurationminutes", static_cast<std::uint64_t>(minutes));
        draft.raw("isalldayevent", "false");
        draft.raw("instancetypecode", "0");
        draft.text("location", pick(words::cities).city);
        draft.text("globalobjectid", "sample-" + id.text());
        const User& user = world_.accounts.front().user;
        add_party(kind, id, 7, &table("systemuser"), {user.id, user.name, user.mailbox});
        if (person) add_party(kind, id, 5, &table("contact"), *person);
        if (!people_.empty() && draw(3) == 0)
            add_party(kind, id, 6, &table("contact"),
                      people_[static_cast<std::size_t>(draw(people_.size()))]);
    }

    void add_party(const Table& kind, const Guid& activity, std::uint64_t mask, const Table* record,
                   const Person& person)
    {
        party_draft_.start();
        party_draft_.lookup("activityid", kind, activity);
        if (record) {
            party_draft_.lookup("partyid", *record, person.id);
            party_draft_.text("partyidname", person.name);
            party_draft_.text("partyobjecttypecode", record->name);
        }
        party_draft_.text("addressused", person.address);
        party_draft_.number("participationtypemask", mask);
        party_draft_.raw("ispartydeleted", "false");
        party_draft_.raw("instancetypecode", "0");
        store(party_draft_, party_, next_id(party_, parties_++));
    }

    void store(const Draft& draft, const Table& kind, const Guid& id)
    {
        row_.id = id;
        row_.parent = draft.parent;
        row_.owner = kind.ownership == Ownership::user ? owner_ : Guid{};
        draft.encode_into(row_.body);
        world_.storage->insert(kind, row_);
    }

    World& world_;
    Guid owner_;
    Instant now_;
    std::shared_ptr<Random> random_;
    const Table& party_;
    Draft party_draft_;
    std::size_t parties_ = 0;
    StoredRow row_;
    std::vector<Person> accounts_;
    std::vector<Person> people_;
};

} // namespace

Result<Loaded> store_sample(World& world, std::size_t records, Instant now)
{
    if (world.storage->value(sample_fact) || records == 0) return Loaded{};
    const Result<Guid> owner = owner_of_loaded(world);
    if (!owner) return owner.error();
    world.storage->put_value(sample_fact, std::to_string(records));
    SampleMaker maker(world, *owner, now);
    Loaded loaded;
    std::size_t left = records;
    for (const Share& share : shares) {
        const bool last = &share == std::end(shares) - 1;
        const std::size_t count = last ? left : records * share.thousandths / 1000;
        maker.make(*world.catalogue.table(share.table), count);
        loaded.records += count;
        loaded.tables += count > 0 ? 1 : 0;
        left -= count;
    }
    return loaded;
}

} // namespace hawser::server
