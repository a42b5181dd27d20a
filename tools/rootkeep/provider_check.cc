#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/openssl.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/doctor/checkup.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/provider_key.h"

namespace rootkeep::cli {
namespace {

constexpr const char* kProvider = "rootkeep";

using LibCtx = ossl::Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Conf = ossl::Owned<CONF, NCONF_free>;

struct Asked {
  std::string config;
  std::string key;
  KeyDemands demands;
  bool json = false;
};

std::string Value(const CONF* conf, const std::string& section, const char* name) {
  const char* value = NCONF_get_string(conf, section.c_str(), name);
  ERR_clear_error();
  return value == nullptr ? std::string() : value;
}

// Null when no provider that is active is Rootkeep's.
const OSSL_PROVIDER* FindProvider(OSSL_LIB_CTX* context) {
  const OSSL_PROVIDER* found = nullptr;
  const auto look = [](OSSL_PROVIDER* provider, void* out) {
    if (IsRootkeepProvider(provider)) *static_cast<const OSSL_PROVIDER**>(out) = provider;
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
  if (NCONF_load(conf.get(), config.c_str(), &line) <= 0) return QueuedErrors("read the configuration", "");
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
      read || loaded ? Ok()
                     : Status(QueuedErrors("load", "openssl list -providers -verbose shows what OpenSSL makes of it"));
  checkup.Step("configuration", asked.config, status);
  const char* called = loaded ? OSSL_PROVIDER_get0_name(provider) : kProvider;
  if (!checkup.Step("provider", called, loaded ? Ok() : Status(WhyNotLoaded(asked.config)), "active")) {
    for (const std::string_view step : kProviderKeySteps) checkup.NotTried(std::string(step), asked.key);
    return;
  }
  if (OSSL_PROVIDER_available(context.get(), "default") != 1) {
    checkup.Warn("provider", "default", "not active: the application has no TLS and no digests without it");
  }
  CheckProviderKey(checkup, context.get(), asked.key, asked.demands);
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
      .Flag("--require-non-exportable", asked->demands.non_exportable,
            "Fail unless the key's token says that the key was made in it and can never leave it")
      .Flag("--production", asked->demands.production, "The same, and fail for a software token, whatever it says")
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
