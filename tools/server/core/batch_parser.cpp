#include "tools/server/core/address.h"
#include "tools/server/core/batch.h"

namespace hawser::server {
namespace {

std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

Headers take_headers(std::string_view& text)
{
    Headers headers;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty()) break;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
    return headers;
}

std::string boundary_of(std::string_view content_type)
{
    for (const std::string_view part : split_outside(content_type, ';')) {
        const auto equals = part.find('=');
        if (equals == std::string_view::npos || !same_word(trim(part.substr(0, equals)), "boundary"))
            continue;
        std::string_view value = trim(part.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return std::string(value);
    }
    return {};
}

bool at_line_start(std::string_view text, std::size_t at)
{
    return at == 0 || text[at - 1] == '\n';
}

/// The parts between the boundary lines; nothing when the first boundary is missing.
std::optional<std::vector<std::string_view>> split_parts(std::string_view text, const std::string& boundary)
{
    const std::string mark = "--" + boundary;
    std::vector<std::string_view> parts;
    std::size_t start = std::string_view::npos;
    for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
        if (!at_line_start(text, at)) continue;
        std::string_view after = text.substr(at + mark.size());
        const bool last = after.substr(0, 2) == "--";
        if (!last && !after.empty() && after.front() != '\r' && after.front() != '\n') continue;
        if (start != std::string_view::npos) {
            std::string_view part = text.substr(start, at - start);
            if (!part.empty() && part.back() == '\n') part.remove_suffix(1);
            if (!part.empty() && part.back() == '\r') part.remove_suffix(1);
            parts.push_back(part);
        }
        if (last) return parts;
        take_line(after);
        start = text.size() - after.size();
    }
    if (start == std::string_view::npos) return std::nullopt;
    // A missing closing boundary ends with the body.
    if (start < text.size()) parts.push_back(text.substr(start));
    return parts;
}

Outcome<BatchOperation> parse_operation(std::string_view part, const Headers& part_headers)
{
    BatchOperation operation;
    while (!part.empty() && (part.front() == '\r' || part.front() == '\n')) part.remove_prefix(1);
    const std::string_view line = take_line(part);
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos) return bad_request("A part of the batch has no request line.");
    operation.method = line.substr(0, first);
    const bool versioned = last > first && line.substr(last + 1, 5) == "HTTP/";
    operation.target = trim(line.substr(first + 1, versioned ? last - first - 1 : std::string_view::npos));
    operation.headers = take_headers(part);
    operation.body = part;
    operation.content_id = header(part_headers, "Content-ID");
    if (operation.content_id.empty()) operation.content_id = header(operation.headers, "Content-ID");
    return operation;
}

Outcome<BatchPart> parse_part(std::string_view text)
{
    const Headers headers = take_headers(text);
    const std::string_view type = header(headers, "Content-Type");
    BatchPart part;
    if (lower(type.substr(0, 9)) != "multipart") {
        Outcome<BatchOperation> operation = parse_operation(text, headers);
        if (!operation) return operation.refusal();
        part.operations.push_back(std::move(*operation));
        return part;
    }
    part.change_set = true;
    const std::string boundary = boundary_of(type);
    const auto inner = boundary.empty() ? std::nullopt : split_parts(text, boundary);
    if (!inner) return bad_request("A change set of the batch has no boundary.");
    for (std::string_view one : *inner) {
        const Headers inner_headers = take_headers(one);
        if (lower(header(inner_headers, "Content-Type").substr(0, 9)) == "multipart")
            return bad_request("A change set cannot hold another multipart body.");
        Outcome<BatchOperation> operation = parse_operation(one, inner_headers);
        if (!operation) return operation.refusal();
        part.operations.push_back(std::move(*operation));
    }
    return part;
}

} // namespace

Outcome<std::vector<BatchPart>> parse_batch(std::string_view content_type, std::string_view body,
                                            std::size_t most_operations)
{
    const std::string boundary = boundary_of(content_type);
    if (lower(content_type.substr(0, 15)) != "multipart/mixed" || boundary.empty())
        return bad_request("The Content-Type of a batch must be multipart/mixed with a boundary.");
    const auto texts = split_parts(body, boundary);
    if (!texts) return bad_request("The body of the batch does not have its boundary.");
    std::vector<BatchPart> parts;
    std::size_t operations = 0;
    for (const std::string_view text : *texts) {
        Outcome<BatchPart> part = parse_part(text);
        if (!part) return part.refusal();
        operations += part->operations.size();
        if (operations > most_operations)
            return bad_request("The maximum number of operations in a batch is " +
                               std::to_string(most_operations) + ".");
        parts.push_back(std::move(*part));
    }
    return parts;
}

} // namespace hawser::server
