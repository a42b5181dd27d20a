#include "tests/support/attest_node.h"

#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>

#include "attestation/wire/id_object.h"
#include "attestation/wire/public_key.h"
#include "attestation/wire/transcript.h"
#include "keystore/base/random.h"

namespace rootkeep::testing {
namespace {

using attestation::AkPlacement;

template <typename T>
T Require(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "AttestNode fixture: %s\n", result.error().ToString().c_str());
    std::abort();
  }
  return std::move(*result);
}

void Require(bool ok) {
  if (!ok) std::abort();
}

Bytes SpkiOf(const TpmKey& key) {
  return Require(attestation::SpkiOf(Require(attestation::ParsePublicArea(key.encoded))));
}

// Contents of a TPM2B.
ByteView WithoutSize(ByteView sized) { return sized.subspan(2); }

}  // namespace

AttestNode::AttestNode(const SwTpm& tpm, const NodeShape& shape) : esys_(tpm), placement_(shape.placement) {
  {
    const TpmKey srk = Require(CreatePrimary(esys_, ESYS_TR_RH_OWNER, SrkTemplate()));
    node_key_.emplace(Require(CreateChild(esys_, srk, shape.node_key)));
    node_key_parent_ = srk.encoded;
  }
  ek_.emplace(Require(EndorsementKey(esys_, shape.ek)));
  if (shape.placement == AkPlacement::kEkChild) {
    ak_.emplace(Require(CreateChild(esys_, *ek_, shape.ak)));
  } else {
    ak_.emplace(Require(CreatePrimary(esys_, shape.ak_hierarchy, shape.ak)));
  }
  if (shape.ek == EkKind::kL1) ek_certificate_ = Require(ReadNv(esys_, kEkCertificateL1));
  if (shape.ek == EkKind::kH3) ek_certificate_ = Require(ReadNv(esys_, kEkCertificateH3));
}

attestation::AttestInit AttestNode::Init() const {
  return {.claimed_node_id = "node-1",
          .ek_public = ek().encoded,
          .ek_certificate = ek_certificate_,
          .ak_public = ak().encoded,
          .ak_placement = placement_,
          .tpm = {.manufacturer = "IBM", .vendor = "SW   TPM", .firmware_version = 1},
          .banks = {attestation::Algorithm::kSha256},
          .node_key_public = node_key().encoded,
          .node_key_parent = node_key_parent_,
          .csr = Csr(),
          .agent_nonce = Require(RandomBytes(attestation::kMaxAgentNonce))};
}

Bytes AttestNode::Csr() const {
  const ossl::CertReq request(X509_REQ_new());
  const Bytes spki = SpkiOf(node_key());
  const unsigned char* at = spki.data();
  const ossl::PKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));  // NOLINT(google-runtime-int)
  Require(X509_REQ_set_pubkey(request.get(), key.get()) == 1);
  const ossl::Owned<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, nullptr);
  Require(X509_REQ_set1_signature_algo(request.get(), algorithm.get()) == 1);
  unsigned char* info = nullptr;
  const int size = i2d_re_X509_REQ_tbs(request.get(), &info);
  Require(size > 0);
  const Bytes digest =
      Require(attestation::TpmHash(attestation::Algorithm::kSha256, {info, static_cast<std::size_t>(size)}));
  OPENSSL_free(info);
  const Bytes signature = Require(SignDigest(esys_, node_key(), digest));
  ASN1_BIT_STRING* bits = ASN1_BIT_STRING_new();
  Require(ASN1_BIT_STRING_set(bits, const_cast<unsigned char*>(signature.data()), static_cast<int>(signature.size())) ==
          1);
  bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
  bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;  // whole octets
  X509_REQ_set0_signature(request.get(), bits);
  unsigned char* der = nullptr;
  const int der_size = i2d_X509_REQ(request.get(), &der);
  Require(der_size > 0);
  Bytes result(der, der + der_size);
  OPENSSL_free(der);
  return result;
}

Result<Bytes> AttestNode::Activate(const attestation::AttestChallenge& challenge) const {
  return ActivateCredential(esys_, ak(), ek(), WithoutSize(challenge.id_object),
                            WithoutSize(challenge.encrypted_secret));
}

attestation::AttestEvidence AttestNode::Answer(const attestation::AttestInit& init,
                                               const attestation::AttestChallenge& challenge) const {
  const AttestBinding binding = BindingOf(init, challenge, Require(Activate(challenge)));
  Attested quote = Require(Quote(esys_, ak(), binding.quote_nonce, PcrsOf(challenge)));
  Attested certify = Require(Certify(esys_, ak(), node_key(), binding.certify_nonce));
  return {.activation_proof = binding.proof,
          .quote_attest = std::move(quote.attest),
          .quote_signature = std::move(quote.signature),
          .pcr_values = PcrValuesOf(esys_, challenge),
          .certify_attest = std::move(certify.attest),
          .certify_signature = std::move(certify.signature)};
}

AttestBinding BindingOf(const attestation::AttestInit& init, const attestation::AttestChallenge& challenge,
                        ByteView secret) {
  const Bytes transcript = Require(attestation::Transcript(init, challenge));
  return {.transcript = transcript,
          .secret = ToBytes(secret),
          .quote_nonce = Require(attestation::QuoteNonce(transcript, secret)),
          .certify_nonce = Require(attestation::CertifyNonce(transcript, secret, init.csr)),
          .proof = Require(attestation::ActivationProof(transcript, secret))};
}

std::vector<Pcrs> PcrsOf(const attestation::AttestChallenge& challenge) {
  Pcrs pcrs{.bank = static_cast<TPM2_ALG_ID>(challenge.pcrs.bank)};
  for (const std::uint8_t index : attestation::SelectedPcrs(challenge.pcrs)) pcrs.numbers.push_back(index);
  return {pcrs};
}

std::vector<attestation::PcrValue> PcrValuesOf(const Esys& esys, const attestation::AttestChallenge& challenge) {
  std::vector<attestation::PcrValue> values;
  for (const std::uint8_t index : attestation::SelectedPcrs(challenge.pcrs)) {
    const Pcrs one{.bank = static_cast<TPM2_ALG_ID>(challenge.pcrs.bank), .numbers = {index}};
    values.push_back({.index = index, .digest = Require(ReadPcrs(esys, one)).at(0)});
  }
  return values;
}

}  // namespace rootkeep::testing
