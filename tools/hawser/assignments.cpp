#include "tools/hawser/assignments.h"

#include "base/time_text.h"
#include "tools/hawser/exit_code.h"
#include "tools/hawser/json_value.h"
#include "tools/hawser/local_time.h"
#include "tools/hawser/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

namespace hawser::cli {

namespace {

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool is_name(std::string_view key)
{
    return !key.empty() && std::all_of(key.begin(), key.end(),
                                       [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

Error not_understood(const Table& table, const Column& column, std::string_view text, std::string_view wanted)
{
    return usage_error(fmt::format("{}.{} takes {}, not \"{}\"", table.name, column.name, wanted, text));
}

Result<Value> read_boolean(const Column& column, std::string_view text, const Table& table)
{
    const std::string word = lower(text);
    if (word == "true" || word == "yes" || word == "on" || word == "1") return Value(true);
    if (word == "false" || word == "no" || word == "off" || word == "0") return Value(false);
    return not_understood(table, column, text, "yes or no");
}

std::optional<std::int64_t> whole_number(std::string_view text)
{
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return {};
    return number;
}

Result<std::int64_t> read_choice(const Column& column, std::string_view text, const Table& table)
{
    const std::string wanted = lower(text);
    std::vector<std::string> labels;
    for (const Choice& choice : column.choices) {
        if (lower(choice.label) == wanted) return choice.value;
        labels.push_back(choice.label);
    }
    if (const auto number = whole_number(text)) return *number;
    const std::string hint = did_you_mean(text, labels);
    if (labels.size() > 12) labels.resize(12);
    return usage_error(fmt::format("{}.{} has no choice \"{}\".{} It takes {}", table.name, column.name, text,
                                   hint, listed(labels, "or")));
}

Result<Value> read_choices(const Column& column, std::string_view text, const Table& table)
{
    std::vector<std::int64_t> numbers;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const auto number = read_choice(column, trimmed(text.substr(0, comma)), table);
        if (!number) return number.error();
        numbers.push_back(*number);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return Value(fmt::format("{}", fmt::join(numbers, ",")));
}

Result<Value> read_lookup(const Column& column, std::string_view text, const AssignmentContext& context)
{
    std::vector<std::string> targets;
    for (const LookupTarget& target : column.targets) targets.push_back(target.table);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos && targets.size() != 1)
        return not_understood(context.table, column, text,
                              fmt::format("table:id with the table {}", listed(targets, "or")));
    const std::string table =
        colon == std::string_view::npos ? targets.front() : std::string(text.substr(0, colon));
    if (!targets.empty() && std::find(targets.begin(), targets.end(), table) == targets.end())
        return usage_error(fmt::format("{}.{} refers to {}, not to \"{}\".{}", context.table.name,
                                       column.name, listed(targets, "or"), table,
                                       did_you_mean(table, targets)));
    auto found = context.resolve(table, colon == std::string_view::npos ? text : text.substr(colon + 1));
    if (!found) return found.error();
    return Value(*std::move(found));
}

class FieldReader {
public:
    explicit FieldReader(const AssignmentContext& context) : context_(context) {}

    Result<void> take(const Assignment& assignment)
    {
        const Column* column = context_.table.column(assignment.key);
        const bool ordinary = column && column->type != ColumnType::parties;
        if (const auto role = role_of(assignment.key); role && !ordinary && parties_column())
            return take_parties(assignment, *role);
        if (!column) return unknown(assignment.key);
        if (assignment.operation == Assignment::Operator::add ||
            assignment.operation == Assignment::Operator::remove)
            return usage_error(fmt::format("+= and -= change the participants of an activity, by role; {}.{} "
                                           "takes {}=VALUE",
                                           context_.table.name, column->name, column->name));
        auto value = assignment.operation == Assignment::Operator::json
                         ? read_json_value(*column, assignment.text, context_.table)
                         : read_text(*column, assignment.text);
        if (!value) return value.error();
        return put(*column, *std::move(value));
    }

    Fields&& finish() { return std::move(fields_); }

private:
    const Column* parties_column() const
    {
        const auto& columns = context_.table.columns;
        const auto parties = std::find_if(columns.begin(), columns.end(), [](const Column& column) {
            return column.type == ColumnType::parties;
        });
        return parties == columns.end() ? nullptr : &*parties;
    }

    /// As an earlier argument left them, else as the record has them.
    const Collection* participants_now(const Column& column) const
    {
        for (const Fields* fields : {&std::as_const(fields_), &context_.present})
            if (const auto found = fields->find(column.name); found != fields->end())
                return std::get_if<Collection>(&found->second);
        return nullptr;
    }

    Error unknown(const std::string& key) const
    {
        std::vector<std::string> known;
        for (const Column& column : context_.table.columns) known.push_back(column.name);
        if (parties_column())
            for (const std::string& word : role_words()) known.push_back(word);
        return usage_error(fmt::format("the table {} has no column \"{}\".{}", context_.table.name, key,
                                       did_you_mean(key, known)));
    }

    Result<Value> read_text(const Column& column, const std::string& text) const
    {
        if (text.empty()) return Value{};
        if (!text.starts_with('@')) return read_value(column, text, context_);
        auto content = context_.read_file(text.substr(1));
        if (!content) return content.error();
        const bool is_long_text = column.type == ColumnType::text || column.type == ColumnType::memo;
        while (!is_long_text && content->ends_with('\n')) content->pop_back();
        return content->empty() ? Value{} : read_value(column, *content, context_);
    }

    Result<void> take_parties(const Assignment& assignment, int role)
    {
        const Column& column = *parties_column();
        if (assignment.operation == Assignment::Operator::json)
            return usage_error(fmt::format("{} takes addresses and records; JSON goes to {}:=…",
                                           assignment.key, column.name));
        std::vector<Party> parties;
        if (const Collection* collection = participants_now(column)) {
            auto present = collection_to_parties(*collection);
            if (!present) return present.error();
            parties = *std::move(present);
        }
        PartyEdit edit{PartyEdit::Kind::replace, role, assignment.text};
        if (assignment.operation == Assignment::Operator::add) edit.kind = PartyEdit::Kind::add;
        if (assignment.operation == Assignment::Operator::remove) edit.kind = PartyEdit::Kind::remove;
        auto changed = apply(std::move(parties), edit, context_.resolve);
        if (!changed) return changed.error();
        return put(column, Value(parties_to_collection(*changed)));
    }

    Result<void> put(const Column& column, Value value)
    {
        if (is_null(value)) {
            fields_.insert_or_assign(column.name, Value{});
            return {};
        }
        auto spelled = canonical(context_.table, column, std::move(value));
        if (!spelled) return usage_error(spelled.error().message);
        fields_.insert_or_assign(column.name, *std::move(spelled));
        return {};
    }

    const AssignmentContext& context_;
    Fields fields_;
};

} // namespace

Result<Assignment> parse_assignment(std::string_view argument)
{
    const std::size_t equals = argument.find('=');
    Assignment assignment;
    if (equals != std::string_view::npos && equals > 0) {
        std::string_view key = argument.substr(0, equals);
        const char before = key.back();
        if (before == ':') assignment.operation = Assignment::Operator::json;
        if (before == '+') assignment.operation = Assignment::Operator::add;
        if (before == '-') assignment.operation = Assignment::Operator::remove;
        if (assignment.operation != Assignment::Operator::text) key.remove_suffix(1);
        assignment.key = key;
        assignment.text = argument.substr(equals + 1);
    }
    if (!is_name(assignment.key))
        return usage_error(fmt::format(
            "\"{}\" is not COLUMN=VALUE; write for instance jobtitle=\"Head of Sales\"", argument));
    return assignment;
}

Result<Value> read_value(const Column& column, std::string_view text, const AssignmentContext& context)
{
    const Table& table = context.table;
    switch (column.type) {
    case ColumnType::boolean:
        return read_boolean(column, text, table);
    case ColumnType::integer:
    case ColumnType::big_integer: {
        const auto number = whole_number(text);
        if (!number) return not_understood(table, column, text, "a whole number");
        return Value(*number);
    }
    case ColumnType::decimal:
        return Value(Decimal{std::string(text)});
    case ColumnType::choice:
    case ColumnType::state:
    case ColumnType::status: {
        const auto number = read_choice(column, text, table);
        if (!number) return number.error();
        return Value(*number);
    }
    case ColumnType::multi_choice:
        return read_choices(column, text, table);
    case ColumnType::date_time: {
        const auto moment = parse_local_time(text, context.now);
        if (!moment)
            return usage_error(fmt::format("{}.{}: {}", table.name, column.name, moment.error().message));
        return Value(to_text(*moment));
    }
    case ColumnType::date: {
        const auto day = parse_local_day(text, context.now);
        if (!day) return usage_error(fmt::format("{}.{}: {}", table.name, column.name, day.error().message));
        return Value(*day);
    }
    case ColumnType::lookup:
        return read_lookup(column, text, context);
    case ColumnType::parties:
        return not_understood(table, column, text, "participants by role, such as required+=ada@example.com");
    case ColumnType::text:
    case ColumnType::memo:
    case ColumnType::guid:
        break;
    }
    return Value(std::string(text));
}

Result<Fields> read_assignments(const std::vector<std::string>& arguments, const AssignmentContext& context)
{
    FieldReader reader(context);
    std::set<std::string> given;
    bool input_taken = false;
    for (const std::string& argument : arguments) {
        const auto assignment = parse_assignment(argument);
        if (!assignment) return assignment.error();
        const bool whole = assignment->operation == Assignment::Operator::text ||
                           assignment->operation == Assignment::Operator::json;
        if (whole && !given.insert(assignment->key).second)
            return usage_error(fmt::format("{} is given twice; give it once", assignment->key));
        if (assignment->operation == Assignment::Operator::text && assignment->text == "@-" &&
            std::exchange(input_taken, true))
            return usage_error("standard input can be the content of one column only");
        if (const auto taken = reader.take(*assignment); !taken) return taken.error();
    }
    return reader.finish();
}

std::string assignments_help()
{
    return "Columns are given as COLUMN=VALUE:\n"
           "  jobtitle=\"Head of Sales\"        text; choices by their label; yes or no\n"
           "  mobilephone=                    clears the column\n"
           "  description=@notes.txt          the content of a file (@- for standard input)\n"
           "  numberofchildren:=2             JSON: null, true, 12, \"@literal\"\n"
           "  scheduledstart=\"2026-11-21 14:00\"   local time (TZ); also now, \"tomorrow 9:00\", …Z\n"
           "  parentcustomerid=account:49516f a record, by the beginning of its id\n"
           "Participants of an activity go by role (from to cc bcc required optional organizer\n"
           "resource …), as addresses or records, comma-separated:\n"
           "  required+=ada@example.com       adds somebody; everybody else stays\n"
           "  required-=contact:a39b          removes somebody from that role\n"
           "  to=ada@example.com,contact:a39b replaces everybody in that role; to= empties it\n";
}

} // namespace hawser::cli
