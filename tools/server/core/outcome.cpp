#include "tools/server/core/outcome.h"

#include <string_view>

namespace hawser::server {

Refusal bad_request(std::string message)
{
    return {400, "0x80040203", std::move(message)};
}

Refusal bad_query(std::string message)
{
    return {400, "0x80060888", std::move(message)};
}

Refusal bad_payload(std::string_view set, std::string message)
{
    std::string text = "Error identified in Payload provided by the user for Entity :'";
    text.append(set).append("', For more information on this error please follow this help link. ");
    return {400, "0x80048d19", text + "---->  InnerException : " + std::move(message)};
}

Refusal record_absent(std::string_view table, std::string_view id)
{
    std::string text(table);
    text.append(" With Id = ").append(id).append(" Does Not Exist");
    return {404, "0x80040217", std::move(text)};
}

Refusal resource_absent(std::string_view segment)
{
    std::string text = "Resource not found for the segment '";
    return {404, "0x8006088a", text.append(segment).append("'.")};
}

Refusal method_refused(std::string_view method)
{
    std::string text = "The requested resource does not support http method '";
    return {405, "0x8006088b", text.append(method).append("'.")};
}

Refusal version_mismatch()
{
    return {412, "0x80060882",
            "The version of the existing record doesn't match the RowVersion property provided."};
}

Refusal duplicate_record()
{
    return {412, "0x80040237", "A record with matching key values already exists."};
}

} // namespace hawser::server
