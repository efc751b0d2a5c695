#include "hawser/typed.h"

#include "base/time_text.h"

#include <utility>

namespace hawser {
namespace {

/// Reads columns by name; what is absent or of another type is empty.
class Reader {
public:
    explicit Reader(const Fields& fields) : fields_(fields) {}

    std::string text(std::string_view column) const
    {
        return value<std::string>(column).value_or(std::string());
    }
    std::int64_t number(std::string_view column) const { return value<std::int64_t>(column).value_or(0); }
    bool flag(std::string_view column, bool absent) const { return value<bool>(column).value_or(absent); }
    std::optional<Lookup> lookup(std::string_view column) const { return value<Lookup>(column); }

    std::optional<Instant> instant(std::string_view column) const
    {
        const auto found = value<std::string>(column);
        return found ? parse_instant(*found) : std::nullopt;
    }

    std::vector<Party> parties() const
    {
        for (const auto& [column, value] : fields_)
            if (const auto* collection = std::get_if<Collection>(&value))
                if (auto parties = collection_to_parties(*collection)) return *std::move(parties);
        return {};
    }

private:
    template <class T>
    std::optional<T> value(std::string_view column) const
    {
        const auto found = fields_.find(column);
        if (found == fields_.end()) return std::nullopt;
        const T* held = std::get_if<T>(&found->second);
        return held ? std::optional<T>(*held) : std::nullopt;
    }

    const Fields& fields_;
};

class Writer {
public:
    Writer& text(std::string column, const std::string& value)
    {
        if (!value.empty()) fields_[std::move(column)] = value;
        return *this;
    }
    Writer& instant(std::string column, const std::optional<Instant>& value)
    {
        if (value) fields_[std::move(column)] = to_text(*value);
        return *this;
    }
    Writer& lookup(std::string column, const std::optional<Lookup>& value)
    {
        if (value) fields_[std::move(column)] = *value;
        return *this;
    }
    template <class T>
    Writer& set(std::string column, T value)
    {
        fields_[std::move(column)] = value;
        return *this;
    }
    Writer& parties(std::string column, const std::vector<Party>& parties)
    {
        if (!parties.empty()) fields_[std::move(column)] = parties_to_collection(parties);
        return *this;
    }
    Fields done() { return std::move(fields_); }

private:
    Fields fields_;
};

} // namespace

Contact Contact::from(const Record& record)
{
    const Reader read(record.columns);
    return {record.key.id,
            read.text("firstname"),
            read.text("lastname"),
            read.text("jobtitle"),
            read.text("emailaddress1"),
            read.text("telephone1"),
            read.text("mobilephone"),
            read.lookup("parentcustomerid")};
}

Fields Contact::to_fields() const
{
    return Writer()
        .text("firstname", first_name)
        .text("lastname", last_name)
        .text("jobtitle", job_title)
        .text("emailaddress1", email)
        .text("telephone1", business_phone)
        .text("mobilephone", mobile_phone)
        .lookup("parentcustomerid", parent)
        .done();
}

Account Account::from(const Record& record)
{
    const Reader read(record.columns);
    return {record.key.id,           read.text("name"),          read.text("telephone1"),
            read.text("websiteurl"), read.text("emailaddress1"), read.lookup("primarycontactid")};
}

Fields Account::to_fields() const
{
    return Writer()
        .text("name", name)
        .text("telephone1", phone)
        .text("websiteurl", website)
        .text("emailaddress1", email)
        .lookup("primarycontactid", primary_contact)
        .done();
}

Email Email::from(const Record& record)
{
    const Reader read(record.columns);
    return {record.key.id,
            read.text("subject"),
            read.text("description"),
            read.text("messageid"),
            read.flag("directioncode", true),
            read.parties(),
            read.lookup("regardingobjectid")};
}

Fields Email::to_fields() const
{
    return Writer()
        .text("subject", subject)
        .text("description", body)
        .text("messageid", message_id)
        .set("directioncode", outgoing)
        .parties("parties", parties)
        .lookup("regardingobjectid", regarding)
        .done();
}

Appointment Appointment::from(const Record& record)
{
    const Reader read(record.columns);
    return {record.key.id,
            read.text("subject"),
            read.text("description"),
            read.text("location"),
            read.instant("scheduledstart"),
            read.instant("scheduledend"),
            read.flag("isalldayevent", false),
            read.parties(),
            read.lookup("regardingobjectid")};
}

Fields Appointment::to_fields() const
{
    return Writer()
        .text("subject", subject)
        .text("description", body)
        .text("location", location)
        .instant("scheduledstart", start)
        .instant("scheduledend", end)
        .set("isalldayevent", all_day)
        .parties("parties", parties)
        .lookup("regardingobjectid", regarding)
        .done();
}

Task Task::from(const Record& record)
{
    const Reader read(record.columns);
    return {record.key.id,
            read.text("subject"),
            read.text("description"),
            read.instant("scheduledstart"),
            read.instant("scheduledend"),
            read.number("percentcomplete"),
            read.number("statecode"),
            read.lookup("regardingobjectid")};
}

Fields Task::to_fields() const
{
    return Writer()
        .text("subject", subject)
        .text("description", body)
        .instant("scheduledstart", start)
        .instant("scheduledend", due)
        .set("percentcomplete", percent_complete)
        .set("statecode", state)
        .lookup("regardingobjectid", regarding)
        .done();
}

Fields difference(const Fields& before, const Fields& after)
{
    Fields changed;
    for (const auto& [column, value] : after) {
        const auto found = before.find(column);
        if (found == before.end() || !(found->second == value)) changed[column] = value;
    }
    for (const auto& [column, value] : before)
        if (!after.contains(column) && !is_null(value)) changed[column] = Null{};
    return changed;
}

} // namespace hawser
