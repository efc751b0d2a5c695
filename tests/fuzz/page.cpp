#include "transport/dataverse/page.h"

#include "tests/fuzz/targets.h"
#include "tests/unit/dataverse/sample.h"

namespace hawser::fuzz {
namespace {

using namespace dataverse;

/// Every row must be one that can be kept and written against.
class Judge : public PageSink {
public:
    explicit Judge(const Table& table) : table_(table) {}

    Result<void> row(const RowView& row) override
    {
        ++rows;
        const auto fields = decode_body(sample::layout_of(table_), table_, row.body);
        demand(fields.has_value(), "a row's body can be read again");
        demand(encode_body(sample::layout_of(table_), *fields) == row.body,
               "equal records have equal bodies");
        return {};
    }
    Result<void> tombstone(const TombstoneView&) override
    {
        ++tombstones;
        return {};
    }

    std::size_t rows = 0;
    std::size_t tombstones = 0;

private:
    const Table& table_;
};

void read(const Table& table, std::string_view body)
{
    const RowPlan plan(table, sample::layout_of(table));
    PageLimits limits;
    limits.max_bytes = 1 << 16;
    Judge judge(table);
    const auto end = parse_page(plan, body, judge, nullptr, limits);
    if (end) {
        demand(end->rows == judge.rows && end->tombstones == judge.tombstones,
               "the figures are those handed out");
        demand(body.size() <= limits.max_bytes, "a page over the limit is refused");
    } else {
        demand(!end.error().message.empty(), "a refusal has words");
    }
    const auto missing = missing_parties(plan, body, limits);
    if (end) demand(missing.has_value(), "a page that can be read can be asked for what it lacks");
}

} // namespace

void read_page(std::string_view input)
{
    static const Table contact = sample::contact();
    static const Table email = sample::email();
    read(contact, input);
    read(email, input);
}

void read_record(std::string_view input)
{
    static const Table email = sample::email();
    const RowPlan plan(email, sample::layout_of(email));
    const auto copy = parse_record(plan, input);
    if (!copy) return;
    const auto fields = decode_body(sample::layout_of(email), email, copy->body);
    demand(fields.has_value(), "a record's body can be read again");
    demand(copy->version >= 0, "a version is no negative number");
}

void read_body(std::string_view input)
{
    static const Table contact = sample::contact();
    const Layout layout = sample::layout_of(contact);
    const auto fields = decode_body(layout, contact, input);
    if (!fields) return;
    const std::string again = encode_body(layout, *fields);
    const auto twice = decode_body(layout, contact, again);
    demand(twice && *twice == *fields, "what was read and written can be read again");
}

} // namespace hawser::fuzz
