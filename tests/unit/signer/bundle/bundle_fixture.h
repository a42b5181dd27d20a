// Trust bundles over a database of their own, at a time that tests move.
#pragma once

#include <memory>
#include <string>

#include "signer/bundle/root_certificate.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/store/schema.h"
#include "tests/support/decisions.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_hierarchy.h"

namespace rootkeep::testing {

inline constexpr char kDomain[] = "cluster.local";

// A root that a file names, as a seed has it.
inline BundleRoot SeedRoot(ByteView der) {
  BundleRoot root = ReadRoot(der).value();
  root.vouches_for_clients = true;
  return root;
}

class BundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open({.path = path_});
    ASSERT_THAT(database, IsOk());
    ASSERT_THAT(store::Migrate(**database, clock_), IsOk());
    Reopen();
  }

  // As a restart of the daemon does.
  virtual void Reopen() {
    bundles_.reset();
    ASSERT_OK_AND_ASSIGN(bundles_, TrustBundles::Open(path_, clock_));
  }

  [[nodiscard]] Status Seed(std::vector<BundleRoot> roots) {
    return bundles_->Seed({{.trust_domain = kDomain, .roots = std::move(roots), .issuers = {}}});
  }

  static JwtKey KeyOf(const std::string& id, std::int64_t expires_at = kTestNow + 86400) {
    return {.key_id = id, .public_key = SoftwareSigner("P-256").public_key().spki(), .expires_at = expires_at};
  }

  TempDir dir_;
  const std::string path_ = dir_ / "rootkeep.db";
  ManualClock clock_{kTestNow};
  const TestHierarchy ca_;
  std::unique_ptr<TrustBundles> bundles_;
};

}  // namespace rootkeep::testing
