#include "signer/node/inventory.h"

#include "tests/support/matchers.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using testing::EkOf;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using testing::Says;

TEST(InventoryText, HasALineForEachNode) {
  const std::string text = "# the rack\n\n  n1 " + std::string(64, 'A') + " edge # first\r\nn2\t-\nn3 - core";
  ASSERT_OK_AND_ASSIGN(const auto entries, Inventory::ReadEntries(text));
  EXPECT_THAT(entries, ElementsAre(InventoryEntry{"n1", EkOf('a'), "edge"}, InventoryEntry{"n2", "", ""},
                                   InventoryEntry{"n3", "", "core"}));
  ASSERT_OK_AND_ASSIGN(const auto none, Inventory::ReadEntries(""));
  EXPECT_TRUE(none.empty());
}

TEST(InventoryText, RefusesALineThatIsNone) {
  for (const std::string& bad : std::vector<std::string>{"n1", "n1 aa", "n1 - edge more", "a/b -", ". -",
                                                         "n1 " + std::string(64, 'g'), "n1 " + EkOf('a') + "a"}) {
    const auto refused = Inventory::ReadEntries("ok -\n" + bad + "\n");
    EXPECT_THAT(refused, HasCode(Code::kInvalidArgument)) << bad;
    EXPECT_THAT(refused, HasReason("inventory")) << bad;
    EXPECT_THAT(refused, Says("line 2")) << bad;
  }
}

TEST(Inventory, FindsByNodeAndByEk) {
  ASSERT_OK_AND_ASSIGN(const Inventory inventory,
                       Inventory::Make({{"n2", EkOf('b'), ""}, {"n1", EkOf('c'), "edge"}, {"n3", "", ""}}));
  ASSERT_NE(inventory.FindNode("n1"), nullptr);
  EXPECT_EQ(inventory.FindNode("n1")->group, "edge");
  EXPECT_EQ(inventory.FindNode("n4"), nullptr);
  ASSERT_NE(inventory.FindEk(EkOf('b')), nullptr);
  EXPECT_EQ(inventory.FindEk(EkOf('b'))->node, "n2");
  EXPECT_EQ(inventory.FindEk(EkOf('a')), nullptr);
  EXPECT_EQ(inventory.FindEk(""), nullptr) << "an entry without an EK is nobody's in particular";
}

TEST(Inventory, RefusesWhatIsThereTwice) {
  EXPECT_THAT(Inventory::Make({{"n1", "", ""}, {"n1", EkOf('a'), ""}}), Says("node n1 is there twice"));
  EXPECT_THAT(Inventory::Make({{"n1", EkOf('a'), ""}, {"n2", EkOf('a'), ""}}),
              Says("nodes n1 and n2 have the same EK"));
  EXPECT_THAT(Inventory::Make({{"n1", EkOf('A'), ""}}), HasReason("inventory")) << "in one spelling only";
  EXPECT_TRUE(Inventory::Make({{"n1", "", ""}, {"n2", "", ""}}).ok());
}

}  // namespace
}  // namespace rootkeep
