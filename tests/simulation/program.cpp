#include "tests/simulation/program.h"

#include "engine/merge_fold.h"
#include "localstore/transaction.h"

namespace hawser::tests {

Program::Program(std::filesystem::path replica, FaultVfs& vfs, Office& office,
                 std::shared_ptr<VirtualClock> clock)
    : path_(std::move(replica)),
      vfs_(vfs),
      office_(office),
      clock_(std::move(clock)),
      exchange_(std::make_shared<OrganizationExchange>(*office.organization, *clock_, *random_))
{
    tokens_->token = office.token();
}

void Program::take(const Result<void>& result) const
{
    if (vfs_.crashed()) throw Crashed{};
    if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
}

localstore::StoreOptions Program::options() const
{
    localstore::StoreOptions chosen;
    chosen.path = path_;
    chosen.fold = engine::merge_fold(policies_);
    chosen.vfs = vfs_.name();
    return chosen;
}

localstore::Binding Program::binding()
{
    localstore::Binding bound;
    bound.organization = office_.organization->organization_id();
    bound.user = office_.organization->user("ada")->id;
    bound.mailbox = "ada@organization.example";
    bound.url = "http://127.0.0.1:1";
    bound.instance = Guid::make(*random_);
    bound.nonce = Guid::make(*random_);
    return bound;
}

void Program::open()
{
    const bool is_there = std::filesystem::exists(path_) || std::filesystem::exists(path_.string() + ".swap");
    store_ = take(is_there ? localstore::Store::open(options())
                           : localstore::Store::create(options(), binding(), clock_->now()));
    lock_ = take(localstore::EngineLock::acquire(*store_, "the day", *random_));
    if (lock_->provenance() != localstore::Provenance::same)
        throw std::runtime_error("the replica is taken for a copy of itself");
    if (take(store_->scopes()).empty()) choose({"account", "contact", "appointment", "task"});
    check_accepted();
    context_ = std::make_unique<engine::Context>();
    engine_ = take(engine::Engine::make(
        {*context_, *store_, *policies_, clock_, random_, exchange_, tokens_, small_pages()}));
}

void Program::close()
{
    engine_.reset();
    if (context_) context_->poll();
    context_.reset();
    lock_.reset();
    store_.reset();
}

void Program::choose(const std::vector<std::string>& tables)
{
    take(store_->transact(localstore::Durability::full,
                          [&](localstore::Transaction& transaction) -> Result<void> {
                              for (const std::string& name : tables) {
                                  Table table;
                                  table.name = name;
                                  table.primary_id = name + "id";
                                  if (Result<void> done = transaction.define_table(table); !done) return done;
                                  localstore::Scope scope;
                                  scope.table = name;
                                  scope.name = "all";
                                  const auto number = transaction.rounds.define_scope(scope);
                                  if (!number) return number.error();
                              }
                              return {};
                          }));
}

void Program::check_accepted()
{
    for (const localstore::Sequence sequence : accepted_) {
        const auto found = store_->change(sequence);
        if (vfs_.crashed()) throw Crashed{};
        if (!found)
            throw std::runtime_error("an accepted change is lost (I1): " + std::to_string(sequence.value));
    }
}

localstore::WriteContext Program::by_user() const
{
    localstore::WriteContext context;
    context.now = clock_->now();
    context.actor = "ada";
    return context;
}

void Program::write(const std::vector<localstore::Edit>& edits, localstore::Grouping grouping)
{
    localstore::WriteContext context = by_user();
    context.grouping = grouping;
    const auto made = store_->write(edits, context);
    // It may have returned before the end came.
    if (made)
        for (const localstore::Sequence sequence : *made)
            if (sequence.value != 0) accepted_.push_back(sequence);
    take(made);
}

// Here and not in the header: link-time optimisation takes the frames of a coroutine that several files
// instantiate for different types (g++ 12).
template <class T>
Result<T> Program::run(std::function<engine::Task<Result<T>>(engine::Engine&)> operation)
{
    auto result = std::make_shared<std::optional<Result<T>>>();
    engine::Loop loop(*context_, clock_);
    context_->post([&, result, operation] {
        loop.start([this, result, operation]() -> engine::Task<void> {
            auto running = operation(*engine_);
            result->emplace(co_await std::move(running));
        });
    });
    while (!*result && !vfs_.crashed()) {
        if (context_->poll() == 0 && !clock_->fire_next()) break;
    }
    if (vfs_.crashed()) {
        engine_.reset();
        context_->poll();
        throw Crashed{};
    }
    if (!*result) throw std::runtime_error("the engine waits for nothing");
    return std::move(**result);
}

template Result<void> Program::run(std::function<engine::Task<Result<void>>(engine::Engine&)>);
template Result<CycleReport> Program::run(std::function<engine::Task<Result<CycleReport>>(engine::Engine&)>);
template Result<Verification>
    Program::run(std::function<engine::Task<Result<Verification>>(engine::Engine&)>);

Result<CycleReport> Program::cycle(engine::CycleRequest request)
{
    std::function<engine::Task<Result<CycleReport>>(engine::Engine&)> operation =
        [request](engine::Engine& one) { return one.cycle(request); };
    return run<CycleReport>(std::move(operation));
}

void Program::sync(engine::CycleRequest request)
{
    std::string last = "changes are left";
    for (int tries = 0; tries < 12; ++tries) {
        const auto report = cycle(request);
        if (!report) last = report.error().code + ": " + report.error().message;
        const auto left = take(store_->queue_figures());
        if (report && left.queued == 0 && left.in_flight == 0) return;
        clock_->pass(std::chrono::minutes{6});
    }
    throw std::runtime_error("it does not become quiet: " + last);
}

} // namespace hawser::tests
