#pragma once

#include "tools/server/core/payload.h"

#include <optional>

namespace hawser::server {

/// What the organization itself makes of a row: defaults, computed columns, and the demands that
/// concern more than one column. Pure functions of the values.

/// Defaults of a new row, before the caller's columns.
void apply_defaults(const Call& call, const Table& table, Values& values);

/// Checks the wanted state and status against each other and completes what was left out.
std::optional<Refusal> settle_state(const Table& table, const Guid& id, const Payload& payload,
                                    Values& values, PayloadUse use);

/// What the plug-ins of the settings make of the texts that the request writes. What they made already they leave.
void run_plugins(const Call& call, const Table& table, const Payload& payload, Values& values);

/// Columns the server computes: full names, addresses in one piece, durations, file sizes.
void compute(const Call& call, const Table& table, const Payload& payload, Values& values);

std::optional<Refusal> check_required(const Table& table, const Values& values);

/// Attachments and notes: size and extension.
std::optional<Refusal> check_file(const Call& call, const Table& table, const Values& values);

/// Mail that was completed or canceled accepts only another regarding or another state.
std::optional<Refusal> check_still_writable(const Call& call, const Table& table, const Values& values,
                                            const Payload& payload);
std::optional<Refusal> check_parties_writable(const Call& call, const Table& table, const Values& values);

std::optional<std::int64_t> number_in(const Table& table, const Values& values, std::string_view column);

/// The status that a record takes with the state when none is given.
std::optional<std::int64_t> default_status(const Column& status, std::int64_t state);
std::string text_in(const Table& table, const Values& values, std::string_view column);
void put_text(const Table& table, Values& values, std::string_view column, std::string_view text);
void put_number(const Table& table, Values& values, std::string_view column, std::int64_t number);

} // namespace hawser::server
