// Lists that unite: what each side adds and takes out is put together, whoever sends the whole of it.

#include "tests/simulation/oracle.h"

#include <algorithm>
#include <iterator>

namespace hawser::simulation {

namespace {

std::set<std::string> without(const std::set<std::string>& all, const std::set<std::string>& others)
{
    std::set<std::string> rest;
    std::ranges::set_difference(all, others, std::inserter(rest, rest.end()));
    return rest;
}

/// Those who are no address are known to everybody, and anybody may invite them.
bool says_who_invited(const std::string& guest)
{
    return guest.find('@') != std::string::npos;
}

} // namespace

void Oracle::excuse(Person& person, const Place& place)
{
    person.excused.insert(place);
    for (auto& [guest, one] : person.guests[place]) one.is_excused = true;
}

void Oracle::invite(Person& person, const Place& place, const std::string& from, const std::string& to,
                    bool knowing)
{
    const std::set<std::string> before = guests_in(from), after = guests_in(to);
    for (const std::string& guest : without(after, before)) {
        Guest& one = person.guests[place][guest];
        ++one.invited;
        one.is_back = one.is_back || knowing || one.taken_out > 0;
        one.is_in = true;
        one.is_excused = false;
    }
    for (const std::string& guest : without(before, after)) {
        Guest& one = person.guests[place][guest];
        ++one.taken_out;
        one.is_in = false;
        one.is_excused = false;
    }
}

void Oracle::check_guests(Person& person, const Written& written, const Row& before, const Row& now)
{
    if (!now) return;
    for (const TrackedColumn& column : tracked(written.key.table)->columns) {
        if (column.meeting != Meeting::unites) continue;
        const Place place{written.key, std::string(column.name)};
        const std::set<std::string> was = guests_in(text_of(before, column.name)),
                                    is = guests_in(text_of(now, column.name));
        auto& guests = person.guests[place];
        const std::string whose = " of " + called(written.key);
        const bool is_mistaken = person.mistaken.contains(written.key);
        for (const std::string& guest : without(was, is))
            require(guests[guest].taken_out > 0 || is_mistaken, 3,
                    person.name + " took " + guest + " out of " + place.second + whose +
                        ", whom nobody there had taken out");
        for (const std::string& guest : without(is, was)) {
            Guest& one = guests[guest];
            ++one.arrived;
            if (!before || is_mistaken) continue;
            require(one.invited > 0, 3,
                    person.name + " put " + guest + " into " + place.second + whose +
                        ", whom nobody there had invited");
            // Whom somebody took out meanwhile looks as if the refused one of two requests had been the only one.
            const bool is_doubled = std::ranges::any_of(person.doubled, [&](const std::string& body) {
                return body.find(written.key.id.text()) != body.npos;
            });
            require(one.arrived <= one.invited || person.replaced || is_doubled, 2,
                    person.name + " put " + guest + " into " + place.second + whose + " " +
                        std::to_string(one.arrived) + " times");
        }
    }
}

void Oracle::close_guests(std::size_t who)
{
    const Person& person = people_[who];
    for (const auto& [place, guests] : person.guests) {
        const auto& [key, column] = place;
        const auto removed = person.removed.find(key);
        const bool gone = removed != person.removed.end() && removed->second;
        if (gone) continue;
        // What another copy of a replica sends again says what stood there once.
        const bool lived_twice = restored_ || std::ranges::any_of(people_, [&](const Person& other) {
                                     return (other.replaced || other.copied) && other.guests.contains(place);
                                 });
        const std::set<std::string> there = guests_in(text_of(this->there(key), column));
        for (const auto& [guest, one] : guests) {
            const bool was_meant = one.is_in || one.taken_out > 0;
            if (!says_who_invited(guest) || one.is_excused || !was_meant) continue;
            const auto ever = ever_.find(place);
            const bool arrived =
                ever != ever_.end() && std::ranges::any_of(ever->second, [&](const std::string& text) {
                    return guests_in(text).contains(guest);
                });
            require(!one.is_in || arrived, 1,
                    person.name + " put " + guest + " into " + column + " of " + called(key) +
                        "; it never reached the organization and nothing waits any more");
            const bool is_back = std::ranges::any_of(people_, [&, name = &guest](const Person& other) {
                const auto list = other.guests.find(place);
                if (list == other.guests.end()) return false;
                const auto found = list->second.find(*name);
                return found != list->second.end() && found->second.is_back;
            });
            require(one.is_in || !there.contains(guest) || lived_twice || is_back ||
                        ever_deleted_.contains(key),
                    1,
                    person.name + " took " + guest + " out of " + column + " of " + called(key) +
                        "; it is still there, and nobody put it back");
        }
    }
}

} // namespace hawser::simulation
