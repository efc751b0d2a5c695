#pragma once

#include "hawser/value.h"
#include "tests/office.h"
#include "tests/simulation/storm.h"
#include "tests/virtual_clock.h"
#include "transport/http/exchange.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hawser::simulation {

/// The organization of a storm: a few rows, a limit, and the troubles of the plan. Before `open` it has
/// neither limit nor troubles and counts nothing.
class StormServer {
public:
    static constexpr int accounts = 40; ///< With a counter that everybody adds to.
    static constexpr int contacts = 20;

    StormServer(const StormPlan& plan, std::shared_ptr<tests::VirtualClock> time);

    tests::Office& office() { return *office_; }
    static std::string user(std::size_t where);
    static RecordKey account(int number);
    static RecordKey contact(int number);

    void open() { opened_ = time_->elapsed(); }
    /// Since `open`.
    std::chrono::seconds past() const;
    /// At the beginning of each second: tokens that are gone stay so.
    void begin_second();
    http::Answer carry(const http::Request& request);

    /// What was added to an account's counter, by whomever.
    void added(int number, std::int64_t more) { sums_[number] += more; }
    /// Counters that do not say the sum of that.
    std::uint64_t wrong_sums();

    std::vector<StormSecond> seconds;

private:
    std::optional<http::Answer> refused(StormSecond& second) const;
    void refill();
    bool within(std::chrono::seconds from, std::chrono::seconds length) const;

    StormPlan plan_;
    std::shared_ptr<tests::VirtualClock> time_;
    std::unique_ptr<tests::Office> office_;
    std::optional<Clock::Milliseconds> opened_{};
    Clock::Milliseconds refilled_{0};
    std::int64_t room_ = 0; ///< Thousandths of requests that may be carried out at once.
    std::map<int, std::int64_t> sums_{};
};

} // namespace hawser::simulation
