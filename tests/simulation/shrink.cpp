#include "tests/simulation/shrink.h"

#include "tests/simulation/rows.h"

#include <algorithm>
#include <regex>
#include <string>
#include <utility>

namespace hawser::simulation {

namespace {

class Shrinking {
public:
    Shrinking(Script failing, const Fails& fails, int most_runs)
        : best_(std::move(failing)), fails_(fails), left_(most_runs)
    {
    }

    void end_with_the_deeds()
    {
        Script less = best_;
        less.least_edits = 0;
        less.busy_cycles = 0;
        less.least_cycles = 0;
        takes(std::move(less));
    }

    void leave_out_deeds()
    {
        for (std::size_t size = best_.deeds.size() / 2; size > 0; size /= 2)
            for (std::size_t at = 0; at < best_.deeds.size();) {
                Script less = best_;
                const auto from = less.deeds.begin() + static_cast<std::ptrdiff_t>(at);
                const std::size_t count = std::min(size, less.deeds.size() - at);
                less.deeds.erase(from, from + static_cast<std::ptrdiff_t>(count));
                if (!takes(std::move(less))) at += size;
            }
    }

    void leave_out_mishaps()
    {
        for (std::size_t kind = 1; kind < mishap_kinds; ++kind) {
            Script less = best_;
            if (less.left_out.insert(static_cast<Mishap>(kind)).second) takes(std::move(less));
        }
        for (const auto& request : run(best_, false).befallen) {
            Script less = best_;
            less.spared.insert(request);
            takes(std::move(less));
        }
    }

    std::size_t size() const { return best_.deeds.size() + best_.left_out.size() + best_.spared.size(); }
    bool may_go_on() const { return left_ > 0; }
    const Script& best() const { return best_; }
    int left() const { return left_; }

private:
    bool takes(Script less)
    {
        if (left_ <= 0) return false;
        --left_;
        if (!fails_(run(less, false))) return false;
        best_ = std::move(less);
        return true;
    }

    Script best_;
    const Fails& fails_;
    int left_;
};

/// Without what is another in each story: columns, what is typed into them, ids and numbers.
std::string masked(std::string sentence)
{
    const auto mask = [&](const std::string& pattern, const char* with) {
        sentence = std::regex_replace(sentence, std::regex(pattern), with);
    };
    mask("\"[^\"]*\"", "VALUE");
    mask("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}…[0-9a-f]{4}", "ID");
    for (const TrackedTable& table : tracked_tables())
        for (const TrackedColumn& column : table.columns)
            mask("\\b" + std::string(column.name) + "\\b", "COLUMN");
    mask("[0-9]+", "NUMBER");
    return sentence;
}

} // namespace

Fails breaks_likewise(const Violation& broken)
{
    return [invariant = broken.invariant, sentence = masked(broken.sentence)](const Report& report) {
        return report.broken && report.broken->invariant == invariant &&
               masked(report.broken->sentence) == sentence;
    };
}

Shrunk shrink(Script failing, const Fails& fails, int most_runs)
{
    Shrinking shrinking(std::move(failing), fails, most_runs);
    shrinking.end_with_the_deeds();
    for (std::size_t before = 0; before != shrinking.size() && shrinking.may_go_on();) {
        before = shrinking.size();
        shrinking.leave_out_mishaps();
        shrinking.leave_out_deeds();
    }
    Shrunk shrunk{shrinking.best(), {}, most_runs - shrinking.left()};
    shrunk.report = run(shrunk.script, true);
    return shrunk;
}

} // namespace hawser::simulation
