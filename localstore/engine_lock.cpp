#include "localstore/engine_lock.h"

#include "localstore/platform/file_lock.h"
#include "localstore/store_impl.h"

#include <unistd.h>

namespace hawser::localstore {
namespace {

std::filesystem::path lock_path(const std::filesystem::path& replica)
{
    std::filesystem::path path = replica;
    path += ".lock";
    return path;
}

/// Three lines: nonce, the lock file's own identity, who holds it.
struct LockText {
    std::string nonce;
    std::string identity;
    std::string holder;
};

LockText read_text(std::string_view text)
{
    LockText read;
    for (std::string* line : {&read.nonce, &read.identity, &read.holder}) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        *line = std::string(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return read;
}

/// What the replica held before a fresh nonce was stored beside it.
struct Nonces {
    Guid nonce;
    Guid next;
    bool locked = false;
    bool copied = false; ///< It was found to be a copy before, and nobody has acted on that yet.
};

Result<Nonces> store_next(TransactionState& state, const Guid& fresh)
{
    Statement row = state.database.prepare("SELECT nonce, next_nonce, locked FROM hawser_meta WHERE one = 1");
    row.step();
    Nonces before{row.guid(0), row.guid(1), row.integer(2) != 0};
    row.reset();
    Statement copied = state.database.prepare("SELECT 1 FROM hawser_setting WHERE name = ?1 AND value <> ''");
    before.copied = copied.with(copied_setting).step();
    copied.reset();
    state.database.prepare("UPDATE hawser_meta SET next_nonce = ?1 WHERE one = 1").with(fresh).run();
    return before;
}

} // namespace

class EngineLock::Impl {
public:
    Impl(platform::FileLock lock, Provenance found) : lock_(std::move(lock)), provenance(found) {}

private:
    platform::FileLock lock_;

public:
    Provenance provenance;
};

EngineLock::EngineLock(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EngineLock::~EngineLock() = default;

Provenance EngineLock::provenance() const
{
    return impl_->provenance;
}

std::string EngineLock::holder(const std::filesystem::path& replica)
{
    return read_text(platform::FileLock::peek(lock_path(replica))).holder;
}

Result<std::unique_ptr<EngineLock>> EngineLock::acquire(Store& store, std::string_view holder, Random& random)
{
    const auto path = lock_path(store.path());
    auto taken = platform::FileLock::try_lock(path);
    if (!taken) return taken.error();
    if (!*taken) {
        const std::string who = EngineLock::holder(store.path());
        return Error{ErrorKind::retry, std::string(code::locked),
                     "The replica " + store.path().string() + " is being synchronized by " +
                         (who.empty() ? "another program" : who) + ". Stop that, or let it do the work."};
    }
    platform::FileLock lock = std::move(**taken);
    auto text = lock.read();
    if (!text) return text.error();
    const LockText known = read_text(*text);
    const Guid fresh = Guid::make(random);
    const std::string identity = std::to_string(lock.identity());

    auto nonces = store.impl_->write(Turn::engine, Durability::full,
                                     [&](TransactionState& state) { return store_next(state, fresh); });
    if (!nonces) return nonces.error();
    const bool first_use = known.nonce.empty() && !nonces->locked;
    const bool same =
        !nonces->copied &&
        (first_use || ((known.nonce == nonces->nonce.text() || known.nonce == nonces->next.text()) &&
                       known.identity == identity));
    std::string line(holder);
    for (char& c : line)
        if (c == '\n') c = ' ';
    line += " (process " + std::to_string(::getpid()) + ")";
    // The replica knows the fresh nonce before the lock file does, so a crash between the two is
    // no copy.
    if (auto written = lock.write(fresh.text() + '\n' + identity + '\n' + line + '\n'); !written)
        return written.error();
    auto kept =
        store.impl_->write(Turn::engine, Durability::full, [same](TransactionState& state) -> Result<void> {
            state.database.prepare("UPDATE hawser_meta SET nonce = next_nonce, locked = 1 WHERE one = 1")
                .run();
            // From here on the nonces agree: that it is a copy is known until it is another installation.
            if (!same)
                state.database
                    .prepare(
                        "INSERT INTO hawser_setting (name, value) VALUES (?1, '1') ON CONFLICT DO UPDATE "
                        "SET value = excluded.value")
                    .with(copied_setting)
                    .run();
            return {};
        });
    if (!kept) return kept.error();
    return std::unique_ptr<EngineLock>(new EngineLock(
        std::make_unique<Impl>(std::move(lock), same ? Provenance::same : Provenance::copied_or_restored)));
}

} // namespace hawser::localstore
