#include "tests/simulation/storm.h"

#include "engine/context.h"
#include "tests/simulation/installation.h"
#include "tests/simulation/process_use.h"
#include "tests/simulation/storm_server.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace hawser::simulation {

namespace {

using Milliseconds = Clock::Milliseconds;
using std::chrono::seconds;

/// People come to work within this time; the organization has no limit then.
constexpr seconds arrival{900};
constexpr seconds last_quiet{180};
constexpr seconds network_gone{60};
/// A person sees a question and answers it.
constexpr seconds time_to_decide{20};
/// How long a request may be on its way: it may have been sent that much earlier.
constexpr Milliseconds longest_way{200};

/// The clients and what happens to them.
class Storm : public Surrounding {
public:
    Storm(const StormPlan& plan, const std::function<void(const std::string&)>& told)
        : plan_(plan), told_(told)
    {
        script_.seed = plan.seed;
        for (std::size_t i = 0; i < plan.clients; ++i) draws_.emplace_back(stirred(plan.seed, 700 + i));
    }
    ~Storm() override
    {
        clients_.clear();
        context_.poll();
    }

    StormReport run();

    http::Answer carry(std::size_t where, const http::Request& request) override;
    void delivers(std::size_t where, const http::Request& request, const http::Answer& answer) override;
    bool outrun(const http::Request&) override { return false; }
    void kill(std::size_t) override {}
    void sent_too_soon(std::size_t, const http::Request&) override {}
    void befell(std::size_t, std::uint64_t, Mishap, const http::Request&) override {}

private:
    struct Client {
        std::unique_ptr<Installation> desk;
        bool whole = false;
        Milliseconds quiet_from{0};  ///< It knows since then …
        Milliseconds quiet_until{0}; ///< … that it must be quiet until then.
    };

    void let_in(std::size_t where);
    void advance(Milliseconds until);
    void begin_second(seconds now);
    void edit_later(std::size_t where);
    void edit(std::size_t where);
    void cycle_ended(std::size_t where, bool well);
    void decide(std::size_t where);
    void set_whole(std::size_t where, bool whole);
    void judge();
    std::int64_t whole_after(seconds end, seconds next_trouble) const;
    std::uint32_t peak(seconds from, seconds until) const;

    StormPlan plan_;
    const std::function<void(const std::string&)>& told_;
    Script script_{};
    StormReport report_{};
    std::shared_ptr<tests::VirtualClock> time_ = tests::monday();
    engine::Context context_{};
    StormServer server_{plan_, time_};
    std::vector<Client> clients_{plan_.clients};
    std::vector<Draw> draws_{};
    std::uint32_t whole_ = 0;
};

void Storm::let_in(std::size_t where)
{
    Setup setup;
    setup.number = where;
    setup.seat.user = StormServer::user(where);
    tests::Office& office = server_.office();
    setup.seat.in_background = true;
    setup.seed = stirred(plan_.seed, 500 + where);
    setup.token = office.token(setup.seat.user);
    setup.binding.organization = office.organization->organization_id();
    setup.binding.user = office.organization->user(setup.seat.user)->id;
    setup.binding.mailbox = setup.seat.user + "@organization.example";
    setup.binding.url = "http://127.0.0.1:1";
    setup.options.cycle_finished = [this, where](const CycleReport& report) {
        cycle_ended(where, report.outcome == "done");
    };
    auto way = std::make_shared<Network>(*this, script_, time_, where);
    clients_[where].desk = std::make_unique<Installation>(std::move(setup), time_, context_, std::move(way));
}

void Storm::advance(Milliseconds until)
{
    for (;;) {
        while (context_.poll() > 0) {
        }
        const auto due = time_->next_due();
        if (!due || *due > until) break;
        time_->fire_next();
    }
    if (time_->elapsed() < until) time_->pass(until - time_->elapsed());
}

http::Answer Storm::carry(std::size_t where, const http::Request& request)
{
    const Client& client = clients_[where];
    const Milliseconds now = time_->elapsed();
    if (now > client.quiet_from + longest_way && now < client.quiet_until) ++report_.sent_too_soon;
    return server_.carry(request);
}

void Storm::delivers(std::size_t where, const http::Request&, const http::Answer& answer)
{
    if (answer.status != 429) return;
    Client& client = clients_[where];
    client.quiet_from = time_->elapsed();
    client.quiet_until = std::max(client.quiet_until, client.quiet_from + Milliseconds(plan_.retry_after));
}

void Storm::set_whole(std::size_t where, bool whole)
{
    Client& client = clients_[where];
    if (client.whole == whole) return;
    client.whole = whole;
    whole_ += whole ? 1 : -1;
}

void Storm::cycle_ended(std::size_t where, bool well)
{
    const auto figures = clients_[where].desk->store().queue_figures();
    set_whole(where, well && figures && figures->live() == 0);
    if (figures && figures->open_conflicts > 0)
        time_->call_after(time_to_decide, [this, where] { decide(where); });
}

/// What may have been carried out, and others have written to since, is asked about.
void Storm::decide(std::size_t where)
{
    Installation& desk = *clients_[where].desk;
    const auto conflicts = desk.store().conflicts({});
    if (!conflicts || conflicts->empty()) return;
    localstore::Resolution resolution;
    resolution.side = localstore::Side::mine;
    for (const localstore::Conflict& conflict : *conflicts)
        report_.decided +=
            desk.store().resolve(conflict.number, resolution, desk.context_of_a_person()).has_value();
    desk.engine().nudge();
}

void Storm::edit_later(std::size_t where)
{
    const Milliseconds most = 2 * Milliseconds(plan_.an_edit_every);
    time_->call_after(Milliseconds{draws_[where].between(1, most.count())}, [this, where] {
        if (server_.past() >= plan_.end - last_quiet) return;
        edit(where);
        edit_later(where);
    });
}

/// A counter that everybody adds to, or a word that the later one wins.
void Storm::edit(std::size_t where)
{
    Installation& desk = *clients_[where].desk;
    Draw& draw = draws_[where];
    Fields fields;
    RecordKey key = StormServer::contact(static_cast<int>(draw.between(1, StormServer::contacts)));
    const bool adds = draw.chance(0.5);
    const int number = static_cast<int>(draw.between(1, StormServer::accounts));
    const std::int64_t more = draw.between(1, 9);
    if (adds) {
        key = StormServer::account(number);
        const std::string present = text_of(desk.see(key), "numberofemployees");
        fields["numberofemployees"] = (present.empty() ? 0 : std::stoll(present)) + more;
    } else {
        fields["department"] = StormServer::user(where) + "-" + std::to_string(draw.below(1'000'000'000));
    }
    const auto made = desk.write({{localstore::ChangeKind::update, key, fields}}, {});
    if (!made) throw std::runtime_error(made.error().message);
    if (adds) server_.added(number, more);
    ++report_.edits;
    set_whole(where, false);
    desk.engine().nudge();
}

void Storm::begin_second(seconds now)
{
    if (now == plan_.expired_at)
        for (std::size_t i = 0; i < clients_.size(); ++i) set_whole(i, false);
    if (now == plan_.throttled_at - network_gone || now == plan_.throttled_at)
        for (const Client& client : clients_) client.desk->engine().reachable(now == plan_.throttled_at);
    server_.seconds[static_cast<std::size_t>(now.count())].whole = whole_;
    server_.begin_second();
    if (now.count() % 300 == 0)
        told_(std::to_string(now.count() / 60) + " minutes: " + std::to_string(whole_) + " of " +
              std::to_string(clients_.size()) + " clients are whole");
}

StormReport Storm::run()
{
    const ProcessUse before = process_use();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        advance(time_->elapsed() + Milliseconds(arrival) / static_cast<std::int64_t>(clients_.size()));
        let_in(i);
    }
    advance(time_->elapsed() + seconds{60});
    const ProcessUse after = process_use();
    report_.bytes_a_client = (after.bytes - before.bytes) / clients_.size();
    report_.files_a_client = (after.files - before.files) / clients_.size();
    const Milliseconds begun = time_->elapsed();
    server_.open();
    for (std::size_t i = 0; i < clients_.size(); ++i) edit_later(i);
    for (seconds now{0}; now < plan_.end; ++now) {
        advance(begun + now);
        begin_second(now);
    }
    advance(begun + plan_.end);
    judge();
    return std::move(report_);
}

void Storm::judge()
{
    report_.seconds = std::move(server_.seconds);
    for (const StormSecond& second : report_.seconds) {
        report_.requests += second.offered;
        report_.beyond_limit += second.beyond;
    }
    const seconds up = plan_.down_at + plan_.down_for;
    const seconds let_go = plan_.throttled_at + plan_.throttled_for;
    report_.whole_after_down = whole_after(up, plan_.throttled_at);
    report_.whole_after_throttled = whole_after(let_go, plan_.expired_at);
    report_.whole_after_expired = whole_after(plan_.expired_at, plan_.end);
    report_.peak_while_down = peak(plan_.down_at, up);
    report_.peak_after_down = peak(up, plan_.throttled_at);
    report_.peak_after_throttled = peak(let_go, plan_.expired_at);
    report_.peak_after_expired = peak(plan_.expired_at, plan_.end);
    report_.stuck = clients_.size() - whole_;
    report_.wrong_sums = server_.wrong_sums();
}

/// Nearly all: somebody has always just written something.
std::int64_t Storm::whole_after(seconds end, seconds next_trouble) const
{
    for (seconds now = end; now < next_trouble; ++now)
        if (report_.seconds[static_cast<std::size_t>(now.count())].whole * 100 >= (clients_.size() - 1) * 99)
            return (now - end).count();
    return -1;
}

std::uint32_t Storm::peak(seconds from, seconds until) const
{
    std::uint32_t most = 0;
    for (seconds now = from; now < until; ++now)
        most = std::max(most, report_.seconds[static_cast<std::size_t>(now.count())].offered);
    return most;
}

} // namespace

StormReport run(const StormPlan& plan, const std::function<void(const std::string&)>& told)
{
    return Storm(plan, told).run();
}

} // namespace hawser::simulation
