#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

TEST_CASE("A server that is down is not asked for every table", "[engine][pull]")
{
    const std::shared_ptr<VirtualClock> clock = monday();
    Office office{*clock};
    Desk desk{office, clock};
    desk.choose({{"account", ""},
                 {"contact", ""},
                 {"task", ""},
                 {"appointment", ""},
                 {"email", ""},
                 {"phonecall", ""}});
    desk.sync();
    desk.exchange->script = [](std::size_t, const http::Request&) { return Fault::busy; };
    CHECK_FALSE(desk.cycle());
    desk.exchange->seen.clear();
    CHECK_FALSE(desk.cycle());
    // The changes of all at once, and three tables.
    CHECK(desk.exchange->seen.size() == 4);
    desk.exchange->script = {};
    desk.sync();
    desk.check_equal();
}
