// Requests, as PEM and as bare DER: no crash, and OpenSSL reads and verifies alike whatever we accept.
#include <cstdio>
#include <cstdlib>

#include "signer/csr/csr.h"
#include "tests/support/csr_oracle.h"

namespace {

void Check(const rootkeep::Result<rootkeep::Csr>& csr) {
  if (!csr.ok()) return;
  const bool proof_holds = rootkeep::VerifyProofOfPossession(*csr).ok();
  const std::string disagreement = rootkeep::testing::DisagreementWithOpenSsl(*csr, proof_holds);
  if (disagreement.empty()) return;
  std::fprintf(stderr, "%s\n", disagreement.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rootkeep::ByteView input(data, size);
  Check(rootkeep::ParseCsr(rootkeep::AsText(input)));
  Check(rootkeep::ParseCsrDer(input));
  return 0;
}
