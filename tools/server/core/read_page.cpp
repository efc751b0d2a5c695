#include "tools/server/core/access.h"
#include "tools/server/core/read.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace hawser::server {
namespace {

/// How the rows of one query are found. Each path has a key that only grows from page to page.
enum class Path { by_id, by_version, chosen_ids, sorted };

constexpr std::size_t most_key_bytes = 600;

bool selected(const Call& call, const Query& query, bool check_rows, const Identity& identity, const Row& row)
{
    if (query.condition && !holds(*query.condition, row, identity)) return false;
    return !check_rows || reaches(call, Verb::read, *query.table, row);
}

bool must_check_rows(const Call& call, const Table& table)
{
    return depth_of(call.account, Verb::read, table) != Depth::global;
}

/// Bytes that sort as the value does: nothing first, numbers by size, text by its bytes.
std::string sort_bytes(const Comparable& value)
{
    std::string bytes;
    if (value.type == Comparable::Type::null) return std::string(1, '\0');
    bytes += '\1';
    if (value.type == Comparable::Type::number) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value.number, sizeof bits);
        bits = bits >> 63 ? ~bits : bits | (std::uint64_t{1} << 63);
        for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
        return bytes;
    }
    for (const char one : std::string_view(value.text).substr(0, most_key_bytes))
        bytes += one == '\0' || one == '\1' ? '\2' : one;
    return bytes + '\0';
}

std::string sort_key(const Query& query, const Row& row, const Identity& identity)
{
    std::string key;
    for (const OrderKey& order : query.order) {
        std::string bytes = sort_bytes(comparable(*order.column, row, identity));
        if (order.descending)
            for (char& one : bytes) one = static_cast<char>(~static_cast<unsigned char>(one));
        key += bytes;
    }
    return key + guid_bytes(row.id);
}

bool bytes_less(const std::string& one, const std::string& other)
{
    return one.compare(other) < 0; // char_traits<char> compares as unsigned
}

std::optional<std::vector<Guid>> chosen_ids(const Call& call, const Query& query)
{
    const Table& table = *query.table;
    if (!query.condition) return std::nullopt;
    std::optional<std::vector<Guid>> ids = only_ids(*query.condition, *table.column(table.primary_id));
    if (!ids && !table.parent.empty()) {
        const auto parents = only_ids(*query.condition, *table.column(table.parent));
        if (!parents) return std::nullopt;
        ids.emplace();
        for (const Guid& parent : *parents)
            for (Cursor cursor = call.storage().by_parent(table, parent); cursor.next();)
                ids->push_back(cursor.row().id);
    }
    if (!ids) return std::nullopt;
    std::sort(ids->begin(), ids->end());
    ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
    return ids;
}

Path path_of(const Query& query, const VersionRange& range, bool ids_known)
{
    if (!query.order.empty()) {
        const OrderKey& first = query.order.front();
        if (first.column->source == Source::row_version && !first.descending) return Path::by_version;
        if (first.column->source == Source::primary_id && !first.descending) return Path::by_id;
        return Path::sorted;
    }
    if (ids_known) return Path::chosen_ids;
    return range.bounded ? Path::by_version : Path::by_id;
}

/// Runs one query; `take` gets each selected row in order, and says whether to go on.
class Scan {
public:
    Scan(const Call& call, const Query& query) : call_(call), query_(query), identity_(call.identity())
    {
        check_rows_ = must_check_rows(call, *query.table);
        if (query.condition) range_ = version_range(*query.condition);
        ids_ = chosen_ids(call, query);
        path_ = path_of(query, range_, ids_.has_value());
    }

    /// What comes after this row, as the token keeps it.
    std::string place(const Row& row) const
    {
        switch (path_) {
        case Path::by_version:
            return "v" + std::to_string(row.version);
        case Path::sorted:
            return "s" + sort_key(query_, row, identity_);
        default:
            return "i" + guid_bytes(row.id);
        }
    }

    template <class Take>
    bool run(const std::string& after, std::size_t wanted, Take&& take)
    {
        const char expected = path_ == Path::by_version ? 'v' : path_ == Path::sorted ? 's' : 'i';
        if (!after.empty() && after.front() != expected) return false;
        const std::string place = after.empty() ? std::string() : after.substr(1);
        if (path_ == Path::by_version) return by_version(place, take);
        if (path_ == Path::sorted) return sorted(place, wanted, take);
        const Guid from = guid_of(place);
        if (path_ == Path::chosen_ids) return by_ids(from, take);
        Cursor cursor = call_.storage().by_id(*query_.table, from);
        return from_cursor(cursor, take);
    }

private:
    bool wants(const Row& row) const { return selected(call_, query_, check_rows_, identity_, row); }

    template <class Take>
    bool from_cursor(Cursor& cursor, Take& take)
    {
        while (cursor.next()) {
            const Row row = cursor.row();
            if (wants(row) && !take(row)) break;
        }
        return true;
    }

    template <class Take>
    bool by_version(const std::string& place, Take& take)
    {
        std::int64_t after = range_.after;
        if (!place.empty()) std::from_chars(place.data(), place.data() + place.size(), after);
        Cursor cursor =
            call_.storage().by_version(*query_.table, std::max(after, range_.after), range_.up_to);
        return from_cursor(cursor, take);
    }

    template <class Take>
    bool by_ids(const Guid& from, Take& take)
    {
        for (auto id = std::upper_bound(ids_->begin(), ids_->end(), from); id != ids_->end(); ++id) {
            const std::optional<StoredRow> row = call_.storage().find(*query_.table, *id);
            if (row && wants(row->view()) && !take(row->view())) break;
        }
        return true;
    }

    /// Keeps the `wanted` smallest keys past the place while walking over all rows.
    template <class Take>
    bool sorted(const std::string& place, std::size_t wanted, Take& take)
    {
        std::vector<std::string> keys;
        const auto add = [&](const Row& row) {
            std::string key = sort_key(query_, row, identity_);
            if (!place.empty() && !bytes_less(place, key)) return true;
            if (keys.size() == wanted && !bytes_less(key, keys.front())) return true;
            keys.push_back(std::move(key));
            std::push_heap(keys.begin(), keys.end(), bytes_less);
            if (keys.size() > wanted) {
                std::pop_heap(keys.begin(), keys.end(), bytes_less);
                keys.pop_back();
            }
            return true;
        };
        if (ids_) {
            by_ids(Guid{}, add);
        } else {
            Cursor cursor = call_.storage().by_version(*query_.table, range_.after, range_.up_to);
            from_cursor(cursor, add);
        }
        std::sort_heap(keys.begin(), keys.end(), bytes_less);
        for (const std::string& key : keys) {
            const Guid id = guid_of(std::string_view(key).substr(key.size() - 16));
            const std::optional<StoredRow> row = call_.storage().find(*query_.table, id);
            if (row && !take(row->view())) break;
        }
        return true;
    }

    const Call& call_;
    const Query& query_;
    Identity identity_;
    bool check_rows_ = false;
    VersionRange range_;
    std::optional<std::vector<Guid>> ids_;
    Path path_ = Path::by_id;
};

} // namespace

Outcome<Page> read_page(const Call& call, const Query& query, const PageRequest& request,
                        const std::function<void(std::string&, const Row&)>& write)
{
    Page page;
    if (request.limit == 0) return page;
    Scan scan(call, query);
    std::string last;
    const auto take = [&](const Row& row) {
        if (page.size == request.limit) {
            page.next_token = last;
            return false;
        }
        if (page.size++ > 0) page.rows += ',';
        write(page.rows, row);
        if (page.size == request.limit) last = scan.place(row);
        return true;
    };
    if (!scan.run(request.after, request.limit + 1, take))
        return bad_query("The skip token is not one of this query.");
    return page;
}

std::size_t count_rows(const Call& call, const Query& query, std::size_t limit)
{
    if (!query.condition && !must_check_rows(call, *query.table))
        return std::min(limit, call.storage().count(*query.table));
    Query unordered = query;
    unordered.order.clear();
    std::size_t count = 0;
    if (limit == 0) return 0;
    Scan(call, unordered).run("", limit, [&](const Row&) { return ++count < limit; });
    return count;
}

} // namespace hawser::server
