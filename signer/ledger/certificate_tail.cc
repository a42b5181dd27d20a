#include "signer/ledger/certificate_tail.h"

#include <algorithm>

namespace rootkeep {
namespace {

// Tag and length of a DER SEQUENCE with `size` content octets (X.690 §8.1.3, shortest form).
Bytes SequenceHeader(std::size_t size) {
  if (size < 0x80) return {0x30, static_cast<std::uint8_t>(size)};
  Bytes length;
  for (std::size_t rest = size; rest != 0; rest >>= 8) length.push_back(static_cast<std::uint8_t>(rest));
  Bytes header = {0x30, static_cast<std::uint8_t>(0x80 | length.size())};
  header.insert(header.end(), length.rbegin(), length.rend());
  return header;
}

bool StartsWith(ByteView whole, ByteView part) {
  return whole.size() >= part.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace

Result<ByteView> CertificateTail(ByteView certificate, ByteView tbs) {
  constexpr std::size_t kLongestHeader = 2 + sizeof(std::size_t);
  for (std::size_t header_size = 2; header_size <= std::min(kLongestHeader, certificate.size()); ++header_size) {
    const Bytes header = SequenceHeader(certificate.size() - header_size);
    if (header.size() != header_size || !StartsWith(certificate, header)) continue;
    const ByteView content = certificate.subspan(header_size);
    if (!StartsWith(content, tbs) || content.size() == tbs.size()) break;
    return content.subspan(tbs.size());
  }
  return InvalidArgument("certificate does not begin with the to-be-signed part that was intended");
}

Bytes JoinCertificate(ByteView tbs, ByteView tail) {
  Bytes certificate = SequenceHeader(tbs.size() + tail.size());
  certificate.reserve(certificate.size() + tbs.size() + tail.size());
  certificate.insert(certificate.end(), tbs.begin(), tbs.end());
  certificate.insert(certificate.end(), tail.begin(), tail.end());
  return certificate;
}

}  // namespace rootkeep
