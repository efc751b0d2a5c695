#include "hawser/value.h"

#include "base/json_text.h"

namespace hawser {
namespace {

void append(std::string& out, const Value& value);

void append_lookup(std::string& out, const Lookup& lookup)
{
    out += "{\"id\":\"";
    out += lookup.id.text();
    out += "\",\"table\":";
    append_json_string(out, lookup.table);
    out += '}';
}

void append_collection(std::string& out, const Collection& collection)
{
    out += '[';
    bool first = true;
    for (const Element& element : collection.elements) {
        if (!first) out += ',';
        first = false;
        out += "{\"key\":";
        append_json_string(out, element.key);
        out += ",\"value\":";
        out += element.value.empty() ? "null" : element.value;
        out += '}';
    }
    out += ']';
}

struct Printer {
    std::string& out;

    void operator()(Null) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) const { out += std::to_string(value); }
    void operator()(const Decimal& value) const { append_json_string(out, value.text); }
    void operator()(const std::string& value) const { append_json_string(out, value); }
    void operator()(const Lookup& value) const { append_lookup(out, value); }
    void operator()(const Collection& value) const { append_collection(out, value); }
};

void append(std::string& out, const Value& value)
{
    std::visit(Printer{out}, value);
}

} // namespace

std::string to_json(const Value& value)
{
    std::string out;
    append(out, value);
    return out;
}

std::string to_json(const Fields& fields)
{
    std::string out = "{";
    for (const auto& [name, value] : fields) {
        if (out.size() > 1) out += ',';
        append_json_string(out, name);
        out += ':';
        append(out, value);
    }
    out += '}';
    return out;
}

} // namespace hawser
