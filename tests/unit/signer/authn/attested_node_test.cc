#include "signer/authn/attested_node.h"

#include <string>

#include "signer/authn/chain.h"
#include "signer/authn/mtls.h"
#include "signer/authn/refusal.h"
#include "signer/der/pem.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/authn/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::JwksOf;
using testing::JwtMinter;
using testing::MakeIdentity;
using testing::Outcome;

constexpr const char* kNodeUri = "URI:spiffe://cluster.local/node/n1";
constexpr const char* kWorkloadUri = "URI:spiffe://cluster.local/ns/certs/sa/holder";
constexpr const char* kTokensIdentity = "spiffe://cluster.local/ns/default/sa/httpbin";

// Knows one certificate by its serial.
class OneNode final : public NodeRegistry {
 public:
  [[nodiscard]] Result<Entry> Find(const NodeLeaf& certificate, WallTime /*now*/) const override {
    ++asked;
    if (unreadable) return Unavailable("the disk").WithReason("db_io");
    if (certificate.serial_hex == serial_hex) return Entry{"n1", "attestation-1"};
    return Refusal(refusal::kNodeDenied, "node n1 is denied");
  }

  std::string serial_hex;
  bool unreadable = false;
  mutable int asked = 0;
};

class AttestedNode : public testing::IssuerFixture {
 protected:
  void SetUp() override {
    Start({IssuerWith(JwksOf({minter_.Jwk()}))});
    const std::shared_ptr<const Authenticator> tokens = std::move(jwt_);
    const std::vector<std::string> domains{"cluster.local"};
    node_ = std::make_shared<AttestedNodeAuthenticator>(domains, nodes_, tokens, clock_);
    chain_ = std::make_unique<AuthenticatorChain>(std::vector<std::shared_ptr<const Authenticator>>{
        node_, std::make_shared<MtlsAuthenticator>(domains, clock_), tokens});
    nodes_.serial_hex = SerialOf(certificate_);
  }

  static std::string SerialOf(const std::string& pem) {
    return ReadNodeLeaf(der::FirstPemBlock(pem).value()).value().serial_hex;
  }
  static Result<Caller> Ask(const Authenticator& authenticator, const std::string& certificate,
                            const std::string& authorization) {
    const std::string_view view = authorization;
    return Outcome(authenticator.Authenticate({.client_certificate_pem = certificate,
                                               .authorization = std::span(&view, authorization.empty() ? 0 : 1),
                                               .peer = "ipv4:10.0.0.9:1"}));
  }
  Result<Caller> AskChain(const std::string& certificate, const std::string& authorization) const {
    return Ask(*chain_, certificate, authorization);
  }
  std::string Good() const { return "Bearer " + minter_.Mint(IssuerFixture::Good()); }

  JwtMinter minter_{"ES256", "k"};
  OneNode nodes_;
  std::string certificate_ = MakeIdentity({.san = kNodeUri, .not_after = testing::kTokenNow + 10}).CertificatePem();
  std::shared_ptr<AttestedNodeAuthenticator> node_;
  std::unique_ptr<AuthenticatorChain> chain_;
};

TEST_F(AttestedNode, WhoIsTheTokensAnswerAndFromWhereTheCertificates) {
  for (int i = 0; i < 2; ++i) {  // read, then remembered
    ASSERT_OK_AND_ASSIGN(const Caller caller, AskChain(certificate_, Good()));
    EXPECT_EQ(Describe(caller.identities), kTokensIdentity);
    EXPECT_EQ(caller.method, AuthMethod::kToken);
    EXPECT_EQ(caller.attested_node, "n1");
    EXPECT_EQ(caller.attestation, "attestation-1");
    EXPECT_EQ(caller.peer, "ipv4:10.0.0.9:1");
    EXPECT_TRUE(caller.attested_spki.empty()) << "the node's own key is not what it asks for";
  }
  EXPECT_EQ(nodes_.asked, 2) << "at every call";
}

TEST_F(AttestedNode, ANodeAloneAnswersNobody) {
  for (const char* authorization : {"", "Basic eA", "bearer x"}) {
    const auto refused = AskChain(certificate_, authorization);
    EXPECT_THAT(refused, HasReason("node_alone")) << authorization;
    EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  }
}

TEST_F(AttestedNode, ARefusedTokenStaysRefused) {
  EXPECT_THAT(AskChain(certificate_, "Bearer x.y.z"), HasCode(Code::kUnauthenticated));
  EXPECT_THAT(AskChain(certificate_, "Bearer " + JwtMinter("ES256", "k").Mint(IssuerFixture::Good())),
              HasReason("token_signature"));
}

TEST_F(AttestedNode, ANodeThatIsRefusedIsNotSavedByAToken) {
  const std::string another = MakeIdentity({.san = kNodeUri}).CertificatePem();
  EXPECT_THAT(AskChain(another, Good()), HasReason("node_denied"));
}

// Not known is not refused: the client is to come again, and is nobody meanwhile.
TEST_F(AttestedNode, ARecordThatCannotBeReadIsNoAnswer) {
  nodes_.unreadable = true;
  EXPECT_THAT(AskChain(certificate_, Good()), HasCode(Code::kUnavailable));
}

TEST_F(AttestedNode, ACertificateThatExpiresDuringTheConnectionIsRefused) {
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_THAT(AskChain(certificate_, Good()), IsOk());
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(AskChain(certificate_, Good()), HasReason("certificate_expired"));
}

TEST_F(AttestedNode, ANodesCertificateIsAClients) {
  for (const testing::CertificateShape& shape :
       {testing::CertificateShape{.san = kNodeUri, .extended_key_usage = "serverAuth"},
        testing::CertificateShape{.san = kNodeUri, .extended_key_usage = ""},
        testing::CertificateShape{.san = kNodeUri, .basic_constraints = "critical,CA:TRUE"}}) {
    EXPECT_THAT(AskChain(MakeIdentity(shape).CertificatePem(), Good()), HasReason("certificate_purpose"));
  }
  EXPECT_EQ(nodes_.asked, 0);
}

// Whatever they are called: they say who, and then nobody asks from where.
TEST_F(AttestedNode, AWorkloadsCertificateIsNoNodes) {
  for (const char* san : {kWorkloadUri, "URI:spiffe://cluster.local/ns/node/sa/n1"}) {
    ASSERT_OK_AND_ASSIGN(const Caller caller, AskChain(MakeIdentity({.san = san}).CertificatePem(), Good()));
    EXPECT_EQ(caller.method, AuthMethod::kClientCertificate);
    EXPECT_EQ(caller.attested_node, "");
    EXPECT_EQ("URI:" + caller.identities.front().value, san);
  }
  ASSERT_OK_AND_ASSIGN(const Caller without, AskChain("", Good()));
  EXPECT_EQ(without.attested_node + without.attestation, "");
  EXPECT_EQ(nodes_.asked, 0);
}

TEST_F(AttestedNode, WhatIsNoNodesIsForOthersToJudge) {
  const std::string pem = MakeIdentity({.san = kNodeUri}).CertificatePem();
  for (const std::string& other :
       {std::string(), MakeIdentity({.san = kWorkloadUri}).CertificatePem(), pem.substr(0, pem.size() / 2),
        MakeIdentity({.san = "URI:spiffe://other.test/node/n1"}).CertificatePem(),
        MakeIdentity({.san = std::string(kNodeUri) + "," + kWorkloadUri}).CertificatePem(),
        MakeIdentity({.san = "DNS:n1"}).CertificatePem()}) {
    EXPECT_THAT(Ask(*node_, other, Good()), HasReason("not_mine"));
  }
}

// What a TPM backs is tested with one (tests/e2e/attested_key_test.cc).
TEST_F(AttestedNode, EvidenceThatTheNodesTpmDoesNotBackIsARefusal) {
  const std::string authorization = Good();
  const std::string_view view = authorization;
  const attestation::KeyEvidence nothing;
  CallContext call{.client_certificate_pem = certificate_, .authorization = std::span(&view, 1)};
  EXPECT_TRUE(Outcome(chain_->Authenticate(call)).value().attested_spki.empty());
  call.key_evidence = &nothing;
  const auto refused = Outcome(chain_->Authenticate(call));
  EXPECT_THAT(refused, HasReason("key_evidence"));
  EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  call.client_certificate_pem = {};
  ASSERT_OK_AND_ASSIGN(const Caller elsewhere, Outcome(chain_->Authenticate(call)));
  EXPECT_TRUE(elsewhere.attested_spki.empty()) << "without a node it shows nothing";
}

}  // namespace
}  // namespace rootkeep
