#include "tests/engine_world.h"

using namespace hawser;
using namespace hawser::tests;

namespace {

/// A contact that is edited and deleted here before anything goes out.
struct Setting : Workplace {
    explicit Setting(Value typed)
    {
        office.put("contacts", guid(1), R"({"lastname":"Number 1","jobtitle":"Clerk"})");
        desk.choose({{"contact", ""}});
        desk.sync();
        desk.edit("contact", guid(1), {{"jobtitle", std::move(typed)}});
        desk.erase("contact", guid(1));
        office.log.clear();
    }
    void sent_by_a_copy(const char* json) { office.put("contacts", guid(1), json); }
};

} // namespace

TEST_CASE("A deletion goes out though another copy of the replica sent the edit before it",
          "[engine][reconcile][I3]")
{
    const bool clears = GENERATE(false, true);
    Setting s(clears ? Value{} : Value{std::string("Buyer")});
    s.sent_by_a_copy(clears ? R"({"jobtitle":null})" : R"({"jobtitle":"Buyer"})");
    s.desk.sync();
    CHECK_FALSE(s.office.has("contacts", guid(1)));
    CHECK_FALSE(s.desk.has("contact", guid(1)));
    s.desk.check_equal();
}

TEST_CASE("A deletion gives way to what others wrote beside the edit that another copy of the replica sent",
          "[engine][reconcile][I3]")
{
    Setting s(std::string("Buyer"));
    s.sent_by_a_copy(R"({"jobtitle":"Buyer"})");
    s.office.put("contacts", guid(1), R"({"nickname":"Theirs"})");
    s.desk.sync();
    CHECK(s.office.effects(guid(1), "DELETE") == 0);
    CHECK(s.desk.text("contact", guid(1), "nickname") == "Theirs");
    CHECK(s.desk.text("contact", guid(1), "jobtitle") == "Buyer");
    s.desk.check_equal();
}
