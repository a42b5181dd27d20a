// What one certificate costs between request and response, without I/O and without the token. Beside each step stands
// the library's way of doing it, or the bare operation that cannot be left out.
#define OPENSSL_SUPPRESS_DEPRECATED  // ECDSA_verify is the floor that proof of possession is held against
#include <benchmark/benchmark.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "keystore/base/openssl.h"
#include "signer/authority/authority.h"
#include "signer/certificate/certificate.h"
#include "signer/csr/csr.h"
#include "signer/lint/lint.h"
#include "tests/support/csr_builder.h"
#include "tests/support/test_hierarchy.h"

namespace {

using rootkeep::Authority;
using rootkeep::Bytes;
using rootkeep::ByteView;
using rootkeep::Csr;
using rootkeep::Decision;
using rootkeep::testing::kTestIdentity;
using rootkeep::testing::kTestNow;
using rootkeep::testing::TestHierarchy;

const char* KindName(std::int64_t index) {
  static constexpr const char* kKinds[] = {"P-256", "RSA:2048", "P-384", "ED25519"};
  return kKinds[index];
}

std::string RequestOf(const std::string& kind) {
  const auto key = rootkeep::testing::MakeKey(kind);
  return rootkeep::testing::MakeCsrPem(key.get(), kTestIdentity);
}

// Everything that one signature leaves behind.
struct Signed {
  explicit Signed(const std::string& kind)
      : ca(kind), authority(Authority::Make(ca.Parts(), rootkeep::FromUnixSeconds(kTestNow)).value()) {
    decision = rootkeep::testing::LeafDecision();
    tbs = rootkeep::BuildTbs(decision, authority->View(), rootkeep::NewSerial().value()).value();
    digest = rootkeep::Digest(SchemeHash(authority->scheme()), tbs).value();
    signature =
        authority->signer().Sign(authority->scheme(), digest, rootkeep::After(std::chrono::seconds(30))).value();
  }

  TestHierarchy ca;
  std::shared_ptr<const Authority> authority;
  Decision decision;
  Bytes tbs;
  Bytes digest;
  Bytes signature;
};

void ParseCsr(benchmark::State& state) {
  const std::string pem = RequestOf(KindName(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::ParseCsr(pem));
}
BENCHMARK(ParseCsr)->DenseRange(0, 3);

void ParseCsrDer(benchmark::State& state) {
  const Bytes der = rootkeep::ParseCsr(RequestOf(KindName(state.range(0))))->der;
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::ParseCsrDer(der));
}
BENCHMARK(ParseCsrDer)->DenseRange(0, 3);

void VerifyProof(benchmark::State& state) {
  const Csr csr = rootkeep::ParseCsr(RequestOf(KindName(state.range(0)))).value();
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::VerifyProofOfPossession(csr));
}
BENCHMARK(VerifyProof)->DenseRange(0, 3);

// By the request.
void VerifyProofs(benchmark::State& state) {
  std::vector<Csr> csrs;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    csrs.push_back(rootkeep::ParseCsr(RequestOf("P-256")).value());
  }
  std::vector<const Csr*> each;
  for (const Csr& csr : csrs) each.push_back(&csr);
  while (state.KeepRunningBatch(state.range(0))) {
    benchmark::DoNotOptimize(rootkeep::VerifyProofsOfPossession(each));
  }
}
BENCHMARK(VerifyProofs)->Arg(2)->Arg(8);

void LibraryParseAndVerifyProof(benchmark::State& state) {
  const std::string pem = RequestOf(KindName(state.range(0)));
  for (auto _ : state) {
    const rootkeep::ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const rootkeep::ossl::CertReq req(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    benchmark::DoNotOptimize(X509_REQ_verify(req.get(), X509_REQ_get0_pubkey(req.get())));
  }
}
BENCHMARK(LibraryParseAndVerifyProof)->DenseRange(0, 3);

void BareEcdsaVerify(benchmark::State& state) {
  const rootkeep::ossl::Owned<EC_KEY, EC_KEY_free> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  EC_KEY_generate_key(key.get());
  const Bytes digest(32, 0x5a);
  Bytes signature(80);
  unsigned size = 0;
  ECDSA_sign(0, digest.data(), 32, signature.data(), &size, key.get());
  for (auto _ : state) {
    benchmark::DoNotOptimize(ECDSA_verify(0, digest.data(), 32, signature.data(), static_cast<int>(size), key.get()));
  }
}
BENCHMARK(BareEcdsaVerify);

void NewSerial(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::NewSerial());
}
BENCHMARK(NewSerial);

void BuildTbs(benchmark::State& state) {
  const Signed made("P-256");
  const Bytes serial = rootkeep::NewSerial().value();
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::BuildTbs(made.decision, made.authority->View(), serial));
}
BENCHMARK(BuildTbs);

void Lint(benchmark::State& state) {
  const Signed made("P-256");
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::Lint(made.tbs, made.decision, made.authority->View()));
}
BENCHMARK(Lint);

void DigestTbs(benchmark::State& state) {
  const Signed made("P-256");
  for (auto _ : state) benchmark::DoNotOptimize(rootkeep::Digest(rootkeep::Hash::kSha256, made.tbs));
}
BENCHMARK(DigestTbs);

void CheckIssued(benchmark::State& state) {
  const Signed made(KindName(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(made.authority->checker().Check(made.digest, made.signature));
}
BENCHMARK(CheckIssued)->DenseRange(0, 3);

void LibraryCheckIssued(benchmark::State& state) {
  const Signed made(KindName(state.range(0)));
  const rootkeep::PublicKey& key = made.authority->signer().public_key();
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.Verify(made.authority->scheme(), made.digest, made.signature));
  }
}
BENCHMARK(LibraryCheckIssued)->DenseRange(0, 3);

void AssembleAndArmour(benchmark::State& state) {
  const Signed made("P-256");
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        rootkeep::CertificatePem(rootkeep::AssembleCertificate(made.tbs, made.authority->scheme(), made.signature)));
  }
}
BENCHMARK(AssembleAndArmour);

}  // namespace

BENCHMARK_MAIN();
