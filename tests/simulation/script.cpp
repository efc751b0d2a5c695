#include "tests/simulation/script.h"

#include "tests/simulation/draw.h"

#include <algorithm>

namespace hawser::simulation {

namespace {

struct Frequent {
    Act act;
    int weight;
};

constexpr Frequent at_a_seat[] = {
    {Act::create, 18},     {Act::edit, 76},      {Act::erase, 10},    {Act::unit, 10},
    {Act::former_id, 4},   {Act::undo, 6},       {Act::discard, 2},   {Act::hold, 2},
    {Act::release, 4},     {Act::retry, 2},      {Act::resolve, 8},   {Act::cycle, 20},
    {Act::verify, 1},      {Act::go_offline, 3}, {Act::go_online, 5}, {Act::suspend, 1},
    {Act::clock_jump, 1},  {Act::disk_full, 1},  {Act::busy, 1},      {Act::wrong_user, 1},
    {Act::renew_token, 1}, {Act::crash, 3},
};
constexpr Frequent elsewhere[] = {
    {Act::colleague_create, 4}, {Act::colleague_edit, 24}, {Act::colleague_erase, 4},
    {Act::colleague_purge, 1},  {Act::leave, 2},           {Act::privilege, 1},
    {Act::rewriting, 2},        {Act::bumping, 2},         {Act::tokens_expire, 1},
};

template <std::size_t N>
Act frequent(const Frequent (&among)[N], Draw& draw)
{
    int total = 0;
    for (const Frequent& one : among) total += one.weight;
    auto left = static_cast<int>(draw.below(static_cast<std::uint64_t>(total)));
    for (const Frequent& one : among)
        if ((left -= one.weight) < 0) return one.act;
    return among[0].act;
}

void set_back(Script& script, Draw& draw, Act keep, Act bring_back, std::size_t where)
{
    const auto end = static_cast<double>(script.deeds.back().at.count());
    const auto at = [&](double part) { return Clock::Milliseconds{static_cast<std::int64_t>(part * end)}; };
    const double kept = 0.2 + 0.4 * static_cast<double>(draw.below(100)) / 100;
    script.deeds.push_back({keep, where, at(kept), draw.next()});
    script.deeds.push_back({bring_back, where, at(kept + 0.3), draw.next()});
}

/// Who is there, and how they are set up.
void settle_ground(Script& script)
{
    Draw draw(stirred(script.ground, 23));
    script.quiet_token_expiry = draw.chance(0.5);
    script.kept = draw.chance(0.14);
    script.meetings = Draw(stirred(script.ground, 213)).chance(0.1);
    script.plugin = Draw(stirred(script.ground, 227)).chance(0.15);
    const bool in_background = draw.chance(0.05);
    const std::size_t seats = 2 + draw.below(100) / 88;
    const char* const users[] = {"ada", "ada", "bob", "dan"};
    for (std::size_t i = 0; i < seats; ++i) {
        Seat seat;
        seat.user = i == 0 ? "ada" : draw.pick(std::to_array(users));
        seat.in_background = in_background;
        if (draw.chance(0.2)) seat.contact_filter = "statecode eq 0";
        seat.some_columns = draw.chance(0.4);
        seat.frail = draw.chance(0.24);
        script.seats.push_back(std::move(seat));
    }
    if (script.kept || !draw.chance(0.17)) return;
    Seat copy = script.seats.front();
    copy.frail = false;
    copy.copy_of = 0;
    script.seats.push_back(std::move(copy));
}

/// What happens once in a story. One at most: what each allows, the oracle knows of it alone.
void add_rare_deeds(Script& script, Draw& draw)
{
    const std::uint64_t rare = draw.below(100);
    const std::size_t last = script.seats.size() - 1;
    if (script.seats.back().copy_of) {
        const std::size_t at = script.deeds.size() * (10 + draw.below(60)) / 100;
        script.deeds.push_back({Act::run_copy, last, script.deeds[at].at, draw.next()});
        return;
    }
    script.restores = script.kept && rare < 80;
    if (script.restores)
        set_back(script, draw, Act::back_up, Act::restore, 0);
    else if (!script.kept && rare < 32)
        set_back(script, draw, Act::keep_copy, Act::older_copy, last);
    else if (!script.kept && rare < 70)
        script.deeds.push_back({Act::holiday, 0, script.deeds[script.deeds.size() / 2].at, draw.next()});
}

/// All at moments at which something happens anyway.
void add_meetings(Script& script)
{
    if (!script.meetings) return;
    Draw draw(stirred(script.seed, 43));
    const std::size_t others = script.deeds.size();
    for (std::uint64_t i = 20 + draw.below(15); i > 0; --i) {
        const Act act = draw.chance(0.3) ? Act::colleague_meets : Act::meet;
        const std::size_t where = draw.below(script.seats.size());
        script.deeds.push_back({act, where, script.deeds[draw.below(others)].at, draw.next()});
    }
}

} // namespace

Script write_script(std::uint64_t seed)
{
    Draw draw(stirred(seed, 17));
    Script script;
    script.seed = seed;
    script.ground = seed / stories_a_ground;
    settle_ground(script);
    constexpr double rates[] = {0, 0.02, 0.06, 0.15, 0.3};
    script.mishaps = draw.pick(std::to_array(rates));
    const std::size_t seats = script.seats.size();
    Clock::Milliseconds now{0};
    const std::uint64_t deeds = 70 + draw.below(28);
    for (std::uint64_t i = 0; i < deeds; ++i) {
        // People work in bursts.
        now += Clock::Milliseconds{draw.chance(0.6) ? draw.between(10, 900) : draw.between(2'000, 120'000)};
        const Act act = draw.chance(0.26) ? frequent(elsewhere, draw) : frequent(at_a_seat, draw);
        script.deeds.push_back({act, draw.below(seats), now, draw.next()});
        // Work is cut off while it is done.
        if (act == Act::cycle && draw.chance(0.035))
            script.deeds.push_back({Act::kill, script.deeds.back().where,
                                    now + Clock::Milliseconds{draw.between(10, 4'000)}, draw.next()});
    }
    add_rare_deeds(script, draw);
    add_meetings(script);
    std::ranges::stable_sort(script.deeds, {}, &Deed::at);
    return script;
}

Mishap befalls(const Script& script, std::size_t where, std::uint64_t number, bool changes_a_record)
{
    Draw draw(stirred(stirred(script.seed, 1000 + where), number));
    Mishap mishap = Mishap::none;
    if (draw.chance(script.mishaps)) mishap = static_cast<Mishap>(1 + draw.below(mishap_kinds - 1));
    // To begin again takes as long as fifty requests.
    const bool killed = mishap == Mishap::killed_before || mishap == Mishap::killed_after;
    if (killed && draw.chance(0.6)) mishap = Mishap::none;
    // Few requests are of the kind that it can befall.
    if (mishap == Mishap::none && changes_a_record && draw.chance(script.mishaps / 6))
        mishap = Mishap::outrun;
    const bool spared = script.left_out.contains(mishap) || script.spared.contains({where, number});
    return spared ? Mishap::none : mishap;
}

std::string_view name(Mishap mishap)
{
    constexpr std::string_view names[mishap_kinds] = {
        "none",        "unreachable", "request lost", "answer lost",   "late",
        "slow",        "reordered",   "duplicate",    "truncated",     "401",
        "403 in HTML", "404 in HTML", "410 in HTML",  "outrun",        "429",
        "500",         "503 in HTML", "portal",       "killed before", "killed after"};
    return names[static_cast<std::size_t>(mishap)];
}

std::string_view name(Act act)
{
    constexpr std::string_view names[act_kinds] = {"create",
                                                   "edit",
                                                   "erase",
                                                   "unit",
                                                   "former id",
                                                   "undo",
                                                   "discard",
                                                   "hold",
                                                   "release",
                                                   "retry",
                                                   "resolve",
                                                   "meet",
                                                   "cycle",
                                                   "verify",
                                                   "go offline",
                                                   "go online",
                                                   "kill",
                                                   "suspend",
                                                   "clock jump",
                                                   "disk full",
                                                   "file busy",
                                                   "crash",
                                                   "keep a copy",
                                                   "older copy",
                                                   "copy runs, too",
                                                   "wrong user",
                                                   "colleague creates",
                                                   "colleague edits",
                                                   "colleague deletes",
                                                   "colleague purges",
                                                   "colleague meets",
                                                   "leave a scope",
                                                   "privilege",
                                                   "rewriting job",
                                                   "bumping job",
                                                   "tokens expire",
                                                   "renew token",
                                                   "back up",
                                                   "restore",
                                                   "holiday"};
    return names[static_cast<std::size_t>(act)];
}

} // namespace hawser::simulation
