#include "engine/carry/sha256.h"

#include <array>
#include <new>
#include <openssl/evp.h>

namespace hawser::carry {

class Sha256::Context {
public:
    Context() : own_(EVP_MD_CTX_new())
    {
        if (own_ == nullptr || EVP_DigestInit_ex(own_, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
    }
    Context(const Context& other) : own_(EVP_MD_CTX_new())
    {
        if (own_ == nullptr || EVP_MD_CTX_copy_ex(own_, other.own_) != 1) throw std::bad_alloc();
    }
    Context& operator=(const Context&) = delete;
    ~Context() { EVP_MD_CTX_free(own_); }

    EVP_MD_CTX* get() { return own_; }

private:
    EVP_MD_CTX* own_;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes)
{
    EVP_DigestUpdate(context_->get(), bytes.data(), bytes.size());
}

std::string Sha256::text() const
{
    constexpr std::string_view digits = "0123456789abcdef";
    Context copy(*context_);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(copy.get(), digest.data(), &size);
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

} // namespace hawser::carry
