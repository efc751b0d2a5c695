#pragma once

#include "hawser/result.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace hawser::engine {

/// Wakes a program's run from another thread, so that it ends early. Threads: any.
class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    void raise() const;
    int descriptor() const { return read_end_; }

private:
    int read_end_ = -1;
    int write_end_ = -1;
};

/// Runs a program (no shell, nothing on its input) in a process group of its own and returns the first
/// line that it prints, without blanks around it. It must end with exit code 0 within `time`, else the
/// whole group is killed; what it prints after the first line is thrown away. Never waits longer than
/// `time` and a second. Fails with auth.no_token, which never quotes what was printed.
Result<std::string> first_line_of(const std::vector<std::string>& argv, std::chrono::milliseconds time,
                                  const Interruption& interruption);

/// The token as given, or why it can be none: empty, or with blanks or control characters within.
Result<std::string> checked_token(std::string token, const std::string& source);

} // namespace hawser::engine
