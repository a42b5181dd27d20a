#include "tests/bench/signer/ways.h"

#include "tests/support/isolated.h"

namespace rootkeep::bench {
namespace {

using OpenStore = std::shared_ptr<KeyStore> (*)(RawToken& token, const pkcs11::StoreOptions& options);

struct Way {
  const char* name;
  OpenStore open;
};

constexpr Way kWays[] = {
    {"in-process",
     [](RawToken& token, const pkcs11::StoreOptions& options) {
       return token.softhsm().OpenStore(testing::SoftHsm::kLabel, options);
     }},
    {"isolated",
     [](RawToken& token, const pkcs11::StoreOptions& /*options*/) -> std::shared_ptr<KeyStore> {
       return testing::IsolatedStoreOf(token.softhsm());
     }},
};

}  // namespace

std::vector<std::string> WayNames() {
  std::vector<std::string> names;
  for (const Way& way : kWays) names.emplace_back(way.name);
  return names;
}

Result<OpenedKey> OpenKey(const std::string& way, RawToken& token, unsigned sessions) {
  for (const Way& one : kWays) {
    if (way != one.name) continue;
    OpenedKey opened;
    opened.store = one.open(token, {.max_sessions = sessions});
    RK_TRY(opened.signer, opened.store->Open(token.key().uri, After(std::chrono::seconds(10))));
    return opened;
  }
  return NotFound("no way of opening a key is called " + way);
}

}  // namespace rootkeep::bench
