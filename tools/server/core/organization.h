#pragma once

#include "hawser/clock.h"
#include "hawser/guid.h"
#include "hawser/random.h"
#include "hawser/result.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::server {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request as it came from the wire. `target` is the path with its query, still encoded.
struct Request {
    std::string method;
    std::string target;
    Headers headers{};
    std::string body{};
};

/// What the carrier of an answer has to do with it; anything but `deliver` is an injected fault.
enum class Fate {
    deliver,
    drop,     ///< Close the connection without a byte. The request may have been carried out.
    truncate, ///< Announce the whole body, send `Answer::truncate_at` bytes of it, and close.
};

struct Answer {
    int status = 200;
    Headers headers{};
    std::string body{};
    Fate fate = Fate::deliver;
    std::size_t truncate_at = 0;        ///< Only with `Fate::truncate`.
    std::chrono::milliseconds delay{0}; ///< To be waited before anything is sent.
};

/// The value of a header, found without regard to case, or "" when it is absent.
std::string_view header(const Headers& headers, std::string_view name);
bool has_header(const Headers& headers, std::string_view name);

/// How far a user's privileges reach.
enum class Depth {
    none,
    basic,  ///< Rows the user owns, or a team of the user owns.
    global, ///< Every row of the organization; needed for change tracking.
};

/// A user as given with `--user NAME[:basic|:global][:-PRIVILEGE…]`; the default depth is global.
/// A refused privilege is named as the organization does ("prvDeleteContact", "prvWriteActivity").
struct UserSpecification {
    std::string name;
    Depth depth = Depth::global;
    std::vector<std::string> refused{};

    static Result<UserSpecification> parse(std::string_view text);
};

struct User {
    Guid id;
    std::string name;
    std::string token;   ///< The bearer token. Random, and stable for one database.
    std::string mailbox; ///< "ada@organization.example"
    Depth depth = Depth::global;
};

struct OrganizationOptions {
    std::string database = ":memory:"; ///< A file, or ":memory:".
    std::string vfs{};                 ///< An SQLite VFS by name; "" = the default one.
    std::string path_prefix{};         ///< "/crm" when the address has a path before "/api/data".

    /// Added when the database does not have them yet. Ada (global) and bob (basic) when neither
    /// this nor the database names any.
    std::vector<UserSpecification> users{};

    std::vector<std::pair<std::string, std::string>> settings{}; ///< docs/SERVER.md lists them.

    /// "drop_request=P,drop_answer=P,delay=MS,throttle=P,error_500=P,html_503=P,truncate=P,
    /// expire_token=P", any of them, P between 0 and 1.
    std::string faults{};

    /// Receives one line of JSON, without its line end, for each applied write and injected fault,
    /// after the write is committed.
    std::function<void(std::string_view)> write_log{};
};

struct Loaded {
    std::size_t records = 0; ///< Records added; those whose id was there already are left alone.
    std::size_t tables = 0;
};

/// A small organization that answers the Dataverse Web API from one SQLite database.
///
/// It has no clock, no thread, no network and no chance of its own: the answer is a function of the
/// database, the request, `now` and the numbers drawn from `random`. Not for more than one thread
/// at a time. A request is one transaction (a `$batch` too, with savepoints inside), so that a
/// crash leaves all of its effect or none.
///
/// Ownership: rows that were loaded or made as a sample belong to the organization's default team,
/// of which every user is a member, so that a basic user reads them too (setting `loaded_owner`
/// names a user instead). Rows made by a user belong to that user.
class Organization {
public:
    static Result<std::unique_ptr<Organization>> open(OrganizationOptions options, Instant now,
                                                      Random& random);
    ~Organization();
    Organization(const Organization&) = delete;
    Organization& operator=(const Organization&) = delete;

    /// Never fails and never throws for bad input: every refusal is an answer.
    Answer handle(const Request& request, Instant now, Random& random);

    const std::vector<User>& users() const;
    const User* user(std::string_view name) const;
    Result<User> add_user(const UserSpecification& user, Instant now, Random& random);

    /// Gives a user another depth; takes effect with the next request.
    Result<void> set_depth(std::string_view name, Depth depth);

    /// Refuses every token the user holds from now on, and returns the new one.
    Result<std::string> renew_token(std::string_view name, Random& random);

    Result<void> set_setting(std::string_view name, std::string_view value);
    Result<void> set_faults(std::string_view specification);

    /// Loads every TABLE.jsonl of a directory, named by entity set ("contacts.jsonl").
    Result<Loaded> load_directory(const std::string& directory, Instant now);

    /// Adds a believable organization of about `records` records, the same for the same number.
    /// Does nothing when the database holds a sample already.
    Result<Loaded> make_sample(std::size_t records, Instant now);

    /// Number of rows of a table by logical name; 0 for an unknown one.
    std::size_t count(std::string_view table) const;

    Guid organization_id() const;
    const std::string& path_prefix() const;

private:
    class State;
    explicit Organization(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace hawser::server
