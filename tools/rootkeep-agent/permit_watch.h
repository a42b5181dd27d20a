// Has the permits follow the catalogue.
#pragma once

#include <string>
#include <thread>

#include "tools/hardware/catalog_rows.h"
#include "tools/rootkeep-agent/key_permits.h"

namespace rootkeep::agent {

// A thread that touches no token: one that hangs does not keep a key signing that was RETIRED meanwhile.
class PermitWatch {
 public:
  // `permits` outlives it.
  PermitWatch(std::string catalog_path, KeyPermits& permits) : rows_(std::move(catalog_path)), permits_(permits) {}

  // Sets what the catalogue says now, and what it says later within kPeriod, until destroyed. Errors as
  // CatalogRows::Refresh; when it cannot be read later, what it said last holds.
  Status Start();

  static constexpr std::chrono::milliseconds kPeriod{200};

 private:
  Status Read();
  // Logs a failure once, and its end.
  void Report(const Status& read);

  CatalogRows rows_;
  KeyPermits& permits_;
  std::uint64_t version_ = 0;
  bool readable_ = true;
  std::jthread thread_;
};

}  // namespace rootkeep::agent
