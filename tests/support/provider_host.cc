#include "tests/support/provider_host.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "keystore/base/file.h"
#include "keystore/tpm2/store.h"
#include "providers/openssl/reference.h"
#include "tests/support/eventually.h"
#include "tests/support/program.h"

namespace rootkeep::testing {
namespace {

constexpr std::chrono::seconds kPatience{30};

[[noreturn]] void Abort(const std::string& what) {
  std::fprintf(stderr, "ProviderHost fixture: %s\n", what.c_str());
  std::abort();
}

std::string Pem(const char* label, const std::vector<std::uint8_t>& der) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio(bio.get(), label, "", der.data(), static_cast<long>(der.size()));
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string PemOf(const provider::KeyReference& reference) {
  std::vector<std::uint8_t> der(provider::kMaxReference);
  der.resize(provider::WriteReference(reference, der));
  return Pem(provider::kReferenceLabel, der);
}

}  // namespace

ProviderHost::ProviderHost(const std::vector<std::string>& keys, KeysIn where)
    : tpm_(where == KeysIn::kTpm ? std::make_unique<SwTpm>() : nullptr),
      module_path_(SoftHsm::ModulePath()),
      module_environment_({{"SOFTHSM2_CONF", hsm_.conf_file()}}) {
  const auto store = OpenStore();
  const std::map<std::string, KeyType> types = {{"p256", KeyType::kEcP256},     {"p384", KeyType::kEcP384},
                                                {"rsa", KeyType::kRsa2048},     {"rsa3072", KeyType::kRsa3072},
                                                {"rsa4096", KeyType::kRsa4096}, {"ed", KeyType::kEd25519}};
  for (const std::string& name : keys) {
    auto made = store->Create({.type = types.at(name), .use = KeyUse::kApp, .name = name}, After(kPatience));
    if (!made.ok()) Abort(made.error().ToString());
    keys_.emplace(name, *std::move(made));
  }
}

std::shared_ptr<KeyStore> ProviderHost::OpenStore() {
  if (!tpm_) return hsm_.OpenStore();
  tpm2::QuietTss2();
  const std::string directory = Path("tpm");
  if (!MakeDirectory(directory, 0700).ok()) Abort("no " + directory);
  auto tpm = tpm2::Tpm::Open({.transport = {.tcti = tpm_->tcti()}, .turn_file = directory + "/turn"});
  if (!tpm.ok()) Abort(tpm.error().ToString());
  return *tpm2::OpenStore(*tpm, {.name = "node", .directory = directory, .session = tpm2::SessionMode::kPassword});
}

std::string ProviderHost::Label() const { return tpm_ ? "node" : SoftHsm::kLabel; }

std::string ProviderHost::Hardware() const {
  if (tpm_) return fmt::format("tpms:\n  - name: node\n    tcti: {}\n    directory: {}\n", tpm_->tcti(), Path("tpm"));
  std::string environment;
  for (const auto& [name, value] : module_environment_) {
    environment += fmt::format("      - name: {}\n        value: {}\n", name, value);
  }
  return fmt::format(
      "modules:\n  - name: softhsm\n    path: {}\n    environment:\n{}tokens:\n  - name: node\n    label: {}\n    "
      "pin_source: {}\n",
      module_path_, environment, SoftHsm::kLabel, hsm_.pin_source());
}

void ProviderHost::TakeAway() {
  if (tpm_) return tpm_->SwitchOff();
  hsm_.TakeAway();
}

void ProviderHost::GiveBack() {
  if (tpm_) return tpm_->SwitchOn();
  hsm_.GiveBack();
}

void ProviderHost::UseModule(std::string path, std::map<std::string, std::string> environment) {
  module_path_ = std::move(path);
  module_environment_ = std::move(environment);
  module_environment_["SOFTHSM2_CONF"] = hsm_.conf_file();
}

void ProviderHost::Import(const std::string& key, const std::string& pem_file) const {
  const ProgramResult done = RunProgram({"env", "SOFTHSM2_CONF=" + hsm_.conf_file(), "softhsm2-util", "--import",
                                         pem_file, "--token", SoftHsm::kLabel, "--pin", SoftHsm::kPin, "--label",
                                         "rk/app/" + key + "/1", "--id", ToHex(AsBytes(key))});
  if (done.exit_code != 0) Abort("softhsm2-util --import: " + done.out + done.err);
}

void ProviderHost::StartAgent() {
  const std::string config = WriteFile(
      "agent.yaml", fmt::format("version: 1\nstate_directory: {}/state\n{}sockets:\n  - name: web\n    path: {}\n    "
                                "mode: \"0666\"\n    grants:\n      - keys:\n          - use: app\n            name: "
                                "\"*\"\n        may_create: true\n",
                                directory(), Hardware(), socket()));
  auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", config}, Path("agent.log"));
  if (!started.ok()) Abort(started.error().ToString());
  agent_ = std::make_unique<cli::Child>(*std::move(started));
  if (!Eventually([this] { return access(socket().c_str(), F_OK) == 0 || agent_->WaitEnded({}); }) ||
      agent_->WaitEnded({})) {
    Abort("the agent does not serve: " + ReadFile(Path("agent.log"), 1 << 20).value_or(""));
  }
}

void ProviderHost::KillAgent() {
  kill(agent_->pid(), SIGKILL);
  if (!agent_->WaitEnded(kPatience)) Abort("the agent survived SIGKILL");
  agent_.reset();
  unlink(socket().c_str());  // so that StartAgent waits for the next one's
}

int ProviderHost::StopAgent() {
  const int status = agent_->Stop(kPatience);
  agent_.reset();
  return status;
}

std::string ProviderHost::Config(Listed listed, const std::string& section) const {
  const bool first = listed == Listed::kFirst || listed == Listed::kFirstPreferred;
  const bool preferred = listed == Listed::kLastPreferred || listed == Listed::kFirstPreferred;
  const std::string providers = listed == Listed::kAlone ? "rootkeep = rootkeep_section\n"
                                : first                  ? "rootkeep = rootkeep_section\ndefault = default_section\n"
                                                         : "default = default_section\nrootkeep = rootkeep_section\n";
  return WriteFile(
      fmt::format("openssl-{}-{}.cnf", static_cast<int>(listed), std::hash<std::string>()(section)),
      fmt::format("openssl_conf = all\n[all]\nproviders = providers\n{}[providers]\n{}[default_section]\nactivate = "
                  "1\n[rootkeep_section]\nmodule = {}\nsocket = {}\n{}activate = 1\n[algorithms]\ndefault_properties "
                  "= ?provider=rootkeep\n[req]\ndistinguished_name = name\n[name]\n",
                  preferred ? "alg_section = algorithms\n" : "", providers, ROOTKEEP_PROVIDER, socket(), section));
}

std::string ProviderHost::Uri(const std::string& key) const {
  return fmt::format("keysocket:token={};object=rk%2Fapp%2F{}%2F1", Label(), key);
}

std::string ProviderHost::Pkcs11Uri(const std::string& key) const {
  return fmt::format("pkcs11:token={};object=rk%2Fapp%2F{}%2F1;type=private", Label(), key);
}

std::string ProviderHost::Reference(const std::string& key, const Bytes& fingerprint) const {
  const std::string path = socket();
  const std::string uri = Uri(key);
  provider::KeyReference reference{.uri = uri, .socket = path};
  if (!fingerprint.empty()) {
    reference.fingerprint.emplace();
    std::ranges::copy(fingerprint, reference.fingerprint->begin());
  }
  return WriteFile(key + ".pem", PemOf(reference));
}

std::string ProviderHost::ReferenceAt(const std::string& key, const std::string& socket) const {
  const std::string uri = Uri(key);
  return WriteFile(key + "-elsewhere.pem", PemOf({.uri = uri, .socket = socket}));
}

std::string ProviderHost::Pkcs11Reference(const std::string& key, const std::string& query) const {
  const std::string uri = Pkcs11Uri(key) + query;
  const std::string words = "PKCS#11 Provider URI v1.0";
  std::vector<std::uint8_t> der{0x30, static_cast<std::uint8_t>(words.size() + uri.size() + 4), 0x1a,
                                static_cast<std::uint8_t>(words.size())};
  der.insert(der.end(), words.begin(), words.end());
  der.insert(der.end(), {0x0c, static_cast<std::uint8_t>(uri.size())});
  der.insert(der.end(), uri.begin(), uri.end());
  return WriteFile(key + "-pkcs11.pem", Pem(provider::kPkcs11ReferenceLabel, der));
}

std::string ProviderHost::WriteFile(const std::string& name, const std::string& text) const {
  const Status written = WriteFileAtomically(Path(name), text, 0600);
  if (!written.ok()) Abort(written.error().ToString());
  return Path(name);
}

LibraryContext::LibraryContext(const std::string& config) : context_(OSSL_LIB_CTX_new()) {
  if (OSSL_LIB_CTX_load_config(context_, config.c_str()) != 1) Abort("OSSL_LIB_CTX_load_config: " + TakeErrors());
}

ossl::PKey ReadKey(OSSL_LIB_CTX* context, const std::string& pem) {
  const ossl::Bio bio(BIO_new_file(pem.c_str(), "r"));
  return ossl::PKey(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, nullptr, nullptr, context, nullptr));
}

std::string TakeErrors() {
  std::string text;
  ERR_print_errors_cb(
      [](const char* line, std::size_t size, void* out) {
        static_cast<std::string*>(out)->append(line, size);
        return 1;
      },
      &text);
  return text;
}

std::string SignMessage(OSSL_LIB_CTX* context, EVP_PKEY* key, const char* digest, const std::string& message) {
  const ossl::MdCtx md(EVP_MD_CTX_new());
  const auto* octets = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  if (EVP_DigestSignInit_ex(md.get(), nullptr, digest, context, nullptr, key, nullptr) != 1 ||
      EVP_DigestSign(md.get(), nullptr, &size, octets, message.size()) != 1) {
    return {};
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(md.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, octets, message.size()) !=
      1) {
    return {};
  }
  signature.resize(size);
  return signature;
}

bool VerifyMessage(EVP_PKEY* key, const char* digest, const std::string& message, const std::string& signature) {
  unsigned char* spki = nullptr;
  const int size = i2d_PUBKEY(key, &spki);
  const unsigned char* at = spki;
  const ossl::PKey ordinary(d2i_PUBKEY(nullptr, &at, size));
  OPENSSL_free(spki);
  const ossl::MdCtx md(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit_ex(md.get(), nullptr, digest, nullptr, nullptr, ordinary.get(), nullptr) == 1 &&
         EVP_DigestVerify(md.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

}  // namespace rootkeep::testing
