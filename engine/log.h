#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>

namespace hawser::engine {

/// What the engine tells support as it goes, through the sink that the embedder gave; nothing
/// without one. The events and their fields are listed at `SynchronizerOptions::log`.
///
/// Guarantee: no token and no content of a record. Of an address only the path, without its query.
class Log {
public:
    using Sink = std::function<void(std::string_view level, std::string_view event, std::string_view json)>;
    using Value = std::variant<std::int64_t, std::string_view>;
    using Fields = std::initializer_list<std::pair<std::string_view, Value>>;

    Log() = default;
    explicit Log(Sink sink) : sink_(std::move(sink)) {}

    void debug(std::string_view event, Fields fields) const { say("debug", event, fields); }
    void info(std::string_view event, Fields fields) const { say("info", event, fields); }
    void warning(std::string_view event, Fields fields) const { say("warning", event, fields); }

private:
    void say(std::string_view level, std::string_view event, Fields fields) const;

    Sink sink_{};
};

} // namespace hawser::engine
