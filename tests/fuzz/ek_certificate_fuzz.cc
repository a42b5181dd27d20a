// Any octets as what a node sends for its endorsement certificate, and as the chain beside it: one octet of the key's
// type, then the certificate. No crash; what comes out of an index is one element of its own size; and nothing chains
// to a root that signed none of it.
#include <cstdlib>

#include "attestation/verifier/ek_certificate.h"
#include "attestation/verifier/ek_trust.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/test_certificate.h"

namespace {

using namespace rootkeep;
using namespace rootkeep::attestation;

void Require(bool ok) {
  if (!ok) std::abort();
}

const EkTrust& Stranger() {
  static const EkTrust trust =
      EkTrust::Create({.anchors = {{.certificate = testing::MakeCa().Der(), .manufacturers = {"id:00001014"}}},
                       .intermediates = {}})
          .value();
  return trust;
}

// Every failure has a reason with a sentence.
void RequireReason(const Error& error) { Require(InWords(error.reason()) != error.reason()); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool rsa = data[0] % 2 == 0;
  const ByteView contents(data + 1, size - 1);
  const Result<ByteView> der = UnwrapEkCertificate(contents);
  if (!der.ok()) {
    RequireReason(der.error());
    return 0;
  }
  const Result<ByteView> again = UnwrapEkCertificate(*der);
  Require(again.ok() && again->size() == der->size() && again->front() == 0x30);
  const Result<ossl::Cert> cert = ReadCertificate(*der, reason::kEkCertificateMalformed);
  if (!cert.ok()) {
    RequireReason(cert.error());
    return 0;
  }
  const Result<TpmNames> names = CheckEkProfile(cert->get(), rsa);
  if (names.ok()) {
    Require(names->manufacturer.size() == 11 && !names->model.empty() && !names->version.empty());
  } else {
    RequireReason(names.error());
  }
  const Status chain = Stranger().Check(cert->get(), {ToBytes(*der)}, "id:00001014", FromUnixSeconds(1'800'000'000));
  Require(!chain.ok());
  RequireReason(chain.error());
  return 0;
}
