// The power goes while keys are made and destroyed, again and again. The token is a device of its own: what it did
// stays.
#include <random>
#include <set>

#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/destruction.h"
#include "keystore/catalog/sweep.h"
#include "tests/support/matchers.h"
#include "tests/support/power_cut_vfs.h"
#include "tests/support/softhsm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

Deadline Soon() { return After(std::chrono::seconds(60)); }

// One disk with a catalogue, one token, and what their operator was told.
class Machine {
 public:
  explicit Machine(std::uint64_t seed) : vfs_(seed), random_(seed) { vfs_.MakeDefault(); }

  PowerCutVfs& vfs() { return vfs_; }

  // Makes keys, retires and destroys some, until the power goes, and turns it on again. An interrupted command is given
  // once more first.
  void RunUntilCut() {
    vfs_.CutAfter(1 + random_() % 90);
    {
      auto opened = Catalog::Open(path_);
      if (opened.ok()) Work(std::move(*opened));
    }
    ASSERT_TRUE(vfs_.is_cut());
    vfs_.Restore();
  }

  // What is wrong after the cut; empty when nothing is.
  std::vector<std::string> Wrongs() {
    std::vector<std::string> wrongs;
    const auto catalog = Catalog::Open(path_);
    if (!catalog.ok()) return {catalog.error().ToString()};
    const auto rows = (*catalog)->List();
    if (!rows.ok()) return {rows.error().ToString()};
    std::map<std::string, KeyState> states;
    for (const CatalogEntry& row : *rows) states[row.label] = row.state;
    for (const Compared& row : Compare(*rows, store_->List(Soon()).value(), token_)) {
      if (!IsExpected(row.finding)) {
        wrongs.push_back((row.entry ? row.entry->label : row.key->label) + ": " +
                         std::string(FindingText(row.finding)));
      }
    }
    for (const std::string& label : made_) {
      if (!states.contains(label) || states[label] == KeyState::kPending) wrongs.push_back(label + " was made");
    }
    for (const std::string& label : destroyed_) {
      if (states[label] != KeyState::kDestroyed) wrongs.push_back(label + " was destroyed");
    }
    return wrongs;
  }

  [[nodiscard]] std::size_t made() const { return made_.size(); }
  [[nodiscard]] std::size_t destroyed() const { return destroyed_.size(); }

 private:
  // Every key has a row, and every row that says ACTIVE or RETIRED its key.
  static bool IsExpected(Finding finding) {
    return finding == Finding::kAsCatalogued || finding == Finding::kPendingNoKey || finding == Finding::kPendingKey ||
           finding == Finding::kDestroyBegun || finding == Finding::kDestroyDone;
  }

  void Work(const std::shared_ptr<Catalog>& catalog) {
    CataloguedStore store(store_, catalog, token_, clock_);
    while (!vfs_.is_cut()) {
      const std::string label = "rk/app/k" + std::to_string(number_) + "/1";
      if (!made_.contains(label) && !Make(store, label)) return;
      if (number_ % 3 == 0 && !End(*catalog, label)) return;
      ++number_;
    }
  }

  bool Make(CataloguedStore& store, const std::string& label) {
    const auto created = store.Create({.name = "k" + std::to_string(number_)}, Soon());
    // The row may have become ACTIVE without anybody being told.
    if (!created.ok() && created.error().code() != Code::kAlreadyExists) return false;
    made_.insert(label);
    return true;
  }

  bool End(Catalog& catalog, const std::string& label) {
    const Status retired = catalog.Retire(label, clock_.Now());
    if (!retired.ok() && retired.error().reason() != "key_state") return false;
    const Status destroyed = DestroyKey(catalog, *store_, token_, label, clock_, Soon());
    if (!destroyed.ok() && destroyed.error().reason() != "key_state") return false;
    destroyed_.insert(label);
    return true;
  }

  TempDir dir_{"/dev/shm"};  // what is durable is the VFS's to say, so no disk has to work for it
  const std::string path_ = dir_ / "keys.db";
  SoftHsm hsm_;
  const std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
  const TokenName token_{.label = SoftHsm::kLabel, .serial = ""};
  const SystemClock clock_;
  PowerCutVfs vfs_;
  std::mt19937_64 random_;
  int number_ = 0;
  std::set<std::string> made_;
  std::set<std::string> destroyed_;
};

TEST(CatalogPowerCut, NoKeyWithoutARowAndNoActiveRowWithoutItsKeyInAHundredCuts) {
  std::size_t made = 0;
  std::size_t destroyed = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Machine machine(seed);
    for (int cut = 0; cut < 25; ++cut) {
      ASSERT_NO_FATAL_FAILURE(machine.RunUntilCut());
      ASSERT_THAT(machine.Wrongs(), ::testing::IsEmpty()) << "seed " << seed << ", cut " << cut;
    }
    made += machine.made();
    destroyed += machine.destroyed();
  }
  EXPECT_GT(made, 50U);
  EXPECT_GT(destroyed, 10U);
}

// The same work on a disk that says it has written what it has not: so the test above can see what is wrong.
TEST(CatalogPowerCut, ADiskThatLiesIsSeen) {
  std::size_t wrongs = 0;
  Machine machine(1);
  machine.vfs().LieAboutSyncs();
  for (int cut = 0; cut < 50 && wrongs == 0; ++cut) {
    ASSERT_NO_FATAL_FAILURE(machine.RunUntilCut());
    wrongs += machine.Wrongs().size();
  }
  EXPECT_GT(wrongs, 0U);
}

}  // namespace
}  // namespace rootkeep::testing
