#include "transport/dataverse/step.h"

#include <array>

namespace hawser::dataverse {
namespace {

constexpr std::array<std::string_view, 5> names{"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::string_view if_match = "If-Match: ";
constexpr std::string_view if_absent = "If-None-Match: *";

} // namespace

std::string_view text(Step::Method method)
{
    return names[static_cast<std::size_t>(method)];
}

std::optional<Step::Method> method_from(std::string_view text)
{
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == text) return static_cast<Step::Method>(i);
    return std::nullopt;
}

std::string condition_text(const Step& step)
{
    switch (step.condition) {
    case Step::Condition::none:
        return {};
    case Step::Condition::if_match:
        return std::string(if_match) + step.etag;
    case Step::Condition::if_absent:
        return std::string(if_absent);
    }
    return {};
}

bool set_condition(Step& step, std::string_view text)
{
    if (text.empty()) {
        step.condition = Step::Condition::none;
        step.etag.clear();
        return true;
    }
    if (text == if_absent) {
        step.condition = Step::Condition::if_absent;
        step.etag.clear();
        return true;
    }
    if (!text.starts_with(if_match) || text.size() == if_match.size() ||
        text.find_first_of("\r\n") != std::string_view::npos)
        return false;
    step.condition = Step::Condition::if_match;
    step.etag = std::string(text.substr(if_match.size()));
    return true;
}

} // namespace hawser::dataverse
