#include "signer/certificate/certificate.h"

#include <chrono>
#include <optional>
#include <ratio>

#include "keystore/base/openssl.h"
#include "keystore/base/random.h"
#include "signer/certificate/algorithm.h"
#include "signer/certificate/extensions.h"
#include "signer/certificate/name.h"
#include "signer/der/pem.h"
#include "signer/der/time.h"
#include "signer/der/writer.h"

namespace rootkeep {
namespace {

constexpr std::size_t kSerialTimeOctets = 4;
constexpr std::size_t kSerialRandomOctets = 16;
using SerialTick = std::chrono::duration<std::int64_t, std::ratio<1, 64>>;
constexpr std::uint32_t kVersion3 = 2;

std::optional<ByteView> KeyBits(ByteView spki) {
  const std::optional<ByteView> body = der::Only(spki, der::kSequence);
  if (!body) return std::nullopt;
  der::Reader reader(*body);
  const std::optional<ByteView> algorithm = reader.Take(der::kSequence);
  const std::optional<ByteView> bits = reader.Take(der::kBitString);
  if (!algorithm || !bits || !reader.AtEnd()) return std::nullopt;
  return der::BitStringOctets(*bits);
}

// Drawn for many serials at a time and a thread, each octet used once: OpenSSL asks the kernel for the process's id at
// every draw, which costs more than the drawing.
Result<Bytes> SerialRandom() {
  constexpr std::size_t kSerials = 64;
  static thread_local Bytes pool;
  if (pool.empty()) {
    RK_TRY(pool, RandomBytes(kSerials * kSerialRandomOctets));
  }
  Bytes random(pool.end() - kSerialRandomOctets, pool.end());
  pool.resize(pool.size() - kSerialRandomOctets);
  return random;
}

}  // namespace

Result<Bytes> NewSerial() {
  RK_TRY(const Bytes random, SerialRandom());
  const auto now = std::chrono::floor<SerialTick>(std::chrono::system_clock::now().time_since_epoch()).count();
  Bytes serial(kSerialTimeOctets);
  for (std::size_t i = 0; i < kSerialTimeOctets; ++i) {
    serial[i] = static_cast<std::uint8_t>(now >> (8 * (kSerialTimeOctets - 1 - i)));
  }
  // Positive and as long as every other.
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
  serial.insert(serial.end(), random.begin(), random.end());
  return serial;
}

Result<Bytes> SubjectKeyId(ByteView spki) {
  const std::optional<ByteView> bits = KeyBits(spki);
  if (!bits) return Internal("the subject's key is not a SubjectPublicKeyInfo");
  Bytes id(20);
  if (EVP_Digest(bits->data(), bits->size(), id.data(), nullptr, ossl::Sha1(), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_Digest");
  }
  return id;
}

Result<Bytes> BuildTbs(const Decision& decision, const IssuerView& issuer, ByteView serial) {
  const Profile& profile = decision.profile;
  if (!profile.ca && decision.sans.empty()) return Internal("a leaf certificate without names");
  if (profile.ca && decision.subject_name.empty()) return Internal("a CA certificate without a subject");
  if (decision.spki.empty()) return Internal("a certificate without a key");
  Bytes key_id;
  if (profile.ca || profile.subject_key_id) {
    RK_TRY(key_id, SubjectKeyId(decision.spki));
  }
  bool times_fit = true;
  der::Writer writer;
  writer.Sequence([&] {
    writer.Nested(der::ContextConstructed(0), [&] { writer.Integer(kVersion3); });
    writer.Primitive(der::kInteger, serial);
    WriteAlgorithm(writer, issuer.scheme);
    writer.Raw(issuer.name);
    writer.Sequence(
        [&] { times_fit = der::WriteTime(writer, decision.not_before) && der::WriteTime(writer, decision.not_after); });
    writer.Raw(decision.subject_name.empty() ? LeafName(decision.common_name) : decision.subject_name);
    writer.Raw(decision.spki);
    writer.Nested(der::ContextConstructed(3), [&] { WriteExtensions(writer, decision, issuer, key_id); });
  });
  if (!times_fit) return Internal("a certificate's validity is before 1950 or after 2261");
  return std::move(writer).Finish();
}

Bytes AssembleCertificate(ByteView tbs, SignatureScheme scheme, ByteView signature) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(tbs);
    WriteAlgorithm(writer, scheme);
    writer.BitString(signature);
  });
  return std::move(writer).Finish();
}

std::string CertificatePem(ByteView der) { return der::ToPem(der, "CERTIFICATE"); }

}  // namespace rootkeep
