// An Issuer with a real ledger and a software key that a test can stall.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "signer/issue/issuer.h"
#include "signer/ledger/open_ledger.h"
#include "tests/support/forgetful_ledger.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

inline constexpr std::chrono::seconds kPatience{20};

inline Caller Workload(const std::string& name) {
  return {.identities = {GeneralNameFromText("spiffe://cluster.local/ns/default/sa/" + name)},
          .method = AuthMethod::kToken,
          .authenticator = "test",
          .trust_domain = "cluster.local"};
}

class IssuerFixture : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }

  void Open(IssuerOptions options) {
    issuer_.reset();
    forgetful_.reset();
    ledger_.reset();
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = dir_ / "ledger.db"}));
    forgetful_.emplace(*ledger_);
    authorities_.Replace({authority_.authority});
    issuer_ = std::make_unique<Issuer>(Issuer::Parts{.authorities = authorities_,
                                                     .policy = policy_,
                                                     .ledger = *forgetful_,
                                                     .metrics = metrics_,
                                                     .clock = clock_},
                                       options);
  }

  std::future<Result<Issued>> Begin(const Caller& caller, const IssuanceRequest& request, Deadline deadline) {
    std::vector<Issuer::Ask> asks;
    auto answer = Gather(asks, caller, request, deadline);
    issuer_->Issue(asks);
    return answer;
  }
  // Adds a request to those that go to the issuer together.
  static std::future<Result<Issued>> Gather(std::vector<Issuer::Ask>& asks, const Caller& caller,
                                            const IssuanceRequest& request, Deadline deadline) {
    const auto promise = std::make_shared<std::promise<Result<Issued>>>();
    asks.push_back(
        {caller, request, deadline, [promise](Result<Issued> result) { promise->set_value(std::move(result)); }});
    return promise->get_future();
  }
  Result<Issued> Issue(const Caller& caller, const IssuanceRequest& request) {
    return Begin(caller, request, After(kPatience)).get();
  }
  std::vector<LedgerEntry> Recorded() {
    EXPECT_THAT(ledger_->Flush(After(kPatience)), IsOk());
    return ledger_->List({}).value();
  }

  const TempDir dir_;
  IssuingAuthority authority_;
  AuthoritySet authorities_;
  Snapshot<Policy> policy_{std::make_shared<Policy>()};
  Metrics metrics_;
  SystemClock clock_;
  std::unique_ptr<Ledger> ledger_;
  std::optional<ForgetfulLedger> forgetful_;  // in front of ledger_
  std::unique_ptr<Issuer> issuer_;
};

}  // namespace rootkeep::testing
