// go-attestation as a node that is challenged now: it activates our credential, and what it answers is for this nonce.
// ROOTKEEP_GO_ATTESTATION is the program that go-attestation/main.go makes.
#include <cstdlib>

#include "attestation/verifier/attempt.h"
#include "attestation/verifier/certify.h"
#include "attestation/verifier/make_credential.h"
#include "attestation/verifier/node_key.h"
#include "attestation/verifier/qualified_name.h"
#include "attestation/verifier/quote.h"
#include "attestation/verifier/reasons.h"
#include "keystore/base/file.h"
#include "keystore/base/random.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::attestation {
namespace {

using testing::Esys;
using testing::HasReason;
using testing::IsOk;
using testing::ProgramResult;

// A node whose software is go-attestation.
class GoNode {
 public:
  explicit GoNode(const testing::TpmManufacturer& manufacturer) : tpm_(manufacturer, "node") {}

  void Identify(const std::string& algorithm) const {
    const ProgramResult run = Run({"identify", algorithm});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  [[nodiscard]] ProgramResult Answer(const Credential& credential, const Bytes& nonce) const {
    Write("id-object", credential.id_object);
    Write("encrypted-secret", credential.encrypted_secret);
    Write("nonce", nonce);
    return Run({"answer"});
  }

  [[nodiscard]] EndorsementKey Ek() const { return CheckEk(Read("ek")).value(); }
  [[nodiscard]] AttestationKey Ak() const { return CheckAk(Read("ak")).value(); }
  [[nodiscard]] Bytes Secret() const { return Read("secret"); }
  [[nodiscard]] Bytes NodeKeyName() const { return CheckNodeKey(Read("key")).value().name; }
  [[nodiscard]] AttestEvidence Evidence() const {
    return {.quote_attest = Read("quote"),
            .quote_signature = Read("signature"),
            .pcr_values = Registers(),
            .certify_attest = Read("certification"),
            .certify_signature = Read("certification-signature")};
  }
  // Below the storage key, which go-attestation makes in the endorsement hierarchy.
  [[nodiscard]] Bytes AkQualifiedName() const {
    const PublicArea parent = ParsePublicArea(Read("parent")).value();
    const Bytes above = QualifiedNameOfPrimary(kEndorsementHierarchy, parent.name_alg, Name(parent).value()).value();
    const AttestationKey ak = Ak();
    return QualifiedNameOfChild(above, ak.area.name_alg, ak.name).value();
  }
  void ExtendPcr7() const { ASSERT_THAT(testing::ExtendPcr(Esys(tpm_), 7, RandomBytes(32).value()), IsOk()); }

 private:
  [[nodiscard]] ProgramResult Run(std::vector<std::string> words) const {
    constexpr std::string_view kPrefix = "swtpm:path=";
    words.insert(words.begin(), std::getenv("ROOTKEEP_GO_ATTESTATION"));
    words.insert(words.end(), {tpm_.tcti().substr(kPrefix.size()), directory_.path()});
    return testing::RunProgram(words);
  }
  [[nodiscard]] Bytes Read(const std::string& name) const {
    const auto content = ReadFile(directory_ / name, 4096);
    EXPECT_THAT(content, IsOk()) << name;
    return content.ok() ? ToBytes(AsBytes(*content)) : Bytes();
  }
  void Write(const std::string& name, const Bytes& content) const {
    EXPECT_THAT(WriteFileAtomically(directory_ / name, AsText(content), 0600), IsOk());
  }
  // PCR 0 and 7 as they are now.
  [[nodiscard]] std::vector<PcrValue> Registers() const {
    const auto values = testing::ReadPcrs(Esys(tpm_), {.numbers = {0, 7}}).value();
    return {{.index = 0, .digest = values[0]}, {.index = 7, .digest = values[1]}};
  }

  const testing::TempDir directory_;
  const testing::SwTpm tpm_;
};

class GoAttestation : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ASSERT_NE(std::getenv("ROOTKEEP_GO_ATTESTATION"), nullptr) << "tools/dev interop --only evidence runs this";
    for (const GoNode* node : {&node_, &other_}) {
      node->ExtendPcr7();
      ASSERT_NO_FATAL_FAILURE(node->Identify(GetParam()));
    }
  }
  // For what `ek` and `ak` are together.
  [[nodiscard]] Credential For(const GoNode& ek, const GoNode& ak) const {
    return MakeCredential(ek.Ek(), ak.Ak().name, SecretBytes(Bytes(secret_))).value();
  }
  static Status Quoted(const GoNode& node, const AttestEvidence& evidence, const Bytes& nonce) {
    const auto quoted = CheckQuote(
        node.Ak(), evidence,
        {.nonce = nonce, .qualified_signer = node.AkQualifiedName(), .pcrs = SelectPcrs(Algorithm::kSha256, {0, 7})});
    return quoted.ok() ? Ok() : Status(quoted.error());
  }
  static Status Certified(const GoNode& node, const AttestEvidence& evidence, const Bytes& nonce) {
    const auto certified = CheckCertify(node.Ak(), evidence,
                                        {.nonce = nonce,
                                         .qualified_signer = node.AkQualifiedName(),
                                         .name = node.NodeKeyName(),
                                         .qualified_name = std::nullopt});
    return certified.ok() ? Ok() : Status(certified.error());
  }

  const testing::TpmManufacturer manufacturer_;
  const GoNode node_{manufacturer_};
  const GoNode other_{manufacturer_};
  const Bytes secret_ = RandomBytes(32).value();
  const Bytes nonce_ = RandomBytes(32).value();
};

TEST_P(GoAttestation, AnswersThisChallengeAndNoOther) {
  const ProgramResult run = node_.Answer(For(node_, node_), nonce_);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(node_.Secret(), secret_);
  const AttestEvidence evidence = node_.Evidence();
  EXPECT_THAT(Quoted(node_, evidence, nonce_), IsOk());
  EXPECT_THAT(Certified(node_, evidence, nonce_), IsOk());
  const Bytes next = RandomBytes(32).value();
  EXPECT_THAT(Quoted(node_, evidence, next), HasReason(reason::kQuoteNonce));
  EXPECT_THAT(Certified(node_, evidence, next), HasReason(reason::kCertifyNonce));
  node_.ExtendPcr7();
  EXPECT_THAT(Quoted(node_, node_.Evidence(), nonce_), HasReason(reason::kQuoteDigest)) << "an older quote";
}

TEST_P(GoAttestation, AnswersForItsOwnTpmAlone) {
  EXPECT_NE(node_.Answer(For(other_, node_), nonce_).exit_code, 0) << "for another endorsement key";
  EXPECT_NE(node_.Answer(For(node_, other_), nonce_).exit_code, 0) << "for another attestation key";
  const ProgramResult run = other_.Answer(For(other_, other_), nonce_);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(Quoted(node_, other_.Evidence(), nonce_), HasReason(reason::kQuoteSignature));
}

INSTANTIATE_TEST_SUITE_P(Live, GoAttestation, ::testing::Values("ecc", "rsa"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace rootkeep::attestation
