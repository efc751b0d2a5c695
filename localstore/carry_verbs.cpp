#include "localstore/carried_numbers.h"
#include "localstore/numbers.h"
#include "localstore/record_row.h"
#include "localstore/verbs.h"

#include <algorithm>
#include <map>

namespace hawser::localstore {
namespace {

constexpr std::string_view carried_settings = "carried.";

std::map<Guid, CarriedNumbers> all_carried(Database& database)
{
    std::map<Guid, CarriedNumbers> all;
    Statement rows = database.prepare("SELECT substr(name, length(?1) + 1), value FROM hawser_setting WHERE "
                                      "substr(name, 1, length(?1)) = ?1");
    rows.with(carried_settings);
    while (rows.step())
        if (const auto instance = Guid::parse(rows.text(0)))
            all.emplace(*instance, CarriedNumbers(rows.text(1)));
    return all;
}

CarriedNumbers carried_from(Database& database, const Guid& instance)
{
    Statement row = database.prepare("SELECT value FROM hawser_setting WHERE name = ?1");
    return CarriedNumbers(row.with(std::string(carried_settings) + instance.text()).step() ? row.text(0)
                                                                                           : "");
}

void keep_carried(Database& database, const Guid& instance, const CarriedNumbers& numbers)
{
    database
        .prepare("INSERT INTO hawser_setting (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = "
                 "excluded.value")
        .with(std::string(carried_settings) + instance.text(), numbers.text())
        .run();
}

Guid this_instance(Database& database)
{
    Statement row = database.prepare("SELECT instance FROM hawser_meta WHERE one = 1");
    return row.step() ? row.guid(0) : Guid{};
}

/// The edits of a waiting change, for a record that has others.
Edit as_edit(const Subject& subject, const Change& change)
{
    Edit edit{change.kind, subject.key(), {}};
    if (change.kind == ChangeKind::remove) return edit;
    if (subject.local()) edit.kind = ChangeKind::update;
    for (const auto& [name, value] : change.after)
        if (!change.is_settled(name)) edit.after.emplace(name, value);
    return edit;
}

/// Whether the record has nothing of its own, but what the journal has as well, on the same version.
bool stands_as_there(const Subject& subject, const Carried& carried)
{
    if (!subject.shadow) return true;
    const bool same_base =
        subject.shadow->remote == carried.base.remote && subject.shadow->etag == carried.base.etag;
    return same_base && !subject.conflict && !subject.row.has(flag::in_flight) &&
           std::ranges::all_of(subject.live, [&](const Change& change) {
               return std::ranges::find(carried.behind, change.sequence) != carried.behind.end();
           });
}

/// The limits of a column are the organization's to enforce, and may have moved since; its kind is what bodies are
/// read by. What is no column here is passed over.
Result<void> check_kinds(const Table& table, const Fields& fields)
{
    for (const auto& [name, value] : fields) {
        const Column* column = table.column(name);
        if (column == nullptr) continue;
        const auto fine = canonical(table, *column, value);
        if (!fine && (fine.error().code == "input.wrong_type" || fine.error().code == "input.not_utf8" ||
                      fine.error().code == "input.not_parties"))
            return fine.error();
    }
    return {};
}

class Taking {
public:
    Taking(TransactionState& state, const Carried& carried, const WriteContext& context)
        : state_(state), database_(state.database), carried_(carried), context_(context)
    {
    }

    Result<TakenOver> take()
    {
        auto subject = load_subject(state_, carried_.change.key);
        if (!subject) return subject.error();
        if (auto fine = check_columns(*subject, carried_.change.after); !fine) return fine.error();
        for (const Fields* fields : {&carried_.change.after, &carried_.change.before, &carried_.base.fields})
            if (auto fine = check_kinds(subject->table().table, *fields); !fine) return fine.error();
        return stands_as_there(*subject, carried_) ? put_on_its_base(*subject) : put_behind(*subject);
    }

private:
    Result<TakenOver> put_on_its_base(Subject& subject)
    {
        if (!subject.shadow) {
            subject.make_dirty();
            subject.set_shadow(base_as_known_here(subject.table()));
            subject.row.set(flag::partial, carried_.partial);
        }
        Change change = carried_.change;
        change.key = subject.key();
        change.sequence = next_sequence(database_);
        change.group = group_for(change.sequence);
        change.next_attempt.reset();
        if (change.state == ChangeState::in_flight || change.state == ChangeState::contested)
            change.state = ChangeState::queued;
        const Sequence sequence = change.sequence;
        note(change);
        subject.add(std::move(change));
        subject.finish(context_.now);
        return TakenOver{sequence, false};
    }

    Result<TakenOver> put_behind(Subject& subject)
    {
        WriteContext context = context_;
        context.grouping =
            carried_.founds_group || carried_.group.value != 0 ? Grouping::one_unit : Grouping::separate;
        context.actor = carried_.change.actor;
        context.on_behalf_of = carried_.change.on_behalf_of;
        context.now = carried_.change.made_at;
        GroupNumber group = carried_.group;
        const auto written =
            write_edit(state_, subject, as_edit(subject, carried_.change), context, Purpose::edit, group);
        if (!written) return written.error();
        if (written->value == 0) return TakenOver{};
        subject.finish(context_.now);
        const auto change = find_change(database_, *state_.tables, *written);
        note(*change);
        return TakenOver{*written, true};
    }

    /// What is not known here comes with the next round.
    Shadow base_as_known_here(const KnownTable& table) const
    {
        Shadow base = carried_.base;
        std::erase_if(base.fields,
                      [&](const auto& member) { return table.table.column(member.first) == nullptr; });
        return base;
    }

    GroupNumber group_for(Sequence sequence) const
    {
        if (carried_.founds_group) return GroupNumber{sequence.value};
        return carried_.group;
    }

    void note(const Change& change)
    {
        CarriedNumbers numbers = carried_from(database_, carried_.identity.instance);
        numbers.add(carried_.identity.number, change.sequence);
        keep_carried(database_, carried_.identity.instance, numbers);
        write_decision(database_, {}, change.key, "carried",
                       "Change " + std::to_string(carried_.identity.number.value) +
                           " of another installation was taken over from its journal as change " +
                           std::to_string(change.sequence.value) + ".",
                       context_.now);
    }

    TransactionState& state_;
    Database& database_;
    const Carried& carried_;
    const WriteContext& context_;
};

} // namespace

ChangeIdentity identity_of(Database& database, Sequence change)
{
    for (const auto& [instance, numbers] : all_carried(database))
        if (const auto there = numbers.there(change)) return {instance, *there};
    return {this_instance(database), change};
}

void keep_identities(Database& database, const Guid& instance, Sequence last)
{
    std::map<Guid, CarriedNumbers> all = all_carried(database);
    CarriedNumbers& own = all[instance];
    for (Sequence number{1}; number <= last; ++number.value) {
        const bool carried =
            std::ranges::any_of(all, [&](const auto& from) { return from.second.there(number).has_value(); });
        if (!carried) own.add(number, number);
    }
    keep_carried(database, instance, own);
}

Result<std::optional<Sequence>> CarryVerbs::find(const ChangeIdentity& identity, const Change& change) const
{
    return verb(state_, [&]() -> Result<std::optional<Sequence>> {
        Database& database = state_.database;
        const RecordKey key = follow_alias(database, *state_.tables, change.key);
        const auto is_it = [&](Sequence here) {
            const auto found = find_change(database, *state_.tables, here);
            // What was trimmed since was done with.
            return !found || (follow_alias(database, *state_.tables, found->key) == key &&
                              found->made_at == change.made_at);
        };
        if (const auto here = carried_from(database, identity.instance).here(identity.number);
            here && is_it(*here))
            return here;
        const bool is_own = identity.instance == this_instance(database) &&
                            identity.number.value < next_number(database, Numbered::change);
        return is_own && is_it(identity.number) ? std::optional(identity.number) : std::nullopt;
    });
}

Result<TakenOver> CarryVerbs::take_over(const Carried& carried, const WriteContext& context)
{
    return verb(state_, [&] { return Taking(state_, carried, context).take(); });
}

Result<void> CarryVerbs::know(const Table& table)
{
    const KnownTable* known = state_.tables->find(table.name);
    // One that was only chosen has no columns before the organization was asked about it.
    if (known != nullptr && !known->table.columns.empty()) return {};
    return verb(state_, [&]() -> Result<void> {
        auto defined = define_table(state_.database, state_.tables, table);
        if (!defined) return defined.error();
        state_.tables = *std::move(defined);
        state_.notice.many = true;
        return {};
    });
}

} // namespace hawser::localstore
