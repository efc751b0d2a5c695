#include "transport/dataverse/pull.h"
#include "transport/dataverse/row_plan.h"
#include "transport/odata/url.h"

namespace hawser::dataverse {
namespace {

std::string_view word(Filter::Operator comparison)
{
    switch (comparison) {
    case Filter::Operator::eq:
        return "eq";
    case Filter::Operator::ne:
        return "ne";
    case Filter::Operator::gt:
        return "gt";
    case Filter::Operator::ge:
        return "ge";
    case Filter::Operator::lt:
        return "lt";
    case Filter::Operator::le:
        return "le";
    }
    return "eq";
}

// Times, dates and ids are bare on the wire; only text has quotes.
bool is_quoted(ColumnType type)
{
    return type == ColumnType::text || type == ColumnType::memo || type == ColumnType::multi_choice;
}

struct Literal {
    bool quoted;

    std::string operator()(Null) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(const Decimal& value) const { return value.text; }
    std::string operator()(const std::string& value) const
    {
        return quoted ? odata::text_literal(value) : value;
    }
    std::string operator()(const Lookup& value) const { return value.id.text(); }
    std::string operator()(const Collection&) const { return "null"; }
};

/// Conditions that are always true or false have no spelling of their own on the wire.
class FilterWriter {
public:
    explicit FilterWriter(const Table& table) : table_(table) {}

    /// "" for what is always true.
    std::string write(const Filter& filter) const
    {
        switch (filter.kind) {
        case Filter::Kind::all:
            return all(filter);
        case Filter::Kind::any:
            return any(filter);
        case Filter::Kind::negation: {
            const auto inner = filter.parts.empty() ? std::string() : write(filter.parts.front());
            return inner.empty() ? never() : "not (" + inner + ")";
        }
        case Filter::Kind::comparison:
            return wire_column(filter) + " " + std::string(word(filter.comparison)) + " " + literal(filter);
        case Filter::Kind::contains:
            return call("contains", filter);
        case Filter::Kind::starts_with:
            return call("startswith", filter);
        case Filter::Kind::ends_with:
            return call("endswith", filter);
        }
        return {};
    }

private:
    std::string never() const { return table_.primary_id + " eq null"; }

    std::string all(const Filter& filter) const
    {
        std::string joined;
        for (const auto& part : filter.parts) {
            const auto text = write(part);
            if (!text.empty()) joined += (joined.empty() ? "(" : " and (") + text + ")";
        }
        return joined;
    }

    std::string any(const Filter& filter) const
    {
        std::string joined;
        for (const auto& part : filter.parts) {
            const auto text = write(part);
            if (text.empty()) return {};
            joined += (joined.empty() ? "(" : " or (") + text + ")";
        }
        return joined.empty() ? never() : joined;
    }

    std::string wire_column(const Filter& filter) const
    {
        const auto* column = table_.column(filter.column);
        return column ? wire_name(*column) : filter.column;
    }

    std::string literal(const Filter& filter) const
    {
        const auto* column = table_.column(filter.column);
        const bool quoted = column ? is_quoted(column->type) : filter.column != table_.primary_id;
        return std::visit(Literal{quoted}, filter.operand);
    }

    std::string call(std::string_view function, const Filter& filter) const
    {
        return std::string(function) + "(" + wire_column(filter) + "," +
               std::visit(Literal{true}, filter.operand) + ")";
    }

    const Table& table_;
};

} // namespace

std::string wire_filter(const Table& table, const Filter& filter)
{
    return FilterWriter(table).write(filter);
}

} // namespace hawser::dataverse
