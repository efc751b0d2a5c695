#include "tools/hawser/demo/person.h"

#include <algorithm>
#include <utility>

namespace hawser::cli {
namespace {

constexpr int required_attendee = 5;
constexpr int cycles_most = 60;

/// All that a sample is made of, so that the replicas hold as many records as were asked for.
std::vector<ScopeChoice> story_tables()
{
    std::vector<ScopeChoice> scopes;
    for (const char* table : {"account", "contact", "lead", "opportunity", "incident", "new_project", "email",
                              "appointment", "task", "phonecall", "annotation"})
        scopes.push_back({.table = table});
    return scopes;
}

Result<std::vector<Party>> parties_of(Person& person, const RecordKey& appointment)
{
    const auto record = person.replica().get(appointment);
    if (!record) return record.error();
    const auto found = record->columns.find("parties");
    if (found == record->columns.end()) return std::vector<Party>{};
    return collection_to_parties(std::get<Collection>(found->second));
}

} // namespace

Person::Person(std::string who, Replica replica, Ports ports)
    : who_(std::move(who)),
      replica_(replica),
      synchronizer_(std::make_unique<Synchronizer>(replica, SynchronizerOptions{}, std::move(ports)))
{
}

Result<std::unique_ptr<Person>> Person::join(std::string who, const OrganizationProcess& organization,
                                             const std::string& user, const std::filesystem::path& file)
{
    const OrganizationUser& account = organization.user(user);
    Ports ports;
    ports.tokens = fixed_token(account.token);
    const auto binding = Synchronizer::identify(organization.url(), account.mailbox, {}, ports);
    if (!binding) return binding.error();
    ReplicaOptions options;
    options.path = file;
    auto replica = Replica::create(options, *binding);
    if (!replica) return replica.error();
    if (const auto chosen = replica->choose(story_tables()); !chosen) return chosen.error();
    return std::unique_ptr<Person>(new Person(std::move(who), *std::move(replica), std::move(ports)));
}

Result<int> Person::sync_until_sent()
{
    for (int cycles = 1;; ++cycles) {
        const auto report = synchronizer_->cycle();
        const auto status = Synchronizer::status(replica_);
        if (!status) return status.error();
        if (report && status->pending == 0) return cycles;
        const bool lost =
            !report && (report.error().kind == ErrorKind::retry || report.error().kind == ErrorKind::wait ||
                        report.error().kind == ErrorKind::offline);
        if (!report && !lost) return report.error();
        if (cycles == cycles_most)
            return Error{ErrorKind::stop, "demo.still_waiting",
                         who_ + "'s changes still wait after " + std::to_string(cycles) + " cycles"};
    }
}

Result<void> Person::change(const RecordKey& record, Fields columns)
{
    const auto written = replica_.write({{ChangeKind::update, record, std::move(columns)}});
    if (!written) return written.error();
    return {};
}

Result<RecordKey> Person::create(const std::string& table, Fields columns)
{
    const auto written = replica_.write({{ChangeKind::create, {table, {}}, std::move(columns)}});
    if (!written) return written.error();
    return written->front();
}

Result<std::string> Person::text(const RecordKey& record, const std::string& column)
{
    const auto read = replica_.get(record);
    if (!read) return read.error();
    const auto found = read->columns.find(column);
    const auto* text = found == read->columns.end() ? nullptr : std::get_if<std::string>(&found->second);
    return text ? *text : std::string();
}

Result<void> Person::invite(const RecordKey& appointment, const std::string& address)
{
    auto parties = parties_of(*this, appointment);
    if (!parties) return parties.error();
    parties->push_back({{}, address, {required_attendee}});
    return change(appointment, {{"parties", parties_to_collection(*parties)}});
}

Result<std::vector<std::string>> Person::attendees(const RecordKey& appointment)
{
    const auto parties = parties_of(*this, appointment);
    if (!parties) return parties.error();
    std::vector<std::string> addresses;
    for (const Party& party : *parties)
        if (std::ranges::find(party.roles, required_attendee) != party.roles.end() && !party.address.empty())
            addresses.push_back(party.address);
    return addresses;
}

} // namespace hawser::cli
