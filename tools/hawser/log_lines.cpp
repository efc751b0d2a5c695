#include "tools/hawser/log_lines.h"

#include "tools/hawser/output.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

namespace hawser::cli {

std::function<void(std::string_view, std::string_view, std::string_view)>
log_lines(const Invocation& invocation, std::function<void()> before)
{
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
        shows_color(stderr, invocation.color) ? spdlog::color_mode::always : spdlog::color_mode::never);
    auto logger = std::make_shared<spdlog::logger>("hawser", std::move(sink));
    logger->set_pattern("%H:%M:%S.%e %^%-7l%$ %v");
    logger->set_level(invocation.verbosity > 1 ? spdlog::level::debug : spdlog::level::info);
    return [logger, before = std::move(before)](std::string_view level, std::string_view event,
                                                std::string_view json) {
        const auto rank = spdlog::level::from_str(std::string(level));
        if (!logger->should_log(rank)) return;
        if (before) before();
        logger->log(rank, "{} {}", event, json);
    };
}

} // namespace hawser::cli
