#include "engine/diagnosis.h"

#include "base/time_text.h"
#include "engine/courier.h"
#include "engine/loop.h"
#include "engine/ports.h"
#include "transport/odata/answer.h"

#include <boost/json.hpp>

#include <algorithm>
#include <string>

namespace hawser::engine {

namespace {

Task<Result<std::string>> version_of(Courier& courier, const Clock& clock)
{
    http::Request question = dataverse::retrieve_version(courier.service(), courier.request_id());
    auto asking = courier.send(std::move(question));
    const Result<http::Answer> answer = co_await std::move(asking);
    if (!answer) co_return answer.error();
    co_return dataverse::parse_version(*answer, clock.now());
}

Task<Result<http::Answer>> ask(Courier& courier, std::string path)
{
    http::Request question = dataverse::get(courier.service(), path, courier.request_id());
    auto asking = courier.send(std::move(question));
    co_return co_await std::move(asking);
}

/// The signed-in user's address as the organization has it; "" when it does not tell.
std::string address_in(const Result<http::Answer>& answer)
{
    if (!answer || answer->status != 200) return {};
    boost::system::error_code failure;
    const boost::json::value value = boost::json::parse(answer->body, failure);
    if (failure || !value.is_object()) return {};
    const boost::json::value* address = value.get_object().if_contains("internalemailaddress");
    return address && address->is_string() ? std::string(address->get_string()) : std::string();
}

bool same_address(std::string_view one, std::string_view other)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

/// One courier without a replica, and the loop it runs on.
struct Errand {
    Context context;
    Loop loop;
    Courier courier;
    std::shared_ptr<http::Exchange> exchange;

    Errand(dataverse::Service service, const Ports& ports, std::shared_ptr<Clock> clock,
           std::shared_ptr<Random> random)
        : loop(context, clock),
          courier(loop, std::move(service), ports.exchange, ports.tokens, random, {}),
          exchange(ports.exchange)
    {
    }

    template <class T>
    Result<T> run(std::function<Task<Result<T>>()> body)
    {
        std::optional<Result<T>> result;
        context.post([&] {
            loop.start([&]() -> Task<void> {
                auto running = body();
                result.emplace(co_await std::move(running));
                context.finish();
            });
        });
        context.run();
        return std::move(*result);
    }
};

} // namespace

Result<Binding> identify(const std::string& organization_url, const std::string& mailbox,
                         const SynchronizerOptions& options, const Ports& ports, std::shared_ptr<Clock> clock,
                         std::shared_ptr<Random> random)
{
    auto service = dataverse::parse_service(organization_url);
    if (!service) return service.error();
    service->timeout = options.request_timeout;
    if (!clock) clock = system_clock();
    if (!random) random = system_random();
    Errand errand(std::move(*service), real_ports(ports, options, {}), clock, random);
    const auto identity = errand.run<dataverse::Identity>([&errand]() { return errand.courier.identify(); });
    if (!identity) return identity.error();
    const auto user = errand.run<http::Answer>([&errand, id = identity->user_id.text()]() {
        return ask(errand.courier, "systemusers(" + id + ")?$select=internalemailaddress");
    });
    const std::string own = address_in(user);
    if (!own.empty() && !same_address(own, mailbox))
        return Error{ErrorKind::refuse, "engine.other_mailbox",
                     "the sign-in is that of " + own +
                         ", and a replica belongs to its user's own mailbox, not to " + mailbox +
                         "; name your own, or sign in as the other user"};
    Binding binding;
    binding.organization_url = organization_url;
    binding.organization_id = identity->organization_id;
    binding.user_id = identity->user_id;
    binding.mailbox = mailbox;
    binding.instance_id = Guid::make(*random);
    return binding;
}

Probe probe(const std::string& organization_url, const SynchronizerOptions& options, const Ports& ports,
            std::shared_ptr<Clock> clock, std::shared_ptr<Random> random)
{
    Probe found;
    auto service = dataverse::parse_service(organization_url);
    if (!service) {
        found.reach = service.error();
        return found;
    }
    service->timeout = options.request_timeout;
    if (!clock) clock = system_clock();
    if (!random) random = system_random();
    Errand errand(*service, real_ports(ports, options, {}), clock, random);
    http::Request look = dataverse::get(*service, "", errand.courier.request_id());
    const auto answer =
        errand.run<http::Answer>([&]() { return errand.loop.exchange(*errand.exchange, look); });
    if (!answer) {
        found.reach = answer.error();
        return found;
    }
    if (const std::string* date = answer->header("Date")) found.server_time = odata::http_date(*date);
    const auto identity = errand.run<dataverse::Identity>([&errand]() { return errand.courier.identify(); });
    if (!identity) {
        found.sign_in = identity.error();
        return found;
    }
    found.organization_id = identity->organization_id;
    found.user_id = identity->user_id;
    const auto version = errand.run<std::string>([&]() { return version_of(errand.courier, *clock); });
    if (version) found.version = *version;
    return found;
}

} // namespace hawser::engine
