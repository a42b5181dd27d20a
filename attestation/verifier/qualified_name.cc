#include "attestation/verifier/qualified_name.h"

#include "attestation/wire/codec.h"

namespace rootkeep::attestation {

Result<Bytes> QualifiedNameOfChild(ByteView parent, Algorithm name_alg, ByteView name) {
  Writer input;
  input.Octets(parent);
  input.Octets(name);
  RK_TRY(const Bytes digest, TpmHash(name_alg, input.Take()));
  Writer out;
  out.Alg(name_alg);
  out.Octets(digest);
  return out.Take();
}

Result<Bytes> QualifiedNameOfPrimary(std::uint32_t hierarchy, Algorithm name_alg, ByteView name) {
  Writer handle;
  handle.U32(hierarchy);
  return QualifiedNameOfChild(handle.Take(), name_alg, name);
}

}  // namespace rootkeep::attestation
