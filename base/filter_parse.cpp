#include "base/decimal.h"
#include "base/filter.h"
#include "base/utf8.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hawser {
namespace {

constexpr std::size_t longest_filter = 64 * 1024;
constexpr int deepest = 64;
constexpr std::size_t most_in_a_list = 500;

struct Token {
    enum class Kind { word, text, open, close, comma, end };

    Kind kind = Kind::end;
    std::string text;   ///< Without quotes, doubled ones made single.
    std::size_t at = 0; ///< Where it begins, for messages.
};

Error syntax(std::size_t at, std::string_view what)
{
    while (what.ends_with('.')) what.remove_suffix(1);
    return Error{ErrorKind::refuse, "input.bad_filter",
                 "The filter cannot be read at position " + std::to_string(at + 1) + ": " +
                     std::string(what) + "."};
}

bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '.' || c == ':' || c == '{' || c == '}';
}

Result<Token> quoted(std::string_view text, std::size_t& at)
{
    Token token{Token::Kind::text, {}, at};
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\'') {
            if (at + 1 == text.size() || text[at + 1] != '\'') {
                ++at;
                return token;
            }
            ++at;
        }
        token.text += text[at];
    }
    return syntax(token.at, "a quoted text has no end");
}

Result<std::vector<Token>> tokens(std::string_view text)
{
    std::vector<Token> list;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++at;
        } else if (c == '(' || c == ')' || c == ',') {
            const auto kind = c == '('   ? Token::Kind::open
                              : c == ')' ? Token::Kind::close
                                         : Token::Kind::comma;
            list.push_back({kind, std::string(1, c), at++});
        } else if (c == '\'') {
            auto token = quoted(text, at);
            if (!token) return token.error();
            list.push_back(std::move(*token));
        } else if (in_word(c)) {
            const std::size_t begin = at;
            while (at < text.size() && in_word(text[at])) ++at;
            list.push_back({Token::Kind::word, std::string(text.substr(begin, at - begin)), begin});
        } else {
            return syntax(at, "this character has no meaning here");
        }
    }
    list.push_back({Token::Kind::end, {}, text.size()});
    return list;
}

std::optional<Filter::Operator> read_operator(const Token& token)
{
    if (token.kind != Token::Kind::word) return std::nullopt;
    constexpr std::pair<std::string_view, Filter::Operator> names[] = {
        {"eq", Filter::Operator::eq}, {"ne", Filter::Operator::ne}, {"gt", Filter::Operator::gt},
        {"ge", Filter::Operator::ge}, {"lt", Filter::Operator::lt}, {"le", Filter::Operator::le}};
    for (const auto& [name, found] : names)
        if (token.text == name) return found;
    return std::nullopt;
}

std::optional<Filter::Kind> read_function(const Token& token)
{
    if (token.text == "contains") return Filter::Kind::contains;
    if (token.text == "startswith") return Filter::Kind::starts_with;
    if (token.text == "endswith") return Filter::Kind::ends_with;
    return std::nullopt;
}

Filter joined(Filter::Kind kind, std::vector<Filter> parts)
{
    if (parts.size() == 1) return std::move(parts.front());
    Filter filter;
    filter.kind = kind;
    filter.parts = std::move(parts);
    return filter;
}

/// Recursive descent over the tokens: or, and, not, then one comparison or a parenthesis.
class Parser {
public:
    Parser(const Table& table, std::vector<Token> tokens) : table_(table), tokens_(std::move(tokens)) {}

    Result<Filter> run();

private:
    Result<Filter> disjunction(int depth);
    Result<Filter> conjunction(int depth);
    Result<Filter> single(int depth);
    Result<Filter> function(Filter::Kind kind);
    Result<Filter> comparison();
    Result<Filter> one_of(const Column& column);
    Result<Column> column(const Token& token) const;
    Result<Value> operand(const Column& column, const Token& token) const;

    const Token& here() const { return tokens_[at_]; }
    bool take(Token::Kind kind);
    bool take_word(std::string_view word);

    const Table& table_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

bool Parser::take(Token::Kind kind)
{
    if (here().kind != kind) return false;
    if (kind != Token::Kind::end) ++at_;
    return true;
}

bool Parser::take_word(std::string_view word)
{
    if (here().kind != Token::Kind::word || here().text != word) return false;
    ++at_;
    return true;
}

Result<Filter> Parser::run()
{
    if (take(Token::Kind::end)) return Filter{};
    auto filter = disjunction(0);
    if (!filter) return filter;
    if (!take(Token::Kind::end)) return syntax(here().at, "\"" + here().text + "\" was not expected");
    return filter;
}

Result<Filter> Parser::disjunction(int depth)
{
    std::vector<Filter> parts;
    do {
        auto part = conjunction(depth);
        if (!part) return part;
        parts.push_back(std::move(*part));
    } while (take_word("or"));
    return joined(Filter::Kind::any, std::move(parts));
}

Result<Filter> Parser::conjunction(int depth)
{
    std::vector<Filter> parts;
    do {
        auto part = single(depth);
        if (!part) return part;
        parts.push_back(std::move(*part));
    } while (take_word("and"));
    return joined(Filter::Kind::all, std::move(parts));
}

Result<Filter> Parser::single(int depth)
{
    if (depth >= deepest) return syntax(here().at, "it is nested more than 64 levels deep");
    if (take_word("not")) {
        auto part = single(depth + 1);
        if (!part) return part;
        Filter filter;
        filter.kind = Filter::Kind::negation;
        filter.parts.push_back(std::move(*part));
        return filter;
    }
    if (take(Token::Kind::open)) {
        auto part = disjunction(depth + 1);
        if (!part) return part;
        if (!take(Token::Kind::close)) return syntax(here().at, "a closing parenthesis is missing");
        return part;
    }
    if (here().kind != Token::Kind::word) return syntax(here().at, "a column was expected");
    const auto kind = read_function(here());
    if (kind && tokens_[at_ + 1].kind == Token::Kind::open) return function(*kind);
    return comparison();
}

Result<Filter> Parser::function(Filter::Kind kind)
{
    at_ += 2;
    auto found = column(here());
    if (!found) return found.error();
    if (found->type != ColumnType::text && found->type != ColumnType::memo)
        return syntax(here().at,
                      "contains, startswith and endswith work on text, and " + found->name + " is none");
    ++at_;
    if (!take(Token::Kind::comma)) return syntax(here().at, "a comma was expected");
    if (here().kind != Token::Kind::text) return syntax(here().at, "a quoted text was expected");
    if (!utf16_units(here().text)) return syntax(here().at, "the text is not valid UTF-8");
    Filter filter;
    filter.kind = kind;
    filter.column = found->name;
    filter.operand = here().text;
    ++at_;
    if (!take(Token::Kind::close)) return syntax(here().at, "a closing parenthesis is missing");
    return filter;
}

Result<Filter> Parser::comparison()
{
    auto found = column(here());
    if (!found) return found.error();
    ++at_;
    if (take_word("in")) return one_of(*found);
    const auto comparison = read_operator(here());
    if (!comparison)
        return syntax(here().at, "one of eq ne gt ge lt le in was expected after " + found->name);
    ++at_;
    auto value = operand(*found, here());
    if (!value) return value.error();
    const bool equality = *comparison == Filter::Operator::eq || *comparison == Filter::Operator::ne;
    const bool ordered = found->type != ColumnType::lookup && found->type != ColumnType::boolean &&
                         found->type != ColumnType::multi_choice && found->type != ColumnType::parties;
    if (!equality && !ordered) return syntax(here().at, found->name + " can only be compared with eq and ne");
    if (found->type == ColumnType::parties && !is_null(*value))
        return syntax(here().at, found->name + " can only be compared with null");
    ++at_;
    Filter filter;
    filter.kind = Filter::Kind::comparison;
    filter.column = found->name;
    filter.comparison = *comparison;
    filter.operand = std::move(*value);
    return filter;
}

/// Read as a chain of `eq` with `or`: that is what every server understands.
Result<Filter> Parser::one_of(const Column& column)
{
    if (column.type == ColumnType::parties)
        return syntax(here().at, column.name + " can only be compared with null");
    if (!take(Token::Kind::open)) return syntax(here().at, "an opening parenthesis was expected after in");
    std::vector<Filter> parts;
    do {
        if (parts.size() == most_in_a_list)
            return syntax(here().at,
                          "more than " + std::to_string(most_in_a_list) + " values stand in a list");
        auto value = operand(column, here());
        if (!value) return value.error();
        ++at_;
        Filter part;
        part.kind = Filter::Kind::comparison;
        part.column = column.name;
        part.operand = std::move(*value);
        parts.push_back(std::move(part));
    } while (take(Token::Kind::comma));
    if (!take(Token::Kind::close)) return syntax(here().at, "a closing parenthesis is missing");
    return joined(Filter::Kind::any, std::move(parts));
}

/// The column without its limits: a value that no record can hold is a condition that none meets.
Result<Column> Parser::column(const Token& token) const
{
    if (token.kind != Token::Kind::word) return syntax(token.at, "a column was expected");
    std::string_view name = token.text;
    const Column* found = table_.column(name);
    if (found == nullptr && name.size() > 7 && name.starts_with('_') && name.ends_with("_value")) {
        found = table_.column(name.substr(1, name.size() - 7));
        if (found != nullptr && found->type != ColumnType::lookup) found = nullptr;
    }
    Column bare;
    if (found == nullptr && name == table_.primary_id) {
        bare.name = table_.primary_id;
        bare.type = ColumnType::guid;
        return bare;
    }
    if (found != nullptr) {
        bare.name = found->name;
        bare.type = found->type;
        return bare;
    }
    std::vector<std::string> known{table_.primary_id};
    for (const Column& column : table_.columns) known.push_back(column.name);
    std::string hint;
    for (const std::string& near : nearest(name, known)) hint += (hint.empty() ? "" : ", ") + near;
    return Error{ErrorKind::refuse, "input.unknown_column",
                 table_.name + " has no column \"" + token.text + "\"." +
                     (hint.empty() ? "" : " Did you mean " + hint + "?")};
}

Result<Value> Parser::operand(const Column& column, const Token& token) const
{
    if (token.kind != Token::Kind::word && token.kind != Token::Kind::text)
        return syntax(token.at, "a value was expected");
    const bool bare = token.kind == Token::Kind::word;
    if (bare && token.text == "null") return Value{Null{}};
    if (column.type == ColumnType::text || column.type == ColumnType::memo) {
        if (bare && !Guid::parse(token.text))
            return syntax(token.at, column.name + " holds text; put it in single quotes");
        if (!utf16_units(token.text)) return syntax(token.at, "the text is not valid UTF-8");
        return Value{token.text};
    }
    if (column.type == ColumnType::lookup) {
        const auto id = Guid::parse(token.text);
        if (!id) return syntax(token.at, column.name + " is compared with an id");
        return Value{Lookup{{}, *id}};
    }
    std::string text = token.text;
    if (column.type == ColumnType::date_time && text.size() == 10) text += "T00:00:00Z";
    auto value = canonical(table_, column, Value{std::move(text)});
    if (!value) return syntax(token.at, value.error().message);
    if (is_null(*value))
        return syntax(token.at, column.name + " is compared with null, not with an empty text");
    return value;
}

} // namespace

Result<Filter> parse_filter(const Table& table, std::string_view text)
{
    if (text.size() > longest_filter)
        return Error{ErrorKind::refuse, "input.bad_filter",
                     "The filter is longer than 64 KiB. Use a shorter one."};
    auto list = tokens(text);
    if (!list) return list.error();
    return Parser(table, std::move(*list)).run();
}

} // namespace hawser
