#include "tools/hawser/replay_receipts.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace hawser::cli {

Result<Replica> open_receipts(const std::filesystem::path& path, const Binding& binding)
{
    ReplicaOptions options;
    options.path = path;
    if (!std::filesystem::exists(path)) return Replica::create(std::move(options), binding);
    auto replica = Replica::open(std::move(options));
    if (!replica) return replica;
    const Binding kept = replica->binding();
    if (kept.organization_id == binding.organization_id && kept.user_id == binding.user_id) return replica;
    return Error{ErrorKind::refuse, "journal.other_user",
                 fmt::format("{} keeps the receipts of another user or organization. Name another place with "
                             "--receipts.",
                             path.string())};
}

std::string asking(const std::string& policy)
{
    boost::system::error_code failed;
    boost::json::value read = boost::json::parse(policy, failed);
    auto* object = read.if_object();
    auto* tables = failed || object == nullptr ? nullptr : object->if_contains("tables");
    if (tables == nullptr || !tables->is_object()) return policy;
    for (auto& [table, rules] : tables->get_object())
        if (auto* columns = rules.if_object())
            for (auto& [column, rule] : *columns)
                if (rule == "mine" || rule == "add" || rule == "text") rule = "ask";
    return boost::json::serialize(read);
}

bool is_on_this_machine(const std::string& url)
{
    constexpr std::array<std::string_view, 3> hosts{"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (const std::string_view host : hosts) {
        if (!url.starts_with(host)) continue;
        const std::string_view rest = std::string_view(url).substr(host.size());
        if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
    }
    return false;
}

ShortLivedFolder::ShortLivedFolder()
{
    std::string path = (std::filesystem::temp_directory_path() / "hawser-replay-XXXXXX").string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
}

ShortLivedFolder::~ShortLivedFolder()
{
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

} // namespace hawser::cli
