#include "tests/engine_world.h"

#include "engine/merge_fold.h"
#include "localstore/transaction.h"
#include "tests/choose_table.h"

#include <utility>

namespace hawser::tests {

Desk::Desk(Office& office, std::shared_ptr<VirtualClock> virtual_clock, std::string user,
           SynchronizerOptions chosen, std::uint64_t seed, std::shared_ptr<engine::Policies> rules)
    : office_(office),
      clock(std::move(virtual_clock)),
      random(seeded_random(seed)),
      exchange(std::make_shared<OrganizationExchange>(*office.organization, *clock, *random)),
      tokens(std::make_shared<ScriptedTokens>()),
      options(std::move(chosen)),
      policies(std::move(rules))
{
    tokens->token = office.token(user);
    localstore::Binding binding;
    binding.organization = office.organization->organization_id();
    binding.user = office.organization->user(user)->id;
    binding.mailbox = user + "@organization.example";
    binding.url = "http://127.0.0.1:1";
    binding.instance = Guid::make(*random);
    binding.nonce = Guid::make(*random);
    auto made = localstore::Store::create(store_options(), binding, clock->now());
    if (!made) FAIL(made.error().message);
    store = std::move(*made);
    revive();
}

Desk::~Desk()
{
    kill();
    store.reset();
}

localstore::StoreOptions Desk::store_options() const
{
    localstore::StoreOptions chosen;
    chosen.path = folder_ / "replica.hawser";
    chosen.fold = engine::merge_fold(policies);
    return chosen;
}

void Desk::choose(const std::vector<std::pair<std::string, std::string>>& tables)
{
    for (const auto& [name, filter] : tables) check(choose_table(*store, name, filter));
}

void Desk::kill()
{
    engine.reset();
    context.poll();
}

void Desk::revive()
{
    auto made = engine::Engine::make({context, *store, *policies, clock, random, exchange, tokens, options});
    if (!made) FAIL(made.error().message);
    engine = std::move(*made);
}

void Desk::reboot()
{
    kill();
    store.reset();
    auto opened = localstore::Store::open(store_options());
    if (!opened) FAIL(opened.error().message);
    store = std::move(*opened);
    revive();
}

Result<CycleReport> Desk::cycle(engine::CycleRequest request)
{
    return run<CycleReport>([request](engine::Engine& one) { return one.cycle(request); });
}

bool Desk::try_cycle()
{
    std::function<engine::Task<Result<CycleReport>>(engine::Engine&)> operation = [](engine::Engine& one) {
        return one.cycle({});
    };
    return try_run(std::move(operation)).has_value();
}

CycleReport Desk::sync()
{
    const auto report = cycle();
    if (!report) FAIL(report.error().code + ": " + report.error().message);
    return *report;
}

Verification Desk::verify()
{
    const auto found = run<Verification>([](engine::Engine& one) { return one.verify(); });
    if (!found) FAIL(found.error().code + ": " + found.error().message);
    return *found;
}

void Desk::check_equal()
{
    const Verification found = verify();
    for (const auto& row : found.rows)
        UNSCOPED_INFO(row.record.table << " " << row.record.id.text() << ": " << row.difference);
    CHECK(found.outcome == Verification::Outcome::equal);
    CHECK(store->queue_figures()->live() == 0);
    CHECK(store->open_intents()->empty());
}

Guid Desk::create(const std::string& table, Fields fields)
{
    const Guid id = Guid::make(*random);
    write({localstore::ChangeKind::create, {table, id}, std::move(fields)});
    return id;
}

void Desk::edit(const std::string& table, const Guid& id, Fields fields)
{
    write({localstore::ChangeKind::update, {table, id}, std::move(fields)});
}

void Desk::erase(const std::string& table, const Guid& id)
{
    write({localstore::ChangeKind::remove, {table, id}, {}});
}

std::vector<localstore::Sequence> Desk::write(localstore::Edit change)
{
    return write_all({std::move(change)}, localstore::Grouping::separate);
}

std::vector<localstore::Sequence> Desk::write_all(const std::vector<localstore::Edit>& edits,
                                                  localstore::Grouping grouping)
{
    localstore::WriteContext context_of;
    context_of.now = clock->now();
    context_of.grouping = grouping;
    const auto made = store->write(edits, context_of);
    if (!made) FAIL(made.error().code + ": " + made.error().message);
    return *made;
}

Value Desk::get(const std::string& table, const Guid& id, const std::string& column) const
{
    const auto view = store->get({table, id});
    if (!view) FAIL(view.error().message);
    if (!*view) return Null{};
    const auto found = (*view)->fields.find(column);
    return found == (*view)->fields.end() ? Value{} : found->second;
}

std::string Desk::text(const std::string& table, const Guid& id, const std::string& column) const
{
    const Value value = get(table, id, column);
    const auto* found = std::get_if<std::string>(&value);
    return found ? *found : "";
}

void Desk::check(const Result<void>& done)
{
    if (!done) FAIL(done.error().code + ": " + done.error().message);
}

SynchronizerOptions small_pages()
{
    SynchronizerOptions options;
    options.page_bytes = 4'000;
    return options;
}

std::size_t count(const Desk& desk, std::string_view table)
{
    return static_cast<std::size_t>(*desk.store->count(table, std::nullopt));
}

} // namespace hawser::tests
