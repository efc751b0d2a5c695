#include "engine/context.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

namespace hawser::engine {

namespace asio = boost::asio;

struct Context::Implementation {
    asio::io_context context{};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard{};
};

Context::Context() : implementation_(std::make_unique<Implementation>()) {}

Context::~Context() = default;

void Context::post(std::function<void()> work)
{
    asio::post(implementation_->context, std::move(work));
}

void Context::run()
{
    implementation_->guard.emplace(implementation_->context.get_executor());
    implementation_->context.restart();
    implementation_->context.run();
}

void Context::finish()
{
    implementation_->guard.reset();
}

std::size_t Context::poll()
{
    implementation_->context.restart();
    return implementation_->context.poll();
}

} // namespace hawser::engine
