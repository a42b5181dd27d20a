#include "keystore/pkcs11/quirks.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rootkeep::pkcs11 {
namespace {

const Quirks& Named(std::string_view manufacturer, std::string_view description = "a library") {
  CK_INFO info{};
  std::ranges::fill(info.manufacturerID, ' ');
  std::ranges::fill(info.libraryDescription, ' ');
  std::ranges::copy(manufacturer, info.manufacturerID);
  std::ranges::copy(description, info.libraryDescription);
  return QuirksOf(info);
}

TEST(Quirks, OfSoftHsmAreThatMakingDisturbsFindingAndThatItComputesHere) {
  const Quirks& quirks = Named("SoftHSM", "Implementation of PKCS11");
  EXPECT_EQ(quirks.manufacturer, "SoftHSM");
  EXPECT_TRUE(quirks.making_disturbs_finding);
  EXPECT_TRUE(quirks.computes_here);
  EXPECT_FALSE(quirks.halves_share_usages);
  EXPECT_FALSE(quirks.rsa_signs_by_decrypting);
  EXPECT_FALSE(quirks.sessions_race);
  EXPECT_FALSE(quirks.refuses_pins_plainly);
  EXPECT_FALSE(quirks.answers_from_memory);
  EXPECT_FALSE(quirks.keys_stay_loaded);
}

// Where the time goes behind another module is unknown.
TEST(Quirks, OfSoftHsmBehindAnotherModuleAreThatMakingDisturbsFinding) {
  const Quirks& quirks = Named("SoftHSM", "rootkeep-chaos");
  EXPECT_TRUE(quirks.making_disturbs_finding);
  EXPECT_FALSE(quirks.computes_here);
}

TEST(Quirks, OfTpm2Pkcs11AreAllTheOthers) {
  const Quirks& quirks = Named("tpm2-software.github.io");
  EXPECT_EQ(quirks.manufacturer, "tpm2-software.github.io");
  EXPECT_FALSE(quirks.making_disturbs_finding);
  EXPECT_FALSE(quirks.computes_here);
  EXPECT_TRUE(quirks.halves_share_usages);
  EXPECT_TRUE(quirks.rsa_signs_by_decrypting);
  EXPECT_TRUE(quirks.sessions_race);
  EXPECT_TRUE(quirks.refuses_pins_plainly);
  EXPECT_TRUE(quirks.answers_from_memory);
  EXPECT_TRUE(quirks.keys_stay_loaded);
}

// Half a name, one with more behind it, and none.
TEST(Quirks, AreOfNoModuleWithAnotherName) {
  for (const std::string_view name : {"", "SoftHSM2", "Soft", "softhsm", " SoftHSM", "tpm2-software.github.ioo",
                                      "tpm2-software.github", "A vendor's name of 32 characters"}) {
    const Quirks& quirks = Named(name);
    EXPECT_EQ(quirks.manufacturer, "") << name;
    EXPECT_FALSE(quirks.making_disturbs_finding) << name;
    EXPECT_FALSE(quirks.sessions_race) << name;
  }
}

}  // namespace
}  // namespace rootkeep::pkcs11
