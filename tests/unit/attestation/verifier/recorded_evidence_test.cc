// Quotes and certifications that other programs had a TPM make (tests/vectors/evidence). ROOTKEEP_EVIDENCE names
// another directory with the same files, recorded anew.
#include <cstdlib>

#include "attestation/verifier/attempt.h"
#include "attestation/verifier/certify.h"
#include "attestation/verifier/ek_key.h"
#include "attestation/verifier/node_key.h"
#include "attestation/verifier/qualified_name.h"
#include "attestation/verifier/quote.h"
#include "attestation/verifier/reasons.h"
#include "keystore/base/file.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::IsOk;

constexpr std::string_view kNonce = "rootkeep";

Bytes Read(const std::string& name) {
  const char* directory = std::getenv("ROOTKEEP_EVIDENCE");
  const auto content = ReadFile(std::string(directory == nullptr ? RK_EVIDENCE : directory) + "/" + name, 4096);
  EXPECT_THAT(content, IsOk()) << name;
  return content.ok() ? ToBytes(AsBytes(*content)) : Bytes();
}

// Of a TPM2B_PUBLIC, as tpm2-tools write them.
Bytes ReadSized(const std::string& name) {
  const Bytes content = Read(name);
  return content.size() < 2 ? Bytes() : Bytes(content.begin() + 2, content.end());
}

// PCR 0 as it starts, and PCR 7 after one value.
std::vector<PcrValue> Registers() {
  Bytes extended(64);
  extended.back() = 7;
  return {{.index = 0, .digest = Bytes(32)}, {.index = 7, .digest = *TpmHash(Algorithm::kSha256, extended)}};
}

// An attestation key and where it is.
struct Signer {
  AttestationKey key;
  Bytes qualified_name;
};

Result<Signer> BelowEk(const std::string& ak) {
  RK_TRY(const EndorsementKey ek, CheckEk(ReadSized("tpm2-tools/ek")));
  RK_TRY(AttestationKey key, CheckAk(ReadSized(ak)));
  RK_TRY(const Bytes above, QualifiedNameOfPrimary(kEndorsementHierarchy, ek.area.name_alg, ek.name));
  RK_TRY(Bytes name, QualifiedNameOfChild(above, key.area.name_alg, key.name));
  return Signer{.key = std::move(key), .qualified_name = std::move(name)};
}

// Of the endorsement hierarchy, where go-attestation makes it, too.
Result<Signer> BelowStorageKey(const std::string& ak) {
  RK_TRY(const PublicArea parent, ParsePublicArea(Read("go-attestation/parent")));
  RK_TRY(const Bytes parent_name, Name(parent));
  RK_TRY(AttestationKey key, CheckAk(Read(ak)));
  RK_TRY(const Bytes above, QualifiedNameOfPrimary(kEndorsementHierarchy, parent.name_alg, parent_name));
  RK_TRY(Bytes name, QualifiedNameOfChild(above, key.area.name_alg, key.name));
  return Signer{.key = std::move(key), .qualified_name = std::move(name)};
}

// A program and the kind of its attestation key: the beginning of its files' names.
class RecordedEvidence : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] Result<Signer> MakeSigner() const {
    const std::string ak = GetParam() + ".ak";
    return GetParam().starts_with("tpm2-tools") ? BelowEk(ak) : BelowStorageKey(ak);
  }
  [[nodiscard]] Status Check(const Signer& signer, const AttestEvidence& evidence,
                             std::string_view nonce = kNonce) const {
    RK_TRY(const QuotedPcrs quoted, CheckQuote(signer.key, evidence,
                                               {.nonce = AsBytes(nonce),
                                                .qualified_signer = signer.qualified_name,
                                                .pcrs = SelectPcrs(Algorithm::kSha256, {0, 7})}));
    EXPECT_EQ(quoted.values.size(), 2U);
    return Ok();
  }
};

TEST_P(RecordedEvidence, ItsQuotePassesForWhatItSaysAlone) {
  ASSERT_OK_AND_ASSIGN(const Signer signer, MakeSigner());
  const AttestEvidence evidence{.quote_attest = Read(GetParam() + ".quote"),
                                .quote_signature = Read(GetParam() + ".signature"),
                                .pcr_values = Registers()};
  EXPECT_THAT(Check(signer, evidence), IsOk());
  EXPECT_THAT(Check(signer, evidence, "another"), HasReason(reason::kQuoteNonce));
  AttestEvidence other = evidence;
  other.pcr_values[1].digest[0] ^= 1U;
  EXPECT_THAT(Check(signer, other), HasReason(reason::kQuoteDigest));
  Signer elsewhere = *MakeSigner();
  elsewhere.qualified_name = *QualifiedNameOfPrimary(kEndorsementHierarchy, Algorithm::kSha256, signer.key.name);
  EXPECT_THAT(Check(elsewhere, evidence), HasReason(reason::kQuoteSigner)) << "an honest key in another place";
}

INSTANTIATE_TEST_SUITE_P(Recorded, RecordedEvidence,
                         ::testing::Values("tpm2-tools/ecc", "tpm2-tools/rsa", "go-attestation/ecc",
                                           "go-attestation/rsa"),
                         [](const auto& each) {
                           const std::string& name = each.param;
                           return std::string(name.starts_with("tpm2") ? "Tpm2Tools" : "GoAttestation") +
                                  (name.ends_with("rsa") ? "Rsa" : "Ecc");
                         });

class RecordedCertification : public RecordedEvidence {};

TEST_P(RecordedCertification, ItIsForTheKeyThatItNames) {
  ASSERT_OK_AND_ASSIGN(const Signer signer, MakeSigner());
  ASSERT_OK_AND_ASSIGN(const NodeKey key, CheckNodeKey(Read(GetParam() + ".key")));
  const AttestEvidence evidence{.certify_attest = Read(GetParam() + ".certification"),
                                .certify_signature = Read(GetParam() + ".certification-signature")};
  const auto check = [&](ByteView nonce, ByteView name) {
    return CheckCertify(
        signer.key, evidence,
        {.nonce = nonce, .qualified_signer = signer.qualified_name, .name = name, .qualified_name = std::nullopt});
  };
  EXPECT_THAT(check(AsBytes(kNonce), key.name), IsOk());
  EXPECT_THAT(check(AsBytes("another"), key.name), HasReason(reason::kCertifyNonce));
  EXPECT_THAT(check(AsBytes(kNonce), signer.key.name), HasReason(reason::kCertifyName));
}

INSTANTIATE_TEST_SUITE_P(Recorded, RecordedCertification, ::testing::Values("go-attestation/ecc", "go-attestation/rsa"),
                         [](const auto& each) { return each.param.ends_with("rsa") ? "Rsa" : "Ecc"; });

}  // namespace
}  // namespace rootkeep::attestation
