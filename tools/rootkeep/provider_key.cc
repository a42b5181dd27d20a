#include "tools/rootkeep/provider_key.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#include <array>
#include <span>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/key_info.h"

namespace rootkeep::cli {
namespace {

constexpr std::string_view kProviderTitle = "Rootkeep:";  // what it says of itself starts with it
constexpr std::string_view kMessage = "rootkeep provider check";

using LibCtx = ossl::Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using StoreInfo = ossl::Owned<OSSL_STORE_INFO, OSSL_STORE_INFO_free>;

// A file with a reference, or a URI.
Result<ossl::PKey> ReadKey(OSSL_LIB_CTX* context, const std::string& key) {
  ERR_clear_error();
  if (key.find(':') == std::string::npos || key.starts_with('/')) {
    const ossl::Bio file(BIO_new_file(key.c_str(), "r"));
    if (file == nullptr) return QueuedErrors("read the file", "is the path right?");
    // Without a password: nobody is asked.
    ossl::PKey read(PEM_read_bio_PrivateKey_ex(
        file.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr, context, nullptr));
    if (read != nullptr) return read;
    return QueuedErrors("decode the reference", "is the agent up, and is the socket mounted where this process runs?");
  }
  OSSL_STORE_CTX* store =
      OSSL_STORE_open_ex(key.c_str(), context, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  const StoreInfo info(store == nullptr ? nullptr : OSSL_STORE_load(store));
  OSSL_STORE_close(store);
  ossl::PKey found(info == nullptr ? nullptr : OSSL_STORE_INFO_get1_PKEY(info.get()));
  if (found != nullptr) return found;
  return QueuedErrors("open the URI", "openssl storeutl -noout keysocket: shows what the configured socket has");
}

Status CheckOwner(EVP_PKEY* key) {
  const OSSL_PROVIDER* owner = EVP_PKEY_get0_provider(key);
  if (IsRootkeepProvider(owner)) return Ok();
  const std::string name = owner == nullptr ? "no provider" : OSSL_PROVIDER_get0_name(owner);
  return FailedPrecondition(fmt::format("it is a key of {}: this is no key of an agent", name))
      .WithHint("the file holds a private key itself; the application would use that");
}

// What is signed with, by OpenSSL's rules: none for a key that hashes by itself.
const char* DigestOf(EVP_PKEY* key, std::array<char, 32>& name) {
  const int found = EVP_PKEY_get_default_digest_name(key, name.data(), name.size());
  return found <= 0 || std::string_view(name.data()) == "UNDEF" || name[0] == '\0' ? nullptr : name.data();
}

// What one signature is made by. The same for signing and verifying.
struct Scheme {
  std::string name;              // for people
  const char* digest = nullptr;  // null: hashes by itself
  bool pss = false;              // what TLS 1.3 signs with
};

bool Choose(EVP_PKEY_CTX* context, const Scheme& scheme) {
  return !scheme.pss || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

Result<Bytes> SignOnce(OSSL_LIB_CTX* context, EVP_PKEY* key, const Scheme& scheme) {
  ERR_clear_error();
  const ossl::MdCtx md(EVP_MD_CTX_new());
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  const auto* message = reinterpret_cast<const unsigned char*>(kMessage.data());
  EVP_PKEY_CTX* choices = nullptr;  // the digest context's
  if (EVP_DigestSignInit_ex(md.get(), &choices, scheme.digest, context, nullptr, key, nullptr) != 1 ||
      !Choose(choices, scheme) || EVP_DigestSign(md.get(), signature.data(), &size, message, kMessage.size()) != 1) {
    return QueuedErrors("sign", "the agent's log has why; does its socket grant this key to this user?");
  }
  signature.resize(size);
  return signature;
}

// By OpenSSL's default provider alone, with nothing but the public key.
Status Verify(EVP_PKEY* key, const Scheme& scheme, const Bytes& signature) {
  ERR_clear_error();
  const LibCtx plain(OSSL_LIB_CTX_new());
  const ossl::PKeyCtx copy(EVP_PKEY_CTX_new_from_name(plain.get(), EVP_PKEY_get0_type_name(key), nullptr));
  OSSL_PARAM* params = nullptr;
  EVP_PKEY* copied = nullptr;
  if (EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params) == 1 && EVP_PKEY_fromdata_init(copy.get()) == 1) {
    (void)EVP_PKEY_fromdata(copy.get(), &copied, EVP_PKEY_PUBLIC_KEY, params);
  }
  OSSL_PARAM_free(params);
  const ossl::PKey ordinary(copied);
  const ossl::MdCtx md(EVP_MD_CTX_new());
  EVP_PKEY_CTX* choices = nullptr;  // the digest context's
  if (ordinary != nullptr &&
      EVP_DigestVerifyInit_ex(md.get(), &choices, scheme.digest, plain.get(), nullptr, ordinary.get(), nullptr) == 1 &&
      Choose(choices, scheme) &&
      EVP_DigestVerify(md.get(), signature.data(), signature.size(),
                       reinterpret_cast<const unsigned char*>(kMessage.data()), kMessage.size()) == 1) {
    return Ok();
  }
  return QueuedErrors("verify the signature with the public key",
                      "the token and the agent disagree about the key: tell its operator");
}

Status NotExported(EVP_PKEY* key) {
  OSSL_PARAM* params = nullptr;
  const bool exported = EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params) == 1;
  OSSL_PARAM_free(params);
  ERR_clear_error();
  if (!exported) return Ok();
  return FailedPrecondition("the provider gave the private half to this process")
      .WithHint("this is no key of an agent, or not this release's provider");
}

// What the provider has under this name; empty when it has none.
std::string Said(EVP_PKEY* key, const char* param) {
  std::array<char, 256> text{};
  std::size_t size = 0;
  const bool said = EVP_PKEY_get_utf8_string_param(key, param, text.data(), text.size(), &size) == 1;
  ERR_clear_error();
  return said ? std::string(text.data(), size) : std::string();
}

// The token's claims, and on whose word they are.
void CheckCustody(Checkup& checkup, const std::string& name, EVP_PKEY* key, const KeyDemands& demands) {
  const std::string step = "custody";
  const std::string custody = Said(key, "rootkeep-custody");
  const std::string voucher = Said(key, "rootkeep-voucher");
  int kept = 0;
  const bool known = !custody.empty() && EVP_PKEY_get_int_param(key, "rootkeep-non-exportable", &kept) == 1;
  ERR_clear_error();
  const std::string claims = known ? fmt::format("{}; {}", custody, voucher) : "the provider says nothing of it";
  const bool hardware = voucher == VoucherText(Voucher::kToken) || voucher == VoucherText(Voucher::kAttested);
  if ((demands.non_exportable || demands.production) && kept != 1) {
    checkup.Step(step, name,
                 FailedPrecondition(claims).WithReason("custody").WithHint(
                     "make one that never leaves its token: rootkeep key create, or openssl genpkey with "
                     "-propquery rootkeep.create=yes"));
  } else if (demands.production && !hardware) {
    checkup.Step(step, name,
                 FailedPrecondition(claims).WithReason("custody").WithHint(
                     "the keys of a software token are files, whatever it says of them"));
  } else if (kept != 1) {
    checkup.Warn(step, name, claims);
  } else {
    checkup.Step(step, name, Ok(), claims);
  }
}

}  // namespace

void CheckProviderKey(Checkup& checkup, OSSL_LIB_CTX* context, const std::string& name, const KeyDemands& demands) {
  const auto key = ReadKey(context, name);
  const Status owner = key.ok() ? CheckOwner(key->get()) : Status(key.error());
  const std::string type =
      key.ok() ? fmt::format("{} of {} bits", EVP_PKEY_get0_type_name(key->get()), EVP_PKEY_get_bits(key->get())) : "";
  if (!checkup.Step("decode", name, owner, type)) {
    for (const std::string_view step : std::span(kProviderKeySteps).subspan(1))
      checkup.NotTried(std::string(step), name);
    return;
  }
  CheckCustody(checkup, name, key->get(), demands);
  std::array<char, 32> digest_name{};
  const char* digest = DigestOf(key->get(), digest_name);
  std::vector<Scheme> schemes{{.name = digest == nullptr ? "" : digest, .digest = digest}};
  if (EVP_PKEY_is_a(key->get(), "RSA") == 1) {
    schemes.front().name += " and PKCS#1 v1.5";
    schemes.push_back(
        {.name = fmt::format("{} and PSS", digest == nullptr ? "" : digest), .digest = digest, .pss = true});
  }
  for (const Scheme& scheme : schemes) {
    const auto signature = SignOnce(context, key->get(), scheme);
    if (checkup.Step("sign", name, signature, scheme.name)) {
      checkup.Step("verify", name, Verify(key->get(), scheme, *signature), scheme.name);
    } else {
      checkup.NotTried("verify", name);
    }
  }
  checkup.Step("private half", name, NotExported(key->get()), "stays where it is");
}

bool IsRootkeepProvider(const OSSL_PROVIDER* provider) {
  char* title = nullptr;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_NAME, &title, 0), OSSL_PARAM_construct_end()};
  return provider != nullptr && OSSL_PROVIDER_get_params(provider, params) == 1 && title != nullptr &&
         std::string_view(title).starts_with(kProviderTitle);
}

Error QueuedErrors(std::string_view call, std::string hint) {
  std::string text(call);
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const char* reason = ERR_reason_error_string(code);
    text += fmt::format(": {}", reason == nullptr ? "unknown reason" : reason);
    if ((flags & ERR_TXT_STRING) != 0 && *data != '\0') text += fmt::format(" ({})", data);
  }
  return FailedPrecondition(text).WithHint(std::move(hint));
}

}  // namespace rootkeep::cli
