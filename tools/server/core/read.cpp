#include "tools/server/core/read.h"

#include "tools/server/core/access.h"
#include "tools/server/core/json_text.h"
#include "tools/server/core/token.h"

namespace hawser::server {
namespace {

constexpr std::size_t most_counted = 5000;

Answer not_modified(const Row& row)
{
    Answer answer = empty_answer(304);
    answer.headers.emplace_back("ETag", etag(row.version));
    return answer;
}

/// The row when it is there and the caller may read it.
Outcome<StoredRow> readable_row(const Call& call, const Table& table, const Guid& id)
{
    if (const auto refusal = missing_privilege(call, Verb::read, table)) return *refusal;
    std::optional<StoredRow> row = call.storage().find(table, id);
    if (!row) return record_absent(table.name, id.text());
    if (!reaches(call, Verb::read, table, row->view())) return row_refused(call, Verb::read, table, id);
    return std::move(*row);
}

/// A skip token belongs to one question: the same table, condition and order.
std::string purpose_of(const Call& call, const Table& table)
{
    std::string purpose = "skip " + table.name;
    for (const char* name : {"$filter", "$orderby"})
        if (const std::string* value = call.address.option(name)) purpose += "|" + *value;
    return purpose;
}

std::string counted(const Call& call, const Query& query)
{
    std::string out;
    if (!query.count) return out;
    const std::size_t count = count_rows(call, query, most_counted);
    out += ",\"@odata.count\":" + std::to_string(count);
    if (call.preferences.annotations.page_facts) {
        out += ",\"@Microsoft.Dynamics.CRM.totalrecordcount\":" + std::to_string(count);
        out += ",\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":";
        out += count >= most_counted ? "true" : "false";
    }
    return out;
}

} // namespace

std::size_t page_size(const Call& call)
{
    const auto most = static_cast<std::size_t>(call.settings().max_page_size);
    return std::max<std::size_t>(1, std::min(call.preferences.page_size.value_or(most), most));
}

std::string link_with(const Call& call, std::string_view option, std::string_view token)
{
    std::string link = call.root + call.address.path.front().name + "?";
    for (const auto& [name, value] : call.address.options)
        if (name != "$skiptoken" && name != "$deltatoken") link += name + "=" + percent_encoded(value) + "&";
    return link.append(option).append("=").append(token);
}

Answer page_answer(const Call& call, const std::string& context, const std::string& extra,
                   const std::string& rows)
{
    std::string body;
    body.reserve(rows.size() + extra.size() + context.size() + call.root.size() + 100);
    body += "{\"@odata.context\":";
    append_quoted(body, call.root + "$metadata#" + context);
    if (call.preferences.annotations.metadata_version)
        body += ",\"@Microsoft.Dynamics.CRM.globalmetadataversion\":\"" + call.world.metadata_version + "\"";
    body += extra;
    body += ",\"value\":[";
    body += rows;
    body += "]}";
    Answer answer = json_answer(200, std::move(body));
    std::string applied;
    if (call.preferences.page_size)
        applied = "odata.maxpagesize=" + std::to_string(*call.preferences.page_size);
    if (call.preferences.annotations.any())
        applied += (applied.empty() ? "odata.include-annotations=\"" : ",odata.include-annotations=\"") +
                   call.preferences.annotation_list + "\"";
    if (!applied.empty()) answer.headers.emplace_back("Preference-Applied", applied);
    return answer;
}

Answer retrieve(const Call& call, const Table& table, const Guid& id)
{
    Outcome<Query> query = make_query(call, table, call.address.options);
    if (!query) return refuse(call, query.refusal());
    Outcome<StoredRow> row = readable_row(call, table, id);
    if (!row) return refuse(call, row.refusal());
    const std::string current = etag(row->version);
    const std::string_view unless = header(call.headers, "If-None-Match");
    const bool conditional =
        table.concurrency && query->expansions.empty() && !call.preferences.annotations.any();
    if (conditional && (unless == current || unless == "*")) return not_modified(row->view());
    const std::string_view match = header(call.headers, "If-Match");
    if (!match.empty() && match != "*" && match != current) return refuse(call, version_mismatch());
    std::string text;
    write_row(text, call, *query, row->view());
    std::string body = "{\"@odata.context\":";
    append_quoted(body, call.root + "$metadata#" + table.set + context_of(*query) + "/$entity");
    body += ",";
    body.append(text, 1);
    Answer answer = json_answer(200, std::move(body));
    answer.headers.emplace_back("ETag", current);
    return answer;
}

Answer retrieve_many(const Call& call, const Table& table)
{
    if (const auto refusal = missing_privilege(call, Verb::read, table)) return refuse(call, *refusal);
    Outcome<Query> query = make_query(call, table, call.address.options);
    if (!query) return refuse(call, query.refusal());
    PageRequest request;
    request.limit = query->top ? std::min(*query->top, page_size(call)) : page_size(call);
    const std::string purpose = purpose_of(call, table);
    if (const std::string* token = call.address.option("$skiptoken")) {
        std::optional<std::string> after = open_token(*token, purpose);
        if (!after) return refuse(call, bad_query("Malformed XML: the skip token is not one of this query."));
        request.after = std::move(*after);
    }
    Outcome<Page> page = read_page(
        call, *query, request, [&](std::string& out, const Row& row) { write_row(out, call, *query, row); });
    if (!page) return refuse(call, page.refusal());
    std::string extra = counted(call, *query);
    if (!page->next_token.empty() && !query->top) {
        extra += ",\"@odata.nextLink\":";
        append_quoted(extra, link_with(call, "$skiptoken", make_token(page->next_token, purpose)));
    }
    return page_answer(call, table.set + context_of(*query), extra, page->rows);
}

Answer retrieve_count(const Call& call, const Table& table)
{
    if (const auto refusal = missing_privilege(call, Verb::read, table)) return refuse(call, *refusal);
    Outcome<Query> query = make_query(call, table, call.address.options);
    if (!query) return refuse(call, query.refusal());
    Answer answer = empty_answer(200);
    answer.headers.emplace_back("Content-Type", "text/plain");
    answer.body = std::to_string(count_rows(call, *query, most_counted));
    return answer;
}

Answer retrieve_column(const Call& call, const Table& table, const Guid& id, const Column& column, bool raw)
{
    Outcome<StoredRow> row = readable_row(call, table, id);
    if (!row) return refuse(call, row.refusal());
    std::string text;
    Projection(table, {&column}).write(text, call, row->view());
    const std::string key = ",\"" + column.property + "\":";
    const std::string value = text.substr(text.find(key) + key.size());
    if (value == "null") return empty_answer(204);
    if (raw) {
        Answer answer = empty_answer(200);
        answer.headers.emplace_back("Content-Type", "text/plain");
        answer.body = unquoted(value);
        return answer;
    }
    std::string body = "{\"@odata.context\":";
    append_quoted(body, call.root + "$metadata#" + table.set + "(" + id.text() + ")/" + column.property);
    return json_answer(200, body + ",\"value\":" + value + "}");
}

Answer retrieve_expanded(const Call& call, const Table& table, const Guid& id, const std::string& navigation)
{
    Outcome<StoredRow> row = readable_row(call, table, id);
    if (!row) return refuse(call, row.refusal());
    std::string inner;
    for (const auto& [name, value] : call.address.options)
        inner += (inner.empty() ? "" : ";") + name + "=" + value;
    const QueryOptions options = {{"$select", table.primary_id},
                                  {"$expand", navigation + (inner.empty() ? "" : "(" + inner + ")")}};
    Outcome<Query> query = make_query(call, table, options);
    if (!query) return refuse(call, query.refusal());
    std::string text;
    write_row(text, call, *query, row->view());
    const std::string key = ",\"" + navigation + "\":";
    std::string value = text.substr(text.find(key) + key.size());
    value.pop_back();
    const Expansion& expansion = query->expansions.front();
    const std::string& set = expansion.inner->table->set;
    if (expansion.collection) {
        value = value.substr(1, value.size() - 2);
        return page_answer(call, set + context_of(*expansion.inner), "", value);
    }
    if (value == "null") return empty_answer(204);
    std::string body = "{\"@odata.context\":";
    append_quoted(body, call.root + "$metadata#" + set + context_of(*expansion.inner) + "/$entity");
    return json_answer(200, body + "," + value.substr(1));
}

} // namespace hawser::server
