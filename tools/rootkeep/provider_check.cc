#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/doctor/checkup.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

constexpr const char* kProvider = "rootkeep";
constexpr std::string_view kProviderTitle = "Rootkeep:";  // what it says of itself starts with it
constexpr std::string_view kMessage = "rootkeep provider check";

using LibCtx = ossl::Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Conf = ossl::Owned<CONF, NCONF_free>;
using StoreInfo = ossl::Owned<OSSL_STORE_INFO, OSSL_STORE_INFO_free>;

struct Asked {
  std::string config;
  std::string key;
  bool json = false;
};

// All that OpenSSL has queued, oldest first, as the message of one error.
Error Queued(std::string_view call, std::string hint) {
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

std::string Value(const CONF* conf, const std::string& section, const char* name) {
  const char* value = NCONF_get_string(conf, section.c_str(), name);
  ERR_clear_error();
  return value == nullptr ? std::string() : value;
}

// By what it says of itself: OSSL_PROVIDER_get0_name is whatever the configuration calls it.
bool IsOurs(const OSSL_PROVIDER* provider) {
  char* title = nullptr;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_NAME, &title, 0), OSSL_PARAM_construct_end()};
  return provider != nullptr && OSSL_PROVIDER_get_params(provider, params) == 1 && title != nullptr &&
         std::string_view(title).starts_with(kProviderTitle);
}

// Null when no provider that is active is Rootkeep's.
const OSSL_PROVIDER* FindProvider(OSSL_LIB_CTX* context) {
  const OSSL_PROVIDER* found = nullptr;
  const auto look = [](OSSL_PROVIDER* provider, void* out) {
    if (IsOurs(provider)) *static_cast<const OSSL_PROVIDER**>(out) = provider;
    return 1;
  };
  (void)OSSL_PROVIDER_do_all(context, look, static_cast<void*>(&found));
  ERR_clear_error();
  return found;
}

// OpenSSL says nothing of a provider that it could not load, so the configuration is read once more.
Error WhyNotLoaded(const std::string& config) {
  const Conf conf(NCONF_new(nullptr));
  long line = 0;
  if (NCONF_load(conf.get(), config.c_str(), &line) <= 0) return Queued("read the configuration", "");
  const std::string all = Value(conf.get(), "default", "openssl_conf");
  if (all.empty()) {
    return FailedPrecondition("the configuration has no openssl_conf, so OpenSSL reads no more of it")
        .WithHint("put openssl_conf = openssl_init before the first section, and providers = provider_sect into it");
  }
  const std::string providers = Value(conf.get(), all, "providers");
  const std::string section = Value(conf.get(), providers, kProvider);
  if (section.empty()) {
    return FailedPrecondition(fmt::format("no section of providers that [{}] leads to has {} = ...", all, kProvider))
        .WithHint("add rootkeep = rootkeep_sect to the section that providers names");
  }
  if (Value(conf.get(), section, "activate").empty()) {
    return FailedPrecondition(fmt::format("section [{}] does not activate it", section))
        .WithHint("add activate = 1 to that section");
  }
  std::string module = Value(conf.get(), section, "module");
  if (module.empty()) module = fmt::format("{}/{}.so", OPENSSL_info(OPENSSL_INFO_MODULES_DIR), kProvider);
  void* loaded = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) {
    return FailedPrecondition(fmt::format("dlopen: {}", dlerror()))
        .WithHint("set module = /path/to/rootkeep.so in the provider's section, or install it where OpenSSL looks");
  }
  dlclose(loaded);
  return FailedPrecondition(fmt::format("{} can be loaded, and is not active", module))
      .WithHint("is the file this release's, and does openssl list -providers show it with OPENSSL_CONF set?");
}

// A file with a reference, or a URI.
Result<ossl::PKey> ReadKey(OSSL_LIB_CTX* context, const std::string& key) {
  ERR_clear_error();
  if (key.find(':') == std::string::npos || key.starts_with('/')) {
    const ossl::Bio file(BIO_new_file(key.c_str(), "r"));
    if (file == nullptr) return Queued("read the file", "is the path right?");
    // Without a password: nobody is asked.
    ossl::PKey read(PEM_read_bio_PrivateKey_ex(
        file.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr, context, nullptr));
    if (read != nullptr) return read;
    return Queued("decode the reference", "is the agent up, and is the socket mounted where this process runs?");
  }
  OSSL_STORE_CTX* store =
      OSSL_STORE_open_ex(key.c_str(), context, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  const StoreInfo info(store == nullptr ? nullptr : OSSL_STORE_load(store));
  OSSL_STORE_close(store);
  ossl::PKey found(info == nullptr ? nullptr : OSSL_STORE_INFO_get1_PKEY(info.get()));
  if (found != nullptr) return found;
  return Queued("open the URI", "openssl storeutl -noout keysocket: shows what the configured socket has");
}

Status CheckOwner(EVP_PKEY* key) {
  const OSSL_PROVIDER* owner = EVP_PKEY_get0_provider(key);
  if (IsOurs(owner)) return Ok();
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
    return Queued("sign", "the agent's log has why; does its socket grant this key to this user?");
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
  return Queued("verify the signature with the public key",
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

void CheckKey(Checkup& checkup, OSSL_LIB_CTX* context, const std::string& name) {
  const auto key = ReadKey(context, name);
  const Status owner = key.ok() ? CheckOwner(key->get()) : Status(key.error());
  const std::string type =
      key.ok() ? fmt::format("{} of {} bits", EVP_PKEY_get0_type_name(key->get()), EVP_PKEY_get_bits(key->get())) : "";
  if (!checkup.Step("decode", name, owner, type)) {
    for (const char* step : {"sign", "verify", "private half"}) checkup.NotTried(step, name);
    return;
  }
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

void Examine(Checkup& checkup, const Asked& asked) {
  checkup.Step("user", fmt::format("uid {}", geteuid()), Ok(),
               "the agent grants keys by user: run this as the service's, which may have other rights");
  const LibCtx context(OSSL_LIB_CTX_new());
  ERR_clear_error();
  const bool read = OSSL_LIB_CTX_load_config(context.get(), asked.config.c_str()) == 1;
  const OSSL_PROVIDER* provider = FindProvider(context.get());
  const bool loaded = provider != nullptr;
  // With the provider there, whatever else is wrong in it is not what was asked.
  const Status status =
      read || loaded ? Ok() : Status(Queued("load", "openssl list -providers -verbose shows what OpenSSL makes of it"));
  checkup.Step("configuration", asked.config, status);
  const char* called = loaded ? OSSL_PROVIDER_get0_name(provider) : kProvider;
  if (!checkup.Step("provider", called, loaded ? Ok() : Status(WhyNotLoaded(asked.config)), "active")) {
    for (const char* step : {"decode", "sign", "verify", "private half"}) checkup.NotTried(step, asked.key);
    return;
  }
  if (OSSL_PROVIDER_available(context.get(), "default") != 1) {
    checkup.Warn("provider", "default", "not active: the application has no TLS and no digests without it");
  }
  CheckKey(checkup, context.get(), asked.key);
}

Status Check(const Asked& asked) {
  Checkup checkup([&asked](const Finding& finding) {
    if (!asked.json) PrintLine(FindingText(finding));
  });
  Examine(checkup, asked);
  if (asked.json) PrintJson(checkup.ToJson());
  if (checkup.failed() == 0) return Ok();
  return FailedPrecondition(fmt::format("{} of the steps failed", checkup.failed()));
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  char* usual = CONF_get1_default_config_file();  // OPENSSL_CONF, or where OpenSSL was built to look
  asked->config = usual == nullptr ? "" : usual;
  OPENSSL_free(usual);
  options.Path("--openssl-conf", asked->config, "The configuration that the application gets as OPENSSL_CONF")
      .Required("--key", asked->key, "Key reference file, or keysocket: URI")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Check(*asked); };
}

}  // namespace

Command ProviderCheckCommand() {
  return {.group = "provider",
          .name = "check",
          .summary = "Whether an OPENSSL_CONF loads rootkeep.so, and a key reference decodes, signs and verifies",
          .example = "rootkeep provider check --openssl-conf /etc/rootkeep/openssl.cnf --key /etc/nginx/web.key",
          .declare = Declare};
}

}  // namespace rootkeep::cli
