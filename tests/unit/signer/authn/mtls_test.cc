#include "signer/authn/mtls.h"

#include <string>
#include <thread>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/authn/outcome.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::MakeIdentity;
using testing::ManualClock;
using testing::Outcome;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kUri = "URI:spiffe://cluster.local/ns/default/sa/httpbin";

class Mtls : public ::testing::Test {
 protected:
  Result<Caller> Ask(const std::string& pem) {
    return Outcome(authenticator_.Authenticate({.client_certificate_pem = pem, .peer = "ipv4:10.0.0.9:1"}));
  }

  ManualClock clock_{kNow};
  MtlsAuthenticator authenticator_{{"cluster.local"}, clock_, 32};
};

TEST_F(Mtls, Case7TheCallerIsWhoTheCertificateNames) {
  const std::string pem = MakeIdentity({.san = std::string(kUri) + ",DNS:a.test"}).CertificatePem();
  for (int i = 0; i < 2; ++i) {  // read, then remembered
    ASSERT_OK_AND_ASSIGN(const Caller caller, Ask(pem));
    ASSERT_EQ(caller.identities.size(), 2U);
    EXPECT_EQ(caller.identities[0].value, "spiffe://cluster.local/ns/default/sa/httpbin");
    EXPECT_EQ(caller.identities[1].value, "a.test");
    EXPECT_EQ(caller.method, AuthMethod::kClientCertificate);
    EXPECT_EQ(caller.authenticator, "mtls");
    EXPECT_EQ(caller.trust_domain, "cluster.local");
    EXPECT_EQ(caller.credential_id.size(), 32U);
    EXPECT_EQ(caller.peer, "ipv4:10.0.0.9:1");
    EXPECT_EQ(caller.node + caller.pod + caller.pod_uid + caller.cluster, "");
  }
  EXPECT_EQ(authenticator_.cached(), 1U);
}

TEST_F(Mtls, NoCertificateIsNotMine) { EXPECT_THAT(Ask({}), HasReason("not_mine")); }

TEST_F(Mtls, WhatIsNoCertificateIsRefused) {
  const std::string pem = MakeIdentity({.san = kUri}).CertificatePem();
  for (const std::string& bad :
       {std::string("x"), pem.substr(0, pem.size() / 2), pem.substr(1), std::string(pem.size(), 'A')}) {
    EXPECT_THAT(Ask(bad), HasReason("certificate_malformed"));
  }
}

TEST_F(Mtls, ARefusalIsDecisiveAndNotRemembered) {
  for (const testing::CertificateShape& shape :
       {testing::CertificateShape{}, testing::CertificateShape{.san = "URI:spiffe://evil.test/ns/a/sa/b"},
        testing::CertificateShape{.san = kUri, .extended_key_usage = "serverAuth"}}) {
    EXPECT_THAT(Ask(MakeIdentity(shape).CertificatePem()), HasCode(Code::kUnauthenticated));
  }
  EXPECT_EQ(authenticator_.cached(), 0U);
}

// Of profile node: it says where a call comes from, and never who calls.
TEST_F(Mtls, ANodesCertificateNeverAnswersWho) {
  for (const char* name : {"spiffe://cluster.local/node/n1", "spiffe://cluster.local/site/berlin/tpm-n1/host"}) {
    EXPECT_THAT(Ask(MakeIdentity({.san = std::string("URI:") + name}).CertificatePem()),
                HasReason("certificate_identity"));
  }
}

TEST_F(Mtls, ACertificateThatExpiresDuringTheConnectionIsRefused) {
  const std::string pem = MakeIdentity({.san = kUri, .not_after = kNow + 10}).CertificatePem();
  EXPECT_THAT(Ask(pem), IsOk());
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_THAT(Ask(pem), IsOk());
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(Ask(pem), HasReason("certificate_expired"));
}

TEST_F(Mtls, RemembersNoMoreThanAllowed) {
  for (int i = 0; i < 80; ++i) ASSERT_THAT(Ask(MakeIdentity({.san = kUri}).CertificatePem()), IsOk());
  EXPECT_LE(authenticator_.cached(), 32U);
  EXPECT_GT(authenticator_.cached(), 0U);
}

TEST_F(Mtls, ThreadsShareIt) {
  std::vector<std::string> leaves;
  leaves.reserve(40);
  for (int i = 0; i < 40; ++i) leaves.push_back(MakeIdentity({.san = kUri}).CertificatePem());
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 400; ++i) {
        const auto caller = Ask(leaves[(i * (t + 1)) % leaves.size()]);
        ASSERT_THAT(caller, IsOk());
        ASSERT_EQ(caller->identities[0].value, "spiffe://cluster.local/ns/default/sa/httpbin");
      }
    });
  }
}

}  // namespace
}  // namespace rootkeep
