// Who is told of changes of trust bundles over Rootkeep's own API: bounded, and ended in time.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/error.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/metrics/metrics.h"
#include "signer/rpc/api_callers.h"

namespace rootkeep {

// One of them. What is asked of it may be asked on any thread.
class BundleStream {
 public:
  virtual ~BundleStream() = default;
  [[nodiscard]] virtual const KnownCaller& known() const = 0;
  // Ends the stream with this refusal.
  virtual void Refuse(const Error& error) = 0;
  // Ends it without one: the client opens another.
  virtual void Finish() = 0;
};

// Thread-safe.
class BundleStreams {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr std::size_t kMostEach = 64;  // of one caller
  // Who proved itself by a token or a certificate has to do so again after that time, over a stream of its own.
  static constexpr std::chrono::hours kLongest{1};

  // Both outlive this.
  BundleStreams(const ApiCallers& callers, Metrics& metrics) : callers_(callers), metrics_(metrics) {}

  // Keeps it until Remove. RESOURCE_EXHAUSTED with reason "streams" when there are as many as may be; UNAVAILABLE with
  // reason "stopping" after Stop.
  Status Add(std::shared_ptr<BundleStream> stream);
  void Remove(const std::shared_ptr<BundleStream>& stream);

  // Ends the streams that have lasted long enough, and of callers that the configuration no longer lets watch. Now and
  // then.
  void Round();

  // Ends all, and every later one at once: before the server shuts down, so that it need not wait for clients to hang
  // up.
  void Stop();

 private:
  struct Entry {
    std::shared_ptr<BundleStream> stream;
    Deadline until;
  };

  [[nodiscard]] std::vector<Entry> All() const;

  const ApiCallers& callers_;
  Metrics& metrics_;
  mutable Mutex mutex_;
  std::vector<Entry> entries_ RK_GUARDED_BY(mutex_);
  bool stopped_ RK_GUARDED_BY(mutex_) = false;
};

}  // namespace rootkeep
