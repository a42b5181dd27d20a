#include "signer/client/host_check.h"

#include "signer/client/istio_client.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/client/fake_ca.h"

namespace rootkeep {
namespace {

using testing::CertificateShape;
using testing::FakeCa;
using testing::HasCode;
using testing::Identity;
using testing::IsOk;
using testing::MakeIdentity;

const std::string kName = "istiod.istio-system.svc";

Status Check(const CertificateShape& shape, std::string_view host) {
  return CheckHost(MakeIdentity(shape).CertificatePem(), host);
}

// What gRPC itself takes for the host, and no name constraint on DNS names and addresses holds off.
struct Impostor {
  CertificateShape shape;
  std::string host;
};

std::vector<Impostor> Impostors() {
  return {
      {{.san = "email:" + kName}, kName},      {{.san = "URI:" + kName}, kName},
      {{.san = "DNS:" + kName + "."}, kName},  {{.san = "DNS:127.0.0.1"}, "127.0.0.1"},
      {{.san = "URI:127.0.0.1"}, "127.0.0.1"}, {{.common_name = kName + "."}, kName},
      {{.common_name = kName}, kName},
  };
}

std::string Said(const Impostor& impostor) { return impostor.shape.san + " CN=" + impostor.shape.common_name; }

TEST(HostCheck, ANameIsLookedForAmongDnsNames) {
  EXPECT_THAT(Check({.san = "DNS:other.test,DNS:" + kName}, kName), IsOk());
  EXPECT_THAT(Check({.san = "DNS:ISTIOD.istio-system.SVC"}, kName), IsOk());
  EXPECT_THAT(Check({.san = "DNS:*.istio-system.svc"}, kName), IsOk());
  EXPECT_THAT(Check({.san = "DNS:localhost"}, "localhost"), IsOk());
  EXPECT_THAT(Check({.san = "DNS:" + kName}, kName + "."), IsOk()) << "a caller's absolute name";
}

TEST(HostCheck, AnAddressIsLookedForAmongAddresses) {
  EXPECT_THAT(Check({.san = "DNS:localhost,IP:127.0.0.1"}, "127.0.0.1"), IsOk());
  EXPECT_THAT(Check({.san = "IP:2001:db8::7"}, "2001:db8:0:0::7"), IsOk());
  EXPECT_THAT(Check({.san = "IP:192.0.2.7"}, "127.0.0.1"), HasCode(Code::kUnauthenticated));
  EXPECT_THAT(Check({.san = "IP:::ffff:127.0.0.1"}, "127.0.0.1"), HasCode(Code::kUnauthenticated));
}

TEST(HostCheck, NothingElseIsAHostsName) {
  for (const Impostor& impostor : Impostors()) {
    EXPECT_THAT(Check(impostor.shape, impostor.host), HasCode(Code::kUnauthenticated)) << Said(impostor);
    EXPECT_THAT(Check(impostor.shape, impostor.host + "."), HasCode(Code::kUnauthenticated)) << Said(impostor);
  }
  for (const char* san :
       {"DNS:other.istio-system.svc", "DNS:ist*.istio-system.svc", "DNS:*.svc", "DNS:*", "DNS:istio-system.svc"}) {
    EXPECT_THAT(Check({.san = san}, kName), HasCode(Code::kUnauthenticated)) << san;
  }
}

TEST(HostCheck, WhatIsNoHostIsNotLookedFor) {
  const CertificateShape shape{.san = "DNS:" + kName};
  for (const std::string& host : {std::string(), std::string("."), "." + kName, kName + "..", std::string(".svc"),
                                  kName + std::string(1, '\0'), std::string(300, 'a')}) {
    EXPECT_THAT(Check(shape, host), HasCode(Code::kInvalidArgument)) << host;
  }
  EXPECT_THAT(CheckHost("", kName), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(CheckHost("no certificate", kName), HasCode(Code::kInvalidArgument));
}

TEST(HostCheck, TheHostOfAnAddress) {
  EXPECT_EQ(HostOf("ca.example:443"), "ca.example");
  EXPECT_EQ(HostOf("ca.example"), "ca.example");
  EXPECT_EQ(HostOf("127.0.0.1:15012"), "127.0.0.1");
  EXPECT_EQ(HostOf("[::1]:15012"), "::1");
  EXPECT_EQ(HostOf("[fe80::1%eth0]:15012"), "fe80::1");
  EXPECT_EQ(HostOf("::1"), "::1");
  EXPECT_EQ(HostOf(""), "");
  EXPECT_EQ(HostOf("["), "");
}

Result<IstioClient::Answer> AClientGets(const CertificateShape& shape, const std::string& host) {
  const Identity identity = MakeIdentity(shape);
  const FakeCa ca({.certificate_pem = identity.CertificatePem(), .key_pem = identity.KeyPem()});
  IstioClientOptions options{.channel = {.address = ca.address(), .root_pem = ca.root_pem()}};
  if (host != "127.0.0.1") options.channel.server_name = host;
  options.retry.attempts = 1;
  const auto client = IstioClient::Make(std::move(options));
  auto answer = client.value()->CreateCertificate("the request", 3600, "");
  EXPECT_EQ(ca.Calls().empty(), !answer.ok()) << "what was refused has seen nothing";
  return answer;
}

TEST(HostCheck, IsWhatConnectionsGoBy) {
  EXPECT_THAT(AClientGets({.san = "DNS:" + kName}, kName), IsOk());
  EXPECT_THAT(AClientGets({.san = "IP:127.0.0.1"}, "127.0.0.1"), IsOk());
  EXPECT_THAT(AClientGets({.san = "DNS:localhost"}, "127.0.0.1"), HasCode(Code::kUnavailable));
  for (const Impostor& impostor : Impostors()) {
    EXPECT_THAT(AClientGets(impostor.shape, impostor.host), HasCode(Code::kUnavailable)) << Said(impostor);
  }
}

}  // namespace
}  // namespace rootkeep
