#include "signer/authn/leaf.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "signer/authn/refusal.h"

namespace rootkeep::leaf {
namespace {

constexpr std::size_t kMaxLeaf = 64 * 1024;
constexpr int kMaxNames = 256;

using AltNames = ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool IsVisibleAscii(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<GeneralName> ReadName(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_URI: {
      std::string uri = TextOf(name.d.uniformResourceIdentifier);
      if (IsVisibleAscii(uri)) return GeneralName{GeneralName::Kind::kUri, std::move(uri)};
      break;
    }
    case GEN_DNS: {
      std::string dns = TextOf(name.d.dNSName);
      if (IsVisibleAscii(dns)) return GeneralName{GeneralName::Kind::kDns, std::move(dns)};
      break;
    }
    case GEN_IPADD: {
      std::string address = TextOf(name.d.iPAddress);
      if (address.size() == 4 || address.size() == 16) {
        return GeneralName{GeneralName::Kind::kIp, std::move(address)};
      }
      break;
    }
    default: break;
  }
  return Refusal(refusal::kCertificateSan,
                 fmt::format("a subject alternative name of kind {} is malformed or of no workload", name.type));
}

}  // namespace

Result<ossl::Cert> Parse(ByteView der) {
  if (der.size() > kMaxLeaf) {
    return Refusal(refusal::kCertificateMalformed, "the client certificate is larger than 64 KiB");
  }
  const unsigned char* cursor = der.data();
  ossl::Cert cert(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (cert == nullptr) {
    return ossl::TakeError(Code::kUnauthenticated, "d2i_X509").WithReason(refusal::kCertificateMalformed);
  }
  if (cursor != der.data() + der.size()) {
    return Refusal(refusal::kCertificateMalformed, "octets follow the client certificate");
  }
  return cert;
}

// OpenSSL's own purpose check lets a certificate without extended key usages do anything; ours name them.
Status CheckPurpose(X509* cert) {
  const std::uint32_t flags = X509_get_extension_flags(cert);
  if ((flags & EXFLAG_INVALID) != 0) {
    return Refusal(refusal::kCertificateMalformed, "an extension of the client certificate does not parse");
  }
  if ((flags & EXFLAG_CA) != 0) {
    return Refusal(refusal::kCertificatePurpose, "the client certificate is a CA certificate");
  }
  if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(cert) & XKU_SSL_CLIENT) == 0) {
    return Refusal(refusal::kCertificatePurpose, "the client certificate lacks the extended key usage clientAuth");
  }
  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0) {
    return Refusal(refusal::kCertificatePurpose, "the client certificate lacks the key usage digitalSignature");
  }
  return Ok();
}

Result<std::vector<GeneralName>> ReadNames(X509* cert) {
  int critical = -1;
  const AltNames names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) {
    ossl::ClearErrors();
    if (critical == -1) {
      return Refusal(refusal::kCertificateNoUri, "the client certificate has no subject alternative name");
    }
    return Refusal(refusal::kCertificateSan, "the client certificate's subject alternative names do not parse");
  }
  const int count = sk_GENERAL_NAME_num(names.get());
  if (count > kMaxNames) {
    return Refusal(refusal::kCertificateSan, fmt::format("{} subject alternative names are too many", count));
  }
  std::vector<GeneralName> out;
  for (int i = 0; i < count; ++i) {
    RK_TRY(GeneralName name, ReadName(*sk_GENERAL_NAME_value(names.get(), i)));
    out.push_back(std::move(name));
  }
  return out;
}

std::vector<std::string_view> UriNames(const std::vector<GeneralName>& names) {
  std::vector<std::string_view> uris;
  for (const GeneralName& name : names) {
    if (name.kind == GeneralName::Kind::kUri) uris.push_back(name.value);
  }
  return uris;
}

Result<WallTime> NotAfter(const X509* cert) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &parts) != 1) {
    return ossl::TakeError(Code::kUnauthenticated, "ASN1_TIME_to_tm").WithReason(refusal::kCertificateMalformed);
  }
  return FromUnixSeconds(timegm(&parts));
}

Result<std::string> SerialHex(const X509* cert) {
  const ossl::BigNum serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), nullptr));
  if (serial == nullptr) {
    return ossl::TakeError(Code::kUnauthenticated, "ASN1_INTEGER_to_BN").WithReason(refusal::kCertificateMalformed);
  }
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(serial.get())));
  BN_bn2bin(serial.get(), octets.data());
  return ToHex(octets);
}

}  // namespace rootkeep::leaf
