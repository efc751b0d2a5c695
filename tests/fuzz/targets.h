#pragma once

#include <span>
#include <string_view>

namespace hawser::fuzz {

/// One reader of foreign bytes. Takes any input; ends the process when a promise is broken.
struct Target {
    std::string_view name; ///< Also of its corpus.
    void (*run)(std::string_view input);
};

std::span<const Target> targets();

void read_page(std::string_view input);
void read_record(std::string_view input);
void read_batch(std::string_view input);
void read_error(std::string_view input);
void read_confirm(std::string_view input);
void read_parties(std::string_view input);
void read_scalar(std::string_view input);
void read_link(std::string_view input);
void read_policy(std::string_view input);
void read_filter(std::string_view input);
void read_metadata(std::string_view input);
void read_body(std::string_view input);
void read_replica(std::string_view input);
void read_request(std::string_view input);
void read_journal(std::string_view input);

/// Ends the process with these words when `holds` is false.
void demand(bool holds, const char* promise);

/// The first line of the input; the input goes on behind it.
std::string_view take_line(std::string_view& input);

} // namespace hawser::fuzz
