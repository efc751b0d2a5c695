#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

TEST_CASE("A record is pulled, edited offline, pushed and equal afterwards", "[engine]")
{
    const auto clock = monday();
    Office office(*clock);
    office.put("contacts", guid(1), R"({"firstname":"Jane","lastname":"Doe","jobtitle":"Buyer"})");
    Desk desk(office, clock);
    desk.choose({{"contact", ""}});
    CHECK(desk.sync().pulled == 1);
    CHECK(desk.text("contact", guid(1), "lastname") == "Doe");
    desk.check_equal();

    desk.edit("contact", guid(1), {{"jobtitle", std::string("Head of purchasing")}});
    const CycleReport report = desk.sync();
    CHECK(report.pushed == 1);
    CHECK(office.value("contacts", guid(1), "jobtitle") == "Head of purchasing");
    CHECK(office.value("contacts", guid(1), "lastname") == "Doe");
    desk.check_equal();
}
