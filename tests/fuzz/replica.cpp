#include "localstore/repair.h"
#include "localstore/store.h"
#include "tests/folder.h"
#include "tests/fuzz/targets.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace hawser::fuzz {
namespace {

using namespace localstore;

constexpr Instant now{std::chrono::seconds{1'700'000'000}};

Guid id(int number)
{
    Guid made;
    made.bytes[0] = 7;
    made.bytes[15] = static_cast<std::uint8_t>(number);
    return made;
}

Result<void> fill(Transaction& transaction)
{
    Table table;
    table.name = "contact";
    table.entity_set = "contacts";
    table.primary_id = "contactid";
    table.primary_name = "fullname";
    for (const char* name : {"fullname", "jobtitle"}) {
        Column column;
        column.name = name;
        table.columns.push_back(column);
    }
    if (auto done = transaction.define_table(table); !done) return done;
    Scope all;
    all.table = "contact";
    all.name = "all";
    if (auto scope = transaction.rounds.define_scope(all); !scope) return scope.error();
    for (int i = 1; i <= 3; ++i)
        if (auto done = transaction.records.replace({"contact", id(i)}, "W/\"1\"",
                                                    {{"fullname", std::string("Ann")}}, CycleNumber{1});
            !done)
            return done;
    return {};
}

Result<void> send(Transaction& transaction, Sequence change)
{
    NewIntent intent;
    intent.id = id(50);
    intent.changes = {{change, {}}};
    intent.steps.resize(1);
    intent.steps[0].key = {"contact", id(2)};
    intent.steps[0].method = "PATCH";
    intent.made_at = now;
    return transaction.intents.open(intent);
}

/// A small replica with something of everything that a repair carries over.
std::string sound_replica()
{
    const tests::Folder folder;
    StoreOptions options;
    options.path = folder / "replica.hawser";
    {
        auto store = Store::create(
            options, {id(101), id(102), "ada@example.org", "https://organization.example", id(103), id(104)},
            now);
        demand(store.has_value(), "a replica can be made");
        demand((*store)->transact(Durability::full, fill).has_value(), "a replica can be filled");
        WriteContext by;
        by.now = now;
        const Edit edits[] = {{ChangeKind::update, {"contact", id(1)}, {{"jobtitle", std::string("Clerk")}}},
                              {ChangeKind::update, {"contact", id(2)}, {{"jobtitle", std::string("Buyer")}}}};
        const auto made = (*store)->write(edits, by);
        demand(made.has_value(), "a replica can be edited");
        const auto sent = (*store)->transact(
            Durability::full, [&](Transaction& transaction) { return send(transaction, made->back()); });
        demand(sent.has_value(), "an intent can be opened");
        demand((*store)->checkpoint_log().has_value(), "the log can be folded back");
    }
    std::ifstream file(options.path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The input damages it: three bytes say where, one how long, the rest what stands there.
std::string damaged(std::string_view input)
{
    static const std::string sound = sound_replica();
    std::string file = sound;
    while (input.size() >= 5) {
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(input[at]); };
        const std::size_t where = (byte(0) | byte(1) << 8 | byte(2) << 16) % file.size();
        const std::size_t length = 1 + byte(3) % 16;
        input.remove_prefix(4);
        for (std::size_t i = 0; i < length && where + i < file.size() && i < input.size(); ++i)
            file[where + i] = input[i];
        input.remove_prefix(std::min(length, input.size()));
    }
    // One byte left over cuts the file.
    if (input.size() == 1) file.resize(file.size() * static_cast<std::uint8_t>(input[0]) / 256);
    return file;
}

void use(const StoreOptions& options)
{
    const auto store = Store::open(options);
    if (!store) {
        demand(!store.error().message.empty(), "a refusal has words");
        return;
    }
    (void)(*store)->integrity_check();
    (void)(*store)->changes({});
    (void)(*store)->open_intents();
    (void)(*store)->conflicts({});
    for (int i = 1; i <= 3; ++i) {
        (void)(*store)->get({"contact", id(i)});
        (void)(*store)->state({"contact", id(i)});
    }
    (void)(*store)->sql("SELECT * FROM contact");
}

} // namespace

void read_replica(std::string_view input)
{
    static const tests::Folder folder;
    StoreOptions options;
    options.path = folder / "replica.hawser";
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        std::filesystem::remove(entry);
    std::ofstream(options.path, std::ios::binary) << damaged(input);
    options.mode = OpenMode::inspect;
    use(options);
    options.mode = OpenMode::normal;
    use(options);
    const auto target = folder / "repaired.hawser";
    const auto report = salvage(options.path, target, now);
    demand(std::filesystem::exists(options.path), "a repair leaves the damaged file");
    if (!report) return;
    options.path = target;
    const auto store = Store::open(options);
    demand(store.has_value(), "a repaired replica opens");
    const auto findings = (*store)->integrity_check();
    demand(findings && findings->empty(), "a repaired replica is sound");
}

} // namespace hawser::fuzz
