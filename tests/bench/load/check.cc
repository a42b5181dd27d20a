#include "tests/bench/load/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "keystore/base/file.h"
#include "signer/der/pem.h"
#include "tests/bench/load/chain.h"
#include "tests/bench/load/grpc_frame.h"

namespace rootkeep::bench {
namespace {

using CertStack = ossl::Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }>;

Error Wrong(std::string what) { return {Code::kDataLoss, std::move(what)}; }

Result<ossl::Store> OpenRoots(const std::vector<ossl::Cert>& roots) {
  ossl::Store store(X509_STORE_new());
  for (const ossl::Cert& root : roots) {
    if (X509_STORE_add_cert(store.get(), root.get()) != 1) return ossl::TakeError(Code::kInternal, "add root");
  }
  return store;
}

Status VerifyChain(const std::vector<std::string_view>& chain, X509* leaf, X509_STORE* store, const X509* root) {
  std::vector<ossl::Cert> intermediates;
  const CertStack untrusted(sk_X509_new_null());
  for (std::size_t i = 1; i + 1 < chain.size(); ++i) {
    RK_TRY(auto parsed, ParsePemCertificates(chain[i]));
    if (parsed.size() != 1) return Wrong("an intermediate element holds several certificates");
    intermediates.push_back(std::move(parsed.front()));
    sk_X509_push(untrusted.get(), intermediates.back().get());
  }
  const ossl::StoreCtx ctx(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(ctx.get(), store, leaf, untrusted.get()) != 1 || X509_verify_cert(ctx.get()) != 1) {
    return Wrong(fmt::format("the chain does not verify: {}",
                             X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx.get()))));
  }
  RK_TRY(const auto bundle, ParsePemCertificates(chain.back()));
  for (const ossl::Cert& anchor : bundle) {
    if (X509_cmp(anchor.get(), root) == 0) return Ok();
  }
  return Wrong("the last element does not hold the root");
}

Status CheckInFull(const std::vector<std::string_view>& chain, const PreparedCsr& csr, X509_STORE* store,
                   const X509* root) {
  RK_TRY(const auto leaf, ParsePemCertificates(chain.front()));
  if (leaf.size() != 1) return Wrong("the first element holds several certificates");
  if (SpkiOf(leaf.front().get()) != csr.spki) return Wrong("a certificate for another key than was asked for");
  if (OnlyUriSanOf(leaf.front().get()) != csr.spiffe_id) return Wrong("a certificate for another identity");
  return VerifyChain(chain, leaf.front().get(), store, root);
}

}  // namespace

Result<std::size_t> CheckCertificates(const std::vector<Outcome>& outcomes, const std::vector<PreparedCsr>& csrs,
                                      const CheckSpec& spec) {
  RK_TRY(const std::string root_pem, ReadFile(spec.roots, 1 << 20));
  RK_TRY(const auto roots, ParsePemCertificates(root_pem));
  RK_TRY(const ossl::Store store, OpenRoots(roots));
  std::unordered_set<std::string> serials;
  std::size_t answered = 0;
  std::size_t verified = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.status != 0) continue;
    const PreparedCsr& csr = csrs[outcome.message];
    RK_TRY(const auto chain, DecodeResponse(outcome.body));
    if (chain.size() < 2) return Wrong("a response without a trust bundle");
    RK_TRY(const Bytes leaf, der::FirstPemBlock(chain.front()));
    if (std::search(leaf.begin(), leaf.end(), csr.spki.begin(), csr.spki.end()) == leaf.end()) {
      return Wrong("a certificate for another key than was asked for");
    }
    RK_TRY(std::string serial, SerialOf(leaf));
    if (!serials.insert(std::move(serial)).second) return Wrong("a serial number came twice");
    if (answered++ % spec.sample_every != 0) continue;
    RK_RETURN_IF_ERROR(CheckInFull(chain, csr, store.get(), roots.front().get()));
    ++verified;
  }
  return verified;
}

}  // namespace rootkeep::bench
