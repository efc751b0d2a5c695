#include <hawser/hawser.h>

#include <atomic>
#include <cstdlib>
#include <iostream>

using namespace hawser;

std::string setting(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

template <class T>
T need(Result<T> result) // The value, or the end with the reason.
{
    if (!result) std::cerr << result.error().message << '\n', std::exit(1);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

int main()
{
    const Ports ports{.tokens = fixed_token(setting("HAWSER_TOKEN"))};
    const ReplicaOptions options{.path = "contacts.hawser"};
    if (!std::filesystem::exists(options.path)) {
        const auto found =
            Synchronizer::identify(setting("HAWSER_URL"), setting("HAWSER_MAILBOX"), {}, ports);
        need(need(Replica::create(options, need(found))).choose({{.table = "contact"}}));
    }
    Replica replica = need(Replica::open(options));
    Synchronizer synchronizer(replica, {}, ports);
    need(synchronizer.cycle()); // From here on everything works without a network, too.

    for (const Record& contact : need(replica.query({.table = "contact", .limit = 3})))
        std::cout << to_json(contact.columns) << '\n';

    std::atomic_flag told;
    const auto watch = replica.observe_queue([&](const Notice&) { told.test_and_set(), told.notify_all(); });
    const Edit ada{ChangeKind::create, {"contact", {}}, {{"lastname", "Lovelace"}}};
    need(replica.write({ada})); // It is on the disk and in the queue now.
    told.wait(false);

    need(synchronizer.cycle()); // Sends it.
    std::cout << need(synchronizer.status()).pending << " changes wait to be sent\n";
}
