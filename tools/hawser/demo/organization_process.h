#pragma once

#include "hawser/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hawser::cli {

struct OrganizationUser {
    std::string token;
    std::string mailbox;
};

/// `hawser serve` as a process of its own, from this very program. It keeps its data in one file, so
/// that it can be ended and started again at the same address, with another network in between.
class OrganizationProcess {
public:
    explicit OrganizationProcess(std::filesystem::path directory) : directory_(std::move(directory)) {}
    ~OrganizationProcess() { stop(); }
    OrganizationProcess(const OrganizationProcess&) = delete;
    OrganizationProcess& operator=(const OrganizationProcess&) = delete;

    /// Starts it, the first time at a free port and later at the same one, and waits until it is ready.
    Result<void> start(const std::vector<std::string>& arguments);
    void stop();

    const std::string& url() const { return url_; }
    const OrganizationUser& user(const std::string& name) const { return users_.at(name); }
    std::filesystem::path write_log() const { return directory_ / "writes.jsonl"; }
    std::filesystem::path data() const { return directory_ / "organization.db"; }

private:
    Result<void> read_ready_line(int output);

    std::filesystem::path directory_;
    std::string url_;
    std::string port_ = "0";
    std::map<std::string, OrganizationUser> users_;
    int process_ = 0; ///< A process id; 0 = none.
};

} // namespace hawser::cli
