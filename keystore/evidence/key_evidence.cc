#include "keystore/evidence/key_evidence.h"

#include "keystore/evidence/text.h"

namespace rootkeep {

Result<std::string> WriteEvidence(const Signer& signer, WallTime read_at, Deadline deadline) {
  const KeyInfo& key = signer.info();
  if (key.voucher == Voucher::kAttested) {
    return Error(Code::kUnimplemented, "evidence of version 1 cannot carry an attestation");
  }
  KeyEvidence evidence{.key = key,
                       .read_at = FromUnixSeconds(ToUnixSeconds(read_at)),
                       .scheme = SchemesOf(key.public_key.type()).front(),
                       .signature = {}};
  RK_TRY(const Bytes input, evidence::SignedInput(evidence.scheme, key, evidence.read_at));
  RK_TRY(evidence.signature, signer.Sign(evidence.scheme, input, deadline));
  std::string text = evidence::DocumentText(evidence);
  // Nothing leaves that its reader would refuse: the signature is checked in software here too.
  RK_RETURN_IF_ERROR(ReadEvidence(text));
  return text;
}

}  // namespace rootkeep
