#include "tests/bench/provider/ways.h"

#include <openssl/pem.h>

#include "tests/bench/provider/engine.h"
#include "tests/bench/provider/handover/key.h"
#include "tests/bench/provider/handover/process.h"
#include "tests/bench/provider/handover/socket.h"

namespace rootkeep::bench {
namespace {

using testing::LibraryContext;
using testing::ProviderHost;

struct Way {
  const char* name;
  bool (*is_there)();
  Result<OpenedWay> (*open)(ProviderHost& host, const std::string& key);
};

bool Always() { return true; }

std::function<ossl::PKey()> LoadFile(const std::shared_ptr<LibraryContext>& context, std::string path) {
  return [context, path = std::move(path)] { return testing::ReadKey(*context, path); };
}

Result<OpenedWay> OpenFileIn(const std::string& config, ProviderHost& host, const std::string& name) {
  const ossl::PKey key(name == "rsa" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                                     : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (key == nullptr) return ossl::TakeError(Code::kInternal, "EVP_PKEY_Q_keygen");
  const std::string path = host.WriteFile("file-" + name + ".pem", "");
  const ossl::Bio out(BIO_new_file(path.c_str(), "w"));
  if (PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      BIO_flush(out.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "PEM_write_bio_PrivateKey");
  }
  OpenedWay way;
  way.context = std::make_shared<LibraryContext>(config);
  way.load = LoadFile(way.context, path);
  return way;
}

Result<OpenedWay> OpenFile(ProviderHost& host, const std::string& name) {
  return OpenFileIn(host.WriteFile("file.cnf", ""), host, name);
}

// What a server loses by another provider's being there. The client, who reads the certificate, has a context without
// it.
Result<OpenedWay> OpenFileBeside(ProviderHost& host, const std::string& name) {
  return OpenFileIn(host.Config(), host, name);
}

Result<OpenedWay> OpenRootkeep(ProviderHost& host, const std::string& name) {
  OpenedWay way;
  way.context = std::make_shared<LibraryContext>(host.Config());
  way.load = LoadFile(way.context, host.Reference(name));
  return way;
}

Result<OpenedWay> OpenEngine(ProviderHost& host, const std::string& name) {
  RK_TRY(const std::shared_ptr<Engine> engine, Engine::Open(testing::SoftHsm::ModulePath(), testing::SoftHsm::kPin));
  OpenedWay way;
  way.load = [engine, uri = host.Pkcs11Uri(name)] { return engine->Load(uri); };
  return way;
}

Result<OpenedWay> OpenHandover(ProviderHost& host, const std::string& name) {
  const std::string path = HandoverPath(host, name);
  RK_TRY(const Fd there, HandoverSocket::Connect(path));
  OpenedWay way;
  way.load = [public_key = host.Info(name).public_key, path] { return OpenHandoverKey(public_key, path); };
  return way;
}

constexpr Way kWays[] = {
    {"file", Always, OpenFile},
    {"beside", Always, OpenFileBeside},
    {"rootkeep", Always, OpenRootkeep},
    {"handover", Always, OpenHandover},  // see handover/signer_main.cc
    {"engine", Engine::IsThere, OpenEngine},
};

}  // namespace

std::vector<std::string> WayNames() {
  std::vector<std::string> names;
  for (const Way& way : kWays) {
    if (way.is_there()) names.emplace_back(way.name);
  }
  return names;
}

std::vector<std::string> KeyNames() { return {"p256", "rsa"}; }

Result<OpenedWay> OpenWay(const std::string& way, ProviderHost& host, const std::string& name) {
  for (const Way& one : kWays) {
    if (way != one.name) continue;
    RK_TRY(OpenedWay opened, one.open(host, name));
    opened.name = way;
    opened.key = opened.load();
    if (opened.key == nullptr) return Internal("loading the key as " + way + ": " + testing::TakeErrors());
    return opened;
  }
  return NotFound("no way to a key is called " + way);
}

}  // namespace rootkeep::bench
