#include "signer/authn/jwks_registry.h"

#include "signer/authn/jwks_file.h"
#include "signer/authn/jwks_https.h"

namespace rootkeep::jose {
namespace {

std::shared_ptr<JwksSource> Start(const std::string& issuer, const JwksConfig& config) {
  JwksRefresh refresh{config.refresh, config.on_demand, config.retry, config.last_retry};
  std::unique_ptr<JwksLoader> loader;
  if (config.file.empty()) {
    loader = std::make_unique<JwksHttps>(
        HttpsEndpoint{.url = config.url, .ca_file = config.ca_file, .bearer_token_file = config.bearer_token_file});
  } else {
    loader = std::make_unique<JwksFile>(config.file);
    refresh.interval = config.file_check;
  }
  return JwksSource::Start(issuer, std::move(loader), refresh);
}

}  // namespace

std::shared_ptr<JwksSource> JwksRegistry::Get(const std::string& issuer, const JwksConfig& config) {
  if (!config.file.empty()) return Start(issuer, config);
  const MutexLock lock(mutex_);
  std::erase_if(sources_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<JwksSource>& kept = sources_[{issuer, config}];
  auto source = kept.lock();
  if (source == nullptr) {
    source = Start(issuer, config);
    kept = source;
  } else {
    source->RequestRefresh();
  }
  return source;
}

}  // namespace rootkeep::jose
