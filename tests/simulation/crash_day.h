#pragma once

#include "tests/simulation/program.h"

#include <cstdint>
#include <string>
#include <vector>

namespace hawser::tests {

/// Where a day is interrupted, once.
struct CrashPoint {
    enum class At {
        never,
        file,   ///< At a write, sync, truncate, delete or rename.
        before, ///< A request is about to leave.
        after,  ///< It was carried out, and the answer has not come.
        full,   ///< No end: from that step on the disk is full, until something fails.
        busy,   ///< No end: from that step on others have the file locked, until something fails.
    };
    At at = At::never;
    std::uint64_t number = 0; ///< Of the step, from 1, or of the request, from 0.
    Loss loss = Loss::nothing;
    std::uint64_t seed = 0;
    std::uint64_t again = 0; ///< Ends a second time, so many steps after the restart; 0: it does not.

    bool ends() const { return at == At::file || at == At::before || at == At::after; }
};

std::string text_of(const CrashPoint& point);

/// What a day leaves: equal for all days, wherever they were interrupted.
struct DayEnd {
    std::vector<std::string> organization; ///< Every record of every table.
    std::vector<std::string> effects;      ///< The write log, sorted: each effect once.
    std::vector<std::string> queue;        ///< What became of every change.
    std::vector<std::string> replica;      ///< Every record of every table, as its user sees it.
    friend bool operator==(const DayEnd&, const DayEnd&) = default;
};

/// One user's scripted day from the first pull to a repair, with two long absences and a colleague. When it is interrupted
/// the program is started again and the user goes on with what was not done.
class CrashDay {
public:
    explicit CrashDay(const CrashPoint& point);

    /// Throws what is wrong, with the step of the day in it.
    DayEnd run();

    std::uint64_t steps() const { return vfs_.steps(); }
    std::uint64_t requests() { return program_.exchange().seen.size(); }
    /// Restarts, or steps that failed and were done again.
    int interruptions() const { return interruptions_; }

private:
    using Step = std::pair<std::string, std::function<void()>>;

    std::vector<Step> script();
    void morning(std::vector<Step>& steps);
    void on_the_train(std::vector<Step>& steps);
    void afternoon(std::vector<Step>& steps);
    void absence(std::vector<Step>& steps);
    void evening(std::vector<Step>& steps);
    void play(const Step& step);
    void start_again();
    void try_to_open();
    void interrupt();
    bool was_disturbed();
    DayEnd end();

    void edit(localstore::ChangeKind kind, const RecordKey& key, const Fields& fields = {});
    bool is_done(localstore::ChangeKind kind, const RecordKey& key, const Fields& fields);
    void demand_absence(const RecordKey& key);
    void group(const std::vector<localstore::Edit>& edits);
    void undo_edit_of(const RecordKey& key);
    void resolve(const RecordKey& key, localstore::Side side);
    void repair();
    void ask_again();
    std::vector<std::string> contents();
    std::vector<std::string> effects() const;
    std::vector<std::string> fates();
    std::vector<std::string> records();

    CrashPoint point_;
    Folder folder_;
    FaultVfs vfs_;
    std::shared_ptr<VirtualClock> clock_ = monday();
    Office office_{*clock_};
    Program program_;
    int interruptions_ = 0;
    int refused_tokens_ = 0;
    bool spoiled_ = false; ///< The replica has a page that cannot be read.
};

} // namespace hawser::tests
