#include "tools/server/core/xml.h"

#include <algorithm>
#include <charconv>

namespace hawser::server {
namespace {

constexpr int most_levels = 32;
constexpr std::size_t most_elements = 5000;

bool is_blank(char one)
{
    return one == ' ' || one == '\t' || one == '\r' || one == '\n';
}

bool is_name(char one)
{
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') ||
           one == '-' || one == '_' || one == ':' || one == '.';
}

class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    std::optional<XmlElement> document()
    {
        if (!skip_between()) return std::nullopt;
        XmlElement root;
        if (!element(root, 0) || !skip_between() || !rest_.empty()) return std::nullopt;
        return root;
    }

private:
    bool starts(std::string_view word) const { return rest_.substr(0, word.size()) == word; }

    void skip_blanks()
    {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    }

    bool skip_past(std::string_view end)
    {
        const auto at = rest_.find(end);
        if (at == std::string_view::npos) return false;
        rest_.remove_prefix(at + end.size());
        return true;
    }

    bool skip_between()
    {
        for (;;) {
            skip_blanks();
            if (starts("<!--")) {
                if (!skip_past("-->")) return false;
            } else if (starts("<?")) {
                if (!skip_past("?>")) return false;
            } else {
                return true;
            }
        }
    }

    std::string name()
    {
        std::size_t length = 0;
        while (length < rest_.size() && is_name(rest_[length])) ++length;
        std::string text(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return text;
    }

    static bool append_entity(std::string& out, std::string_view entity)
    {
        if (entity == "amp") return out += '&', true;
        if (entity == "lt") return out += '<', true;
        if (entity == "gt") return out += '>', true;
        if (entity == "quot") return out += '"', true;
        if (entity == "apos") return out += '\'', true;
        if (entity.size() < 2 || entity.front() != '#') return false;
        const bool hex = entity[1] == 'x';
        entity.remove_prefix(hex ? 2 : 1);
        unsigned code = 0;
        const auto end = std::from_chars(entity.data(), entity.data() + entity.size(), code, hex ? 16 : 10);
        if (end.ptr != entity.data() + entity.size() || code == 0 || code >= 128) return false;
        out += static_cast<char>(code);
        return true;
    }

    static bool append_text(std::string& out, std::string_view text)
    {
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] != '&') {
                out += text[at];
                continue;
            }
            const auto end = text.find(';', at);
            if (end == std::string_view::npos || !append_entity(out, text.substr(at + 1, end - at - 1)))
                return false;
            at = end;
        }
        return true;
    }

    bool attributes(XmlElement& element)
    {
        for (;;) {
            skip_blanks();
            if (rest_.empty() || rest_.front() == '>' || rest_.front() == '/') return !rest_.empty();
            std::string attribute = name();
            skip_blanks();
            if (attribute.empty() || !starts("=")) return false;
            rest_.remove_prefix(1);
            skip_blanks();
            if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
            const auto end = rest_.find(rest_.front(), 1);
            if (end == std::string_view::npos) return false;
            std::string value;
            if (!append_text(value, rest_.substr(1, end - 1))) return false;
            rest_.remove_prefix(end + 1);
            element.attributes.emplace_back(std::move(attribute), std::move(value));
        }
    }

    bool element(XmlElement& element, int level)
    {
        if (level > most_levels || ++elements_ > most_elements || !starts("<")) return false;
        rest_.remove_prefix(1);
        element.name = name();
        if (element.name.empty() || !attributes(element)) return false;
        if (starts("/>")) {
            rest_.remove_prefix(2);
            return true;
        }
        if (!starts(">")) return false;
        rest_.remove_prefix(1);
        return content(element, level);
    }

    bool content(XmlElement& element, int level)
    {
        for (;;) {
            const auto next = rest_.find('<');
            if (next == std::string_view::npos || !append_text(element.text, rest_.substr(0, next)))
                return false;
            rest_.remove_prefix(next);
            if (starts("</")) {
                rest_.remove_prefix(2);
                if (name() != element.name) return false;
                skip_blanks();
                if (!starts(">")) return false;
                rest_.remove_prefix(1);
                return true;
            }
            if (starts("<!--")) {
                if (!skip_past("-->")) return false;
                continue;
            }
            if (starts("<!") || starts("<?")) return false;
            element.children.emplace_back();
            XmlElement child;
            if (!this->element(child, level + 1)) return false;
            element.children.back() = std::move(child);
        }
    }

    std::string_view rest_;
    std::size_t elements_ = 0;
};

} // namespace

const std::string* XmlElement::attribute(std::string_view wanted) const
{
    const auto found = std::find_if(attributes.begin(), attributes.end(),
                                    [&](const auto& one) { return one.first == wanted; });
    return found == attributes.end() ? nullptr : &found->second;
}

const XmlElement* XmlElement::child(std::string_view wanted) const
{
    const auto found = std::find_if(children.begin(), children.end(),
                                    [&](const XmlElement& one) { return one.name == wanted; });
    return found == children.end() ? nullptr : &*found;
}

std::optional<XmlElement> parse_xml(std::string_view text)
{
    return Parser(text).document();
}

std::string xml_escaped(std::string_view text)
{
    std::string out;
    for (const char one : text) {
        switch (one) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += one;
        }
    }
    return out;
}

} // namespace hawser::server
