#include "tools/server/core/organization.h"

#include "base/hash.h"
#include "tools/server/core/batch.h"
#include "tools/server/core/call.h"
#include "tools/server/core/faults.h"
#include "tools/server/core/founding.h"
#include "tools/server/core/functions.h"
#include "tools/server/core/loader.h"
#include "tools/server/core/router.h"
#include "tools/server/core/sample.h"
#include "tools/server/core/write_log.h"

#include <algorithm>

namespace hawser::server {

class Organization::State {
public:
    World world;
    FaultRates faults;
    std::function<void(std::string_view)> write_log;
    std::vector<User> users; ///< What users() hands out; follows world.accounts.

    void refresh_users()
    {
        users.clear();
        for (const Account& account : world.accounts) users.push_back(account.user);
    }

    /// Runs `work` in a transaction; a failure of the database is an Error and leaves nothing.
    template <class Work>
    Result<void> in_transaction(Work&& work)
    {
        try {
            world.storage->begin();
            Result<void> done = work();
            if (done) {
                world.storage->commit();
            } else {
                world.storage->roll_back();
            }
            return done;
        } catch (const SQLite::Exception& failure) {
            world.storage->roll_back();
            return Error{ErrorKind::stop, "server.database",
                         std::string("The organization's database failed: ") + failure.what() + "."};
        }
    }

    void tell(const std::vector<std::string>& lines)
    {
        if (!write_log) return;
        for (const std::string& line : lines) write_log(line);
    }
};

namespace {

constexpr std::string_view api = "/api/data/v";

bool is_user_name(std::string_view name)
{
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char one) {
        return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
               one == '_' || one == '.' || one == '-';
    });
}

Account* find_account(World& world, std::string_view name)
{
    const auto found = std::find_if(world.accounts.begin(), world.accounts.end(),
                                    [&](const Account& account) { return account.user.name == name; });
    return found == world.accounts.end() ? nullptr : &*found;
}

Account* bearer(World& world, const Headers& headers)
{
    const std::string_view given = trim(header(headers, "Authorization"));
    constexpr std::string_view scheme = "bearer ";
    if (given.size() <= scheme.size() || lower(given.substr(0, scheme.size())) != scheme) return nullptr;
    const std::string_view token = trim(given.substr(scheme.size()));
    for (Account& account : world.accounts)
        if (account.user.token == token) return &account;
    return nullptr;
}

Answer unauthorized(const World& world, const char* code, const char* message)
{
    Answer answer = refuse(world.settings, {401, code, message});
    answer.headers.emplace_back("WWW-Authenticate",
                                "Bearer authorization_uri=https://login.example/common/oauth2/authorize, "
                                "resource_id=https://organization.example/");
    return answer;
}

Answer throttled(const World& world)
{
    Answer answer = refuse(world.settings,
                           {429, "0x80072322",
                            "Number of requests exceeded the limit of " +
                                std::to_string(world.settings.requests_per_window) + " over time window of " +
                                std::to_string(world.settings.window_seconds) + " seconds."});
    answer.headers.emplace_back("Retry-After", std::to_string(world.settings.retry_after));
    return answer;
}

/// Counts the request against the user's window; false when it is one too many.
bool admit(const Settings& settings, Account& account, Instant now)
{
    if (settings.requests_per_window == 0) return true;
    const std::int64_t seconds = now.time_since_epoch().count();
    if (seconds - account.window_start >= settings.window_seconds || seconds < account.window_start) {
        account.window_start = seconds;
        account.window_requests = 0;
    }
    return ++account.window_requests <= settings.requests_per_window;
}

/// An answer that no handler gave, because a fault took the request.
Answer fault_answer(const World& world, Fault fault)
{
    switch (fault) {
    case Fault::throttle:
        return throttled(world);
    case Fault::error_500:
        return refuse(world.settings, {500, "0x80040216", "An unexpected error occurred."});
    case Fault::expire_token:
        return unauthorized(world, "0x80041d52", "The OAuth token has expired.");
    case Fault::html_503:
    case Fault::html_503_late: {
        Answer answer;
        answer.status = 503;
        answer.headers = {{"Content-Type", "text/html"}};
        answer.body = "<html><head><title>503 Service Unavailable</title></head><body><h1>The service is "
                      "unavailable.</h1></body></html>";
        return answer;
    }
    default:
        return {};
    }
}

/// "http://host/prefix/api/data/v9.2/", as the request addressed it.
std::string service_root(const World& world, const Request& request)
{
    std::string_view host = header(request.headers, "Host");
    if (host.empty()) host = "localhost";
    std::string_view version = std::string_view(request.target).substr(world.path_prefix.size() + api.size());
    version = version.substr(0, version.find_first_of("/?"));
    std::string root = "http://";
    return root.append(host).append(world.path_prefix).append(api).append(version).append("/");
}

Answer carry_out(World& world, const Account& account, const Request& request, Instant now, Random& random,
                 std::vector<std::string>& log)
{
    const auto below = below_service_root(request.target, world.path_prefix);
    Outcome<Address> address = parse_address(below.value_or(""));
    if (!address) return refuse(world.settings, address.refusal());
    Call call{world,
              account,
              now,
              random,
              service_root(world, request),
              request.method,
              std::move(*address),
              request.headers,
              request.body,
              read_preferences(request.headers),
              log,
              nullptr};
    const bool batch = !call.address.path.empty() && call.address.path.front().name == "$batch";
    if (batch && request.method != "POST") return refuse(world.settings, method_refused(request.method));
    if (!is_write(request.method)) return answer_operation(call);
    world.storage->begin();
    Answer answer = batch ? answer_batch(call) : answer_operation(call);
    world.storage->commit();
    return answer;
}

std::optional<Answer> refuse_early(const World& world, const Request& request)
{
    const std::string_view target = request.target;
    const std::string start = world.path_prefix + std::string(api);
    if (target.substr(0, start.size()) != start)
        return refuse(world.settings,
                      {404, "0x8006088a", "There is nothing here; the service is at " + start + "9.2/."});
    static constexpr std::string_view methods[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};
    if (std::find(std::begin(methods), std::end(methods), request.method) == std::end(methods))
        return refuse(world.settings, method_refused(request.method));
    if (request.body.size() > static_cast<std::size_t>(world.settings.max_request_body))
        return refuse(world.settings, {413, "0x80040203", "The request body is too large."});
    return std::nullopt;
}

} // namespace

Result<UserSpecification> UserSpecification::parse(std::string_view text)
{
    UserSpecification user;
    const std::vector<std::string_view> parts = split_outside(text, ':');
    user.name = parts.front();
    for (std::size_t at = 1; at < parts.size(); ++at) {
        if (parts[at] == "basic") {
            user.depth = Depth::basic;
        } else if (parts[at] == "global") {
            user.depth = Depth::global;
        } else if (parts[at].substr(0, 4) == "-prv") {
            user.refused.emplace_back(parts[at].substr(1));
        } else {
            user.name.clear();
        }
    }
    if (is_user_name(user.name)) return user;
    return Error{ErrorKind::refuse, "server.user",
                 "\"" + std::string(text) +
                     "\" is no user; give NAME[:basic|:global][:-PRIVILEGE…], as in "
                     "bob:basic:-prvDeleteContact."};
}

Organization::Organization(std::unique_ptr<State> state) : state_(std::move(state)) {}
Organization::~Organization() = default;

Result<std::unique_ptr<Organization>> Organization::open(OrganizationOptions options, Instant now,
                                                         Random& random)
{
    auto state = std::make_unique<State>();
    World& world = state->world;
    world.name = "Hawser Sample Organization";
    world.metadata_version = std::to_string(checksum(catalogue_text) % 100000000);
    world.path_prefix = options.path_prefix == "/" ? "" : options.path_prefix;
    state->write_log = std::move(options.write_log);
    for (const auto& [name, value] : options.settings)
        if (auto set = world.settings.set(name, value); !set) return set.error();
    Result<FaultRates> faults = FaultRates::parse(options.faults);
    if (!faults) return faults.error();
    state->faults = *faults;
    try {
        world.storage = std::make_unique<Storage>(options.database, options.vfs, world.catalogue);
    } catch (const std::runtime_error& failure) {
        return Error{ErrorKind::stop, "server.database",
                     "The organization's database " + options.database +
                         " cannot be used: " + failure.what() + "."};
    }
    if (options.users.empty() && !world.storage->value("account.0"))
        options.users = {{"ada", Depth::global, {}}, {"bob", Depth::basic, {}}};
    const Result<void> done = state->in_transaction([&]() -> Result<void> {
        found(world, now, random);
        for (const UserSpecification& user : options.users)
            if (!find_account(world, user.name)) found_user(world, user, now, random);
        const Result<Guid> owner = owner_of_loaded(world);
        if (!owner) return owner.error();
        return {};
    });
    if (!done) return done.error();
    state->refresh_users();
    return std::unique_ptr<Organization>(new Organization(std::move(state)));
}

Answer Organization::handle(const Request& request, Instant now, Random& random)
{
    World& world = state_->world;
    const Fault fault = choose_fault(state_->faults, random);
    const std::string request_id = Guid::make(random).text();
    std::vector<std::string> log;
    Account* account = bearer(world, request.headers);
    Answer answer;
    if (auto early = refuse_early(world, request)) {
        answer = std::move(*early);
    } else if (!account) {
        const bool given = !header(request.headers, "Authorization").empty();
        answer = given ? unauthorized(world, "0x8004a100", "The authentication ticket is invalid.")
                       : unauthorized(world, "0x80044302", "The request is not authenticated.");
    } else if (!admit(world.settings, *account, now)) {
        answer = throttled(world);
    } else if (is_carried_out(fault)) {
        try {
            answer = carry_out(world, *account, request, now, random, log);
        } catch (const SQLite::Exception& failure) {
            world.storage->roll_back();
            log.clear();
            answer = refuse(world.settings,
                            {500, "0x80044150", std::string("Generic SQL error: ") + failure.what()});
        }
    }
    if (fault != Fault::none) {
        log.push_back(fault_line(now, account ? account->user.name : "", request, fault_name(fault),
                                 is_carried_out(fault) ? "carried_out" : "not_carried_out"));
        if (fault == Fault::drop_request || fault == Fault::drop_answer) {
            answer.fate = Fate::drop;
        } else if (fault == Fault::truncate) {
            answer.fate = answer.body.empty() ? Fate::drop : Fate::truncate;
            answer.truncate_at = answer.body.size() / 2;
        } else {
            answer = fault_answer(world, fault);
        }
    }
    state_->tell(log);
    answer.delay = state_->faults.delay;
    answer.headers.emplace_back("x-ms-service-request-id", request_id);
    answer.headers.emplace_back("REQ_ID", request_id);
    answer.headers.emplace_back("x-ms-dop-hint", std::to_string(world.settings.dop_hint));
    return answer;
}

const std::vector<User>& Organization::users() const
{
    return state_->users;
}

const User* Organization::user(std::string_view name) const
{
    const auto found = std::find_if(state_->users.begin(), state_->users.end(),
                                    [&](const User& user) { return user.name == name; });
    return found == state_->users.end() ? nullptr : &*found;
}

Result<User> Organization::add_user(const UserSpecification& user, Instant now, Random& random)
{
    if (find_account(state_->world, user.name) || !is_user_name(user.name))
        return Error{ErrorKind::refuse, "server.user",
                     "The user " + user.name + " is there already, or no name."};
    User added;
    const Result<void> done = state_->in_transaction([&]() -> Result<void> {
        added = found_user(state_->world, user, now, random);
        return {};
    });
    if (!done) return done.error();
    state_->refresh_users();
    return added;
}

Result<void> Organization::set_depth(std::string_view name, Depth depth)
{
    Account* account = find_account(state_->world, name);
    if (!account)
        return Error{ErrorKind::refuse, "server.user", "There is no user " + std::string(name) + "."};
    account->user.depth = depth;
    state_->refresh_users();
    return state_->in_transaction([&]() -> Result<void> {
        keep_account(state_->world, *account);
        return {};
    });
}

Result<std::string> Organization::renew_token(std::string_view name, Random& random)
{
    Account* account = find_account(state_->world, name);
    if (!account)
        return Error{ErrorKind::refuse, "server.user", "There is no user " + std::string(name) + "."};
    account->user.token = Guid::make(random).text() + Guid::make(random).text();
    std::erase(account->user.token, '-');
    const Result<void> done = state_->in_transaction([&]() -> Result<void> {
        keep_account(state_->world, *account);
        return {};
    });
    if (!done) return done.error();
    state_->refresh_users();
    return account->user.token;
}

Result<void> Organization::set_setting(std::string_view name, std::string_view value)
{
    state_->world.metadata_answers.clear();
    return state_->world.settings.set(name, value);
}

Result<void> Organization::set_faults(std::string_view specification)
{
    Result<FaultRates> faults = FaultRates::parse(specification);
    if (!faults) return faults.error();
    state_->faults = *faults;
    return {};
}

Result<Loaded> Organization::load_directory(const std::string& directory, Instant now)
{
    Loaded loaded;
    const Result<void> done = state_->in_transaction([&]() -> Result<void> {
        Result<Loaded> all = load_files(state_->world, directory, now);
        if (!all) return all.error();
        loaded = *all;
        return {};
    });
    if (!done) return done.error();
    return loaded;
}

Result<Loaded> Organization::make_sample(std::size_t records, Instant now)
{
    Loaded loaded;
    const Result<void> done = state_->in_transaction([&]() -> Result<void> {
        Result<Loaded> all = store_sample(state_->world, records, now);
        if (!all) return all.error();
        loaded = *all;
        return {};
    });
    if (!done) return done.error();
    return loaded;
}

std::size_t Organization::count(std::string_view name) const
{
    const Table* table = state_->world.catalogue.table(name);
    return table ? state_->world.storage->count(*table) : 0;
}

Guid Organization::organization_id() const
{
    return state_->world.organization;
}

const std::string& Organization::path_prefix() const
{
    return state_->world.path_prefix;
}

} // namespace hawser::server
