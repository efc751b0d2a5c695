#pragma once

#include "hawser/result.h"
#include "transport/http/exchange.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::odata {

/// One request inside a `$batch`.
struct Operation {
    std::string method;
    std::string target; ///< Root-relative or absolute.
    std::vector<http::Header> headers{};
    std::string body{};
    std::string content_id{}; ///< Needed in change sets.
};

/// One request on its own, or an atomic change set of several.
struct OperationGroup {
    enum class Kind { single, change_set };
    Kind kind = Kind::single;
    std::vector<Operation> operations;
};

/// The body of a `$batch` request; `boundary` must not occur in any body. Change sets use
/// "changeset_<n>_" + boundary. Header values with line ends are an assertion.
std::string write_batch_body(std::span<const OperationGroup> groups, std::string_view boundary);

struct PartAnswer {
    http::Answer answer;
    std::string content_id{};
};

struct GroupAnswer {
    OperationGroup::Kind kind = OperationGroup::Kind::single;
    std::vector<PartAnswer> parts;
};

struct BatchBody {
    std::vector<GroupAnswer> groups; ///< In request order, whole ones only.
    /// Set when the body stops or goes wrong before its closing boundary; names the byte. What
    /// stands in `groups` was read before that and is sound.
    std::optional<Error> broken{};
};

struct BatchLimits {
    std::size_t max_parts = 2'100;           ///< Change sets and what is in them both count.
    std::size_t max_header_bytes = 16 << 10; ///< Of one part.
    std::size_t max_part_bytes = 64 << 20;
};

/// Reads a multipart/mixed answer with nested change sets; CRLF or LF. Fails with
/// "odata.bad_batch" when it is no multipart answer at all or breaks a limit.
Result<BatchBody> parse_batch_body(std::string_view content_type, std::string_view body,
                                   const BatchLimits& limits = {});

} // namespace hawser::odata
