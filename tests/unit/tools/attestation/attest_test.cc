// The node's side of the stream, with a TPM simulator, before services that do not do what they should.
#include "tools/attestation/attest.h"

#include <grpcpp/grpcpp.h>

#include <future>
#include <stop_token>
#include <thread>

#include "attestation/verifier/attempt.h"
#include "keystore/public_key.h"
#include "proto/rootkeep/v1/node_attestation.grpc.pb.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"
#include "tests/support/tpm_node_key.h"

namespace rootkeep::testing {
namespace {

using attestation::Attempt;
using attestation::AttestChallenge;
using Stream = grpc::ServerReaderWriter<v1::AttestResponse, v1::AttestRequest>;

std::string Text(const Bytes& octets) { return std::string(AsText(octets)); }
Bytes Octets(const std::string& text) { return ToBytes(AsBytes(text)); }

// Makes a challenge as the verifier does, and answers the evidence with what the test says, unjudged.
class Service final : public v1::NodeAttestation::Service {
 public:
  grpc::Status Attest(grpc::ServerContext* /*context*/, Stream* stream) override {
    ++streams;
    v1::AttestRequest request;
    if (!stream->Read(&request) || !request.has_init()) return {grpc::StatusCode::INVALID_ARGUMENT, "no init"};
    init = request.init();
    if (!status.ok()) return status;
    if (silent) {
      asked.set_value();
      stream->Read(&request);  // until the node gives up
      return grpc::Status::CANCELLED;
    }
    v1::AttestResponse response;
    if (challenge_first) {
      *response.mutable_challenge() = Challenge();
      stream->Write(response);
      boot_log.clear();
      while (stream->Read(&request) && !request.has_evidence()) boot_log += request.boot_log_part();
      answered = request.has_evidence();
      if (!answered) return grpc::Status::OK;
    }
    *response.mutable_result() = result;
    for (int i = 0; i < results; ++i) stream->Write(response);
    return grpc::Status::OK;
  }

  v1::AttestResult result;
  grpc::Status status;
  bool challenge_first = true;
  int results = 1;
  bool silent = false;       // says nothing to the first message
  std::promise<void> asked;  // has a silent one been
  Bytes other_server;        // named in the challenge; empty: the one that the node saw
  int streams = 0;
  bool answered = false;
  std::string boot_log;
  v1::AttestInit init;

 private:
  v1::AttestChallenge Challenge() const {
    attestation::AttestInit value{.claimed_node_id = init.claimed_node_id(),
                                  .ek_public = Octets(init.ek_public()),
                                  .ak_public = Octets(init.ak_public()),
                                  .banks = {attestation::Algorithm::kSha256},
                                  .node_key_public = Octets(init.node_key_public()),
                                  .csr = Octets(init.csr()),
                                  .agent_nonce = Octets(init.agent_nonce())};
    auto attempt = Attempt::Begin(std::move(value), *attestation::EkTrust::Create({}), SystemClock().Now());
    const AttestChallenge made =
        *attempt->Challenge({.pcrs = attestation::SelectPcrs(attestation::Algorithm::kSha256, {0, 7}),
                             .deadline = SystemClock().Now() + std::chrono::minutes(1),
                             .server_identity = other_server.empty() ? Octets(init.server_identity()) : other_server,
                             .want_boot_log = true});
    v1::AttestChallenge out;
    out.set_session_id(Text(made.session_id));
    out.set_id_object(Text(made.id_object));
    out.set_encrypted_secret(Text(made.encrypted_secret));
    out.set_server_nonce(Text(made.server_nonce));
    out.mutable_pcrs()->set_bank(static_cast<std::uint32_t>(made.pcrs.bank));
    out.mutable_pcrs()->set_bitmap(made.pcrs.bitmap.data(), made.pcrs.bitmap.size());
    out.set_want_boot_log(made.want_boot_log);
    out.set_deadline(made.deadline);
    out.set_server_identity(Text(made.server_identity));
    return out;
  }
};

class AttestTest : public ::testing::Test {
 protected:
  AttestTest() {
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs.push_back({identity_.KeyPem(), identity_.CertificatePem()});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    service.result.set_verdict(v1::VERDICT_ATTESTED);
    service.result.add_certificate_chain("leaf");
    service.result.set_trust_bundle("roots");
    service.result.set_next_attest_by(1'900'000'000);
  }

  Result<NodeCertificate> Attest() { return AttestUnder(ca_); }
  Result<NodeCertificate> AttestUnder(const Identity& root) {
    return rootkeep::Attest(
        {.address = "127.0.0.1:" + std::to_string(port_), .root_pem = root.CertificatePem(), .server_name = "ca.test"},
        attester_, {.node_id = "node-1", .csr = key_.Csr(tpm_), .key = key_, .stop = stop_.get_token()},
        After(std::chrono::seconds(60)));
  }

  const TempDir directory_;
  const Identity ca_ = MakeCa();
  const Identity identity_ = MakeIdentity({.common_name = "ca", .san = "DNS:ca.test"}, &ca_);
  SwTpm tpm_;
  const TpmNodeKey key_{tpm_};
  const std::string boot_log_file_ = directory_ / "log";
  const attestation::Attester attester_{*tpm2::Tpm::Open({.transport = {.tcti = tpm_.tcti()}}),
                                        {.ek = "L-2", .boot_log_file = boot_log_file_}};
  Service service;
  std::stop_source stop_;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;  // ends first
};

TEST_F(AttestTest, GetsWhatTheServiceGives) {
  ASSERT_OK_AND_ASSIGN(const NodeCertificate certificate, Attest());
  EXPECT_EQ(certificate.elements, (std::vector<std::string>{"leaf", "roots"}));
  EXPECT_EQ(certificate.next_attest_by, FromUnixSeconds(1'900'000'000));
  EXPECT_EQ(Octets(service.init.server_identity()), *Digest(Hash::kSha256, identity_.Der()));
  EXPECT_EQ(service.init.claimed_node_id(), "node-1");
  EXPECT_EQ(service.boot_log, "") << "the machine keeps none";
}

TEST_F(AttestTest, SendsALongBootLogInParts) {
  std::string log(300'000, 'x');
  for (std::size_t i = 0; i < log.size(); ++i) log[i] = static_cast<char>(i % 251);
  ASSERT_THAT(WriteFileAtomically(boot_log_file_, log, 0600), IsOk());
  ASSERT_THAT(Attest(), IsOk());
  EXPECT_EQ(service.boot_log, log);
}

TEST_F(AttestTest, AnswersNoChallengeThatIsForAnotherServer) {
  service.other_server = Bytes(32, 7);
  EXPECT_THAT(Attest(), HasReason("server_identity"));
  EXPECT_FALSE(service.answered);
}

TEST_F(AttestTest, SpeaksToNoServerThatItCannotCheck) {
  EXPECT_THAT(AttestUnder(MakeCa("other")), HasCode(Code::kUnavailable));
  EXPECT_EQ(service.streams, 0);
}

TEST_F(AttestTest, IsStoppedWhileTheServiceSaysNothing) {
  service.silent = true;
  std::jthread stopper([this] {
    service.asked.get_future().wait();
    stop_.request_stop();
  });
  EXPECT_THAT(Attest(), HasCode(Code::kCancelled));
}

TEST_F(AttestTest, AsksNobodyOnceItIsStopped) {
  stop_.request_stop();
  EXPECT_THAT(Attest(), HasCode(Code::kCancelled));
  EXPECT_EQ(service.streams, 0);
}

TEST_F(AttestTest, SaysWhatAnOperatorHasToDo) {
  service.result.Clear();
  service.result.set_verdict(v1::VERDICT_HELD);
  service.result.set_reason("binding");
  EXPECT_THAT(Attest(), HasReason("held"));
  EXPECT_THAT(Attest(), Says("not the one that this node had"));
  service.result.set_verdict(v1::VERDICT_REFUSED);
  EXPECT_THAT(Attest(), HasReason("refused"));
  EXPECT_THAT(Attest(), HasCode(Code::kPermissionDenied));
}

TEST_F(AttestTest, BeginsAgainWhenAskedTo_ThreeTimesInAll) {
  service.result.Clear();
  service.result.set_verdict(v1::VERDICT_REPEAT);
  EXPECT_THAT(Attest(), HasReason("repeat"));
  EXPECT_EQ(service.streams, 3);
}

TEST_F(AttestTest, TakesNothingThatIsNotOfTheProtocol) {
  service.challenge_first = false;
  EXPECT_THAT(Attest(), HasCode(Code::kDataLoss));
  service.challenge_first = true;
  service.results = 0;
  EXPECT_THAT(Attest(), HasCode(Code::kDataLoss));
  service.results = 2;
  EXPECT_THAT(Attest(), HasCode(Code::kDataLoss));
  service.results = 1;
  service.result.clear_certificate_chain();
  EXPECT_THAT(Attest(), HasCode(Code::kDataLoss));
  service.result.set_verdict(v1::VERDICT_UNSPECIFIED);
  EXPECT_THAT(Attest(), HasCode(Code::kDataLoss));
}

TEST_F(AttestTest, PassesTheServicesStatusOn) {
  service.status = {grpc::StatusCode::PERMISSION_DENIED, "attestation refused"};
  EXPECT_THAT(Attest(), HasCode(Code::kPermissionDenied));
  EXPECT_THAT(Attest(), Says("attestation refused"));
}

}  // namespace
}  // namespace rootkeep::testing
