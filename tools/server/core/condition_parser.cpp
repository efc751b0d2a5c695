#include "tools/server/core/address.h"
#include "tools/server/core/condition.h"

namespace hawser::server {
namespace {

constexpr int most_levels = 64;
constexpr std::size_t most_conditions = 500;

struct Token {
    enum class Type {
        end,
        word,
        text,
        open,
        close,
        comma,
        equals,
        bracket_open,
        bracket_close
    } type = Type::end;
    std::string text{};
};

bool is_word(char one)
{
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
           std::string_view("_-.:/+$@{}").find(one) != std::string_view::npos;
}

/// Recursive descent over one $filter. After the first refusal nothing more is read.
class Parser {
public:
    Parser(const Table& table, std::string_view text, const Identity& identity)
        : table_(table), rest_(text), identity_(identity)
    {
        advance();
    }

    Outcome<Condition> whole()
    {
        Condition condition = disjunction(0);
        if (!failure_ && token_.type != Token::Type::end) fail("Syntax error at '" + token_.text + "'");
        if (failure_) return *failure_;
        return condition;
    }

private:
    void fail(std::string message)
    {
        if (!failure_) failure_ = bad_query(std::move(message) + " in $filter.");
        token_ = {};
        rest_ = {};
    }

    void advance()
    {
        rest_ = trim(rest_);
        token_ = {};
        if (rest_.empty()) return;
        const char one = rest_.front();
        if (one == '\'') return read_text();
        constexpr std::string_view marks = "(),=[]";
        const auto mark = marks.find(one);
        if (mark != std::string_view::npos) {
            constexpr Token::Type types[] = {Token::Type::open,         Token::Type::close,
                                             Token::Type::comma,        Token::Type::equals,
                                             Token::Type::bracket_open, Token::Type::bracket_close};
            token_ = {types[mark], std::string(1, one)};
            rest_.remove_prefix(1);
            return;
        }
        std::size_t length = 0;
        while (length < rest_.size() && is_word(rest_[length])) ++length;
        if (length == 0) return fail("Unexpected character '" + std::string(1, one) + "'");
        token_ = {Token::Type::word, std::string(rest_.substr(0, length))};
        rest_.remove_prefix(length);
    }

    void read_text()
    {
        std::string text;
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            if (rest_[at] != '\'') {
                text += rest_[at];
            } else if (at + 1 < rest_.size() && rest_[at + 1] == '\'') {
                text += '\'';
                ++at;
            } else {
                rest_.remove_prefix(at + 1);
                token_ = {Token::Type::text, std::move(text)};
                return;
            }
        }
        fail("There is an unterminated string literal");
    }

    bool at_word(std::string_view word) const
    {
        return token_.type == Token::Type::word && token_.text == word;
    }

    void expect(Token::Type type, const char* what)
    {
        if (token_.type != type) return fail(std::string("'") + what + "' expected");
        advance();
    }

    Condition joined(Condition::Kind kind, std::string_view word, int level, Condition (Parser::*next)(int))
    {
        Condition first = (this->*next)(level);
        if (!at_word(word)) return first;
        Condition whole;
        whole.kind = kind;
        whole.parts.push_back(std::move(first));
        while (at_word(word)) {
            advance();
            whole.parts.push_back((this->*next)(level));
        }
        return whole;
    }

    Condition disjunction(int level)
    {
        return joined(Condition::Kind::any, "or", level, &Parser::conjunction);
    }
    Condition conjunction(int level) { return joined(Condition::Kind::all, "and", level, &Parser::primary); }

    Condition primary(int level)
    {
        if (level > most_levels || ++conditions_ > most_conditions) {
            if (!failure_)
                failure_ = Refusal{400, "0x8004027c", "The number of conditions exceeds the maximum limit."};
            fail("");
            return {};
        }
        if (at_word("not")) {
            advance();
            Condition condition;
            condition.kind = Condition::Kind::negation;
            condition.parts.push_back(primary(level + 1));
            return condition;
        }
        if (token_.type == Token::Type::open) {
            advance();
            Condition condition = disjunction(level + 1);
            expect(Token::Type::close, ")");
            return condition;
        }
        if (token_.type != Token::Type::word) {
            fail("Expression expected at '" + token_.text + "'");
            return {};
        }
        const std::string word = token_.text;
        advance();
        return token_.type == Token::Type::open ? function(word) : comparison(word);
    }

    const Column* column(const std::string& name)
    {
        const Column* found = table_.property(name);
        if (!found) {
            // A lookup may be written as its navigation property and the target's key.
            const auto slash = name.find('/');
            if (slash != std::string::npos)
                found = table_.navigation(std::string_view(name).substr(0, slash));
        }
        if (!found || !found->readable) {
            fail("Could not find a property named '" + name + "' on type 'Microsoft.Dynamics.CRM." +
                 table_.name + "'");
            return nullptr;
        }
        return found;
    }

    Comparable operand(const Column& column)
    {
        const Token given = token_;
        advance();
        if (given.type == Token::Type::word && given.text == "null") return {};
        const bool textual = column.kind == Kind::text || column.kind == Kind::memo;
        if (given.type == Token::Type::end || (textual && given.type != Token::Type::text)) {
            fail("A value expected for '" + column.property + "'");
            return {};
        }
        Outcome<Comparable> value = comparable_operand(table_, column, given.text);
        if (value) return *value;
        if (!failure_) failure_ = value.refusal();
        return {};
    }

    Condition comparison(const std::string& name)
    {
        Condition condition;
        condition.kind = Condition::Kind::comparison;
        condition.column = column(name);
        if (!condition.column) return {};
        constexpr std::string_view words[] = {"eq", "ne", "gt", "ge", "lt", "le"};
        std::size_t at = 0;
        while (at < std::size(words) && !at_word(words[at])) ++at;
        if (at == std::size(words)) {
            fail("A binary operator expected at '" + token_.text + "'");
            return {};
        }
        condition.compare = static_cast<Compare>(at);
        advance();
        condition.operands.push_back(operand(*condition.column));
        return condition;
    }

    Condition function(const std::string& name)
    {
        advance();
        if (name == "Microsoft.Dynamics.CRM.In") return in_function();
        if (name == "Microsoft.Dynamics.CRM.EqualUserId") return user_function();
        Condition condition;
        if (name == "contains") {
            condition.kind = Condition::Kind::contains;
        } else if (name == "startswith") {
            condition.kind = Condition::Kind::starts_with;
        } else if (name == "endswith") {
            condition.kind = Condition::Kind::ends_with;
        } else {
            fail("An unknown function with name '" + name + "' was found");
            return {};
        }
        condition.column = column(token_.text);
        if (!condition.column) return {};
        advance();
        expect(Token::Type::comma, ",");
        if (token_.type != Token::Type::text) fail("A string expected");
        condition.operands.push_back({Comparable::Type::text, 0, lower(token_.text)});
        advance();
        expect(Token::Type::close, ")");
        // contains(…) eq true is an accepted spelling.
        if (at_word("eq")) {
            advance();
            if (!at_word("true")) fail("'true' expected");
            advance();
        }
        return condition;
    }

    const Column* named_property()
    {
        if (!at_word("PropertyName")) {
            fail("'PropertyName' expected");
            return nullptr;
        }
        advance();
        expect(Token::Type::equals, "=");
        const std::string name = token_.text;
        advance();
        if (const Column* by_name = table_.column(name)) return by_name;
        return column(name);
    }

    Condition in_function()
    {
        Condition condition;
        condition.kind = Condition::Kind::in;
        condition.column = named_property();
        if (!condition.column) return {};
        expect(Token::Type::comma, ",");
        if (!at_word("PropertyValues")) fail("'PropertyValues' expected");
        advance();
        expect(Token::Type::equals, "=");
        expect(Token::Type::bracket_open, "[");
        while (!failure_ && token_.type != Token::Type::bracket_close) {
            condition.operands.push_back(operand(*condition.column));
            if (token_.type == Token::Type::comma) advance();
        }
        expect(Token::Type::bracket_close, "]");
        expect(Token::Type::close, ")");
        if (!failure_ && condition.operands.empty()) fail("A value expected");
        return condition;
    }

    Condition user_function()
    {
        Condition condition;
        condition.kind = Condition::Kind::comparison;
        condition.column = named_property();
        if (!condition.column) return {};
        condition.operands.push_back({Comparable::Type::text, 0, guid_bytes(identity_.user)});
        expect(Token::Type::close, ")");
        return condition;
    }

    const Table& table_;
    std::string_view rest_;
    const Identity& identity_;
    Token token_;
    std::optional<Refusal> failure_;
    std::size_t conditions_ = 0;
};

} // namespace

Outcome<Condition> parse_condition(const Table& table, std::string_view text, const Identity& identity)
{
    return Parser(table, text, identity).whole();
}

} // namespace hawser::server
