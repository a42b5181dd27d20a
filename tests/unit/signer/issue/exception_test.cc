// What a library throws while several requests are issued together.
#include <string>
#include <vector>

#include "tests/support/software_key.h"
#include "tests/unit/signer/issue/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::ForgetfulLedger;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kPatience;
using testing::MakeCsrPem;
using testing::Workload;

using At = ForgetfulLedger::At;

class IssuerException : public testing::IssuerFixture, public ::testing::WithParamInterface<At> {};

// A second answer would end the test: a promise takes one.
TEST_P(IssuerException, IsTheFailureOfOneRequestAlone) {
  const Caller victim = Workload("w2");
  forgetful_->Forget(GetParam(), Describe(victim.identities), 1);
  std::vector<Issuer::Ask> asks;
  std::vector<std::future<Result<Issued>>> answers;
  for (int i = 0; i < 5; ++i) {
    const std::string csr = MakeCsrPem();
    answers.push_back(Gather(asks, Workload("w" + std::to_string(i)), {.csr_pem = csr}, After(kPatience)));
  }
  issuer_->Issue(asks);
  answers[2].wait();
  forgetful_->Answered();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Result<Issued> issued = answers[i].get();
    if (i == 2) {
      EXPECT_THAT(issued, HasCode(Code::kUnavailable));
      EXPECT_THAT(issued, HasReason("exception"));
    } else {
      EXPECT_THAT(issued, IsOk()) << i;
    }
  }
  EXPECT_EQ(forgetful_->left(), 0);
  EXPECT_TRUE(issuer_->Drain(After(kPatience)));

  EXPECT_THAT(Issue(victim, {.csr_pem = MakeCsrPem()}), IsOk());
}

using IssuerAbandons = testing::IssuerFixture;

TEST_F(IssuerAbandons, WhatWasThrownAtAfterItsSignature) {
  forgetful_->Forget(At::kComplete, {}, 1);
  EXPECT_THAT(Issue(Workload("w"), {.csr_pem = MakeCsrPem()}), HasReason("exception"));
  EXPECT_TRUE(issuer_->Drain(After(kPatience)));
  EXPECT_EQ(ledger_->Stats().in_flight, 0U);
  const auto entries = Recorded();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].status, EntryStatus::kPossiblyIssued);
  EXPECT_THAT(Issue(Workload("w"), {.csr_pem = MakeCsrPem()}), IsOk());
}

std::string NameOf(const ::testing::TestParamInfo<At>& point) {
  switch (point.param) {
    case At::kFind: return "BeforeTheRecord";
    case At::kIntend: return "AtTheRecord";
    case At::kIntended: return "AfterTheRecord";
    case At::kComplete: return "AfterTheSignature";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Points, IssuerException, ::testing::Values(At::kFind, At::kIntend, At::kIntended), NameOf);

}  // namespace
}  // namespace rootkeep
