#include "localstore/fields_json.h"

#include "base/body.h"
#include "localstore/error_codes.h"

namespace hawser::localstore {
namespace {

constexpr std::string_view decimal_mark = ":decimal";

/// Walks one JSON object of ours member by member, without reading the values.
class Members {
public:
    explicit Members(std::string_view text) : text_(text) {}

    struct Member {
        std::string_view name;
        std::string_view value;
    };

    /// False at the end or at the first thing that is wrong; `whole` tells which.
    bool next(Member& member);
    bool whole() const { return whole_; }

private:
    bool take(char c);
    bool take_text(std::string_view& inside);
    bool take_value(std::string_view& value);

    std::string_view text_;
    std::size_t at_ = 0;
    bool begun_ = false;
    bool whole_ = false;
};

bool Members::take(char c)
{
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

bool Members::take_text(std::string_view& inside)
{
    if (!take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
        if (text_[at_] == '\\') {
            ++at_;
        } else if (text_[at_] == '"') {
            inside = text_.substr(begin, at_ - begin);
            ++at_;
            return true;
        }
    }
    return false;
}

bool Members::take_value(std::string_view& value)
{
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            std::string_view ignored;
            if (!take_text(ignored)) return false;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}')) break;
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        ++at_;
    }
    value = text_.substr(begin, at_ - begin);
    return depth == 0 && !value.empty();
}

bool Members::next(Member& member)
{
    if (!begun_ && !take('{')) return false;
    if (take('}')) {
        whole_ = at_ == text_.size();
        return false;
    }
    if (begun_ && !take(',')) return false;
    begun_ = true;
    return take_text(member.name) && take(':') && take_value(member.value);
}

Error corrupt()
{
    return Error{ErrorKind::stop, std::string(code::corrupt_body),
                 "The columns of a queued change cannot be read. Run `hawser repair`."};
}

} // namespace

std::string encode_fields(const Fields& fields)
{
    std::string text = "{";
    BodyWriter writer;
    for (const auto& [name, value] : fields) {
        if (text.size() > 1) text += ',';
        text += '"';
        text += name;
        if (std::holds_alternative<Decimal>(value)) text += decimal_mark;
        text += "\":";
        if (is_null(value)) {
            text += "null";
            continue;
        }
        writer.clear();
        writer.add(value);
        std::string_view body = writer.finish();
        text += body.substr(1, body.size() - 2);
    }
    text += '}';
    return text;
}

Result<Fields> decode_fields(std::string_view text)
{
    // The values become one body, so that there is one reader of values and not two.
    Layout layout;
    Table types;
    std::string body = "[";
    Members members(text);
    for (Members::Member member; members.next(member);) {
        Column column;
        column.name = std::string(member.name);
        if (member.name.ends_with(decimal_mark)) {
            column.name.resize(column.name.size() - decimal_mark.size());
            column.type = ColumnType::decimal;
        }
        if (body.size() > 1) body += ',';
        body += member.value;
        layout.columns.push_back(column.name);
        types.columns.push_back(std::move(column));
    }
    if (!members.whole()) return corrupt();
    body += ']';
    auto fields = decode_body(layout, types, body);
    if (!fields) return corrupt();
    for (const std::string& name : layout.columns) fields->try_emplace(name, Null{});
    return fields;
}

std::string join_names(const std::vector<std::string>& names)
{
    std::string text;
    for (const std::string& name : names) {
        if (!text.empty()) text += ',';
        text += name;
    }
    return text;
}

std::vector<std::string> split_names(std::string_view text)
{
    std::vector<std::string> names;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        names.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return names;
}

} // namespace hawser::localstore
