#include "tools/hawser/plan_view.h"

#include "tools/hawser/record_finder.h"

namespace hawser::cli {

Grid grid_of(const Plan& plan)
{
    Grid grid{{{"would"}, {"table"}, {"id"}, {"record"}, {"why", Align::left, Keep::if_it_fits, Long::wrap}}};
    for (const Plan::Line& line : plan.lines)
        grid.rows.push_back({{line.action, line.record.table,
                              Cell(short_id(line.record.id), line.record.id.text(), Style::faint),
                              line.record_name, line.sentence},
                             {{"action", line.action},
                              {"table", line.record.table},
                              {"id", line.record.id.text()},
                              {"name", line.record_name},
                              {"sentence", line.sentence}}});
    return grid;
}

} // namespace hawser::cli
