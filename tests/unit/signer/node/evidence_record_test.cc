#include "signer/node/evidence_record.h"

#include <set>

#include "tests/support/matchers.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using attestation::AttestEvidence;

TEST(EvidenceRecord, EachPartOfTheEvidenceIsInItsDigest) {
  const AttestEvidence plain{.activation_proof = {1, 2}, .quote_attest = {3}};
  std::set<std::string> digests;
  const auto add = [&](const AttestEvidence& evidence) { digests.insert(EvidenceDigest(evidence).value()); };
  add(plain);
  for (Bytes AttestEvidence::* part :
       {&AttestEvidence::activation_proof, &AttestEvidence::quote_attest, &AttestEvidence::quote_signature,
        &AttestEvidence::certify_attest, &AttestEvidence::certify_signature, &AttestEvidence::boot_log}) {
    AttestEvidence other = plain;
    (other.*part).push_back(9);
    add(other);
  }
  AttestEvidence value = plain;
  value.pcr_values = {{.index = 7, .digest = {1}}};
  add(value);
  add({.activation_proof = {1}, .quote_attest = {2, 3}});  // the same octets, cut elsewhere
  EXPECT_EQ(digests.size(), 9U);
}

TEST(EvidenceRecord, TheClockComesBackAsItWas) {
  Node node = testing::MakeNode("n1", 'a');
  EXPECT_FALSE(LastSeenOf(node));
  node = Attested(node, testing::MakePass(testing::kThen)).value();
  const auto last = LastSeenOf(node);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->ak_name, node.ak_name);
  EXPECT_EQ(last->clock.clock, 123'456U);
  EXPECT_EQ(last->clock.reset_count, 4U);
  EXPECT_EQ(last->clock.restart_count, 1U);
  EXPECT_TRUE(last->clock.safe);
}

}  // namespace
}  // namespace rootkeep
