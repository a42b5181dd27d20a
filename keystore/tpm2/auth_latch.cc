#include "keystore/tpm2/auth_latch.h"

#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "keystore/public_key.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::size_t kMaxRecord = 256;

Result<std::string> RecordOf(const SecretBytes& auth) {
  RK_TRY(const Bytes digest, Digest(Hash::kSha256, auth.RevealForUse()));
  return "1\n" + ToHex(digest) + "\n";
}

}  // namespace

Status AuthLatch::Check(const SecretBytes& auth) const {
  const auto found = ReadGuardedFile(path_, kMaxRecord);
  if (!found.ok()) return found.error().code() == Code::kNotFound ? Ok() : Status(found.error());
  RK_TRY(const std::string record, RecordOf(auth));
  if (*found != record) return Ok();
  return FailedPrecondition("the TPM refused this auth value (" + path_ + "); it is not sent again")
      .WithReason(kReasonAuthLatched)
      .WithHint("put the right one into the file beside it");
}

void AuthLatch::Refused(const SecretBytes& auth) const {
  const auto record = RecordOf(auth);
  const Status written = record.ok() ? WriteFileAtomically(path_, *record, 0600) : Status(record.error());
  log::Failure("tpm2.auth_refused",
               {{"record", path_}, {"error", written.ok() ? std::string() : written.error().ToString()}});
}

}  // namespace rootkeep::tpm2
