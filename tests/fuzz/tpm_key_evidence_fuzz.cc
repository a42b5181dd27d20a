// Any octets as what a client sends as evidence for its key: one octet that says who signed it, then the message. Even:
// what is sent. Odd: an attestation key of ours, so that the fuzzer gets past the signature. What passes leaves nothing
// open but clock, firmware and where the key is, passes for no other attestation key, and for no other octets.
#include <openssl/ec.h>

#include <algorithm>
#include <cstdlib>

#include "attestation/verifier/ak_rules.h"
#include "attestation/verifier/key_evidence.h"
#include "attestation/verifier/qualified_name.h"
#include "attestation/verifier/reasons.h"
#include "attestation/wire/attest.h"
#include "attestation/wire/public_key.h"
#include "attestation/wire/signature.h"
#include "signer/rpc/node_messages.h"

namespace {

using namespace rootkeep;
using namespace rootkeep::attestation;

void Require(bool ok) {
  if (!ok) std::abort();
}

// The curve's generator, of private key 1, so that the corpus fits every run.
constexpr std::string_view kOwnX = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
constexpr std::string_view kOwnY = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

const Bytes& OwnAk() {
  constexpr std::uint32_t kAttributes =
      kFixedTpm | kFixedParent | kSensitiveDataOrigin | kUserWithAuth | kRestricted | kSign;
  const EccKey key{.scheme = {.algorithm = Algorithm::kEcdsa, .hash = Algorithm::kSha256},
                   .x = FromHex(kOwnX).value(),
                   .y = FromHex(kOwnY).value()};
  static const Bytes& area =
      *new Bytes(Encode(PublicArea{.name_alg = Algorithm::kSha256, .attributes = kAttributes, .key = key}));
  return area;
}

// RFC 5915.
ossl::PKey OwnKey() {
  Bytes der = FromHex(
                  "303102010104200000000000000000000000000000000000000000000000000000000000000001"
                  "a00a06082a8648ce3d030107")
                  .value();
  const unsigned char* at = der.data();
  return ossl::PKey(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, static_cast<long>(der.size())));
}

Bytes SignedByOwnAk(ByteView attest) {
  static const ossl::PKey& key = *new ossl::PKey(OwnKey());
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  Require(EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  Bytes der(80);
  std::size_t size = der.size();
  Require(EVP_DigestSign(ctx.get(), der.data(), &size, attest.data(), attest.size()) == 1);
  const unsigned char* at = der.data();
  const ossl::Owned<ECDSA_SIG, ECDSA_SIG_free> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  EccSignature value{.r = Bytes(32), .s = Bytes(32)};
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), value.r.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), value.s.data(), 32);
  return Encode(Signature{.scheme = Algorithm::kEcdsa, .hash = Algorithm::kSha256, .value = value});
}

void RequireWords(const Error& error) {
  Require(error.reason() == kReasonMessageSize || InWords(error.reason()) != error.reason());
}

void RequireSaysOnlyThis(const KeyEvidence& evidence, const AttestationKey& ak, ByteView spki) {
  const PublicArea key = ParsePublicArea(evidence.key_public).value();
  Require((key.attributes & ~(kAdminWithPolicy | kNoDa)) ==
          (kFixedTpm | kFixedParent | kSensitiveDataOrigin | kUserWithAuth | kSign));
  Require(key.auth_policy.empty() && std::ranges::equal(SpkiOf(key).value(), spki));
  const Attest attest = ParseAttest(evidence.certify_attest).value();
  const Bytes signer = QualifiedNameOfPrimary(kEndorsementHierarchy, ak.area.name_alg, ak.name).value();
  const Attest said{.magic = kTpmGenerated,
                    .type = AttestType::kCertify,
                    .qualified_signer = signer,
                    .extra_data = KeyEvidenceNonce().value(),
                    .clock_info = attest.clock_info,
                    .firmware_version = attest.firmware_version,
                    .info = CertifyInfo{.name = Name(key).value(),
                                        .qualified_name = std::get<CertifyInfo>(attest.info).qualified_name}};
  Require(Encode(said) == evidence.certify_attest);
}

void RequireBindsEveryOctet(const KeyEvidence& evidence, ByteView ak_name) {
  for (Bytes KeyEvidence::* field : {&KeyEvidence::ak_public, &KeyEvidence::key_public, &KeyEvidence::certify_attest,
                                     &KeyEvidence::certify_signature}) {
    KeyEvidence bent = evidence;
    (bent.*field)[evidence.certify_signature.back() % (bent.*field).size()] ^= 1;
    Require(!CheckKeyEvidence(bent, ak_name).ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  KeyEvidence evidence = ReadKeyEvidence({reinterpret_cast<const char*>(data + 1), size - 1});
  if (data[0] % 2 == 1) {
    evidence.ak_public = OwnAk();
    evidence.certify_signature = SignedByOwnAk(evidence.certify_attest);
  }
  Require(!CheckKeyEvidence(evidence, {}).ok());
  const Result<AttestationKey> ak = CheckAk(evidence.ak_public);
  const Result<Bytes> spki = CheckKeyEvidence(evidence, ak.ok() ? ak->name : Bytes(34));
  if (!spki.ok()) {
    RequireWords(spki.error());
    return 0;
  }
  RequireSaysOnlyThis(evidence, *ak, *spki);
  RequireBindsEveryOctet(evidence, ak->name);
  Bytes other = ak->name;
  other.back() ^= 1;
  Require(CheckKeyEvidence(evidence, other).error().reason() == reason::kKeyEvidenceAk);
  return 0;
}
