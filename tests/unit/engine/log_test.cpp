#include "tests/engine_world.h"

#include <utility>

using namespace hawser;
using namespace hawser::tests;

namespace {

/// Everything that the engine told, a line an event.
struct Told {
    std::string lines{};

    SynchronizerOptions options()
    {
        SynchronizerOptions options;
        options.log = [this](std::string_view level, std::string_view event, std::string_view json) {
            lines += std::string(level) + " " + std::string(event) + " " + std::string(json) + "\n";
        };
        return options;
    }

    bool has(const std::string& text) const { return lines.find(text) != std::string::npos; }
};

} // namespace

TEST_CASE("the log tells each cycle, each request and each refusal, and no token and no content", "[log]")
{
    const auto clock = monday();
    Office office{*clock};
    Told told;
    Desk desk{office, clock, "ada", told.options()};
    office.put("contacts", guid(10), R"({"firstname":"Ann","lastname":"Zwicky"})");
    desk.choose({{"contact", "lastname eq 'Zwicky'"}});
    desk.sync();
    desk.edit("contact", guid(10), {{"jobtitle", std::string("Quartermaster")}});
    desk.sync();

    desk.exchange->script = [lost = false](std::size_t, const http::Request& request) mutable {
        const bool write = request.body.find("PATCH") != std::string::npos;
        return write && !std::exchange(lost, true) ? Fault::drop_answer : Fault::none;
    };
    desk.edit("contact", guid(10), {{"telephone1", std::string("555")}});
    desk.sync();
    desk.exchange->script = [](std::size_t, const http::Request&) { return Fault::unreachable; };
    CHECK_FALSE(desk.cycle());

    INFO(told.lines);
    CHECK(told.has("info connection {\"from\":\"online\",\"to\":\"disconnected\""));
    CHECK(told.has("warning answer.unknown {\"table\":\"contact\",\"id\":\"" + guid(10).text()));
    CHECK(told.has("debug request.failed {\"method\":\"GET\",\"path\":\"contacts\""));
    CHECK(told.has("\"outcome\":\"failed\",\"code\":\"net.unreachable\""));
    CHECK(told.has("info cycle.begun {\"cycle\":1,"));
    CHECK(told.has("info cycle.ended {\"cycle\":1,\"outcome\":\"done\",\"code\":\"\",\"pulled\":1"));
    CHECK(told.has("\"pushed\":1"));
    CHECK(told.has("debug page {\"table\":\"contact\",\"rows\":1"));
    CHECK(told.has("debug request {\"method\":\"POST\",\"path\":\"$batch\""));
    CHECK(told.has("\"status\":200"));
    CHECK_FALSE(told.has("Bearer"));
    for (const auto& user : office.organization->users()) CHECK_FALSE(told.has(user.token));
    CHECK_FALSE(told.has("Zwicky"));
    CHECK_FALSE(told.has("Quartermaster"));
}
