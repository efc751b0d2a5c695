#include "engine/ports.h"

#include "transport/http/curl_exchange.h"

namespace hawser::engine {

Ports real_ports(Ports ports, const SynchronizerOptions& options, const Binding& binding)
{
    if (!ports.exchange) {
        http::CurlOptions curl;
        curl.proxy = options.proxy;
        curl.ca_file = options.certificate_authorities.string();
        curl.bytes_a_second = options.bytes_a_second;
        ports.exchange = http::curl_exchange(std::move(curl));
    }
    if (!ports.tokens)
        ports.tokens = binding.token_command.empty() ? fixed_token({}) : token_command(binding.token_command);
    return ports;
}

} // namespace hawser::engine
