// Requests, as PEM and as bare DER: no crash, and OpenSSL reads and verifies alike whatever we accept. Together with
// others it is said of each what is said of it alone. A subject that is kept is written once for all, and OpenSSL reads
// the same name.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "keystore/base/openssl.h"
#include "signer/csr/csr.h"
#include "signer/csr/kept_subject.h"
#include "tests/support/csr_oracle.h"

namespace {

using rootkeep::Csr;
using rootkeep::Status;

constexpr std::string_view kGood = R"(-----BEGIN CERTIFICATE REQUEST-----
MIH5MIGgAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQVbLeSmHpLDCme
xJwWreR4XHiTzvH1ncLPhMh8t43JUtetg7VlJHwb0Q57mG/0+IxR6LoQB2uFnTSz
TznEtLnCoD4wPAYJKoZIhvcNAQkOMS8wLTArBgNVHREEJDAihiBzcGlmZmU6Ly9j
bHVzdGVyLmxvY2FsL25zL2Evc2EvYjAKBggqhkjOPQQDAgNIADBFAiBxLZOdsM99
0sJCE6u9DsEPf3bocOtZ1uMLvYnwGVlBGQIhAPlLBa1t+IpEL9WIhSR3OnijoCsW
nY7okZ0BkRwwehpO
-----END CERTIFICATE REQUEST-----
)";

struct Known {
  Csr good, bad;
};

const Known& TheKnown() {
  static const Known& known = *[] {
    const Csr good = rootkeep::ParseCsr(kGood).value();
    auto* made = new Known{good, good};
    made->bad.signature.back() ^= 1;
    return made;
  }();
  return known;
}

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

bool Same(const Status& a, const Status& b) {
  if (a.ok() || b.ok()) return a.ok() == b.ok();
  return a.error().code() == b.error().code() && a.error().reason() == b.error().reason() &&
         a.error().message() == b.error().message();
}

void CheckTogether(const Csr& csr, const Status& alone, std::size_t place) {
  const Known& known = TheKnown();
  std::vector<const Csr*> csrs{&known.good, &known.bad, &known.good};
  csrs.insert(csrs.begin() + static_cast<std::ptrdiff_t>(place % (csrs.size() + 1)), &csr);
  const std::vector<Status> together = rootkeep::VerifyProofsOfPossession(csrs);
  Require(together.size() == csrs.size(), "not one verdict for each");
  for (std::size_t i = 0; i < csrs.size(); ++i) {
    const bool same = csrs[i] == &csr ? Same(together[i], alone) : together[i].ok() == (csrs[i] == &known.good);
    Require(same, "together it is another verdict than alone");
  }
}

using Name = rootkeep::ossl::Owned<X509_NAME, X509_NAME_free>;

// All of `der`, or null.
Name ReadName(rootkeep::ByteView der) {
  const unsigned char* cursor = der.data();
  Name name(d2i_X509_NAME(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  return cursor == der.data() + der.size() ? std::move(name) : nullptr;
}

void CheckSubject(rootkeep::ByteView subject) {
  const auto kept = rootkeep::csr::KeptSubject(subject);
  if (!kept.ok()) return;
  const Name asked = ReadName(subject);
  const Name written = ReadName(*kept);
  Require(asked != nullptr && written != nullptr, "OpenSSL does not read a subject that is kept");
  Require(X509_NAME_cmp(asked.get(), written.get()) == 0, "a subject is kept as another name");
  const auto again = rootkeep::csr::KeptSubject(*kept);
  Require(again.ok() && *again == *kept, "a kept subject is not kept as it is");
}

void Check(const rootkeep::Result<Csr>& csr) {
  if (!csr.ok()) return;
  CheckSubject(csr->subject());
  const Status alone = rootkeep::VerifyProofOfPossession(*csr);
  const std::string disagreement = rootkeep::testing::DisagreementWithOpenSsl(*csr, alone.ok());
  Require(disagreement.empty(), disagreement.c_str());
  CheckTogether(*csr, alone, csr->der.size() + csr->signature.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rootkeep::ByteView input(data, size);
  Check(rootkeep::ParseCsr(rootkeep::AsText(input)));
  Check(rootkeep::ParseCsrDer(input));
  return 0;
}
