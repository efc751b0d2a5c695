#include "tests/unit/engine/replica_world.h"
#include "tools/hawser/assignments.h"
#include "tools/hawser/exit_code.h"
#include "tools/hawser/record_finder.h"

#include <cstdlib>

using namespace hawser;
using namespace hawser::cli;
using namespace hawser::tests;

namespace {

Table appointment_table()
{
    Table table;
    table.name = "appointment";
    table.entity_set = "appointments";
    table.primary_id = "activityid";
    table.primary_name = "subject";
    table.is_activity = true;
    Column colours = column("colours", ColumnType::multi_choice);
    colours.choices = {{1, "Red"}, {2, "Dark Blue"}, {3, "Green"}};
    Column regarding = column("regardingobjectid", ColumnType::lookup);
    regarding.targets = {{"account", "regarding_account"}};
    table.columns = {column("subject", ColumnType::text, 200), colours, regarding,
                     column("parties", ColumnType::parties)};
    return table;
}

/// Somebody at a keyboard in Berlin, with one file at hand.
class Desk {
public:
    explicit Desk(Table described = contact_table()) : table(std::move(described))
    {
        ::setenv("TZ", "Europe/Berlin", 1);
        ::tzset();
    }

    Result<Fields> read(const std::vector<std::string>& arguments) const
    {
        const AssignmentContext context{table, present, record_resolver(*home.replica),
                                        *parse_instant("2026-11-21T08:00:00Z"),
                                        [](const std::string& path) -> Result<std::string> {
                                            if (path == "notes.txt") return std::string("two\nlines\n");
                                            if (path == "number.txt") return std::string("12\n");
                                            return usage_error("the file " + path + " cannot be read");
                                        }};
        return read_assignments(arguments, context);
    }
    Value value(const std::string& argument) const
    {
        const Fields fields = ok(read({argument}));
        REQUIRE(fields.size() == 1);
        return fields.begin()->second;
    }
    /// Refused as a fault of the command line, in these words.
    void refuses(const std::string& argument, const std::vector<std::string>& words) const
    {
        const auto fields = read({argument});
        INFO(argument);
        REQUIRE_FALSE(fields);
        CHECK(exit_code_of(fields.error()) == ExitCode::usage);
        for (const std::string& word : words) CHECK(says(fields, word));
    }

    Home home;
    Table table;
    Fields present{};
};

} // namespace

TEST_CASE("An argument is a name, an operator and a text", "[cli]")
{
    using Operator = Assignment::Operator;
    const auto parsed = [](const char* argument) { return ok(parse_assignment(argument)); };
    CHECK(parsed("a=b=c").text == "b=c");
    CHECK(parsed("a=").text.empty());
    CHECK(parsed("a:=1").operation == Operator::json);
    CHECK(parsed("to+=x").operation == Operator::add);
    CHECK(parsed("to-=x").operation == Operator::remove);
    CHECK(parsed("to-=x").key == "to");
    for (const char* const wrong : {"", "a", "=b", "a b=c", ":=1"}) CHECK_FALSE(parse_assignment(wrong));
}

TEST_CASE("k=v is read by the column's type", "[cli]")
{
    const Desk desk;
    CHECK(desk.value("jobtitle=Head of Sales") == text("Head of Sales"));
    CHECK(desk.value("jobtitle= spaces stay ") == text(" spaces stay "));
    CHECK(desk.value("numberofchildren=3") == number(3));
    CHECK(desk.value("creditlimit=12.50") == Value{Decimal{"12.5"}});
    CHECK(desk.value("donotemail=yes") == Value{true});
    CHECK(desk.value("donotemail=FALSE") == Value{false});
    CHECK(desk.value("birthdate=2001-02-28") == text("2001-02-28"));
    CHECK(desk.value("birthdate=today") == text("2026-11-21"));
    CHECK(desk.value("lastonholdtime=2026-11-21 14:00") == text("2026-11-21T13:00:00Z"));
    CHECK(desk.value("lastonholdtime=2026-07-01T14:00") == text("2026-07-01T12:00:00Z"));
    CHECK(desk.value("lastonholdtime=2026-11-21T14:00:00Z") == text("2026-11-21T14:00:00Z"));
}

TEST_CASE("k= clears and k=@file takes a file's content", "[cli]")
{
    const Desk desk;
    CHECK(is_null(desk.value("jobtitle=")));
    CHECK(is_null(desk.value("gendercode=")));
    CHECK(desk.value("description=@notes.txt") == text("two\nlines\n"));
    CHECK(desk.value("numberofchildren=@number.txt") == number(12));
    desk.refuses("description=@nowhere.txt", {"nowhere.txt", "cannot be read"});
}

TEST_CASE("k:=json is taken exactly, an @ too", "[cli]")
{
    const Desk desk;
    CHECK(desk.value(R"(jobtitle:="@literal")") == text("@literal"));
    CHECK(is_null(desk.value("jobtitle:=null")));
    CHECK(desk.value("numberofchildren:=2") == number(2));
    CHECK(desk.value("donotemail:=true") == Value{true});
    CHECK(desk.value("creditlimit:=1.5") == Value{Decimal{"1.5"}});
    CHECK(desk.value("gendercode:=2") == number(2));
    desk.refuses("jobtitle:={", {"contact.jobtitle"});
    desk.refuses("numberofchildren:=\"two\"", {"contact.numberofchildren"});
}

TEST_CASE("Choices go by label or number", "[cli]")
{
    const Desk desk;
    CHECK(desk.value("gendercode=Female") == number(2));
    CHECK(desk.value("gendercode=female") == number(2));
    CHECK(desk.value("gendercode=1") == number(1));
    desk.refuses("gendercode=Femal", {"contact.gendercode", "Did you mean \"Female\"", "Male or Female"});
    const Desk meeting(appointment_table());
    CHECK(meeting.value("colours=Green, dark blue") == text("2,3"));
    CHECK(meeting.value("colours=3,1,3") == text("1,3"));
    meeting.refuses("colours=Red,Pink", {"appointment.colours", "Pink"});
}

TEST_CASE("Lookups go by table and the beginning of an id", "[cli]")
{
    const Desk desk;
    CHECK(desk.value("parentcustomerid=account:20000000") == Value{Lookup{"account", id_of(1)}});
    desk.refuses("parentcustomerid=20000000", {"contact.parentcustomerid", "account or contact"});
    desk.refuses("parentcustomerid=lead:20000000", {"account or contact", "lead"});
    desk.refuses("parentcustomerid=acount:20000000", {"Did you mean \"account\""});
    desk.refuses("parentcustomerid=account:ffff", {"account", "ffff"});
    desk.refuses("parentcustomerid=contact:2000", {"several records", "Doe", "Roe"});
    const Desk meeting(appointment_table());
    CHECK(meeting.value("regardingobjectid=20000000") == Value{Lookup{"account", id_of(1)}});
}

TEST_CASE("What does not fit is refused by table, column and limit", "[cli]")
{
    const Desk desk;
    desk.refuses("jobtitel=x", {"contact", "jobtitel", "Did you mean \"jobtitle\""});
    desk.refuses("firstname=123456789012345678901", {"contact.firstname", "20", "21"});
    desk.refuses("numberofchildren=three", {"contact.numberofchildren", "whole number", "three"});
    desk.refuses("creditlimit=much", {"contact.creditlimit", "much"});
    desk.refuses("donotemail=perhaps", {"contact.donotemail", "yes or no"});
    desk.refuses("birthdate=2001-02-30", {"contact.birthdate", "2001-02-30"});
    desk.refuses("lastonholdtime=2026-03-29 02:30", {"contact.lastonholdtime", "clocks skip"});
    desk.refuses("jobtitle+=x", {"contact.jobtitle", "participants"});
}

TEST_CASE("Participants go by role; everybody else stays", "[cli]")
{
    Desk desk(appointment_table());
    desk.present["parties"] =
        parties_to_collection({{{}, "ada@example.com", {5}}, {{}, "bob@example.com", {6}}});
    const auto parties = [&](const std::vector<std::string>& arguments) {
        const Fields fields = ok(desk.read(arguments));
        return ok(collection_to_parties(std::get<Collection>(fields.at("parties"))));
    };
    CHECK(parties({"required+=carol@example.com"}).size() == 3);
    CHECK(parties({"required-=ADA@example.com"}).size() == 1);
    CHECK(parties({"required=carol@example.com"}).size() == 2);
    CHECK(parties({"required="}).size() == 1);
    CHECK(parties({"required+=account:20000000", "optional-=bob@example.com"}).size() == 2);
    desk.refuses("required-=nobody@example.com", {"nobody@example.com", "not among the required"});
    desk.refuses("required+=nobody", {"nobody", "address"});
    desk.refuses("requird+=x@example.com", {"Did you mean \"required\""});
}
