#include "base/time_text.h"
#include "hawser/typed.h"
#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

template <class T>
T back(const T& value)
{
    Record record;
    record.key.id = value.id;
    record.columns = value.to_fields();
    return T::from(record);
}

Instant at(const char* text)
{
    return *parse_instant(text);
}

} // namespace

TEST_CASE("Typed records reach the organization column by column and come back the same", "[typed]")
{
    const auto clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
    desk.choose({{"account", ""}, {"contact", ""}, {"appointment", ""}, {"task", ""}, {"email", ""}});
    desk.sync();

    Account account;
    account.name = "Fabrikam";
    account.website = "https://fabrikam.example";
    account.id = desk.create("account", account.to_fields());
    Contact contact;
    contact.first_name = "Ada";
    contact.last_name = "Lovelace";
    contact.email = "ada@fabrikam.example";
    contact.parent = Lookup{"account", account.id};
    contact.id = desk.create("contact", contact.to_fields());
    Appointment appointment;
    appointment.subject = "Review";
    appointment.location = "Here";
    appointment.start = at("2026-11-03T10:00:00Z");
    appointment.end = at("2026-11-03T11:00:00Z");
    appointment.parties = {{{}, "kim@example.com", {5}}};
    appointment.regarding = Lookup{"account", account.id};
    appointment.id = desk.create("appointment", appointment.to_fields());
    Task task;
    task.subject = "Call";
    task.due = at("2026-11-05T09:00:00Z");
    task.percent_complete = 50;
    task.id = desk.create("task", task.to_fields());
    Email email;
    email.subject = "Hello";
    email.body = "How are you?";
    email.regarding = Lookup{"contact", contact.id};
    email.id = desk.create("email", email.to_fields());
    desk.sync();
    desk.check_equal();

    CHECK(office.value("accounts", account.id, "websiteurl") == "https://fabrikam.example");
    CHECK(office.value("contacts", contact.id, "fullname") == "Ada Lovelace");
    CHECK(office.value("contacts", contact.id, "_parentcustomerid_value") == account.id.text());
    CHECK(office.value("appointments", appointment.id, "location") == "Here");
    CHECK(office.value("tasks", task.id, "percentcomplete") == "50");
    CHECK(office.value("emails", email.id, "subject") == "Hello");

    const auto here = [&](const char* table, const Guid& id) {
        Record record;
        record.key = {table, id};
        record.columns = (*desk.store->get({table, id}))->fields;
        return record;
    };
    CHECK(Account::from(here("account", account.id)).name == "Fabrikam");
    CHECK(Contact::from(here("contact", contact.id)).parent == contact.parent);
    const Appointment met = Appointment::from(here("appointment", appointment.id));
    CHECK(met.start == appointment.start);
    CHECK(met.regarding == appointment.regarding);
    CHECK(met.parties.size() == 1);
    CHECK(Task::from(here("task", task.id)).due == task.due);
    CHECK(Email::from(here("email", email.id)).regarding == email.regarding);
}

TEST_CASE("An empty typed record writes nothing that clears, and a difference says what to write", "[typed]")
{
    Contact before;
    before.id = guid(1);
    before.last_name = "Lovelace";
    before.mobile_phone = "555";
    CHECK(back(before).to_fields() == before.to_fields());
    Contact after = before;
    after.mobile_phone.clear();
    after.job_title = "Countess";
    const Fields changes = difference(before.to_fields(), after.to_fields());
    CHECK(changes == Fields{{"jobtitle", std::string("Countess")}, {"mobilephone", Null{}}});
    CHECK(difference(before.to_fields(), before.to_fields()).empty());
}
