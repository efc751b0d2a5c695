#pragma once

#include "hawser/export.h"
#include "hawser/replica.h"

#include <optional>
#include <string>
#include <vector>

namespace hawser {

// Typed views of the tables that every client knows. Each maps to and from columns; a member that
// is empty is null. `to_fields` of a changed copy minus the original is what to write.

struct Contact {
    Guid id;
    std::string first_name, last_name, job_title, email, business_phone, mobile_phone;
    std::optional<Lookup> parent; ///< account or contact.

    HAWSER_API static Contact from(const Record& record);
    HAWSER_API Fields to_fields() const;
};

struct Account {
    Guid id;
    std::string name, phone, website, email;
    std::optional<Lookup> primary_contact;

    HAWSER_API static Account from(const Record& record);
    HAWSER_API Fields to_fields() const;
};

struct Email {
    Guid id;
    std::string subject, body, message_id;
    bool outgoing = true;
    std::vector<Party> parties;
    std::optional<Lookup> regarding;

    HAWSER_API static Email from(const Record& record);
    HAWSER_API Fields to_fields() const;
};

struct Appointment {
    Guid id;
    std::string subject, body, location;
    std::optional<Instant> start, end;
    bool all_day = false;
    std::vector<Party> parties;
    std::optional<Lookup> regarding;

    HAWSER_API static Appointment from(const Record& record);
    HAWSER_API Fields to_fields() const;
};

struct Task {
    Guid id;
    std::string subject, body;
    std::optional<Instant> start, due;
    std::int64_t percent_complete = 0;
    std::int64_t state = 0; ///< 0 open, 1 completed, 2 cancelled.
    std::optional<Lookup> regarding;

    HAWSER_API static Task from(const Record& record);
    HAWSER_API Fields to_fields() const;
};

/// Only the columns in which two column sets differ: null for what `after` lacks.
HAWSER_API Fields difference(const Fields& before, const Fields& after);

} // namespace hawser
