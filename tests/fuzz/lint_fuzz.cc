// Lint leaves nothing open but the serial: whatever it passes is, octet for octet, what the builder makes with the same
// serial.
#include <cstdio>
#include <cstdlib>

#include "signer/certificate/certificate.h"
#include "signer/der/reader.h"
#include "signer/lint/lint.h"
#include "tests/support/decisions.h"

namespace {

using rootkeep::Bytes;
using rootkeep::ByteView;
using rootkeep::Decision;
using rootkeep::testing::TestIssuer;
namespace der = rootkeep::der;

// The decision's key is the curve's generator, so that the corpus fits every run.
Decision FixedKey(Decision decision) {
  decision.spki =
      rootkeep::FromHex(
          "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0"
          "f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
          .value();
  return decision;
}

ByteView SerialOf(ByteView tbs) {
  der::Reader reader(der::Only(tbs, der::kSequence).value());
  reader.Take(der::ContextConstructed(0));
  return reader.Take(der::kInteger).value();
}

void Check(ByteView tbs, const Decision& decision) {
  static const TestIssuer& issuer = *new TestIssuer();
  if (!rootkeep::Lint(tbs, decision, issuer.View()).ok()) return;
  const Bytes built = rootkeep::BuildTbs(decision, issuer.View(), SerialOf(tbs)).value();
  if (built == rootkeep::ToBytes(tbs)) return;
  std::fprintf(stderr, "lint passes what the builder would not make\n");
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Decision& leaf = *new Decision(FixedKey(rootkeep::testing::LeafDecision()));
  static const Decision& ca = *new Decision(FixedKey(rootkeep::testing::CaDecision()));
  Check({data, size}, leaf);
  Check({data, size}, ca);
  return 0;
}
