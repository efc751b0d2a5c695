#include "tools/hawser/record_finder.h"

#include "tools/hawser/exit_code.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>

namespace hawser::cli {

namespace {

constexpr std::size_t ids_shown = 5;
constexpr std::size_t number_digits_most = 7;

struct Label {
    std::int64_t number = 0;
    std::int64_t revision = 1;
};

std::optional<std::int64_t> read_number(std::string_view text)
{
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    if (!whole || text.size() > number_digits_most || number < 1) return std::nullopt;
    return number;
}

/// "3" or "3.2".
std::optional<Label> read_label(std::string_view text)
{
    const std::size_t dot = text.find('.');
    const auto number = read_number(text.substr(0, dot));
    const auto revision = dot == std::string_view::npos ? 1 : read_number(text.substr(dot + 1));
    if (!number || !revision) return std::nullopt;
    return Label{*number, *revision};
}

bool is_id_prefix(std::string_view text)
{
    return !text.empty() && text.size() <= 36 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isxdigit(c) != 0 || c == '-';
    });
}

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

Error ambiguous(const Replica& replica, const Table& table, std::string_view prefix,
                const std::vector<Guid>& found)
{
    RecordNames names(replica);
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < found.size() && i < ids_shown; ++i)
        shown.push_back(fmt::format("{} ({})", found[i].text(), names.name_of(Lookup{table.name, found[i]})));
    if (found.size() > ids_shown) shown.emplace_back("others");
    return usage_error(fmt::format("several records of {} begin with {}: {}; give more of the id", table.name,
                                   prefix, listed(shown)));
}

} // namespace

Result<Table> find_table(const Replica& replica, std::string_view name)
{
    const std::vector<Table> tables = replica.tables();
    if (tables.empty())
        return usage_error("this replica does not know its tables yet; run hawser sync first");
    std::vector<std::string> known;
    for (const Table& table : tables) {
        if (table.name == name || table.entity_set == name) return table;
        known.push_back(table.name);
    }
    return usage_error(fmt::format("no table \"{}\" is in this replica.{} It knows {}", name,
                                   did_you_mean(name, known), listed(known)));
}

Result<RecordKey> find_record(const Replica& replica, const Table& table, std::string_view id_prefix)
{
    if (const auto whole = Guid::parse(id_prefix)) return RecordKey{table.name, *whole};
    if (!is_id_prefix(id_prefix))
        return usage_error(
            fmt::format("\"{}\" is not the beginning of an id; ids look like 49516f4a-083d…", id_prefix));
    const auto found = replica.find(table.name, lower(id_prefix), ids_shown + 1);
    if (!found) return found.error();
    if (found->empty())
        return Error{ErrorKind::refuse, "store.no_record",
                     fmt::format("no record of {} in this replica has an id that begins with {}", table.name,
                                 id_prefix)};
    if (found->size() > 1) return ambiguous(replica, table, id_prefix, *found);
    return RecordKey{table.name, found->front()};
}

RecordResolver record_resolver(const Replica& replica)
{
    return [&replica](std::string_view table_name, std::string_view id_prefix) -> Result<Lookup> {
        const auto table = find_table(replica, table_name);
        if (!table) return table.error();
        const auto key = find_record(replica, *table, id_prefix);
        if (!key) return key.error();
        return Lookup{key->table, key->id};
    };
}

Result<NamedConflict> find_open_conflict(const Replica& replica, std::string_view label_or_id)
{
    const auto conflicts = replica.conflicts();
    if (!conflicts) return conflicts.error();
    const auto label = read_label(label_or_id);
    if (!label && !is_id_prefix(label_or_id))
        return usage_error(
            fmt::format("\"{}\" is neither a conflict's number nor the beginning of an id", label_or_id));
    std::vector<Conflict> found;
    const std::string prefix = lower(label_or_id);
    std::ranges::copy_if(*conflicts, std::back_inserter(found), [&](const Conflict& conflict) {
        return label ? conflict.number == label->number : conflict.record.id.text().starts_with(prefix);
    });
    if (found.size() != 1) {
        const std::string wrong =
            found.empty()
                ? fmt::format("there is no open conflict {}", label_or_id)
                : fmt::format("several conflicts are about records that begin with {}", label_or_id);
        return usage_error(wrong + "; hawser conflicts lists them");
    }
    const std::int64_t revision = label ? label->revision : 1;
    if (revision > found.front().revision)
        return usage_error(
            fmt::format("there is no conflict {}; it is {} now", label_or_id, found.front().label));
    return NamedConflict{std::move(found.front()), revision};
}

std::string short_id(const Guid& id)
{
    return id.text().substr(0, 8);
}

std::string RecordNames::name_of(const Lookup& record)
{
    const auto known = known_.find(record);
    if (known != known_.end()) return known->second;
    std::string name = fmt::format("{}:{}", record.table, short_id(record.id));
    const auto table = replica_.table(record.table);
    const auto found = replica_.get(RecordKey{record.table, record.id});
    if (table && found)
        if (std::string given = name_in(*table, found->columns); !given.empty()) name = std::move(given);
    return known_.emplace(record, std::move(name)).first->second;
}

std::string RecordNames::name_of(const RecordKey& record, const std::string& given)
{
    return given.empty() ? name_of(Lookup{record.table, record.id}) : given;
}

} // namespace hawser::cli
