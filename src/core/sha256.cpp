#include "sparcell/core/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

void check(int succeeded) { require(succeeded == 1, "SHA-256: OpenSSL failed"); }

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

// OpenSSL's, which uses the processor's instructions for it: files of gigabytes are read through it.
Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() const {
  const Sha256 copy;  // asking for the digest ends a context
  check(EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get()));
  std::array<std::uint8_t, 32> digest;
  check(EVP_DigestFinal_ex(copy.context_.get(), digest.data(), nullptr));
  std::string digits;
  for (const std::uint8_t byte : digest) digits += fmt::format("{:02x}", byte);
  return digits;
}

}  // namespace sparcell
