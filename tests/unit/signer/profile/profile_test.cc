#include "signer/profile/profile.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Profile, WorkloadIsIstiods) {
  const Profile profile = WorkloadProfile({});
  EXPECT_EQ(profile.key_usage, kDigitalSignature | kKeyEncipherment);
  EXPECT_TRUE(profile.server_auth);
  EXPECT_TRUE(profile.client_auth);
  EXPECT_FALSE(profile.ca);
  EXPECT_FALSE(profile.path_length.has_value());
  EXPECT_FALSE(profile.subject_key_id);
}

TEST(Profile, LeafLifetimes) {
  const LifetimeRules rules;
  EXPECT_EQ(rules.default_ttl, hours(24));
  EXPECT_EQ(rules.max_ttl, hours(24 * 90));
  EXPECT_EQ(rules.backdate, minutes(2));
  EXPECT_GT(rules.min_ttl, rules.backdate);
}

TEST(Profile, ServerServesOnly) {
  const Profile profile = ServerProfile({});
  EXPECT_TRUE(profile.server_auth);
  EXPECT_FALSE(profile.client_auth);
  EXPECT_FALSE(profile.ca);
}

TEST(Profile, NodeIsALeafOfItsOwnKind) {
  const Profile profile = NodeProfile({.max_ttl = hours(1)});
  EXPECT_EQ(profile.kind, ProfileKind::kNode);
  EXPECT_TRUE(profile.server_auth);
  EXPECT_TRUE(profile.client_auth);
  EXPECT_FALSE(profile.ca);
  EXPECT_EQ(profile.lifetime.max_ttl, hours(1));
}

TEST(Profile, Case38AuthoritiesSign) {
  const Profile issuing = IssuingCaProfile(IssuingCaLifetime(), 0);
  const Profile root = RootCaProfile(RootCaLifetime());
  for (const Profile& profile : {issuing, root}) {
    EXPECT_TRUE(profile.ca);
    EXPECT_EQ(profile.key_usage, kKeyCertSign | kCrlSign);
    EXPECT_FALSE(profile.server_auth || profile.client_auth);
    EXPECT_TRUE(profile.subject_key_id);
  }
  EXPECT_EQ(issuing.path_length, 0U);
  EXPECT_FALSE(root.path_length.has_value());
  EXPECT_EQ(issuing.lifetime.default_ttl, hours(24 * 365));
  EXPECT_EQ(root.lifetime.default_ttl, hours(24 * 3650));
}

TEST(Profile, Names) {
  EXPECT_EQ(ProfileName(ProfileKind::kWorkload), "workload");
  EXPECT_EQ(ProfileName(ProfileKind::kServer), "server");
  EXPECT_EQ(ProfileName(ProfileKind::kNode), "node");
  EXPECT_EQ(ProfileName(ProfileKind::kIssuingCa), "issuing-ca");
  EXPECT_EQ(ProfileName(ProfileKind::kRootCa), "root-ca");
  EXPECT_EQ(ProfileName(ProfileKind::kForeignCa), "foreign-ca");
}

}  // namespace
}  // namespace rootkeep
