// What the catalogue says, for whoever has to follow it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "keystore/catalog/catalog.h"

namespace rootkeep {

// The rows as they were read last. Not thread-safe; each reader has its own.
class CatalogRows {
 public:
  explicit CatalogRows(std::string path) : path_(std::move(path)) {}

  // Reads what others changed, also when another file has taken the catalogue's place. No rows where there never was
  // one. Errors as Catalog::OpenExisting and List; UNAVAILABLE "key_catalogue_gone" when there is none any more. What
  // was read last holds then: it may say that a key must not be used.
  Status Refresh();
  // Reads what its own connection has changed.
  void Reread();

  [[nodiscard]] const std::vector<CatalogEntry>& entries() const { return entries_; }
  // Another one whenever the rows were read anew.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Null: there never was one.
  [[nodiscard]] Catalog* catalog() const { return catalog_.get(); }

 private:
  Status ReadAnew();
  void Set(std::vector<CatalogEntry> entries);

  const std::string path_;
  std::unique_ptr<Catalog> catalog_;
  std::int64_t others_changes_ = 0;
  std::vector<CatalogEntry> entries_;
  std::uint64_t version_ = 0;
};

}  // namespace rootkeep
