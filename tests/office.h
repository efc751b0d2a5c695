#pragma once

#include "tests/folder.h"
#include "tests/simulation/memory_vfs.h"
#include "tests/virtual_clock.h"
#include "tools/server/core/organization.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::tests {

/// An organization in memory and the colleague at its keyboard.
class Office {
public:
    explicit Office(Clock& clock, std::vector<std::string> users = {"ada", "bob:basic"},
                    const std::string& database = ":memory:", const std::string& vfs = {});

    std::shared_ptr<Random> random;
    std::unique_ptr<server::Organization> organization;
    std::vector<std::string> log; ///< The write log: applied writes and faults, JSON lines.

    const std::string& token(std::string_view user = "ada") const { return organization->user(user)->token; }

    server::Answer ask(std::string method, std::string path, std::string body = {},
                       server::Headers headers = {}, std::string_view user = "ada");

    /// A colleague's edit, create or deletion, in the organization itself.
    void put(const std::string& set, const Guid& id, const std::string& json);
    void erase(const std::string& set, const Guid& id);
    /// A column of a record as the organization holds it; "" when the record or value is not there.
    std::string value(const std::string& set, const Guid& id, const std::string& column);
    bool has(const std::string& set, const Guid& id);
    /// How many applied writes of this method the record has seen.
    int effects(const Guid& id, std::string_view method) const;

private:
    Clock& clock_;
};

/// An organization in a file that never leaves memory, which its administrator can set back to how it was.
class KeptOffice {
public:
    explicit KeptOffice(Clock& clock, std::vector<std::string> users = {"ada"})
        : clock_(clock), users_(std::move(users))
    {
        start();
    }

    Office& operator*() { return *office_; }
    Office* operator->() { return office_.get(); }
    const std::filesystem::path& folder() const { return folder_.path(); }

    void back_up();
    /// Nothing may use the office meanwhile. An exchange to the former one is of no use afterwards.
    void restore();

private:
    void copy(const std::string& from, const std::string& to);
    void start();

    Clock& clock_;
    std::vector<std::string> users_;
    Folder folder_;
    MemoryVfs memory_{folder_ / ""};
    std::unique_ptr<Office> office_;
};

std::shared_ptr<VirtualClock> monday();

Guid guid(int number);

/// A contact as a colleague types it.
std::string person(int number);
/// Contacts by number, each made by a colleague.
void fill(Office& office, int from, int to);

} // namespace hawser::tests
