#include "hawser/replica.h"

#include "engine/face.h"
#include "engine/merge_fold.h"
#include "engine/replica_implementation.h"
#include "engine/rules/validation.h"
#include "localstore/error_codes.h"
#include "localstore/remove.h"
#include "localstore/repair.h"
#include "localstore/transaction.h"

#include <boost/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace hawser {
namespace {

constexpr std::string_view token_setting = "token_command";
constexpr std::string_view policy_setting = "policy";
constexpr std::string_view usual_scope = "all";

localstore::StoreOptions store_options(const ReplicaOptions& options,
                                       std::shared_ptr<const engine::Policies> policies)
{
    localstore::StoreOptions store;
    store.path = options.path;
    store.vfs = options.vfs;
    store.mode = options.inspect ? localstore::OpenMode::inspect : localstore::OpenMode::normal;
    store.fold = engine::merge_fold(std::move(policies));
    return store;
}

/// The policy that was set; one that this version does not take any more leaves the defaults.
void take_policy(engine::Policies& policies, const localstore::Store& store)
{
    const std::string text = store.setting(policy_setting);
    if (text.empty()) return;
    if (auto file = conflict::parse_policy_file(text)) policies.configure(*std::move(file));
}

/// Against what is known of the tables; null when the policy fits them.
Result<void> check_policy(const localstore::Store& store, const conflict::PolicyFile& file)
{
    for (const auto& [name, entry] : file.tables) {
        const auto known = store.table(name);
        if (!known) return Error{ErrorKind::refuse, "input.bad_policy", known.error().message};
        if ((*known)->table.columns.empty()) continue;
        if (const auto policy = conflict::policy_for(file, (*known)->table); !policy) return policy.error();
    }
    return {};
}

std::shared_ptr<Replica::Impl> prepared(ReplicaOptions options)
{
    auto impl = std::make_shared<Replica::Impl>();
    if (!options.clock) options.clock = system_clock();
    if (!options.random) options.random = system_random();
    impl->options = std::move(options);
    impl->policies = std::make_shared<engine::Policies>();
    return impl;
}

/// A file that is there already: whose replica it is, when it is somebody else's.
Error taken(const ReplicaOptions& options, const Binding& wanted, Error exists)
{
    localstore::StoreOptions look;
    look.path = options.path;
    look.vfs = options.vfs;
    look.mode = localstore::OpenMode::inspect;
    const auto store = localstore::Store::open(look);
    if (!store) return exists;
    const localstore::Binding bound = (*store)->binding();
    const auto other = [&](const std::string& whose, const std::string& theirs, const std::string& ours) {
        return Error{ErrorKind::stop, "store.bound_elsewhere",
                     options.path.string() + " is the replica of the " + whose + " " + theirs + ", not of " +
                         ours + "; open it for that one, or name another place for the new replica"};
    };
    if (bound.organization != wanted.organization_id)
        return other("organization", bound.url + " (" + bound.organization.text() + ")",
                     wanted.organization_url + " (" + wanted.organization_id.text() + ")");
    if (bound.user != wanted.user_id) return other("user", bound.user.text(), wanted.user_id.text());
    if (bound.mailbox != wanted.mailbox) return other("mailbox", bound.mailbox, wanted.mailbox);
    return exists;
}

std::string token_text(const std::vector<std::string>& command)
{
    boost::json::array words;
    for (const std::string& word : command) words.push_back(boost::json::string(word));
    return boost::json::serialize(words);
}

std::vector<std::string> token_words(const std::string& text)
{
    std::vector<std::string> command;
    boost::system::error_code failure;
    const boost::json::value words = boost::json::parse(text, failure);
    if (failure || !words.is_array()) return command;
    for (const boost::json::value& word : words.get_array())
        if (word.is_string()) command.emplace_back(word.get_string());
    return command;
}

/// What can be said of choices before anything is written.
Result<void> check_choices(const localstore::Store& store, const std::vector<ScopeChoice>& choices)
{
    std::set<std::string_view> named;
    for (const ScopeChoice& choice : choices) {
        if (!named.insert(choice.table).second)
            return Error{ErrorKind::refuse, "input.table_twice",
                         "table " + choice.table + " is chosen twice; name it once, with one filter"};
        const auto known = store.table(choice.table);
        if (!known || (*known)->table.columns.empty()) continue;
        const Table& table = (*known)->table;
        for (const std::string& column : choice.columns)
            if (column != table.primary_id && !table.column(column))
                return engine::unknown_column(table, column);
        if (choice.filter.empty()) continue;
        if (const auto filter = parse_filter(table, choice.filter); !filter)
            return Error{filter.error().kind, filter.error().code,
                         "the filter of " + choice.table + ": " + filter.error().message};
    }
    return {};
}

/// A table that was chosen before the organization was asked what it looks like.
Table unseen_table(const std::string& name)
{
    Table table;
    table.name = name;
    table.primary_id = name + "id";
    return table;
}

} // namespace

Replica::Replica(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replica::Replica(const Replica&) = default;
Replica::Replica(Replica&&) noexcept = default;
Replica& Replica::operator=(const Replica&) = default;
Replica& Replica::operator=(Replica&&) noexcept = default;
Replica::~Replica() = default;

Result<Replica> Replica::open(ReplicaOptions options)
{
    auto impl = prepared(std::move(options));
    auto store = localstore::Store::open(store_options(impl->options, impl->policies));
    if (!store) return store.error();
    impl->store = *std::move(store);
    take_policy(*impl->policies, *impl->store);
    impl->watchers = std::make_unique<engine::Watchers>(*impl->store, impl->options.post);
    return Replica(std::move(impl));
}

Result<Replica> Replica::create(ReplicaOptions options, const Binding& binding)
{
    auto impl = prepared(std::move(options));
    const Guid instance = binding.instance_id.is_nil() ? Guid::make(impl->random()) : binding.instance_id;
    const localstore::Binding bound{binding.organization_id,  binding.user_id, binding.mailbox,
                                    binding.organization_url, instance,        Guid::make(impl->random())};
    auto store = localstore::Store::create(store_options(impl->options, impl->policies), bound, impl->now(),
                                           {{std::string(token_setting), token_text(binding.token_command)}});
    if (!store)
        return store.error().code == localstore::code::exists ? taken(impl->options, binding, store.error())
                                                              : store.error();
    impl->store = *std::move(store);
    impl->watchers = std::make_unique<engine::Watchers>(*impl->store, impl->options.post);
    return Replica(std::move(impl));
}

Binding Replica::binding() const
{
    const localstore::Binding bound = impl_->store->binding();
    return {bound.url,     bound.organization, bound.user,
            bound.mailbox, bound.instance,     token_words(impl_->store->setting(token_setting))};
}

std::filesystem::path Replica::path() const
{
    return impl_->store->path();
}

std::vector<Table> Replica::tables() const
{
    std::vector<Table> tables;
    const auto names = impl_->store->table_names();
    if (!names) return tables;
    for (const std::string& name : *names)
        if (const auto known = impl_->store->table(name); known && !(*known)->table.columns.empty())
            tables.push_back((*known)->table);
    return tables;
}

Result<Table> Replica::table(std::string_view name) const
{
    const auto known = impl_->table(name);
    if (!known) return known.error();
    if ((*known)->table.columns.empty()) return engine::no_metadata(name);
    return (*known)->table;
}

Result<void> Replica::choose(const std::vector<ScopeChoice>& scopes)
{
    if (auto fine = check_choices(*impl_->store, scopes); !fine) return fine;
    return impl_->store->transact(
        localstore::Durability::full, [&](localstore::Transaction& transaction) -> Result<void> {
            const auto present = impl_->store->scopes();
            if (!present) return present.error();
            for (const localstore::Scope& scope : *present) {
                const bool stays = std::ranges::any_of(
                    scopes, [&](const ScopeChoice& choice) { return choice.table == scope.table; });
                if (stays) continue;
                const Result<void> dropped = transaction.rounds.drop_scope(scope.number);
                if (!dropped) return dropped;
            }
            for (const ScopeChoice& choice : scopes) {
                if (!impl_->store->table(choice.table)) {
                    const Result<void> defined = transaction.define_table(unseen_table(choice.table));
                    if (!defined) return defined;
                }
                const auto former = std::ranges::find_if(*present, [&](const localstore::Scope& scope) {
                    return scope.table == choice.table && scope.name == usual_scope;
                });
                // How it is pulled, and why so, was found out and still holds; that it could not be
                // may have been the choice's own fault.
                localstore::Scope scope = former == present->end() ? localstore::Scope{} : *former;
                if (scope.mode == "off") scope.mode = scope.reason = "";
                scope.table = choice.table;
                scope.name = usual_scope;
                scope.aboard = true;
                scope.filter = choice.filter;
                scope.columns = choice.columns;
                const auto defined = transaction.rounds.define_scope(scope);
                if (!defined) return defined.error();
            }
            return {};
        });
}

Result<std::vector<ScopeChoice>> Replica::chosen() const
{
    const auto scopes = impl_->store->scopes();
    if (!scopes) return scopes.error();
    std::vector<ScopeChoice> choices;
    for (const localstore::Scope& scope : *scopes)
        if (scope.aboard) choices.push_back({scope.table, scope.filter, scope.columns});
    return choices;
}

std::string Replica::policy() const
{
    return impl_->store->setting(policy_setting);
}

Result<void> Replica::set_policy(std::string_view json)
{
    if (!json.empty()) {
        const auto file = conflict::parse_policy_file(json);
        if (!file) return file.error();
        if (auto fits = check_policy(*impl_->store, *file); !fits) return fits;
    }
    return impl_->store->transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
        return transaction.journal.set_setting(policy_setting, json);
    });
}

Result<std::vector<std::string>> Replica::check() const
{
    return impl_->store->integrity_check();
}

Result<void> Replica::backup(const std::filesystem::path& file) const
{
    return impl_->store->backup(file);
}

Result<std::vector<std::string>> Replica::repair(const ReplicaOptions& options)
{
    const std::shared_ptr<Clock> clock = options.clock ? options.clock : system_clock();
    auto report = localstore::repair(options.path, clock->now());
    if (!report) return report.error();
    return std::move(report->unreadable);
}

Result<void> Replica::remove(const ReplicaOptions& options, Unsent unsent)
{
    return localstore::remove(options.path,
                              unsent == Unsent::lose ? localstore::Unsent::lose : localstore::Unsent::keep);
}

} // namespace hawser
