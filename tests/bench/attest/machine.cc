#include "tests/bench/attest/machine.h"

#include <cstdio>
#include <cstdlib>

#include "attestation/verifier/boot_log.h"
#include "keystore/base/file.h"

namespace rootkeep::bench {
namespace {

using attestation::Algorithm;
using testing::EkKind;
using testing::TpmManufacturer;

constexpr const char* kBootLog =
    RK_TEST_VECTORS "/boot_log/rhel8-uefi.bin";  // begins at locality 0, as a simulator does

// Those that a boot log accounts for.
const std::vector<std::uint8_t> kPcrs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14};

template <typename T>
T Require(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "attest bench: %s\n", result.error().ToString().c_str());
    std::abort();
  }
  return std::move(*result);
}

}  // namespace

Machine::Machine(Kind kind) : now_(std::chrono::system_clock::now() + std::chrono::hours(1)) {
  if (kind == Kind::kLog) Boot();
  node_.emplace(tpm_, testing::NodeShape{.ek = kind == Kind::kP384 ? EkKind::kH3 : EkKind::kL1});
  init_ = node_->Init();
  trust_.emplace(Require(attestation::EkTrust::Create(
      {.anchors = {{.certificate = manufacturer_.RootCertificate(), .manufacturers = {TpmManufacturer::kManufacturer}}},
       .intermediates = {manufacturer_.IssuerCertificate()}})));
  options_ = {.pcrs = attestation::SelectPcrs(Algorithm::kSha256, kPcrs),
              .deadline = now_ + std::chrono::minutes(1),
              .server_identity = Bytes(attestation::kServerIdentitySize, 0x5e),
              .want_boot_log = kind == Kind::kLog};
  attestation::PcrGeneration booted{.name = "booted"};
  for (const std::uint8_t pcr : kPcrs) {
    booted.allowed[pcr] = Require(testing::ReadPcrs(node_->esys(), {.numbers = {pcr}}));
  }
  policy_.pcrs = {.required = kPcrs, .generations = {std::move(booted)}};
}

// Measures into the TPM what firmware measured where the log is from.
void Machine::Boot() {
  boot_log_ = ToBytes(AsBytes(Require(ReadFile(kBootLog, attestation::kMaxBootLogSize))));
  const attestation::BootLog log = Require(attestation::ParseBootLog(boot_log_));
  const std::optional<std::size_t> bank = attestation::BankIndex(log, Algorithm::kSha256);
  const testing::Esys esys(tpm_);
  for (const attestation::BootEvent& event : log.events) {
    if (event.type == attestation::EventType::kNoAction) continue;
    if (!testing::ExtendPcr(esys, event.pcr, event.digests.at(bank.value())).ok()) std::abort();
  }
}

attestation::AttestEvidence Machine::Answer(const attestation::AttestChallenge& challenge) const {
  attestation::AttestEvidence evidence = node_->Answer(init_, challenge);
  evidence.boot_log = boot_log_;
  return evidence;
}

std::vector<Bytes> Machine::EkChain() const {
  return {init_.ek_certificate, manufacturer_.IssuerCertificate(), manufacturer_.RootCertificate()};
}

}  // namespace rootkeep::bench
