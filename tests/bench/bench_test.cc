// The benchmark's own parts: what it sends is well formed, and wrong certificates do not pass for fast ones.
#include <gmock/gmock.h>
#include <openssl/pem.h>

#include "keystore/base/file.h"
#include "proto/istio/ca.pb.h"
#include "tests/bench/load/callers.h"
#include "tests/bench/load/check.h"
#include "tests/bench/load/grpc_frame.h"
#include "tests/bench/workload/csr_pool.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::bench {
namespace {

using ::rootkeep::testing::HasCode;
using ::rootkeep::testing::IsOk;
using ::rootkeep::testing::MakeKey;
using ::rootkeep::testing::Says;
using ::rootkeep::testing::TempDir;
using ::testing::ElementsAre;

constexpr std::string_view kPrefix5 = std::string_view("\0\0\0\0\0", 5);

ossl::CertReq ParseCsr(const std::string& pem) {
  const ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return ossl::CertReq(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
}

TEST(CsrPoolTest, RequestsAreWhatZtunnelSends) {
  const auto pool = PrepareCsrs({.count = 5, .callers = 2, .trust_domain = "example.test"});
  ASSERT_EQ(pool.size(), 5U);
  EXPECT_EQ(pool[0].spiffe_id, pool[4].spiffe_id);
  EXPECT_NE(pool[0].spiffe_id, pool[1].spiffe_id);
  EXPECT_NE(pool[0].spki, pool[4].spki);
  for (const PreparedCsr& csr : pool) {
    const ossl::CertReq request = ParseCsr(csr.pem);
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())), 1);
    EXPECT_EQ(testing::SpkiOf(X509_REQ_get0_pubkey(request.get())), csr.spki);
    EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())), 0);
  }
}

TEST(CsrPoolTest, TheOnlyExtensionIsACriticalUri) {
  // Longer than 127 octets in all, so that the two-octet form of DER lengths is met too.
  const std::string trust_domain(150, 'a');
  const auto pool = PrepareCsrs({.count = 1, .callers = 1, .trust_domain = trust_domain});
  const ossl::CertReq request = ParseCsr(pool[0].pem);
  ASSERT_NE(request, nullptr);
  STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request.get());
  ASSERT_EQ(sk_X509_EXTENSION_num(extensions), 1);
  const X509_EXTENSION* san = sk_X509_EXTENSION_value(extensions, 0);
  EXPECT_EQ(X509_EXTENSION_get_critical(san), 1);
  const std::string_view value = AsText(
      {ASN1_STRING_get0_data(X509_EXTENSION_get_data(sk_X509_EXTENSION_value(extensions, 0))),
       static_cast<std::size_t>(ASN1_STRING_length(X509_EXTENSION_get_data(sk_X509_EXTENSION_value(extensions, 0))))});
  EXPECT_THAT(std::string(value), ::testing::EndsWith("spiffe://" + trust_domain + "/ns/team-0/sa/service-0"));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

TEST(GrpcFrameTest, RequestIsWhatTheProtobufRuntimeReads) {
  const std::string frame = EncodeRequest(std::string(700, 'c'), 86400);
  istio::v1::auth::IstioCertificateRequest request;
  ASSERT_TRUE(request.ParseFromString(frame.substr(5)));
  EXPECT_EQ(request.csr(), std::string(700, 'c'));
  EXPECT_EQ(request.validity_duration(), 86400);
  EXPECT_EQ(frame.substr(0, 3), std::string(3, '\0'));
  EXPECT_EQ(static_cast<unsigned char>(frame[3]) * 256U + static_cast<unsigned char>(frame[4]), frame.size() - 5);
}

std::string ResponseFrame(const std::vector<std::string>& chain) {
  istio::v1::auth::IstioCertificateResponse response;
  for (const std::string& element : chain) response.add_cert_chain(element);
  const std::string message = response.SerializeAsString();
  std::string frame(kPrefix5);
  for (std::size_t i = 0; i < 4; ++i) frame[1 + i] = static_cast<char>(message.size() >> (8 * (3 - i)));
  return frame + message;
}

TEST(GrpcFrameTest, ResponseOfTheProtobufRuntimeIsRead) {
  const std::string frame = ResponseFrame({"leaf", std::string(300, 'i'), "root"});
  ASSERT_OK_AND_ASSIGN(const auto chain, DecodeResponse(frame));
  EXPECT_THAT(chain, ElementsAre("leaf", std::string(300, 'i'), "root"));
}

TEST(GrpcFrameTest, BrokenResponsesAreRefused) {
  const std::string frame = ResponseFrame({"leaf", "root"});
  EXPECT_THAT(DecodeResponse(""), HasCode(Code::kInvalidArgument));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_THAT(DecodeResponse(frame.substr(0, size)), HasCode(Code::kInvalidArgument)) << size;
  }
  EXPECT_THAT(DecodeResponse(frame + "x"), HasCode(Code::kInvalidArgument));
  std::string compressed = frame;
  compressed[0] = 1;
  EXPECT_THAT(DecodeResponse(compressed), HasCode(Code::kInvalidArgument));
}

// An authority of OpenSSL's that answers the pool's requests, right or wrong.
class CheckTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(WriteFileAtomically(roots_, Pem(root_.get()), 0600), IsOk()); }

  static ossl::Cert Issue(X509* issuer, EVP_PKEY* issuer_key, EVP_PKEY* subject, const std::string& san, long serial) {
    ossl::Cert certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), subject);
    const auto* name = reinterpret_cast<const unsigned char*>("check test root, a name of some length");
    if (issuer == nullptr) {
      X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, name, -1, -1, 0);
      AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
      issuer = certificate.get();
    } else {
      AddExtension(certificate.get(), NID_subject_alt_name, "critical,URI:" + san);
    }
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
    X509_sign(certificate.get(), issuer_key, EVP_sha256());
    return certificate;
  }

  static void AddExtension(X509* certificate, int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  static std::string Pem(X509* certificate) {
    const ossl::Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  // The right answer to request `index`.
  Outcome Answer(std::size_t index, long serial) {
    const PreparedCsr& csr = csrs_[index];
    const ossl::Cert leaf = Issue(root_.get(), root_key_.get(), csr.key.get(), csr.spiffe_id, serial);
    return {.message = index, .status = 0, .body = ResponseFrame({Pem(leaf.get()), Pem(root_.get())})};
  }

  Result<std::size_t> Check(const std::vector<Outcome>& outcomes) {
    return CheckCertificates(outcomes, csrs_, {.roots = roots_, .sample_every = 1});
  }

  TempDir directory_;
  std::string roots_ = directory_ / "roots.pem";
  std::vector<PreparedCsr> csrs_ = PrepareCsrs({.count = 3, .callers = 3, .trust_domain = "example.test"});
  ossl::PKey root_key_ = MakeKey("P-256");
  ossl::Cert root_ = Issue(nullptr, root_key_.get(), root_key_.get(), "", 1);
};

TEST_F(CheckTest, RightAnswersPass) {
  ASSERT_OK_AND_ASSIGN(const std::size_t verified, Check({Answer(0, 100), Answer(2, 101)}));
  EXPECT_EQ(verified, 2U);
}

TEST_F(CheckTest, FailedRequestsAreNotLookedAt) {
  ASSERT_OK_AND_ASSIGN(const std::size_t verified, Check({{.message = 0, .status = 16, .body = {}}}));
  EXPECT_EQ(verified, 0U);
}

TEST_F(CheckTest, ACertificateForAnotherKeyIsFound) {
  Outcome outcome = Answer(0, 100);
  outcome.message = 1;
  EXPECT_THAT(Check({outcome}), Says("another key"));
}

TEST_F(CheckTest, ARepeatedSerialIsFound) {
  const auto checked = Check({Answer(0, 100), Answer(1, 100)});
  EXPECT_THAT(checked, HasCode(Code::kDataLoss));
  EXPECT_THAT(checked, Says("serial number came twice"));
}

TEST_F(CheckTest, AnotherIdentityIsFound) {
  csrs_[0].spiffe_id = "spiffe://example.test/ns/team-0/sa/somebody-else";
  const ossl::Cert leaf =
      Issue(root_.get(), root_key_.get(), csrs_[0].key.get(), "spiffe://example.test/ns/team-0/sa/service-0", 100);
  EXPECT_THAT(Check({{.message = 0, .status = 0, .body = ResponseFrame({Pem(leaf.get()), Pem(root_.get())})}}),
              Says("another identity"));
}

TEST_F(CheckTest, AnotherAuthorityIsFound) {
  const ossl::PKey other_key = MakeKey("P-256");
  const ossl::Cert other = Issue(nullptr, other_key.get(), other_key.get(), "", 1);
  const ossl::Cert leaf = Issue(other.get(), other_key.get(), csrs_[0].key.get(), csrs_[0].spiffe_id, 100);
  EXPECT_THAT(Check({{.message = 0, .status = 0, .body = ResponseFrame({Pem(leaf.get()), Pem(root_.get())})}}),
              Says("does not verify"));
}

TEST_F(CheckTest, ABundleWithoutTheRootIsFound) {
  const ossl::Cert other = Issue(nullptr, csrs_[1].key.get(), csrs_[1].key.get(), "", 1);
  Outcome outcome = Answer(0, 100);
  ASSERT_OK_AND_ASSIGN(const auto chain, DecodeResponse(outcome.body));
  outcome.body = ResponseFrame({std::string(chain[0]), Pem(other.get())});
  EXPECT_THAT(Check({outcome}), Says("does not hold the root"));
}

TEST(CallersTest, TokensMustBeTheExpectedCallers) {
  const TempDir directory;
  const std::string file = directory / "tokens.txt";
  ASSERT_THAT(WriteFileAtomically(file, "team-0 service-0 aaa\nteam-0 service-1 bbb\n", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto values, ReadAuthorizations(file, 2));
  EXPECT_THAT(values, ElementsAre("Bearer aaa", "Bearer bbb"));
  EXPECT_THAT(ReadAuthorizations(file, 3), HasCode(Code::kInvalidArgument));
  ASSERT_THAT(WriteFileAtomically(file, "team-0 service-1 bbb\n", 0600), IsOk());
  EXPECT_THAT(ReadAuthorizations(file, 1), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::bench
