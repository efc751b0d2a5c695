#include "tools/server/core/founding.h"

#include "base/time_text.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/rules.h"

#include <boost/json.hpp>

#include <algorithm>

namespace hawser::server {
namespace {

constexpr const char* mail_domain = "organization.example";

/// Puts one row together by column names, and stores it.
class Draft {
public:
    Draft(World& world, std::string_view table, const Guid& id, Instant now)
        : world_(world), table_(*world.catalogue.table(table))
    {
        row_.id = id;
        text("createdon", to_text(now));
        text("modifiedon", to_text(now));
    }
    Draft& text(std::string_view column, std::string_view value)
    {
        put_text(table_, values_, column, value);
        return *this;
    }
    Draft& number(std::string_view column, std::int64_t value)
    {
        put_number(table_, values_, column, value);
        return *this;
    }
    Draft& flag(std::string_view column, bool value)
    {
        values_[table_.column(column)->ordinal] = value ? "true" : "false";
        return *this;
    }
    Draft& lookup(std::string_view column, std::string_view target, const Guid& id)
    {
        values_[table_.column(column)->ordinal] = reference_bytes(world_.catalogue.table(target)->code, id);
        if (table_.parent == column) row_.parent = id;
        return *this;
    }
    Draft& owner(const Guid& id)
    {
        row_.owner = id;
        return lookup("ownerid", "systemuser", id);
    }
    void store()
    {
        row_.body = encode(values_);
        world_.storage->insert(table_, row_);
    }

private:
    World& world_;
    const Table& table_;
    Values values_;
    StoredRow row_;
};

void found_organization_row(World& world, const Guid& currency, Instant now)
{
    Draft(world, "organization", world.organization, now)
        .text("name", world.name)
        .number("maxuploadfilesize", world.settings.max_upload_file_size)
        .text("blockedattachments", world.settings.blocked_attachments)
        .number("minoutlooksyncinterval", 900000)
        .number("minofflinesyncinterval", 900000)
        .number("minaddressbooksyncinterval", 3600000)
        .flag("allowoutlookscheduledsyncs", true)
        .flag("allowofflinescheduledsyncs", true)
        .flag("allowaddressbooksyncs", true)
        .flag("isduplicatedetectionenabledforofflinesync", true)
        .text("trackingprefix", "CRM:;")
        .number("trackingtokeniddigits", 3)
        .number("trackingtokenidbase", 0)
        .flag("emailcorrelationenabled", true)
        .number("expirechangetrackingindays", world.settings.change_tracking_retention / 86400)
        .number("expiresubscriptionsindays", 90)
        .flag("requireapprovalforuseremail", true)
        .flag("allowunresolvedpartiesonemailsend", false)
        .flag("ignoreinternalemail", false)
        .flag("isfolderbasedtrackingenabled", true)
        .number("maxfolderbasedtrackingmappings", 25)
        .flag("isappointmentattachmentsyncenabled", false)
        .flag("iscontactmailingaddresssyncenabled", false)
        .flag("isassignedtaskssyncenabled", false)
        .number("maxappointmentdurationdays", 10)
        .number("mobileofflinesyncinterval", 600000)
        .flag("isconflictdetectionenabledformobileclient", false)
        .text("orgdborgsettings", "<OrgSettings></OrgSettings>")
        .lookup("basecurrencyid", "transactioncurrency", currency)
        .store();
}

Guid kept_guid(World& world, std::string_view name, Random& random)
{
    if (const auto text = world.storage->value(name))
        if (const auto id = Guid::parse(*text)) return *id;
    const Guid id = Guid::make(random);
    world.storage->put_value(name, id.text());
    return id;
}

std::string account_fact(std::size_t number)
{
    return "account." + std::to_string(number);
}

std::string to_json(const Account& account)
{
    boost::json::array refused;
    for (const std::string& name : account.refused) refused.emplace_back(name);
    const boost::json::object object = {{"id", account.user.id.text()},
                                        {"name", account.user.name},
                                        {"token", account.user.token},
                                        {"mailbox", account.user.mailbox},
                                        {"depth", account.user.depth == Depth::basic ? "basic" : "global"},
                                        {"refused", std::move(refused)}};
    return boost::json::serialize(object);
}

std::optional<Account> from_json(const std::string& text)
{
    boost::json::error_code failure;
    const boost::json::value value = boost::json::parse(text, failure);
    if (failure || !value.is_object()) return std::nullopt;
    const auto member = [&](const char* name) {
        const boost::json::value* found = value.get_object().if_contains(name);
        return found && found->is_string() ? std::string(found->get_string()) : std::string();
    };
    Account account;
    account.user.id = Guid::parse(member("id")).value_or(Guid{});
    account.user.name = member("name");
    account.user.token = member("token");
    account.user.mailbox = member("mailbox");
    account.user.depth = member("depth") == "basic" ? Depth::basic : Depth::global;
    if (const boost::json::value* refused = value.get_object().if_contains("refused");
        refused && refused->is_array())
        for (const boost::json::value& one : refused->get_array())
            if (one.is_string()) account.refused.insert(std::string(one.get_string()));
    return account;
}

std::string capitalized(std::string name)
{
    if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name;
}

void found_mailbox(World& world, const User& user, const Guid& mailbox, Instant now)
{
    Draft(world, "mailbox", mailbox, now)
        .owner(user.id)
        .number("statecode", 0)
        .number("statuscode", 1)
        .text("name", capitalized(user.name))
        .text("emailaddress", user.mailbox)
        .lookup("regardingobjectid", "systemuser", user.id)
        .flag("isforwardmailbox", false)
        .number("emailrouteraccessapproval", 1)
        .flag("isemailaddressapprovedbyo365admin", true)
        .number("actdeliverymethod", 0)
        .number("incomingemaildeliverymethod", 1)
        .number("outgoingemaildeliverymethod", 1)
        .flag("enabledforact", false)
        .flag("enabledforincomingemail", false)
        .flag("enabledforoutgoingemail", false)
        .number("actstatus", 0)
        .number("incomingemailstatus", 0)
        .number("outgoingemailstatus", 0)
        .number("mailboxstatus", 0)
        .flag("isactsyncorgflagset", false)
        .flag("orgmarkedasprimaryforexchangesync", false)
        .store();
}

void found_user_settings(World& world, const User& user, Instant now)
{
    Draft(world, "usersettings", user.id, now)
        .number("incomingemailfilteringmethod", 1)
        .number("autocreatecontactonpromote", 0)
        .number("outlooksyncinterval", 900000)
        .number("offlinesyncinterval", 900000)
        .number("addressbooksyncinterval", 86400000)
        .flag("synccontactcompany", true)
        .flag("isduplicatedetectionenabledwhengoingonline", true)
        .flag("issendasallowed", false)
        .flag("usecrmformforappointment", false)
        .flag("usecrmformforcontact", false)
        .flag("usecrmformforemail", false)
        .flag("usecrmformfortask", false)
        .number("trackingtokenid", static_cast<std::int64_t>(world.accounts.size() + 1))
        .number("nexttrackingnumber", 1)
        .number("timezonecode", 92)
        .number("timezonebias", 0)
        .lookup("businessunitid", "businessunit", world.unit)
        .store();
}

} // namespace

void found(World& world, Instant now, Random& random)
{
    const bool fresh = !world.storage->value("organization");
    world.organization = kept_guid(world, "organization", random);
    world.unit = kept_guid(world, "unit", random);
    world.team = kept_guid(world, "team", random);
    const Guid currency = kept_guid(world, "currency", random);
    for (std::size_t number = 0;; ++number) {
        const auto text = world.storage->value(account_fact(number));
        if (!text) break;
        if (auto account = from_json(*text)) world.accounts.push_back(std::move(*account));
    }
    if (!fresh) return;
    Draft(world, "businessunit", world.unit, now).text("name", "hawser").flag("isdisabled", false).store();
    Draft(world, "team", world.team, now)
        .text("name", "hawser")
        .flag("isdefault", true)
        .number("teamtype", 0)
        .lookup("businessunitid", "businessunit", world.unit)
        .store();
    Draft(world, "transactioncurrency", currency, now)
        .text("currencyname", "US Dollar")
        .text("isocurrencycode", "USD")
        .text("currencysymbol", "$")
        .number("currencyprecision", 2)
        .number("exchangerate", 1)
        .store();
    found_organization_row(world, currency, now);
}

User found_user(World& world, const UserSpecification& specification, Instant now, Random& random)
{
    Account account;
    account.user.id = Guid::make(random);
    account.user.name = specification.name;
    account.user.token = Guid::make(random).text() + Guid::make(random).text();
    std::erase(account.user.token, '-');
    account.user.mailbox = lower(specification.name) + "@" + mail_domain;
    account.user.depth = specification.depth;
    account.refused.insert(specification.refused.begin(), specification.refused.end());
    const Guid mailbox = Guid::make(random);
    Draft(world, "systemuser", account.user.id, now)
        .text("fullname", capitalized(account.user.name) + " Sample")
        .text("firstname", capitalized(account.user.name))
        .text("lastname", "Sample")
        .text("domainname", account.user.mailbox)
        .text("internalemailaddress", account.user.mailbox)
        .flag("isdisabled", false)
        .lookup("businessunitid", "businessunit", world.unit)
        .lookup("defaultmailbox", "mailbox", mailbox)
        .store();
    found_user_settings(world, account.user, now);
    found_mailbox(world, account.user, mailbox, now);
    world.accounts.push_back(account);
    keep_account(world, world.accounts.back());
    return account.user;
}

void keep_account(World& world, const Account& account)
{
    const auto number = static_cast<std::size_t>(&account - world.accounts.data());
    world.storage->put_value(account_fact(number), to_json(account));
}

Result<Guid> owner_of_loaded(const World& world)
{
    if (world.settings.loaded_owner == "team") return world.team;
    for (const Account& account : world.accounts)
        if (account.user.name == world.settings.loaded_owner) return account.user.id;
    return Error{ErrorKind::refuse, "server.setting",
                 "The setting loaded_owner names " + world.settings.loaded_owner +
                     ", who is no user; give team or a user's name."};
}

} // namespace hawser::server
