#include "engine/figures.h"

#include <boost/json.hpp>

#include <array>
#include <utility>

namespace hawser::engine {

namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t Figures::*>, 10> members{{
    {"pulled", &Figures::pulled},
    {"removed", &Figures::removed},
    {"merged", &Figures::merged},
    {"pushed", &Figures::pushed},
    {"refused", &Figures::refused},
    {"conflicts", &Figures::conflicts},
    {"conflicts_moved", &Figures::conflicts_moved},
    {"kept", &Figures::kept},
    {"held", &Figures::held},
    {"requests", &Figures::requests},
}};

} // namespace

std::string to_json(const Figures& figures)
{
    boost::json::object object;
    for (const auto& [name, member] : members) object[name] = figures.*member;
    return boost::json::serialize(object);
}

Figures parse_figures(std::string_view json)
{
    Figures figures;
    boost::system::error_code failure;
    const boost::json::value value = boost::json::parse(json, failure);
    if (failure || !value.is_object()) return figures;
    for (const auto& [name, member] : members) {
        const boost::json::value* found = value.get_object().if_contains(name);
        if (found && found->is_int64() && found->get_int64() >= 0)
            figures.*member = static_cast<std::uint64_t>(found->get_int64());
    }
    return figures;
}

} // namespace hawser::engine
