#include "attestation/wire/id_object.h"

namespace rootkeep::attestation {
namespace {

// TPM2B_DIGEST with its size, encrypted.
constexpr std::size_t kMaxIdentity = 2 + kMaxDigestSize;

IdObject ReadIdObject(Reader& in) {
  IdObject object;
  const std::size_t size = in.U16();
  object.integrity_hmac = in.Sized(kMaxDigestSize);
  object.encrypted_identity = in.Rest();
  if (object.integrity_hmac.empty() || object.encrypted_identity.size() <= 2) in.Fail("the credential is empty");
  if (object.encrypted_identity.size() > kMaxIdentity) in.Fail("the credential is longer than a digest");
  if (size != 2 + object.integrity_hmac.size() + object.encrypted_identity.size()) in.Fail("the size is wrong");
  return object;
}

}  // namespace

Bytes Encode(const IdObject& object) {
  Writer contents;
  contents.Sized(object.integrity_hmac);
  contents.Octets(object.encrypted_identity);
  Writer out;
  out.Sized(contents.Take());
  return out.Take();
}

Result<IdObject> ParseIdObject(ByteView tpm2b_id_object) {
  return ReadWhole<IdObject>("TPM2B_ID_OBJECT", tpm2b_id_object, kMaxIdObjectSize, &ReadIdObject, &Encode);
}

Bytes RsaEncryptedSecret(ByteView ciphertext) {
  Writer out;
  out.Sized(ciphertext);
  return out.Take();
}

Bytes EccEncryptedSecret(ByteView x, ByteView y) {
  Writer point;
  point.Sized(x);
  point.Sized(y);
  Writer out;
  out.Sized(point.Take());
  return out.Take();
}

}  // namespace rootkeep::attestation
