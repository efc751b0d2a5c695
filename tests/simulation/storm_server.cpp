#include "tests/simulation/storm_server.h"

#include "tests/organization_exchange.h"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace hawser::simulation {

namespace {

using std::chrono::seconds;
constexpr std::int64_t one_request = 1'000;

http::Answer refusal_429(seconds wait)
{
    return {429,
            {{"Content-Type", "application/json"}, {"Retry-After", std::to_string(wait.count())}},
            R"({"error":{"code":"0x80072322","message":"Number of requests exceeded the limit"}})"};
}

http::Answer refusal_503()
{
    return {503, {{"Content-Type", "text/html"}}, "<html>Service Unavailable</html>"};
}

std::vector<std::string> users_of(const StormPlan& plan)
{
    std::vector<std::string> users = {"root"};
    for (std::size_t i = 0; i < plan.clients; ++i) users.push_back(StormServer::user(i));
    return users;
}

} // namespace

StormServer::StormServer(const StormPlan& plan, std::shared_ptr<tests::VirtualClock> time)
    : seconds(static_cast<std::size_t>(plan.end.count())),
      plan_(plan),
      time_(std::move(time)),
      office_(std::make_unique<tests::Office>(*time_, users_of(plan)))
{
    (void)office_->organization->set_setting("expired_token_status", "410");
    (void)office_->organization->set_setting("requests_per_window", "6000");
    for (int i = 1; i <= accounts; ++i) {
        const std::string body = R"({"name":"Firm )" + std::to_string(i) + R"(","numberofemployees":0})";
        (void)office_->ask("PATCH", "accounts(" + account(i).id.text() + ")", body, {}, "root");
        sums_[i] = 0;
    }
    for (int i = 1; i <= contacts; ++i)
        (void)office_->ask("PATCH", "contacts(" + contact(i).id.text() + ")", tests::person(i), {}, "root");
}

std::string StormServer::user(std::size_t where)
{
    return "worker" + std::to_string(where + 1);
}

RecordKey StormServer::account(int number)
{
    return {"account", tests::guid(number)};
}

RecordKey StormServer::contact(int number)
{
    return {"contact", tests::guid(number)};
}

std::chrono::seconds StormServer::past() const
{
    return std::chrono::floor<std::chrono::seconds>(time_->elapsed() - *opened_);
}

bool StormServer::within(std::chrono::seconds from, std::chrono::seconds length) const
{
    return past() >= from && past() < from + length;
}

void StormServer::begin_second()
{
    // What was handed out before that moment is too old, and nothing else is.
    if (past() >= plan_.expired_at)
        (void)office_->organization->set_setting("change_tracking_retention",
                                                 std::to_string((past() - plan_.expired_at).count()));
}

http::Answer StormServer::carry(const http::Request& request)
{
    StormSecond aside;
    const bool counted = opened_ && past() < plan_.end;
    StormSecond& second = counted ? seconds[static_cast<std::size_t>(past().count())] : aside;
    ++second.offered;
    refill();
    if (auto refusal = refused(second)) return *refusal;
    http::Answer answer = tests::carry_out(*office_->organization, request, time_->now(), *office_->random);
    ++second.well;
    room_ -= one_request;
    second.expired += answer.body.find("0x80044352") != std::string::npos;
    return answer;
}

/// Where a second begins makes no difference: as many a second as the limit says, whenever they come.
void StormServer::refill()
{
    const Clock::Milliseconds now = time_->elapsed();
    const std::int64_t most = plan_.limit * one_request;
    room_ = std::min(most, room_ + plan_.limit * (now - refilled_).count());
    refilled_ = now;
}

std::optional<http::Answer> StormServer::refused(StormSecond& second) const
{
    if (!opened_) return std::nullopt;
    const bool in_trouble =
        within(plan_.down_at, plan_.down_for) || within(plan_.throttled_at, plan_.throttled_for);
    if (!in_trouble && room_ >= one_request) return std::nullopt;
    if (!in_trouble) ++second.beyond;
    if (past() >= plan_.throttled_at && past() < plan_.expired_at) {
        ++second.throttled;
        return refusal_429(plan_.retry_after);
    }
    ++second.unavailable;
    return refusal_503();
}

std::uint64_t StormServer::wrong_sums()
{
    std::uint64_t wrong = 0;
    for (const auto& [number, sum] : sums_) {
        const std::string path = "accounts(" + account(number).id.text() + ")?$select=numberofemployees";
        const auto row = boost::json::parse(office_->ask("GET", path, {}, {}, "root").body);
        wrong += row.at("numberofemployees").to_number<std::int64_t>() != sum;
    }
    return wrong;
}

} // namespace hawser::simulation
