#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawser::server {

/// An element of a small XML text; comments, declarations and namespaces mean nothing here.
struct XmlElement {
    std::string name{};
    std::vector<std::pair<std::string, std::string>> attributes{};
    std::vector<XmlElement> children{};
    std::string text{};

    const std::string* attribute(std::string_view wanted) const;
    const XmlElement* child(std::string_view wanted) const;
};

/// The root element. Nothing when the text is not well-formed or nested deeper than 32 levels.
/// External entities and doctypes are refused.
std::optional<XmlElement> parse_xml(std::string_view text);

std::string xml_escaped(std::string_view text);

} // namespace hawser::server
