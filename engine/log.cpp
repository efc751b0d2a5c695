#include "engine/log.h"

#include <boost/json.hpp>

namespace hawser::engine {

void Log::say(std::string_view level, std::string_view event, Fields fields) const
{
    if (!sink_) return;
    boost::json::object object;
    for (const auto& [name, value] : fields)
        std::visit([&, &key = name](const auto& content) { object[key] = content; }, value);
    sink_(level, event, boost::json::serialize(object));
}

} // namespace hawser::engine
