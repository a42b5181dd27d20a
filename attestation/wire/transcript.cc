#include "attestation/wire/transcript.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <string_view>

namespace rootkeep::attestation {
namespace {

constexpr std::string_view kDomain = "rootkeep-tpm-attest-v1";

// One message, field by field.
class Fields {
 public:
  void Blob(ByteView value) {
    out_.U32(static_cast<std::uint32_t>(value.size()));
    out_.Octets(value);
  }
  void Text(std::string_view value) { Blob(AsBytes(value)); }
  void U8(std::uint8_t value) {
    out_.U32(sizeof value);
    out_.U8(value);
  }
  void U16(std::uint16_t value) {
    out_.U32(sizeof value);
    out_.U16(value);
  }
  void U32(std::uint32_t value) {
    out_.U32(sizeof value);
    out_.U32(value);
  }
  void U64(std::uint64_t value) {
    out_.U32(sizeof value);
    out_.U64(value);
  }
  void Count(std::size_t count) { out_.U32(static_cast<std::uint32_t>(count)); }

  Bytes Take() { return out_.Take(); }

 private:
  Writer out_;
};

Bytes Canonical(const AttestInit& init) {
  Fields out;
  out.U32(init.protocol_version);
  out.Text(init.claimed_node_id);
  out.Blob(init.ek_public);
  out.Blob(init.ek_certificate);
  out.Count(init.ek_chain.size());
  for (const Bytes& certificate : init.ek_chain) out.Blob(certificate);
  out.Blob(init.ak_public);
  out.U8(static_cast<std::uint8_t>(init.ak_placement));
  out.Text(init.tpm.manufacturer);
  out.Text(init.tpm.vendor);
  out.U64(init.tpm.firmware_version);
  out.Count(init.banks.size());
  for (const Algorithm bank : init.banks) out.U16(static_cast<std::uint16_t>(bank));
  out.Blob(init.node_key_public);
  out.Blob(init.node_key_parent);
  out.Blob(init.csr);
  out.Blob(init.agent_nonce);
  return out.Take();
}

Bytes Canonical(const AttestChallenge& challenge) {
  Fields out;
  out.Blob(challenge.session_id);
  out.Blob(challenge.id_object);
  out.Blob(challenge.encrypted_secret);
  out.Blob(challenge.server_nonce);
  out.U16(static_cast<std::uint16_t>(challenge.pcrs.bank));
  out.Blob(challenge.pcrs.bitmap);
  out.U8(challenge.want_boot_log ? 1 : 0);
  out.U64(static_cast<std::uint64_t>(challenge.deadline));
  out.Blob(challenge.server_identity);
  return out.Take();
}

// "word" || T || S || more, hashed.
Result<Bytes> Bind(std::string_view word, ByteView transcript, ByteView secret, ByteView more) {
  if (transcript.size() != kTranscriptSize || secret.size() != kSecretSize) {
    return InvalidArgument("the transcript or the activated secret has not 32 octets");
  }
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  bool done = ctx != nullptr && EVP_DigestInit_ex(ctx.get(), ossl::Sha256(), nullptr) == 1;
  for (const ByteView part : {AsBytes(word), transcript, secret, more}) {
    done = done && EVP_DigestUpdate(ctx.get(), part.data(), part.size()) == 1;
  }
  Bytes digest(HashSize(Algorithm::kSha256));
  if (!done || EVP_DigestFinal_ex(ctx.get(), digest.data(), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_DigestUpdate");
  }
  return digest;
}

}  // namespace

Result<Bytes> Transcript(const AttestInit& init, const AttestChallenge& challenge) {
  Fields messages;
  messages.Blob(Canonical(init));
  messages.Blob(Canonical(challenge));
  Bytes all = ToBytes(AsBytes(kDomain));
  const Bytes encoded = messages.Take();
  all.insert(all.end(), encoded.begin(), encoded.end());
  return TpmHash(Algorithm::kSha256, all);
}

Result<Bytes> QuoteNonce(ByteView transcript, ByteView secret) { return Bind("quote", transcript, secret, {}); }

Result<Bytes> CertifyNonce(ByteView transcript, ByteView secret, ByteView csr) {
  RK_TRY(const Bytes request, TpmHash(Algorithm::kSha256, csr));
  return Bind("certify", transcript, secret, request);
}

Result<Bytes> ActivationProof(ByteView transcript, ByteView secret) {
  if (transcript.size() != kTranscriptSize || secret.size() != kSecretSize) {
    return InvalidArgument("the transcript or the activated secret has not 32 octets");
  }
  Bytes message = ToBytes(AsBytes("activate"));
  message.insert(message.end(), transcript.begin(), transcript.end());
  Bytes proof(kActivationProofSize);
  if (HMAC(ossl::Sha256(), secret.data(), static_cast<int>(secret.size()), message.data(), message.size(), proof.data(),
           nullptr) == nullptr) {
    return ossl::TakeError(Code::kInternal, "HMAC");
  }
  return proof;
}

}  // namespace rootkeep::attestation
