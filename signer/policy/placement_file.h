// Placement from a file: which workload identities run on which node, one triple a line, reloaded when it changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>

#include "keystore/base/mutex.h"
#include "signer/policy/placement.h"

namespace rootkeep {

inline constexpr std::size_t kMaxPlacementFile = 16 * 1024 * 1024;

// The entries of a placement file, normalised: "<cluster> <node> <SPIFFE ID>".
using PlacementEntries = std::unordered_set<std::string>;

// Three fields a line, separated by blanks; blank lines and lines that start with "#" are skipped:
//   Kubernetes worker-1 spiffe://cluster.local/ns/default/sa/httpbin
// The last line must end with a line break, so that a file caught half written is refused instead of granting an
// identity whose name was cut short. INVALID_ARGUMENT with the line number otherwise.
Result<PlacementEntries> ParsePlacement(std::string_view text);

// Thread-safe. The file must be a regular one that neither group nor others can write. While it cannot be read or
// parsed, what was read last stays in force, and RunsOn is UNAVAILABLE if nothing ever was.
class PlacementFile final : public Placement {
 public:
  // Reads `path` and looks for changes every `poll` (by device, inode, size and modification time). An absent file is
  // no failure but a state, which LastLoad() tells. Throws std::system_error when no thread can be started.
  static std::shared_ptr<PlacementFile> Open(std::string path, std::chrono::milliseconds poll);

  ~PlacementFile() override;

  [[nodiscard]] Result<bool> RunsOn(const SpiffeId& workload, const NodeRef& where) const override;

  // Reads the file again whether it changed or not.
  Status Reload();

  // How the last attempt to read the file ended, and the number of entries in force.
  [[nodiscard]] Status LastLoad() const;
  [[nodiscard]] std::size_t size() const;

 private:
  // What tells one version of a file from another.
  struct Version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t modified_ns = 0;

    friend bool operator==(const Version&, const Version&) = default;
  };

  explicit PlacementFile(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] Version Stat() const;
  void Watch(std::chrono::milliseconds poll);

  const std::string path_;
  mutable Mutex mutex_;
  std::shared_ptr<const PlacementEntries> entries_ RK_GUARDED_BY(mutex_);
  Status last_load_ RK_GUARDED_BY(mutex_);
  Version version_ RK_GUARDED_BY(mutex_);
  bool stopping_ RK_GUARDED_BY(mutex_) = false;
  CondVar stopped_;
  std::thread watcher_;
};

}  // namespace rootkeep
