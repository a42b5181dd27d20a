// MakeCsr: the PKCS#10 request of an issuing CA (RFC 2986 §4).
#include "keystore/public_key.h"
#include "signer/authority/ca_certificate.h"
#include "signer/authority/ca_subject.h"
#include "signer/certificate/algorithm.h"
#include "signer/certificate/extensions.h"
#include "signer/der/oid.h"
#include "signer/der/pem.h"

namespace rootkeep {
namespace {

Bytes RequestInfo(const Decision& decision) {
  constexpr std::uint32_t kVersion1 = 0;
  der::Writer writer;
  writer.Sequence([&] {
    writer.Integer(kVersion1);
    writer.Raw(decision.subject_name);
    writer.Raw(decision.spki);
    writer.Nested(der::ContextConstructed(0), [&] {
      writer.Sequence([&] {
        writer.Oid(der::oid::kExtensionRequest);
        writer.Nested(der::kSet, [&] { WriteExtensions(writer, decision, {}, {}); });
      });
    });
  });
  return std::move(writer).Finish();
}

}  // namespace

Result<std::string> MakeCsr(const Signer& signer, const CaSubject& subject, Deadline deadline, unsigned path_length) {
  const PublicKey& key = signer.public_key();
  const SignatureScheme scheme = SchemesOf(key.type()).front();
  RK_TRY(const Decision decision,
         CaDecisionFor(subject, IssuingCaProfile(IssuingCaLifetime(), path_length), key.spki()));
  const Bytes info = RequestInfo(decision);
  RK_TRY(const Bytes input, Digest(SchemeHash(scheme), info));
  RK_TRY(const Bytes signature, signer.Sign(scheme, input, deadline));
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(info);
    WriteAlgorithm(writer, scheme);
    writer.BitString(signature);
  });
  std::string pem = der::ToPem(std::move(writer).Finish(), "CERTIFICATE REQUEST");
  RK_TRY(const Csr csr, ParseCsr(pem));
  RK_RETURN_IF_ERROR(VerifyProofOfPossession(csr));
  return pem;
}

}  // namespace rootkeep
