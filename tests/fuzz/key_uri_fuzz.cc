// Any text as a key URI: what is accepted prints as a URI that means the same key, and never prints its PIN source. The
// key socket's own parser and p11-kit's understand the same of the part that both read.
#include <cstdlib>

#include "keystore/keysocket/values/uri.h"
#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/uri.h"
#include "keystore/tpm2/uri.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool SameNames(const rootkeep::KeyUri& a, const rootkeep::KeyUri& b) {
  return a.scheme == b.scheme && a.token_label == b.token_label && a.token_serial == b.token_serial &&
         a.token_manufacturer == b.token_manufacturer && a.token_model == b.token_model &&
         a.object_label == b.object_label && a.object_id == b.object_id;
}

void BothParsersAgree(std::string_view text, const rootkeep::Result<rootkeep::KeyUri>& pkcs11) {
  if (!text.starts_with("pkcs11:") || text.find('?') != std::string_view::npos) return;
  const auto own = rootkeep::keysocket::ParseUri(text);
  Require(own.ok() == pkcs11.ok());
  if (!own.ok()) return;
  Require(SameNames(*own, *pkcs11));
  const rootkeep::KeyUri behind = rootkeep::keysocket::BehindSocket(*own);
  if (behind.Redacted().size() > rootkeep::pkcs11::kMaxUriSize) return;
  const auto again = rootkeep::keysocket::ParseUri(behind.Redacted());
  Require(again.ok() && SameNames(*again, behind));
}

void ATpmsUriMeansOneKey(std::string_view text) {
  const auto uri = rootkeep::tpm2::ParseUri(text);
  if (!uri.ok()) return Require(uri.error().code() == rootkeep::Code::kInvalidArgument);
  const std::string printed = uri->Redacted();
  if (printed.size() > rootkeep::pkcs11::kMaxUriSize) return;
  const auto again = rootkeep::tpm2::ParseUri(printed);
  Require(again.ok() && SameNames(*uri, *again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ATpmsUriMeansOneKey(text);
  const auto uri = rootkeep::pkcs11::ParseUri(text);
  BothParsersAgree(text, uri);
  if (!uri.ok()) {
    Require(uri.error().code() == rootkeep::Code::kInvalidArgument);
    return 0;
  }
  const std::string printed = uri->Redacted();
  Require(printed.find('?') == std::string::npos);
  // Percent-encoding can only make it longer than the limit, never change its meaning.
  if (printed.size() > rootkeep::pkcs11::kMaxUriSize) return 0;
  const auto again = rootkeep::pkcs11::ParseUri(printed);
  Require(again.ok() && SameNames(*uri, *again) && again->pin_source.empty());
  (void)rootkeep::pkcs11::PinSource::Parse(uri->pin_source);
  return 0;
}
