#include "base/body.h"

#include "base/json_text.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace hawser {
namespace {

namespace json = boost::json;

Error corrupt(const Table& table, std::string_view what)
{
    return Error{ErrorKind::stop, "store.corrupt_body",
                 "A stored body of " + table.name + " cannot be read: " + std::string(what) +
                     ". Run `hawser repair`."};
}

void append_canonical(std::string& out, const json::value& value);

void append_members(std::string& out, const json::object& object)
{
    std::vector<const json::key_value_pair*> members;
    for (const auto& member : object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, {members[i]->key().data(), members[i]->key().size()});
        out += ':';
        append_canonical(out, members[i]->value());
    }
    out += '}';
}

void append_canonical(std::string& out, const json::value& value)
{
    if (const auto* object = value.if_object()) {
        append_members(out, *object);
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) out += ',';
            append_canonical(out, (*array)[i]);
        }
        out += ']';
    } else if (const auto* text = value.if_string()) {
        append_json_string(out, {text->data(), text->size()});
    } else {
        out += json::serialize(value);
    }
}

std::string_view view(const json::string& text)
{
    return {text.data(), text.size()};
}

/// ["table","guid"] when `list` is one.
std::optional<Lookup> read_lookup(const json::array& list)
{
    if (list.size() != 2 || !list[0].is_string() || !list[1].is_string()) return std::nullopt;
    const auto id = Guid::parse(view(list[1].get_string()));
    if (!id) return std::nullopt;
    return Lookup{std::string(view(list[0].get_string())), *id};
}

std::optional<Collection> read_collection(const json::array& list)
{
    Collection collection;
    collection.elements.reserve(list.size());
    for (const auto& member : list) {
        const auto* pair = member.if_array();
        if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string()) return std::nullopt;
        Element element{std::string(view((*pair)[0].get_string())), {}};
        append_canonical(element.value, (*pair)[1]);
        if (!collection.elements.empty() && collection.elements.back().key >= element.key)
            return std::nullopt;
        collection.elements.push_back(std::move(element));
    }
    return collection;
}

/// Columns of a layout and of a table usually stand in nearly the same order, so the search goes
/// on from where the last one ended.
class ColumnFinder {
public:
    explicit ColumnFinder(const Table& table) : table_(table) {}

    const Column* find(std::string_view name)
    {
        const std::size_t count = table_.columns.size();
        for (std::size_t step = 0; step < count; ++step) {
            const std::size_t at = (next_ + step) % count;
            if (table_.columns[at].name != name) continue;
            next_ = at + 1;
            return &table_.columns[at];
        }
        return nullptr;
    }

private:
    const Table& table_;
    std::size_t next_ = 0;
};

/// The JSON says almost everything; only decimals and text look alike. So a column that the
/// organization has since dropped or widened still reads.
std::optional<Value> read_member(const json::value& member, std::string_view name, ColumnFinder& finder)
{
    if (const auto* text = member.if_string()) {
        const Column* column = finder.find(name);
        if (column != nullptr && column->type == ColumnType::decimal)
            return Value{Decimal{std::string(view(*text))}};
        return Value{std::string(view(*text))};
    }
    if (const auto* number = member.if_int64()) return Value{*number};
    if (const auto* truth = member.if_bool()) return Value{*truth};
    const auto* list = member.if_array();
    if (list == nullptr) return std::nullopt;
    if (!list->empty() && (*list)[0].is_string()) {
        if (auto lookup = read_lookup(*list)) return Value{std::move(*lookup)};
        return std::nullopt;
    }
    if (auto collection = read_collection(*list)) return Value{std::move(*collection)};
    return std::nullopt;
}

} // namespace

std::optional<std::size_t> Layout::position(std::string_view column) const
{
    const auto found = std::find(columns.begin(), columns.end(), column);
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
}

void BodyWriter::clear()
{
    text_.clear();
    pending_nulls_ = 0;
    first_ = true;
}

void BodyWriter::skip()
{
    ++pending_nulls_;
}

void BodyWriter::separate()
{
    text_ += first_ ? '[' : ',';
    first_ = false;
    for (; pending_nulls_ > 0; --pending_nulls_) text_ += "null,";
}

void BodyWriter::add(bool value)
{
    separate();
    text_ += value ? "true" : "false";
}

void BodyWriter::add(std::int64_t value)
{
    separate();
    std::array<char, 24> digits{};
    const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    static_cast<void>(failed);
    text_.append(digits.data(), end);
}

void BodyWriter::add_text(std::string_view text)
{
    separate();
    append_json_string(text_, text);
}

void BodyWriter::add_lookup(std::string_view table, std::string_view guid_text)
{
    separate();
    text_ += '[';
    append_json_string(text_, table);
    text_ += ',';
    append_json_string(text_, guid_text);
    text_ += ']';
}

void BodyWriter::add(const Value& value)
{
    if (is_null(value)) return skip();
    if (const auto* truth = std::get_if<bool>(&value)) return add(*truth);
    if (const auto* number = std::get_if<std::int64_t>(&value)) return add(*number);
    if (const auto* decimal = std::get_if<Decimal>(&value)) return add_text(decimal->text);
    if (const auto* text = std::get_if<std::string>(&value)) return add_text(*text);
    if (const auto* lookup = std::get_if<Lookup>(&value)) return add_lookup(lookup->table, lookup->id.text());
    separate();
    text_ += '[';
    bool first = true;
    for (const Element& element : std::get<Collection>(value).elements) {
        text_ += first ? "[" : ",[";
        first = false;
        append_json_string(text_, element.key);
        text_ += ',';
        text_ += element.value.empty() ? "null" : element.value;
        text_ += ']';
    }
    text_ += ']';
}

std::string_view BodyWriter::finish()
{
    text_ += first_ ? "[]" : "]";
    first_ = false;
    pending_nulls_ = 0;
    return text_;
}

std::string encode_body(const Layout& layout, const Fields& fields)
{
    BodyWriter writer;
    for (const std::string& column : layout.columns) {
        const auto found = fields.find(column);
        if (found == fields.end())
            writer.skip();
        else
            writer.add(found->second);
    }
    return std::string(writer.finish());
}

Result<Fields> decode_body(const Layout& layout, const Table& table, std::string_view body)
{
    std::array<unsigned char, 8192> buffer;
    json::monotonic_resource memory(buffer.data(), buffer.size());
    boost::system::error_code failed;
    const json::value parsed = json::parse({body.data(), body.size()}, failed, &memory);
    if (failed) return corrupt(table, "it is not JSON");
    const auto* members = parsed.if_array();
    if (members == nullptr) return corrupt(table, "it is not a list");
    if (members->size() > layout.columns.size()) return corrupt(table, "it has more columns than its layout");
    Fields fields;
    ColumnFinder finder(table);
    for (std::size_t i = 0; i < members->size(); ++i) {
        if ((*members)[i].is_null()) continue;
        const std::string& name = layout.columns[i];
        auto value = read_member((*members)[i], name, finder);
        if (!value) return corrupt(table, "the column " + name + " holds what no column can");
        fields.insert_or_assign(name, std::move(*value));
    }
    return fields;
}

} // namespace hawser
