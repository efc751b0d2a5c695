#pragma once

#include "hawser/clock.h"
#include "hawser/random.h"
#include "tools/server/core/address.h"
#include "tools/server/core/condition.h"
#include "tools/server/core/organization.h"
#include "tools/server/core/settings.h"
#include "tools/server/core/storage.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace hawser::server {

struct Selection;

struct Account {
    User user;
    std::set<std::string, std::less<>> refused{}; ///< Privileges by name.
    std::int64_t window_start = 0;                ///< For throttling, seconds.
    std::int64_t window_requests = 0;
};

/// What an organization is, apart from its rows.
struct World {
    const Catalogue& catalogue = Catalogue::whole();
    Settings settings{};
    std::unique_ptr<Storage> storage{};
    Guid organization;
    Guid unit;
    Guid team;
    std::string name{};
    std::string path_prefix{};
    std::string metadata_version{}; ///< Changes with the tables and columns this program knows.
    std::vector<Account> accounts{};
    std::map<std::string, std::shared_ptr<const Selection>> selections{}; ///< By table and $select.
    std::map<std::string, Answer> metadata_answers{}; ///< By what was asked; good until a setting changes.
};

/// Which annotations a request asked for.
struct Annotations {
    bool lookup_table = false;
    bool navigation = false;
    bool formatted = false;
    bool page_facts = false; ///< Total counts, FetchXML paging cookies.
    bool metadata_version = false;
    bool any() const { return lookup_table || navigation || formatted || page_facts || metadata_version; }
};

struct Preferences {
    bool representation = false;
    bool track_changes = false;
    bool continue_on_error = false;
    std::optional<std::size_t> page_size{};
    std::string annotation_list{};
    Annotations annotations{};
};
Preferences read_preferences(const Headers& headers);

/// One request being answered. Parts of a batch share the log and the content ids.
struct Call {
    World& world;
    const Account& account;
    Instant now;
    Random& random;
    std::string root; ///< "http://host/prefix/api/data/v9.2/"
    std::string method{};
    Address address{};
    Headers headers{};
    std::string_view body{};
    Preferences preferences{};
    std::vector<std::string>& log; ///< Lines for the write log, delivered after the commit.
    std::map<std::string, std::string, std::less<>>* content_ids = nullptr; ///< Inside a change set.
    std::size_t part = 0; ///< Of a batch, from 1 on; a change set is one.

    Storage& storage() const { return *world.storage; }
    const Settings& settings() const { return world.settings; }
    Identity identity() const { return {world.unit, account.user.id, world.team}; }
};

Answer refuse(const Call& call, const Refusal& refusal);
Answer refuse(const Settings& settings, const Refusal& refusal);
Answer json_answer(int status, std::string body);
Answer empty_answer(int status);
std::string etag(std::int64_t version); ///< W/"n"

} // namespace hawser::server
