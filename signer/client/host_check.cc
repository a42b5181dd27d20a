#include "signer/client/host_check.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep {
namespace {

constexpr std::size_t kLongestLeaf = 64 * 1024;
constexpr std::size_t kLongestHost = 253;  // RFC 1035 §2.3.4 as text

Result<ossl::Cert> Leaf(std::string_view pem) {
  if (pem.size() > kLongestLeaf) return InvalidArgument("the server's certificate is too long");
  const ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  ossl::Cert cert(bio == nullptr ? nullptr : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (cert == nullptr) return ossl::TakeError(Code::kInvalidArgument, "PEM_read_bio_X509");
  return cert;
}

// 4 or 16 octets; none when it is no address.
Bytes AddressOctets(const std::string& host) {
  Bytes v4(4);
  if (inet_pton(AF_INET, host.c_str(), v4.data()) == 1) return v4;
  Bytes v6(16);
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return v6;
  return {};
}

}  // namespace

std::string HostOf(std::string_view address) {
  std::string_view host = address;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else if (std::ranges::count(host, ':') == 1) {
    host = host.substr(0, host.find(':'));
  }
  return std::string(host.substr(0, host.find('%')));
}

Status CheckHost(std::string_view leaf_pem, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);  // of a caller's absolute name
  // OpenSSL takes a name with a dot in front as every host of that domain.
  const bool none = host.empty() || host.size() > kLongestHost || host.starts_with('.') || host.ends_with('.') ||
                    host.find('\0') != std::string_view::npos;
  if (none) return InvalidArgument("the name that the server is to have is no host");
  RK_TRY(const ossl::Cert leaf, Leaf(leaf_pem));
  const Bytes octets = AddressOctets(std::string(host));
  const int found =
      octets.empty()
          ? X509_check_host(leaf.get(), host.data(), host.size(),
                            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr)
          : X509_check_ip(leaf.get(), octets.data(), octets.size(), 0);
  if (found == 1) return Ok();
  if (found != 0) return ossl::TakeError(Code::kInternal, octets.empty() ? "X509_check_host" : "X509_check_ip");
  return Unauthenticated(
      fmt::format("the server's certificate has no {} name {}", octets.empty() ? "DNS" : "IP", host));
}

}  // namespace rootkeep
