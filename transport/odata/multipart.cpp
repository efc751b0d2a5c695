#include "transport/odata/multipart.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace hawser::odata {
namespace {

bool blank(char c)
{
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (blank(text.front()) || text.front() == '\r')) text.remove_prefix(1);
    while (!text.empty() && (blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

void write_operation(std::string& out, const Operation& operation)
{
    out += "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
    if (!operation.content_id.empty()) out += "Content-ID: " + operation.content_id + "\r\n";
    out += "\r\n" + operation.method + " " + operation.target + " HTTP/1.1\r\n";
    for (const auto& header : operation.headers) {
        assert(header.value.find_first_of("\r\n") == std::string::npos);
        out += header.name + ": " + header.value + "\r\n";
    }
    out += "\r\n";
    out += operation.body;
    out += "\r\n";
}

void write_change_set(std::string& out, const OperationGroup& group, const std::string& boundary)
{
    out += "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n";
    for (const auto& operation : group.operations) {
        out += "--" + boundary + "\r\n";
        write_operation(out, operation);
    }
    out += "--" + boundary + "--\r\n";
}

/// Hands out the parts between the delimiter lines of one multipart body.
class PartReader {
public:
    PartReader(std::string_view text, std::string_view boundary) : text_(text), delimiter_("--")
    {
        delimiter_ += boundary;
        const auto first = find_delimiter(0);
        if (first) at_ = first->after;
        state_ = !first ? State::broken : first->closing ? State::closed : State::open;
    }

    /// The next whole part, or nothing at the closing delimiter or where the text breaks off.
    std::optional<std::string_view> next()
    {
        if (state_ != State::open) return std::nullopt;
        const auto delimiter = find_delimiter(at_);
        if (!delimiter) {
            state_ = State::broken;
            return std::nullopt;
        }
        auto part = text_.substr(at_, delimiter->start - at_);
        if (part.ends_with('\n')) part.remove_suffix(1);
        if (part.ends_with('\r')) part.remove_suffix(1);
        at_ = delimiter->after;
        if (delimiter->closing) state_ = State::closed;
        return part;
    }

    bool broken() const { return state_ == State::broken; }

private:
    enum class State { open, closed, broken };
    struct Delimiter {
        std::size_t start = 0, after = 0;
        bool closing = false;
    };

    // A delimiter stands at the start of a line and is alone on it; another boundary may begin alike.
    std::optional<Delimiter> find_delimiter(std::size_t from) const
    {
        for (auto at = text_.find(delimiter_, from); at != std::string_view::npos;
             at = text_.find(delimiter_, at + 1)) {
            if (at != 0 && text_[at - 1] != '\n') continue;
            auto after = at + delimiter_.size();
            const bool closing = text_.substr(after).starts_with("--");
            if (closing) after += 2;
            while (after < text_.size() && (blank(text_[after]) || text_[after] == '\r')) ++after;
            if (after < text_.size() && text_[after] != '\n') continue;
            return Delimiter{at, std::min(after + 1, text_.size()), closing};
        }
        return std::nullopt;
    }

    std::string_view text_;
    std::string delimiter_;
    std::size_t at_ = 0;
    State state_ = State::open;
};

std::optional<std::string> boundary_of(std::string_view content_type)
{
    if (!lowered(trimmed(content_type)).starts_with("multipart/mixed")) return std::nullopt;
    const auto at = lowered(content_type).find("boundary=");
    if (at == std::string::npos) return std::nullopt;
    auto value = trimmed(content_type.substr(at + 9));
    if (value.starts_with('"')) {
        value.remove_prefix(1);
        value = value.substr(0, value.find('"'));
    } else {
        value = trimmed(value.substr(0, value.find(';')));
    }
    const bool plain =
        std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (value.empty() || value.size() > 200 || !plain) return std::nullopt;
    return std::string(value);
}

std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

class BodyReader {
public:
    BodyReader(std::string_view whole, const BatchLimits& limits) : whole_(whole), limits_(limits) {}

    BatchBody read(std::string_view boundary)
    {
        BatchBody result;
        PartReader parts(whole_, boundary);
        while (auto part = parts.next()) {
            GroupAnswer group;
            if (!read_group(*part, group)) break;
            result.groups.push_back(std::move(group));
        }
        if (!error_ && parts.broken())
            fail(whole_.data() + whole_.size(), "it ends before its closing boundary");
        result.broken = error_;
        return result;
    }

    bool over_limit() const { return over_limit_; }
    const std::optional<Error>& error() const { return error_; }

private:
    bool fail(const char* at, std::string_view why)
    {
        error_ = Error{ErrorKind::retry, "odata.bad_batch",
                       "the batch answer is unusable from byte " + std::to_string(at - whole_.data()) + ": " +
                           std::string(why)};
        return false;
    }
    bool exceed(const char* at, std::string_view why)
    {
        over_limit_ = true;
        return fail(at, why);
    }

    bool read_headers(std::string_view& text, std::vector<http::Header>& headers)
    {
        const auto* start = text.data();
        while (true) {
            if (text.empty()) return true;
            const auto* line_start = text.data();
            const auto line = take_line(text);
            if (line.empty()) return true;
            if (static_cast<std::size_t>(text.data() - start) > limits_.max_header_bytes)
                return exceed(line_start, "the headers of a part are too long");
            const auto colon = line.find(':');
            if (colon == std::string_view::npos || colon == 0)
                return fail(line_start, "a header line has no colon");
            headers.push_back(
                {std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
        }
    }

    bool read_status(std::string_view& text, int& status)
    {
        while (text.starts_with('\r') || text.starts_with('\n')) text.remove_prefix(1);
        const auto* start = text.data();
        const auto line = take_line(text);
        const auto space = line.find(' ');
        if (!line.starts_with("HTTP/1.") || space == std::string_view::npos)
            return fail(start, "a part does not begin with a status line");
        const auto digits = line.substr(space + 1, 3);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
        const bool alone = line.size() == space + 4 || (line.size() > space + 4 && line[space + 4] == ' ');
        if (error != std::errc() || end != digits.data() + 3 || status < 100 || !alone)
            return fail(start, "a status line has no status of three digits");
        return true;
    }

    bool read_part(std::string_view text, std::vector<http::Header>& mime, PartAnswer& part)
    {
        const auto* content_id = http::find_header(mime, "Content-ID");
        if (content_id) part.content_id = *content_id;
        if (!read_status(text, part.answer.status) || !read_headers(text, part.answer.headers)) return false;
        if (part.content_id.empty())
            if (const auto* inner = part.answer.header("Content-ID")) part.content_id = *inner;
        while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
        part.answer.body = std::string(text);
        return true;
    }

    bool count_part(std::string_view part)
    {
        if (++parts_ > limits_.max_parts) return exceed(part.data(), "it has too many parts");
        if (part.size() > limits_.max_part_bytes) return exceed(part.data(), "a part is too large");
        return true;
    }

    bool read_group(std::string_view part, GroupAnswer& group)
    {
        std::vector<http::Header> mime;
        if (!count_part(part) || !read_headers(part, mime)) return false;
        const auto* type = http::find_header(mime, "Content-Type");
        const auto boundary = type ? boundary_of(*type) : std::nullopt;
        if (!boundary) {
            group.parts.emplace_back();
            return read_part(part, mime, group.parts.back());
        }
        group.kind = OperationGroup::Kind::change_set;
        PartReader inner(part, *boundary);
        while (auto text = inner.next()) {
            std::vector<http::Header> inner_mime;
            if (!count_part(*text) || !read_headers(*text, inner_mime)) return false;
            group.parts.emplace_back();
            if (!read_part(*text, inner_mime, group.parts.back())) return false;
        }
        if (inner.broken())
            return fail(part.data() + part.size(), "a change set ends before its closing boundary");
        if (group.parts.empty()) return fail(part.data(), "a change set has no parts");
        return true;
    }

    std::string_view whole_;
    const BatchLimits& limits_;
    std::size_t parts_ = 0;
    std::optional<Error> error_;
    bool over_limit_ = false;
};

} // namespace

std::string write_batch_body(std::span<const OperationGroup> groups, std::string_view boundary)
{
    std::string out;
    std::size_t number = 0;
    for (const auto& group : groups) {
        out += "--" + std::string(boundary) + "\r\n";
        if (group.kind == OperationGroup::Kind::single) {
            assert(group.operations.size() == 1);
            write_operation(out, group.operations.front());
        } else {
            write_change_set(out, group,
                             "changeset_" + std::to_string(++number) + "_" + std::string(boundary));
        }
    }
    out += "--" + std::string(boundary) + "--\r\n";
    return out;
}

Result<BatchBody> parse_batch_body(std::string_view content_type, std::string_view body,
                                   const BatchLimits& limits)
{
    const auto boundary = boundary_of(content_type);
    if (!boundary)
        return Error{ErrorKind::retry, "odata.bad_batch",
                     "the batch answer is no multipart/mixed body but \"" +
                         std::string(content_type.substr(0, 80)) + "\""};
    BodyReader reader(body, limits);
    auto result = reader.read(*boundary);
    if (reader.over_limit()) return *reader.error();
    return result;
}

} // namespace hawser::odata
