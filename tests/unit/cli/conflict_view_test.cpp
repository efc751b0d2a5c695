#include "tools/hawser/conflict_view.h"

#include <catch2/catch.hpp>

using namespace hawser::cli;

namespace {

ConflictView example()
{
    return {"3.2",
            "contact Edith <Walker>",
            "both sides changed it",
            "",
            {{"description", "Call at noon.\nNot later.", "Call at ten.\nNot later.", "Call\x1b[2J at noon."},
             {"nickname", "", "Edie", ""}}};
}

const Paint gone = [](const std::string& text) { return "[-" + text + "-]"; };
const Paint come = [](const std::string& text) { return "{+" + text + "+}"; };

bool holds(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("A conflict in full marks each word that differs from the base", "[cli][conflict]")
{
    const std::string text = text_of(example(), gone, come);
    CHECK(holds(text, "Conflict 3.2: contact Edith <Walker>, both sides changed it\n"));
    CHECK(holds(text, "    base    Call at noon.\n            Not later.\n"));
    CHECK(holds(text, "    mine    Call at [-noon-]{+ten+}.\n            Not later.\n"));
    CHECK(holds(text, "    mine    {+Edie+}\n"));
    CHECK(holds(text, "    theirs  (empty)\n"));
}

TEST_CASE("Of two texts with hardly a word in common one stands behind the other", "[cli][conflict]")
{
    ConflictView view = example();
    view.columns = {{"description", "Payment is due after delivery.", "Prefers to be called at noon.", ""}};
    const std::string text = text_of(view, gone, come);
    CHECK(holds(text, "mine    [-Payment is due after delivery.-]{+Prefers to be called at noon.+}\n"));
    CHECK(holds(text, "theirs  [-Payment is due after delivery.-]\n"));
}

TEST_CASE("What a record says cannot steer the terminal that shows its conflict", "[cli][conflict]")
{
    CHECK_FALSE(holds(text_of(example(), gone, come), "\x1b"));
}

TEST_CASE("The page of a conflict takes nothing in a record for markup", "[cli][conflict]")
{
    ConflictView view = example();
    view.columns.front().mine = "<script>alert(1)</script>";
    const std::string page = page_of({view});
    CHECK(holds(page, "<h2>3.2: contact Edith &lt;Walker&gt;</h2>"));
    CHECK_FALSE(holds(page, "<script>"));
    CHECK(holds(page, "<del>"));
    CHECK(holds(page, "<td class=\"empty\">(empty)"));
    CHECK(holds(page, "<ins>Edie</ins>"));
}

TEST_CASE("A conflict that was settled says how", "[cli][conflict]")
{
    ConflictView view = example();
    view.resolution = "mine";
    CHECK(holds(text_of(view, gone, come), "; settled: mine\n"));
    CHECK(holds(page_of({view}), "Settled: mine"));
}
