// Appointments: whoever takes part is a list of which each request sends the whole.

#include "tests/simulation/world.h"

#include <algorithm>

namespace hawser::simulation {

namespace {

using localstore::ChangeKind;

/// Whom everybody may invite; the organization knows their addresses.
constexpr const char* colleagues[] = {"ada", "bob", "carol"};
constexpr int attendee = 5;
constexpr int optional_attendee = 6;

int some_role(Draw& draw)
{
    return draw.chance(0.5) ? attendee : optional_attendee;
}

Guid drawn_guid(Draw& draw)
{
    Guid id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(draw.below(256));
    return id;
}

std::string mark(const std::string& who, Draw& draw)
{
    return who + "-" + std::to_string(draw.below(1'000'000'000));
}

std::string address(const std::string& who, Draw& draw)
{
    return mark(who, draw) + "@example.com";
}

/// The list as a request says it.
std::string list_of(const std::set<std::string>& guests)
{
    std::string list;
    for (const std::string& guest : guests) {
        const auto end = guest.rfind(' ');
        const std::string who = guest.substr(0, end);
        const std::string bound =
            Guid::parse(who) ? R"x("partyid_systemuser@odata.bind":"/systemusers()x" + who + R"x()")x"
                             : R"("addressused":")" + who + '"';
        list += (list.empty() ? "{" : ",{") + bound + R"(,"participationtypemask":)" + guest.substr(end + 1) +
                "}";
    }
    return "[" + list + "]";
}

} // namespace

void World::colleague_calls_meeting(Draw& draw)
{
    const RecordKey key{"appointment", drawn_guid(draw)};
    const std::set<std::string> guests{address("C", draw) + " 5", address("C", draw) + " 5"};
    const bool done =
        put(key, R"({"subject":")" + mark("C", draw) + R"(","scheduledstart":"2026-11-03T10:00:00Z",)" +
                     R"("scheduledend":"2026-11-03T11:00:00Z",)" + R"x("ownerid@odata.bind":"/teams()x" +
                     team_ + R"x()",)x" + R"("appointment_activity_parties":)" + list_of(guests) + "}");
    tell("a colleague calls appointment " + key.id.text() + (done ? "" : ", in vain"));
}

void World::colleague_meets(Draw draw)
{
    const auto key = some_record(draw, "appointment");
    if (!key || draw.chance(0.1)) return colleague_calls_meeting(draw);
    if (draw.chance(0.07)) {
        tell("a colleague calls appointment " + key->id.text() + " off");
        (void)office_->ask("DELETE", "appointments(" + key->id.text() + ")", {}, {}, "carol");
        return heed_log(std::nullopt);
    }
    if (draw.chance(0.25)) {
        const std::string place = mark("C", draw);
        tell("a colleague moves appointment " + key->id.text() + " to " + place);
        put(*key, R"({"location":")" + place + "\"}");
        return;
    }
    std::set<std::string> guests = guests_in(text_of(oracle_.there(*key), "parties"));
    std::string deed;
    if (guests.empty() || draw.chance(0.65)) {
        const bool is_user = draw.chance(0.4);
        const std::string guest =
            is_user ? office_->organization->user(draw.pick(std::to_array(colleagues)))->id.text() + " " +
                          std::to_string(some_role(draw))
                    : address("C", draw) + " 5";
        guests.insert(guest);
        deed = "invites " + guest + " to";
    } else {
        const auto guest = std::next(guests.begin(), static_cast<std::ptrdiff_t>(draw.below(guests.size())));
        deed = "takes " + *guest + " out of";
        guests.erase(guest);
    }
    tell("a colleague " + deed + " appointment " + key->id.text());
    (void)office_->ask("PUT", "appointments(" + key->id.text() + ")/appointment_activity_parties",
                       R"({"value":)" + list_of(guests) + "}", {}, "carol");
    heed_log(std::nullopt);
}

void World::meet(Installation& desk, Draw& draw)
{
    const std::string who = "P" + std::to_string(desk.setup().number);
    std::vector<RecordKey> keys;
    for (const auto& [id, row] : desk.see_all(*tracked("appointment"))) keys.push_back({"appointment", id});
    if (keys.empty() || draw.chance(0.15)) {
        const Collection guests = parties_to_collection({{{}, address(who, draw), {attendee}}});
        return write(desk, {{ChangeKind::create,
                             {"appointment", drawn_guid(draw)},
                             {{"subject", mark(who, draw)},
                              {"scheduledstart", std::string("2026-11-03T10:00:00Z")},
                              {"scheduledend", std::string("2026-11-03T11:00:00Z")},
                              {"parties", guests}}}});
    }
    // Few records meet many edits.
    const RecordKey key = keys[std::min(draw.below(keys.size()), draw.below(keys.size()))];
    if (draw.chance(0.05)) return write(desk, {{ChangeKind::remove, key, {}}});
    change_meeting(desk, key, draw);
}

void World::change_meeting(Installation& desk, const RecordKey& key, Draw& draw)
{
    const std::string who = "P" + std::to_string(desk.setup().number);
    Fields fields;
    if (draw.chance(0.3)) fields[draw.chance(0.5) ? "subject" : "location"] = mark(who, draw);
    if (fields.empty() || draw.chance(0.5)) {
        const auto record = desk.store().get(key);
        if (!record || !*record) return;
        const auto held = (*record)->fields.find("parties");
        const Collection* list =
            held == (*record)->fields.end() ? nullptr : std::get_if<Collection>(&held->second);
        std::vector<Party> parties =
            list ? collection_to_parties(*list).value_or(std::vector<Party>{}) : std::vector<Party>{};
        if (!parties.empty() && draw.chance(0.35))
            parties.erase(parties.begin() + static_cast<std::ptrdiff_t>(draw.below(parties.size())));
        else if (draw.chance(0.45))
            parties.push_back(
                {{"systemuser", office_->organization->user(draw.pick(std::to_array(colleagues)))->id},
                 {},
                 {some_role(draw)}});
        else
            parties.push_back({{}, address(who, draw), {attendee}});
        fields["parties"] = parties_to_collection(parties);
    }
    write(desk, {{ChangeKind::update, key, std::move(fields)}});
}

} // namespace hawser::simulation
