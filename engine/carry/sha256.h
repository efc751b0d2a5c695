#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace hawser::carry {

/// SHA-256 of bytes that come in pieces, by OpenSSL.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void add(std::string_view bytes);
    /// 64 hexadecimal digits of what was added so far. More may be added afterwards.
    std::string text() const;

private:
    class Context;
    std::unique_ptr<Context> context_;
};

} // namespace hawser::carry
