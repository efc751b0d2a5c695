#include "tools/server/core/rules.h"

#include "base/time_text.h"
#include "tools/server/core/json_text.h"

#include <charconv>
#include <cstdio>

namespace hawser::server {
namespace {

struct Default {
    std::string_view table;
    std::string_view column;
    std::string_view bytes;
};

constexpr Default defaults[] = {
    {"email", "directioncode", "true"},        {"email", "prioritycode", "1"},
    {"appointment", "isalldayevent", "false"}, {"appointment", "instancetypecode", "0"},
    {"appointment", "prioritycode", "1"},      {"task", "prioritycode", "1"},
    {"phonecall", "directioncode", "true"},    {"phonecall", "prioritycode", "1"},
    {"incident", "prioritycode", "2"},         {"recurringappointmentmaster", "instancetypecode", "1"},
    {"annotation", "isdocument", "false"},
};

std::optional<std::string_view> bytes_in(const Table& table, const Values& values, std::string_view name)
{
    const Column* column = table.column(name);
    if (!column) return std::nullopt;
    const auto found = values.find(column->ordinal);
    if (found == values.end()) return std::nullopt;
    return std::string_view(found->second);
}

bool touched(const Table& table, const Payload& payload, std::string_view name)
{
    const Column* column = table.column(name);
    return column && payload.entry(*column);
}

void compute_full_name(const Table& table, Values& values)
{
    if (!table.column("fullname") || !table.column("lastname")) return;
    std::string name = text_in(table, values, "firstname");
    const std::string last = text_in(table, values, "lastname");
    if (!name.empty() && !last.empty()) name += ' ';
    put_text(table, values, "fullname", name + last);
}

void compute_address(const Table& table, Values& values, const std::string& prefix)
{
    if (!table.column(prefix + "composite")) return;
    std::string whole;
    const auto add = [&](std::string_view part, std::string_view separator) {
        if (part.empty()) return;
        if (!whole.empty()) whole += separator;
        whole += part;
    };
    for (const char* line : {"line1", "line2", "line3"}) add(text_in(table, values, prefix + line), "\r\n");
    std::string place = text_in(table, values, prefix + "city");
    for (const char* part : {"stateorprovince", "postalcode"}) {
        const std::string text = text_in(table, values, prefix + part);
        if (!text.empty()) place += (place.empty() ? "" : part[0] == 's' ? ", " : " ") + text;
    }
    add(place, "\r\n");
    add(text_in(table, values, prefix + "country"), "\r\n");
    put_text(table, values, prefix + "composite", whole);
}

void compute_duration(const Table& table, const Payload& payload, Values& values)
{
    if (!table.column("scheduleddurationminutes") || touched(table, payload, "scheduleddurationminutes"))
        return;
    if (!touched(table, payload, "scheduledstart") && !touched(table, payload, "scheduledend")) return;
    const auto start = parse_instant(text_in(table, values, "scheduledstart"));
    const auto end = parse_instant(text_in(table, values, "scheduledend"));
    if (start && end && *end >= *start)
        put_number(table, values, "scheduleddurationminutes", (*end - *start).count() / 60);
}

std::size_t decoded_size(std::string_view base64)
{
    std::size_t size = base64.size() / 4 * 3;
    while (!base64.empty() && base64.back() == '=' && size > 0) {
        --size;
        base64.remove_suffix(1);
    }
    return size;
}

void compute_file(const Call& call, const Table& table, const Payload& payload, Values& values)
{
    const char* body = table.name == "annotation" ? "documentbody" : "body";
    if (!table.column("filesize") || !table.column("objectid")) return;
    if (touched(table, payload, body)) {
        const auto bytes = bytes_in(table, values, body);
        const std::size_t size = bytes ? decoded_size(bytes->substr(1, bytes->size() - 2)) : 0;
        put_number(table, values, "filesize", static_cast<std::int64_t>(size));
        if (table.column("isdocument"))
            values[table.column("isdocument")->ordinal] = bytes ? "true" : "false";
    }
    if (const auto object = bytes_in(table, values, "objectid"))
        if (const Table* parent = call.world.catalogue.code(reference_of(*object).code))
            put_text(table, values, "objecttypecode", parent->name);
}

void compute_completion(const Call& call, const Table& table, const Payload& payload, Values& values)
{
    if (!table.activity || !touched(table, payload, "statecode") || touched(table, payload, "actualend"))
        return;
    if (number_in(table, values, "statecode").value_or(0) == 1 && table.column("actualend") &&
        text_in(table, values, "actualend").empty())
        put_text(table, values, "actualend", to_text(call.now));
}

std::string extension_of(std::string_view name)
{
    const auto point = name.rfind('.');
    return point == std::string_view::npos ? std::string() : lower(name.substr(point + 1));
}

bool listed(std::string_view list, std::string_view word)
{
    for (const std::string_view one : split_outside(list, ';'))
        if (one == word) return true;
    return false;
}

bool is_finished_mail(const Call& call, const Table& table, const Values& values)
{
    return table.name == "email" && call.settings().completed_email_read_only &&
           number_in(table, values, "statecode").value_or(0) != 0;
}

Refusal finished_mail(const std::string& what)
{
    return {405, "0x8004023b",
            "The " + what + " cannot be changed: an email that is completed or canceled is read-only."};
}

} // namespace

std::optional<std::int64_t> default_status(const Column& status, std::int64_t state)
{
    for (const Option& option : status.options)
        if (option.state == state) return option.value;
    return std::nullopt;
}

std::optional<std::int64_t> number_in(const Table& table, const Values& values, std::string_view column)
{
    const auto bytes = bytes_in(table, values, column);
    if (!bytes) return std::nullopt;
    std::int64_t number = 0;
    std::from_chars(bytes->data(), bytes->data() + bytes->size(), number);
    return number;
}

std::string text_in(const Table& table, const Values& values, std::string_view column)
{
    const auto bytes = bytes_in(table, values, column);
    return bytes ? unquoted(*bytes) : std::string();
}

void put_text(const Table& table, Values& values, std::string_view name, std::string_view text)
{
    const std::uint16_t ordinal = table.column(name)->ordinal;
    if (text.empty()) {
        values.erase(ordinal);
    } else {
        values[ordinal] = quoted_text(text);
    }
}

void put_number(const Table& table, Values& values, std::string_view column, std::int64_t number)
{
    values[table.column(column)->ordinal] = std::to_string(number);
}

void apply_defaults(const Call& call, const Table& table, Values& values)
{
    for (const Default& one : defaults)
        if (one.table == table.name) values[table.column(one.column)->ordinal] = one.bytes;
    if (table.activity) put_text(table, values, "activitytypecode", table.name);
    if (table.name == "incident") {
        char ticket[32];
        std::snprintf(
            ticket, sizeof ticket, "CAS-%05llu-%c%c%c%c",
            static_cast<unsigned long long>(call.storage().version() % 100000),
            static_cast<char>('A' + below(call.random, 26)), static_cast<char>('0' + below(call.random, 10)),
            static_cast<char>('A' + below(call.random, 26)), static_cast<char>('0' + below(call.random, 10)));
        put_text(table, values, "ticketnumber", ticket);
    }
}

std::optional<Refusal> settle_state(const Table& table, const Guid& id, const Payload& payload,
                                    Values& values, PayloadUse use)
{
    const Column* state = table.column("statecode");
    const Column* status = table.column("statuscode");
    if (!state || !status) return std::nullopt;
    if (use == PayloadUse::create && !values.count(state->ordinal)) put_number(table, values, "statecode", 0);
    const std::int64_t wanted = number_in(table, values, "statecode").value_or(0);
    const Payload::Entry* given = payload.entry(*status);
    if (!given || !given->bytes) {
        const std::optional<std::int64_t> present = number_in(table, values, "statuscode");
        const Option* option = present ? status->option(*present) : nullptr;
        if (!option || option->state != wanted)
            if (const auto chosen = default_status(*status, wanted))
                put_number(table, values, "statuscode", *chosen);
        return std::nullopt;
    }
    const std::int64_t number = number_in(table, values, "statuscode").value_or(0);
    const Option* option = status->option(number);
    if (option && option->state == wanted) return std::nullopt;
    const Option* state_option = state->option(wanted);
    return Refusal{400, "0x80048408",
                   std::to_string(number) + " is not a valid status code for state code " +
                       table.schema_name + "State." +
                       (state_option ? state_option->label : std::to_string(wanted)) + " on " + table.name +
                       " with Id " + id.text() + "."};
}

void run_plugins(const Call& call, const Table& table, const Payload& payload, Values& values)
{
    for (const auto& [place, prefix] : call.settings().plugin) {
        if (!place.starts_with(table.name + ".")) continue;
        const std::string column = place.substr(table.name.size() + 1);
        const Column* known = table.column(column);
        if (!known || known->kind != Kind::text || !touched(table, payload, column)) continue;
        const std::string text = text_in(table, values, column);
        const bool fits = known->max_length == 0 || prefix.size() + text.size() <= known->max_length;
        if (!text.empty() && !text.starts_with(prefix) && fits)
            put_text(table, values, column, prefix + text);
    }
}

void compute(const Call& call, const Table& table, const Payload& payload, Values& values)
{
    const bool named = touched(table, payload, "firstname") || touched(table, payload, "lastname");
    if (named) compute_full_name(table, values);
    for (const char* prefix : {"address1_", "address2_", "address3_"}) compute_address(table, values, prefix);
    compute_duration(table, payload, values);
    compute_file(call, table, payload, values);
    compute_completion(call, table, payload, values);
}

std::optional<Refusal> check_required(const Table& table, const Values& values)
{
    for (const Column& column : table.columns) {
        if (!column.required || values.count(column.ordinal) > 0) continue;
        if (table.name == "appointment" && column.kind == Kind::date_time)
            return Refusal{400, "0x80040275",
                           "The appointment must have a scheduled start and a scheduled end: '" +
                               column.name + "' is missing."};
        return bad_request("The required field '" + column.name + "' of '" + table.name + "' is missing.");
    }
    if (table.name == "appointment" &&
        text_in(table, values, "scheduledend") < text_in(table, values, "scheduledstart"))
        return bad_request("The scheduled end of an appointment cannot be before its scheduled start.");
    return std::nullopt;
}

std::optional<Refusal> check_file(const Call& call, const Table& table, const Values& values)
{
    const bool note = table.name == "annotation";
    if (!note && table.name != "activitymimeattachment") return std::nullopt;
    const std::string name = text_in(table, values, "filename");
    if (listed(call.settings().blocked_attachments, extension_of(name)))
        return Refusal{400, "0x80043e09",
                       "The attachment is either not a valid type or is too large. It cannot be "
                       "uploaded or downloaded."};
    if (name.find_first_of("\\/:*?\"<>|") != std::string::npos)
        return Refusal{400, "0x80044a08", "The file name '" + name + "' is not valid for an attachment."};
    const auto body = bytes_in(table, values, note ? "documentbody" : "body");
    if (body && body->size() - 2 > static_cast<std::size_t>(call.settings().max_upload_file_size))
        return Refusal{400, "0x80044a02", "Attachment file size is too big."};
    return std::nullopt;
}

std::optional<Refusal> check_still_writable(const Call& call, const Table& table, const Values& values,
                                            const Payload& payload)
{
    if (!is_finished_mail(call, table, values)) return std::nullopt;
    for (const Payload::Entry& entry : payload.entries) {
        const std::string& name = entry.column->name;
        if (name == "regardingobjectid" || name == "statecode" || name == "statuscode" || name == "ownerid")
            continue;
        return finished_mail("column '" + name + "'");
    }
    return std::nullopt;
}

std::optional<Refusal> check_parties_writable(const Call& call, const Table& table, const Values& values)
{
    if (!is_finished_mail(call, table, values)) return std::nullopt;
    return finished_mail("party list");
}

} // namespace hawser::server
