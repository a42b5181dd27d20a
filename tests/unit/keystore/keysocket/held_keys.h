// A token in memory whose keys a test can stall: for tests of who is served, never of what keeps keys.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/key_store.h"
#include "tests/support/gated_signer.h"
#include "tests/support/software_signer.h"

namespace rootkeep::testing {

class HeldKey final : public Signer {
 public:
  HeldKey(const std::string& label, const std::string& token, Bytes id, const char* type)
      : gate_(std::make_shared<SoftwareSigner>(type)), info_(gate_.info()) {
    info_.label = label;
    info_.named = ParseKeyLabel(label);
    info_.id = std::move(id);
    info_.device.label = token;
    info_.uri = {.token_label = token, .object_label = label, .object_id = info_.id, .pin_source = {}};
  }

  [[nodiscard]] const KeyInfo& info() const override { return info_; }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override {
    return gate_.Sign(scheme, input, deadline);
  }
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override {
    return gate_.SignFor(order, scheme, input);
  }
  [[nodiscard]] const GatedSigner& gate() const { return gate_; }

 private:
  GatedSigner gate_;
  KeyInfo info_;
};

// Thread-safe.
class HeldKeys final : public KeyStore, private HealthProbe {
 public:
  explicit HeldKeys(std::string token) : token_(std::move(token)) {}

  std::shared_ptr<const HeldKey> Add(const std::string& label, const char* type = "P-256") {
    const MutexLock lock(mutex_);
    auto key = std::make_shared<const HeldKey>(label, token_, Bytes{static_cast<std::uint8_t>(keys_.size() + 1)}, type);
    keys_.push_back(key);
    return key;
  }
  void Remove(const std::string& label) {
    const MutexLock lock(mutex_);
    std::erase_if(keys_, [&label](const auto& key) { return key->info().label == label; });
  }

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline /*deadline*/) override {
    if (away) return Unavailable("away").WithReason("token_absent");
    if (throws) throw std::bad_alloc();
    const MutexLock lock(mutex_);
    std::shared_ptr<const Signer> only;
    for (const auto& key : keys_) {
      const KeyUri& has = key->info().uri;
      const bool same = (uri.object_label.empty() || uri.object_label == has.object_label) &&
                        (uri.object_id.empty() || uri.object_id == has.object_id) &&
                        (uri.token_label.empty() || uri.token_label == has.token_label);
      if (!same) continue;
      if (only != nullptr) return FailedPrecondition("several keys answer").WithReason("key_ambiguous");
      only = key;
    }
    if (only == nullptr) return NotFound("no such key").WithReason("key_not_found");
    return only;
  }
  Result<KeyInfo> Create(const KeySpec& spec, Deadline /*deadline*/) override {
    RK_TRY(const std::string label, KeyLabel(spec));
    return Add(label)->info();
  }
  Result<std::vector<KeyInfo>> List(Deadline deadline) override {
    ++lists;
    if (deadline <= std::chrono::steady_clock::now()) return Unavailable("too late").WithReason("deadline");
    if (away) return Unavailable("away").WithReason("token_absent");
    std::vector<KeyInfo> infos;
    {
      const MutexLock lock(mutex_);
      for (const auto& key : keys_) infos.push_back(key->info());
    }
    if (when_listed) when_listed();
    return infos;
  }
  HealthProbe* health() override { return this; }

  std::atomic<bool> away = false;
  std::atomic<bool> throws = false;
  std::atomic<int> lists = 0;
  std::function<void()> when_listed;  // called before a list is given; set before it is used

 private:
  Status Probe(Deadline /*deadline*/) override {
    return away ? Status(Unavailable("away").WithReason("token_absent")) : Ok();
  }

  const std::string token_;
  Mutex mutex_;
  std::vector<std::shared_ptr<const HeldKey>> keys_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::testing
