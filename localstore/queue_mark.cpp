#include "localstore/queue_mark.h"

#include "base/hash.h"

namespace hawser::localstore {

std::string queue_mark(Database& database)
{
    std::string content;
    std::int64_t changes = 0;
    std::int64_t last = 0;
    Statement live =
        database.prepare("SELECT sequence, sum FROM hawser_change WHERE live = 1 ORDER BY sequence");
    for (; live.step(); ++changes) {
        last = live.integer(0);
        content += std::to_string(last) + ' ' + std::to_string(live.integer(1)) + '\n';
    }
    Statement open = database.prepare(
        "SELECT number, revision FROM hawser_conflict WHERE closed_at IS NULL ORDER BY number");
    while (open.step())
        content += std::to_string(open.integer(0)) + '.' + std::to_string(open.integer(1)) + '\n';
    return std::to_string(changes) + ' ' + std::to_string(last) + ' ' + std::to_string(checksum(content));
}

} // namespace hawser::localstore
