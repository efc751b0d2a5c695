#include "tools/server/core/batch.h"

#include "tools/server/core/router.h"

namespace hawser::server {
namespace {

const char* reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 412:
        return "Precondition Failed";
    default:
        return "Error";
    }
}

using ContentIds = std::map<std::string, std::string, std::less<>>;

void append_response(std::string& out, const std::string& boundary, const std::string& content_id,
                     const Answer& answer)
{
    out += "--" + boundary + "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
    if (!content_id.empty()) out += "Content-ID: " + content_id + "\r\n";
    out += "\r\nHTTP/1.1 " + std::to_string(answer.status) + " " + reason(answer.status) + "\r\n";
    for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
    out += "\r\n";
    out += answer.body;
    out += "\r\n";
}

/// "$1" and "$1/lastname" stand for the record that an earlier operation wrote.
Outcome<std::string> resolved_target(const Call& call, const std::string& target,
                                     const ContentIds* content_ids)
{
    std::optional<std::string_view> below = below_service_root(target, call.world.path_prefix);
    if (!below) return Refusal{404, "", "The batch names a resource outside of this organization: " + target};
    const bool reference =
        below->size() > 1 && (*below)[0] == '$' && (*below)[1] >= '0' && (*below)[1] <= '9';
    if (!reference) return std::string(*below);
    const auto end = below->find_first_of("/?");
    const std::string_view name = below->substr(0, end);
    const auto known = content_ids ? content_ids->find(name) : ContentIds::const_iterator{};
    if (!content_ids || known == content_ids->end())
        return bad_request("Content-ID Reference: '" + std::string(name) +
                           "' does not exist in the batch context.");
    const auto url = below_service_root(known->second, call.world.path_prefix);
    return std::string(url.value_or("")) +
           std::string(end == std::string_view::npos ? std::string_view{} : below->substr(end));
}

Answer carry_out(const Call& call, const BatchOperation& operation, ContentIds* content_ids)
{
    Outcome<std::string> target = resolved_target(call, operation.target, content_ids);
    if (!target) return refuse(call, target.refusal());
    Outcome<Address> address = parse_address(*target);
    if (!address) return refuse(call, address.refusal());
    if (!address->path.empty() && address->path.front().name == "$batch")
        return refuse(call, bad_request("A batch cannot hold another batch."));
    Call part{call.world,       call.account,        call.now,          call.random,    call.root,
              operation.method, std::move(*address), operation.headers, operation.body, {},
              call.log,         content_ids,         call.part};
    if (header(part.headers, "x-ms-client-request-id").empty())
        if (const auto id = header(call.headers, "x-ms-client-request-id"); !id.empty())
            part.headers.emplace_back("x-ms-client-request-id", id);
    part.preferences = read_preferences(part.headers);
    Answer answer = answer_operation(part);
    if (content_ids && !operation.content_id.empty() && answer.status < 400) {
        std::string_view url = header(answer.headers, "OData-EntityId");
        if (url.empty()) url = header(answer.headers, "Location");
        const std::string written = url.empty() ? call.root + *target : std::string(url);
        content_ids->insert_or_assign("$" + operation.content_id, written.substr(0, written.find('?')));
    }
    return answer;
}

/// All or nothing. On refusal `out` gets the one answer that stands for the whole set.
int carry_out_change_set(const Call& call, const BatchPart& part, const std::string& boundary,
                         std::string& out)
{
    const std::string inner_boundary = "changesetresponse_" + Guid::make(call.random).text();
    const std::size_t logged = call.log.size();
    ContentIds content_ids;
    std::string inner;
    call.storage().savepoint();
    for (const BatchOperation& operation : part.operations) {
        Answer answer = is_write(operation.method)
                            ? carry_out(call, operation, &content_ids)
                            : refuse(call, bad_request("A change set cannot hold a GET operation."));
        if (answer.status >= 400) {
            call.storage().roll_back_to_savepoint();
            call.log.resize(logged);
            append_response(out, boundary, operation.content_id, answer);
            return answer.status;
        }
        append_response(inner, inner_boundary, operation.content_id, answer);
    }
    call.storage().release();
    out += "--" + boundary + "\r\nContent-Type: multipart/mixed; boundary=" + inner_boundary + "\r\n\r\n" +
           inner + "--" + inner_boundary + "--\r\n\r\n";
    return 200;
}

} // namespace

Answer answer_batch(Call& call)
{
    Outcome<std::vector<BatchPart>> parts =
        parse_batch(header(call.headers, "Content-Type"), call.body,
                    static_cast<std::size_t>(call.settings().max_batch_operations));
    if (!parts) return refuse(call, parts.refusal());
    const std::string boundary = "batchresponse_" + Guid::make(call.random).text();
    Answer answer;
    for (const BatchPart& part : *parts) {
        int status = 0;
        ++call.part;
        if (part.change_set) {
            status = carry_out_change_set(call, part, boundary, answer.body);
        } else {
            const BatchOperation& operation = part.operations.front();
            const Answer one = carry_out(call, operation, nullptr);
            append_response(answer.body, boundary, operation.content_id, one);
            status = one.status;
        }
        if (status >= 400 && !call.preferences.continue_on_error) {
            answer.status = status;
            break;
        }
    }
    answer.body += "--" + boundary + "--\r\n";
    answer.headers = {{"Content-Type", "multipart/mixed; boundary=" + boundary}, {"OData-Version", "4.0"}};
    if (call.preferences.continue_on_error)
        answer.headers.emplace_back("Preference-Applied", "odata.continue-on-error");
    return answer;
}

} // namespace hawser::server
