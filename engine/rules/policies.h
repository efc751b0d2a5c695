#pragma once

#include "conflict/policy.h"
#include "conflict/policy_file.h"
#include "conflict/validate.h"
#include "hawser/metadata.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace hawser::engine {

/// How records of one table are merged.
struct TableRules {
    Table table;
    conflict::Policy policy;
    conflict::Validator validator;
};

/// The merge rules of every table: the defaults under what a person configured. Made once a table
/// and kept until its metadata changes.
///
/// Threads: any.
class Policies {
public:
    explicit Policies(conflict::PolicyFile configured = {}) : configured_(std::move(configured)) {}

    /// Before anything was merged: all copies are folded by one policy.
    void configure(conflict::PolicyFile configured) { configured_ = std::move(configured); }

    /// What was configured and does not fit the table (it was refused when it was read, but the schema
    /// moved since) leaves the defaults in its place; the rest of the entry stays.
    std::shared_ptr<const TableRules> of(const Table& table) const;

    /// The organization lets us write no receipt rows, so nothing proves what became of a counter or a
    /// line merge: from now on such columns ask.
    void without_receipts() const;

private:
    conflict::PolicyFile configured_;
    mutable std::mutex mutex_;
    mutable bool receipts_ = true;
    mutable std::map<std::string, std::shared_ptr<const TableRules>, std::less<>> known_;
};

} // namespace hawser::engine
