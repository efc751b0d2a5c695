#include "tools/server/core/write_log.h"

#include "base/time_text.h"
#include "tools/server/core/json_text.h"

namespace hawser::server {
namespace {

void member(std::string& line, std::string_view name, std::string_view text)
{
    line += line.empty() ? "{\"" : ",\"";
    line.append(name).append("\":");
    append_quoted(line, text);
}

} // namespace

void log_write(const Call& call, const AppliedWrite& write)
{
    std::string line;
    member(line, "kind", "write");
    member(line, "time", to_text(call.now));
    member(line, "user", call.account.user.name);
    member(line, "method", call.method);
    member(line, "table", write.table);
    member(line, "id", write.id.text());
    member(line, "condition", write.condition);
    line += ",\"columns\":[";
    for (std::size_t at = 0; at < write.columns.size(); ++at) {
        if (at > 0) line += ',';
        append_quoted(line, write.columns[at]);
    }
    line += ']';
    member(line, "outcome", write.outcome);
    line += ",\"version\":" + std::to_string(write.version) + ",\"part\":" + std::to_string(call.part);
    member(line, "client_request_id", header(call.headers, "x-ms-client-request-id"));
    call.log.push_back(line + "}");
}

std::string fault_line(Instant now, std::string_view user, const Request& request, std::string_view fault,
                       std::string_view effect)
{
    std::string line;
    member(line, "kind", "fault");
    member(line, "time", to_text(now));
    member(line, "user", user);
    member(line, "method", request.method);
    member(line, "target", std::string_view(request.target).substr(0, 500));
    member(line, "fault", fault);
    member(line, "outcome", effect);
    member(line, "client_request_id", header(request.headers, "x-ms-client-request-id"));
    return line + "}";
}

} // namespace hawser::server
