#include "signer/bundle/served_authorities.h"

#include "signer/bundle/signing_authority.h"
#include "signer/certificate/certificate.h"
#include "tests/unit/signer/bundle/bundle_fixture.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;
using testing::kDomain;
using testing::SeedRoot;
using testing::TestHierarchy;

class ServedAuthoritiesTest : public testing::BundleTest {
 protected:
  void Reopen() override {
    served_.reset();
    BundleTest::Reopen();
    served_ = std::make_unique<ServedAuthorities>(*bundles_, set_, clock_);
  }

  std::shared_ptr<const Authority> Load(const TestHierarchy& ca, const std::string& name = "mesh",
                                        const std::string& trust_domain = kDomain) {
    Authority::Parts parts = ca.Parts();
    parts.name = name;
    parts.trust_domain = trust_domain;
    return Authority::Make(std::move(parts), clock_.Now()).value();
  }
  // What `rootkeep root activate` and `taint` do to the record.
  void Put(const Bytes& root_der, bool active, bool tainted = false) {
    const std::string fingerprint = ReadRoot(root_der).value().fingerprint;
    ASSERT_THAT(bundles_->Change(kDomain,
                                 [&](store::Database& database, TrustBundle& bundle) -> Result<bool> {
                                   for (BundleRoot& root : bundle.roots) {
                                     const bool it = root.fingerprint == fingerprint;
                                     root.active = active ? it : root.active && !it;
                                   }
                                   const std::string sql = "UPDATE trust_roots SET state = 2 WHERE fingerprint = '";
                                   if (tainted) RK_RETURN_IF_ERROR(database.Execute(sql + fingerprint + "'"));
                                   return true;
                                 }),
                IsOk());
  }
  // The first of each trust domain by default.
  Status Use(const AuthoritySet::List& loaded) {
    ServedAuthorities::Defaults defaults;
    for (const auto& authority : loaded) defaults.emplace(authority->trust_domain(), authority->name());
    return served_->Use(loaded, std::move(defaults));
  }
  std::string Signing() {
    const auto authority = set_.FindByTrustDomain(kDomain);
    return authority == nullptr ? "" : authority->name();
  }

  AuthoritySet set_;
  std::unique_ptr<ServedAuthorities> served_;
  const TestHierarchy other_;
  const std::string both_ = CertificatePem(ca_.root_der) + CertificatePem(other_.root_der);
};

TEST_F(ServedAuthoritiesTest, AnswersEndInTheBundleOnRecord) {
  ASSERT_THAT(Use({Load(ca_)}), IsOk());
  EXPECT_EQ(set_.Find("mesh")->trust_bundle_pem(), CertificatePem(ca_.root_der));
  ASSERT_THAT(Seed({SeedRoot(other_.root_der)}), IsOk());
  EXPECT_EQ(set_.Find("mesh")->trust_bundle_pem(), both_);
  EXPECT_EQ(RootsPem(bundles_->Current(kDomain)->roots), both_);
  EXPECT_EQ(*served_->ClientRoots(), both_);
}

TEST_F(ServedAuthoritiesTest, WhoIsToldOfAChangeIsAnsweredByItAlready) {
  ASSERT_THAT(Use({Load(ca_)}), IsOk());
  bool same = false;
  const auto watch = bundles_->Watch(kDomain, [&](const BundlePtr& bundle) {
    same = set_.Find("mesh")->trust_bundle_pem() == RootsPem(bundle->roots);
  });
  EXPECT_TRUE(same);
  same = false;
  ASSERT_THAT(Seed({SeedRoot(other_.root_der)}), IsOk());
  EXPECT_TRUE(same);
}

TEST_F(ServedAuthoritiesTest, ACallUnderWayKeepsTheBundleItTook) {
  ASSERT_THAT(Use({Load(ca_)}), IsOk());
  const auto taken = set_.Find("mesh");
  ASSERT_THAT(Seed({SeedRoot(other_.root_der)}), IsOk());
  EXPECT_EQ(taken->trust_bundle_pem(), CertificatePem(ca_.root_der));
}

TEST_F(ServedAuthoritiesTest, ExtraAnchorsAreServedAndVouchForNoClient) {
  Authority::Parts parts = ca_.Parts();
  parts.extra_anchors_pem = CertificatePem(other_.root_der);
  parts.client_anchors_pem = CertificatePem(TestHierarchy().root_der);
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(parts, clock_.Now()));
  ASSERT_THAT(Use({authority}), IsOk());
  EXPECT_EQ(set_.Find("mesh")->trust_bundle_pem(), both_);
  EXPECT_EQ(*served_->ClientRoots(), CertificatePem(ca_.root_der) + parts.client_anchors_pem);
  // Nor does one that its file no longer names, after a restart.
  Reopen();
  ASSERT_THAT(Use({Load(ca_)}), IsOk());
  EXPECT_EQ(set_.Find("mesh")->trust_bundle_pem(), both_);
  EXPECT_EQ(*served_->ClientRoots(), CertificatePem(ca_.root_der));
}

TEST_F(ServedAuthoritiesTest, OfSeveralTheFirstSignsUnlessAnotherRootIsActive) {
  const auto first = Load(ca_, "first");
  const auto second = Load(other_, "second");
  ASSERT_THAT(Use({first, second}), IsOk());
  EXPECT_EQ(Signing(), "first");
  EXPECT_EQ(set_.Find("second")->trust_bundle_pem(), both_);
  Put(other_.root_der, true);
  EXPECT_EQ(Signing(), "second");
  EXPECT_EQ(set_.FindSigning("first")->name(), "second");
  EXPECT_EQ(set_.Find("first")->name(), "first");
  // After a restart too.
  Reopen();
  ASSERT_THAT(Use({first, second}), IsOk());
  EXPECT_EQ(Signing(), "second");
  Put(ca_.root_der, true);
  EXPECT_EQ(Signing(), "first");
}

TEST_F(ServedAuthoritiesTest, OneTrustDomainsRootSignsForNoOther) {
  ASSERT_THAT(Use({Load(ca_, "first"), Load(other_, "second", "other.test")}), IsOk());
  EXPECT_EQ(set_.FindByTrustDomain("other.test")->name(), "second");
  EXPECT_EQ(set_.FindByTrustDomain("other.test")->trust_bundle_pem(), CertificatePem(other_.root_der));
  EXPECT_THAT(served_->IssuersUnder(kDomain, SeedRoot(other_.root_der)), ElementsAre());
}

TEST_F(ServedAuthoritiesTest, NobodySignsBelowATaintedRoot) {
  ASSERT_THAT(Use({Load(ca_)}), IsOk());
  EXPECT_TRUE(served_->Unsigned().empty());
  Put(ca_.root_der, false, true);
  EXPECT_EQ(Signing(), "");
  EXPECT_EQ(set_.FindSigning("mesh"), nullptr);
  EXPECT_EQ(served_->Unsigned().count(kDomain), 1U);
}

TEST_F(ServedAuthoritiesTest, NobodySignsWhileTheActiveRootsAuthorityIsAway) {
  const auto first = Load(ca_, "first");
  ASSERT_THAT(Use({first, Load(other_, "second")}), IsOk());
  Put(other_.root_der, true);
  served_->Keep({first});
  EXPECT_EQ(Signing(), "");
  EXPECT_EQ(served_->Unsigned().count(kDomain), 1U);
}

TEST_F(ServedAuthoritiesTest, NobodyTakesThePlaceOfTheDefaultOneUnasked) {
  const auto second = Load(other_, "second");
  ASSERT_THAT(served_->Use({second}, {{kDomain, "first"}}), IsOk());
  EXPECT_EQ(Signing(), "") << "its token is away, and clients may not have the second's root yet";
  ASSERT_THAT(served_->Use({Load(ca_, "first"), second}, {{kDomain, "first"}}), IsOk());
  EXPECT_EQ(Signing(), "first");
  served_->Keep({second});
  EXPECT_EQ(Signing(), "");
}

TEST_F(ServedAuthoritiesTest, WhatCannotBeSeededIsNotServed) {
  ASSERT_THAT(Use({Load(ca_)}), IsOk());
  Authority::Parts parts = other_.Parts();
  parts.name = "other";
  // The same key, and so the same identifier, in another certificate.
  parts.extra_anchors_pem =
      CertificatePem(SelfSignRoot(*ca_.root, {kDomain, "renewed root"}, {RootCaProfile(RootCaLifetime())}, clock_.Now(),
                                  After(std::chrono::seconds(30)))
                         .value());
  ASSERT_OK_AND_ASSIGN(const auto other, Authority::Make(parts, clock_.Now()));
  EXPECT_THAT(Use({Load(ca_), other}), HasReason("root_key_id"));
  EXPECT_EQ(set_.Find("other"), nullptr);
  EXPECT_EQ(set_.Find("mesh")->trust_bundle_pem(), CertificatePem(ca_.root_der));
}

TEST_F(ServedAuthoritiesTest, KnowsWhoIsBelowARoot) {
  const auto first = Load(ca_, "first");
  ASSERT_THAT(Use({first, Load(other_, "second")}), IsOk());
  EXPECT_THAT(served_->IssuersUnder(kDomain, SeedRoot(ca_.root_der)), ElementsAre(first->certificate_fingerprint()));
  EXPECT_THAT(served_->IssuersUnder(kDomain, SeedRoot(TestHierarchy().root_der)), ElementsAre());
}

}  // namespace
}  // namespace rootkeep
