#pragma once

#include "hawser/hawser.h"
#include "tools/hawser/demo/organization_process.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hawser::cli {

/// One replica of the story and the means to synchronize it.
class Person {
public:
    /// Makes the replica and brings the definitions of the tables.
    static Result<std::unique_ptr<Person>> join(std::string who, const OrganizationProcess& organization,
                                                const std::string& user, const std::filesystem::path& file);

    const std::string& who() const { return who_; }
    Replica& replica() { return replica_; }
    Synchronizer& synchronizer() { return *synchronizer_; }

    Result<CycleReport> sync() { return synchronizer_->cycle(); }

    /// Synchronizes through a network that loses answers, until nothing waits that can go by itself.
    /// Returns how many cycles it took.
    Result<int> sync_until_sent();

    Result<void> change(const RecordKey& record, Fields columns);
    Result<RecordKey> create(const std::string& table, Fields columns);
    Result<std::string> text(const RecordKey& record, const std::string& column);

    /// Adds a required attendee who is known by the address alone.
    Result<void> invite(const RecordKey& appointment, const std::string& address);
    Result<std::vector<std::string>> attendees(const RecordKey& appointment);

private:
    Person(std::string who, Replica replica, Ports ports);

    std::string who_;
    Replica replica_;
    std::unique_ptr<Synchronizer> synchronizer_;
};

} // namespace hawser::cli
