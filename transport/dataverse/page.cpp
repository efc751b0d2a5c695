#include "transport/dataverse/page.h"

#include "transport/dataverse/page_reader.h"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>

namespace hawser::dataverse {
namespace {

Error unusable(const PageJob& job, const std::string& what)
{
    return {ErrorKind::retry, "server.bad_answer",
            "the organization's answer about " + job.plan.table + " cannot be used: " + what};
}

Result<void> run(boost::json::basic_parser<PageReader>& parser, const PageJob& job)
{
    const auto body = job.body;
    if (body.size() > job.limits.max_bytes)
        return unusable(job, "it is larger than " + std::to_string(job.limits.max_bytes) + " bytes");
    boost::system::error_code code;
    const auto read = parser.write_some(false, body.data(), body.size(), code);
    auto& reader = parser.handler();
    if (reader.error()) return *reader.error();
    if (code) return unusable(job, "at byte " + std::to_string(read) + ": " + code.message());
    const auto rest = body.substr(read);
    if (!std::ranges::all_of(rest, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }))
        return unusable(job, "at byte " + std::to_string(read) + ": something follows its end");
    if (job.root == PageJob::Root::page && !reader.found_rows())
        return unusable(job, reader.says_error() ? "it is an error in the guise of a success"
                                                 : "it has no list of rows (\"value\")");
    return {};
}

boost::json::parse_options options(const PageLimits& limits)
{
    boost::json::parse_options result;
    result.max_depth = limits.max_depth;
    return result;
}

class OneRecord final : public PageSink {
public:
    Result<void> row(const RowView& row) override
    {
        copy = {row.id, std::string(row.etag), row.version, std::string(row.body), false};
        return {};
    }
    Result<void> tombstone(const TombstoneView&) override
    {
        return Error{ErrorKind::retry, "server.bad_answer", "a deleted entry came in place of a record"};
    }
    RecordCopy copy;
};

} // namespace

Result<PageEnd> parse_page(const RowPlan& plan, std::string_view body, PageSink& sink,
                           const PartyMap* parties, const PageLimits& limits)
{
    const PageJob job{PageJob::Root::page, plan.detail(), body, &sink, parties, nullptr, limits};
    boost::json::basic_parser<PageReader> parser(options(limits), job);
    if (auto done = run(parser, job); !done) return done.error();
    return parser.handler().end();
}

Result<std::vector<Guid>> missing_parties(const RowPlan& plan, std::string_view body,
                                          const PageLimits& limits)
{
    if (!plan.detail().parties) return std::vector<Guid>{};
    const PageJob job{PageJob::Root::page, plan.detail(), body, nullptr, nullptr, nullptr, limits};
    boost::json::basic_parser<PageReader> parser(options(limits), job);
    if (auto done = run(parser, job); !done) return done.error();
    return parser.handler().take_ids_without_parties();
}

Result<RecordCopy> parse_record(const RowPlan& plan, std::string_view body, const Collection* parties)
{
    OneRecord sink;
    const PageJob job{PageJob::Root::record, plan.detail(), body, &sink, nullptr, parties, {}};
    boost::json::basic_parser<PageReader> parser(options(job.limits), job);
    if (auto done = run(parser, job); !done) return done.error();
    sink.copy.has_parties = parser.handler().row_held_parties();
    return std::move(sink.copy);
}

} // namespace hawser::dataverse
