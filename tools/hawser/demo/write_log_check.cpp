#include "tools/hawser/demo/story.h"
#include "tools/hawser/words.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace hawser::cli {
namespace {

namespace json = boost::json;

/// One effect that the organization's write log has to show, once.
struct Effect {
    RecordKey record;
    const char* outcome; ///< As the log says it.
    const char* column;  ///< One that the request must have written; "" = any.
    const char* what;
};

std::string text_at(const json::object& line, std::string_view name)
{
    const json::value* value = line.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool wrote(const json::object& line, std::string_view column)
{
    if (column.empty()) return true;
    const json::value* columns = line.if_contains("columns");
    return columns && columns->is_array() &&
           std::ranges::any_of(columns->get_array(), [&](const json::value& name) {
               return name.is_string() && name.get_string() == column;
           });
}

std::vector<json::object> read_log(const std::filesystem::path& file)
{
    std::vector<json::object> lines;
    std::ifstream log(file);
    for (std::string line; std::getline(log, line);) {
        boost::system::error_code fault;
        const json::value value = json::parse(line, fault);
        if (!fault && value.is_object()) lines.push_back(value.get_object());
    }
    return lines;
}

} // namespace

Result<void> Story::check_write_log()
{
    const std::vector<json::object> lines = read_log(organization_.write_log());
    figures_.answers_lost = static_cast<std::uint64_t>(std::ranges::count_if(
        lines, [](const json::object& line) { return text_at(line, "kind") == "fault"; }));
    const Effect effects[] = {
        {account_, "created", "", "the new account"},
        {contact_, "created", "", "the new contact"},
        {email_, "created", "", "the new email"},
        {apart_, "updated", "jobtitle", "Ada's job title"},
        {apart_, "updated", "telephone1", "Bob's telephone number"},
        {doomed_, "updated", "jobtitle", "Bob's edit of the deleted contact"},
    };
    for (const Effect& effect : effects) {
        const auto count = std::ranges::count_if(lines, [&](const json::object& line) {
            return text_at(line, "kind") == "write" && text_at(line, "table") == effect.record.table &&
                   text_at(line, "id") == effect.record.id.text() &&
                   text_at(line, "outcome") == effect.outcome && wrote(line, effect.column);
        });
        if (count == 0) ++figures_.lost;
        if (count > 1) figures_.duplicated += static_cast<std::uint64_t>(count - 1);
        if (count != 1)
            return Error{
                ErrorKind::stop, "demo.broken",
                fmt::format("the demonstration did not hold: {} took effect {}, by the organization's "
                            "write log",
                            effect.what, count_of(static_cast<std::uint64_t>(count), "time"))};
    }
    say(fmt::format("The organization's own log: {} lost on the way, 0 changes lost, 0 made twice.",
                    count_of(figures_.answers_lost, "answer was", "answers were")),
        Style::good);
    return {};
}

} // namespace hawser::cli
