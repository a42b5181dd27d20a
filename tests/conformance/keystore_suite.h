// One suite for every KeyStore: a backend's test program includes this, says how a fresh device is made and what the
// backend lacks, and instantiates. See pkcs11_test.cc.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "keystore/key_store.h"
#include "tests/support/matchers.h"

namespace rootkeep::conformance {

// A device of its own for one test, gone with this object.
class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  // The store under test, empty at first; the same at every call.
  virtual KeyStore& store() = 0;

  // For RemovalSuite: unplugs the device and plugs it in again, keys and all.
  virtual void TakeAway() {}
  virtual void GiveBack() {}
  // For AmbiguitySuite: puts another key under the id and label of this one, by other means than the store's.
  virtual void MakeTwin(const KeyInfo& /*key*/) {}
};

// A backend and its gaps. What is a gap is tested too: it is refused with the right error.
struct Backend {
  std::string name;
  std::function<std::unique_ptr<Device>()> make;
  std::set<KeyType> types_not_offered = {};
  bool has_deleter = true;
  bool has_health = true;
};

inline Deadline Soon() { return After(std::chrono::seconds(60)); }

inline Bytes InputFor(SignatureScheme scheme) { return *Digest(SchemeHash(scheme), AsBytes("what is to be signed")); }

// A signature by `signer` that its public key accepts.
inline Status SignAndVerify(const Signer& signer, SignatureScheme scheme) {
  const Bytes input = InputFor(scheme);
  RK_TRY(const Bytes signature, signer.Sign(scheme, input, Soon()));
  return signer.public_key().Verify(scheme, input, signature);
}

inline Status SignAndVerify(const Signer& signer) {
  return SignAndVerify(signer, SchemesOf(signer.public_key().type()).front());
}

inline std::string BackendName(const ::testing::TestParamInfo<Backend>& backend) { return backend.param.name; }

// --- One case for each type of key ---

class TypeSuite : public ::testing::TestWithParam<std::tuple<Backend, KeyType>> {
 protected:
  TypeSuite() : device(backend().make()), store(device->store()) {}

  static const Backend& backend() { return std::get<Backend>(GetParam()); }
  static KeyType type() { return std::get<KeyType>(GetParam()); }
  static bool offered() { return !backend().types_not_offered.contains(type()); }

  // Every scheme of other types, and every wrong size of input.
  static void ExpectItRefusesWhatDoesNotFit(const Signer& signer) {
    for (int number = 0; number <= static_cast<int>(SignatureScheme::kEd25519); ++number) {
      const auto scheme = static_cast<SignatureScheme>(number);
      const std::size_t size = HashSize(SchemeHash(scheme));
      std::vector<std::size_t> refused = {0, size - 1, size + 1};
      if (size == 0) refused = {kMaxSignInput + 1};
      const auto& fitting = SchemesOf(type());
      if (std::ranges::find(fitting, scheme) == fitting.end()) refused.push_back(size);
      for (const std::size_t wrong : refused) {
        EXPECT_THAT(signer.Sign(scheme, Bytes(wrong, 1), Soon()), testing::HasCode(Code::kInvalidArgument))
            << SchemeName(scheme) << " with " << wrong << " octets";
      }
    }
  }

  std::unique_ptr<Device> device;
  KeyStore& store;
};

TEST_P(TypeSuite, IsMadeOpenedListedAndSignsWithEverySchemeOrRefused) {
  const auto made = store.Create({.type = type(), .use = KeyUse::kRootkeepCa, .name = "mesh"}, Soon());
  if (!offered()) {
    EXPECT_THAT(made, testing::HasCode(Code::kUnimplemented));
    ASSERT_OK_AND_ASSIGN(const auto nothing, store.List(Soon()));
    EXPECT_TRUE(nothing.empty());
    return;
  }
  ASSERT_THAT(made, testing::IsOk());
  EXPECT_EQ(made->public_key.type(), type());
  ASSERT_OK_AND_ASSIGN(const auto listed, store.List(Soon()));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed.front().public_key, made->public_key);
  EXPECT_EQ(listed.front().uri.Redacted(), made->uri.Redacted());
  EXPECT_EQ(listed.front().custody, made->custody);
  ASSERT_OK_AND_ASSIGN(const auto signer, store.Open(made->uri, Soon()));
  EXPECT_EQ(signer->public_key(), made->public_key);
  EXPECT_GE(signer->Concurrency(), 1U);
  for (const SignatureScheme scheme : SchemesOf(type())) {
    EXPECT_THAT(SignAndVerify(*signer, scheme), testing::IsOk()) << SchemeName(scheme);
  }
  ExpectItRefusesWhatDoesNotFit(*signer);
}

inline std::string TypeCaseName(const ::testing::TestParamInfo<std::tuple<Backend, KeyType>>& info) {
  std::string name = std::get<Backend>(info.param).name + "_" + std::string(KeyTypeName(std::get<KeyType>(info.param)));
  std::ranges::replace(name, '-', '_');
  return name;
}

inline auto AllTypes() {
  return ::testing::Values(KeyType::kEcP256, KeyType::kEcP384, KeyType::kRsa2048, KeyType::kRsa3072, KeyType::kRsa4096,
                           KeyType::kEd25519);
}

// --- One case for each backend ---

class Suite : public ::testing::TestWithParam<Backend> {
 protected:
  Suite() : device(GetParam().make()), store(device->store()) {}

  Result<KeyInfo> Make(const std::string& name, std::uint32_t generation = 1) {
    return store.Create({.use = KeyUse::kRootkeepCa, .name = name, .generation = generation}, Soon());
  }

  // A key and its signer, for tests that are not about making one.
  void MakeKey() {
    const auto made = Make("key");
    ASSERT_THAT(made, testing::IsOk());
    info = *made;
    const auto opened = store.Open(info->uri, Soon());
    ASSERT_THAT(opened, testing::IsOk());
    signer = *opened;
  }

  std::unique_ptr<Device> device;
  KeyStore& store;
  std::optional<KeyInfo> info;
  std::shared_ptr<const Signer> signer;
};

TEST_P(Suite, DescribesAKeyItMade) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, Make("mesh", 3));
  EXPECT_EQ(made.label, "rk/rootkeep-ca/mesh/3");
  ASSERT_TRUE(made.named.has_value());
  EXPECT_EQ(made.named->use, KeyUse::kRootkeepCa);
  EXPECT_EQ(made.named->name, "mesh");
  EXPECT_EQ(made.named->generation, 3U);
  EXPECT_EQ(made.id.size(), 16U);
  EXPECT_THAT(CheckCustody(made, KeyUse::kRootkeepCa, CustodyLevel::kLocalOnly, false), testing::IsOk());
  EXPECT_TRUE(made.custody.other_usages.empty()) << made.custody.other_usages;
  EXPECT_TRUE(made.uri.pin_source.empty());
}

TEST_P(Suite, CallsNoKeyProvedThatNobodyAttested) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, Make("mesh"));
  const bool attested = made.voucher == Voucher::kAttested;
  EXPECT_FALSE(attested && made.device.software);
}

TEST_P(Suite, NeverOverwritesAKey) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo first, Make("mesh"));
  EXPECT_THAT(Make("mesh"), testing::HasCode(Code::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const auto kept, store.Open(first.uri, Soon()));
  EXPECT_EQ(kept->public_key(), first.public_key);
  EXPECT_THAT(SignAndVerify(*kept), testing::IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyInfo second, Make("mesh", 2));
  EXPECT_FALSE(second.public_key == first.public_key);
  EXPECT_NE(second.id, first.id);
}

TEST_P(Suite, OnlyOneOfManyMakesTheKey) {
  std::atomic<int> made{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto key = Make("mesh");
      if (key.ok()) ++made;
      if (!key.ok() && key.error().code() == Code::kAlreadyExists) ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 3);
  ASSERT_OK_AND_ASSIGN(const auto keys, store.List(Soon()));
  EXPECT_EQ(keys.size(), 1U);
}

TEST_P(Suite, RefusesNamesThatAreNone) {
  for (const char* name : {"", "Mesh", "a/b", "-a", "a b"}) {
    EXPECT_THAT(Make(name), testing::HasCode(Code::kInvalidArgument)) << name;
  }
  EXPECT_THAT(Make("mesh", 0), testing::HasCode(Code::kInvalidArgument));
}

TEST_P(Suite, FindsAKeyByIdByLabelAndByBoth) {
  MakeKey();
  ASSERT_THAT(Make("other"), testing::IsOk());
  KeyUri by_id = info->uri;
  by_id.object_label.clear();
  KeyUri by_label = info->uri;
  by_label.object_id.clear();
  for (const KeyUri& uri : {info->uri, by_id, by_label}) {
    ASSERT_OK_AND_ASSIGN(const auto found, store.Open(uri, Soon()));
    EXPECT_EQ(found->public_key(), info->public_key) << uri.Redacted();
  }
}

TEST_P(Suite, FindsNothingElse) {
  MakeKey();
  KeyUri other_label = info->uri;
  other_label.object_label += "0";
  KeyUri other_id = info->uri;
  other_id.object_id.back() ^= 1;
  KeyUri other_token = info->uri;
  other_token.token_label += "x";
  for (const KeyUri& uri : {other_label, other_id, other_token}) {
    EXPECT_THAT(store.Open(uri, Soon()), testing::HasCode(Code::kNotFound)) << uri.Redacted();
  }
  KeyUri no_key = info->uri;
  no_key.object_id.clear();
  no_key.object_label.clear();
  EXPECT_THAT(store.Open(no_key, Soon()), testing::HasCode(Code::kInvalidArgument));
  KeyUri other_scheme = info->uri;
  other_scheme.scheme = info->uri.scheme == UriScheme::kPkcs11 ? UriScheme::kTpm2 : UriScheme::kPkcs11;
  EXPECT_THAT(store.Open(other_scheme, Soon()), testing::HasCode(Code::kInvalidArgument));
}

TEST_P(Suite, DoesNotSignAfterTheDeadline) {
  MakeKey();
  const auto scheme = SchemesOf(info->public_key.type()).front();
  const auto late = signer->Sign(scheme, InputFor(scheme), std::chrono::steady_clock::now());
  EXPECT_THAT(late, testing::HasCode(Code::kUnavailable));
  EXPECT_THAT(late, testing::HasReason("deadline"));
}

TEST_P(Suite, SignsForManyThreadsAtOnce) {
  MakeKey();
  ASSERT_OK_AND_ASSIGN(const KeyInfo other_info, Make("other"));
  ASSERT_OK_AND_ASSIGN(const auto other, store.Open(other_info.uri, Soon()));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  threads.reserve(6);
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, mine = i % 2 == 0 ? signer : other] {
      for (int j = 0; j < 25; ++j) good += SignAndVerify(*mine).ok() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 150);
}

TEST_P(Suite, ServesAllKindsOfCallsAtOnce) {
  MakeKey();
  const auto repeat = [](auto&& call) {
    return std::thread([call] {
      for (int i = 0; i < 10; ++i) EXPECT_THAT(call(i), testing::IsOk());
    });
  };
  std::vector<std::thread> threads;
  threads.push_back(repeat([this](int) { return SignAndVerify(*signer); }));
  threads.push_back(repeat([this](int) { return store.List(Soon()); }));
  threads.push_back(repeat([this](int) { return store.Open(info->uri, Soon()); }));
  threads.push_back(repeat([this](int i) { return Make("made-" + std::to_string(i)); }));
  for (auto& thread : threads) thread.join();
}

TEST_P(Suite, DestroysOneKeyAndNoOther) {
  MakeKey();
  ASSERT_OK_AND_ASSIGN(const KeyInfo other, Make("other"));
  ASSERT_EQ(store.deleter() != nullptr, GetParam().has_deleter);
  if (store.deleter() == nullptr) return;
  EXPECT_THAT(store.deleter()->Delete(other.uri, Soon()), testing::IsOk());
  EXPECT_THAT(store.deleter()->Delete(other.uri, Soon()), testing::HasCode(Code::kNotFound));
  EXPECT_THAT(store.Open(other.uri, Soon()), testing::HasCode(Code::kNotFound));
  EXPECT_THAT(SignAndVerify(*signer), testing::IsOk());
  // The name is free again: nothing of the key was left behind.
  EXPECT_THAT(Make("other"), testing::IsOk());
}

TEST_P(Suite, ReportsItsHealth) {
  ASSERT_EQ(store.health() != nullptr, GetParam().has_health);
  if (store.health() == nullptr) return;
  EXPECT_THAT(store.health()->Probe(Soon()), testing::IsOk());
}

// --- For backends whose devices can hold two keys of one name ---

class AmbiguitySuite : public Suite {};

TEST_P(AmbiguitySuite, RefusesANameThatSeveralKeysHave) {
  MakeKey();
  device->MakeTwin(*info);
  const auto opened = store.Open(info->uri, Soon());
  EXPECT_THAT(opened, testing::HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(opened, testing::HasReason("key_ambiguous"));
  if (store.deleter() != nullptr) {
    EXPECT_THAT(store.deleter()->Delete(info->uri, Soon()), testing::HasCode(Code::kFailedPrecondition));
  }
}

// --- For backends whose device can be removed ---

class RemovalSuite : public Suite {};

TEST_P(RemovalSuite, SurvivesLossAndReturn) {
  MakeKey();
  ASSERT_THAT(SignAndVerify(*signer), testing::IsOk());
  for (int round = 0; round < 3; ++round) {
    device->TakeAway();
    Status status = Ok();
    const Deadline notice = After(std::chrono::seconds(5));
    while (status.ok() && std::chrono::steady_clock::now() < notice) status = SignAndVerify(*signer);
    EXPECT_THAT(status, testing::HasCode(Code::kUnavailable));
    EXPECT_THAT(store.Open(info->uri, Soon()), testing::HasCode(Code::kUnavailable));
    device->GiveBack();
    const Deadline one_second = After(std::chrono::seconds(1));
    while (!status.ok() && std::chrono::steady_clock::now() < one_second) status = SignAndVerify(*signer);
    EXPECT_THAT(status, testing::IsOk()) << "round " << round;
  }
}

TEST_P(RemovalSuite, IsFoundAwayByTheHealthProbeBeforeAnythingIsSigned) {
  MakeKey();
  if (store.health() == nullptr) return;
  ASSERT_THAT(store.health()->Probe(Soon()), testing::IsOk());
  device->TakeAway();
  EXPECT_THAT(store.health()->Probe(Soon()), testing::HasCode(Code::kUnavailable));
  device->GiveBack();
  Status status = Ok();
  const Deadline one_second = After(std::chrono::seconds(1));
  do {
    status = store.health()->Probe(Soon());
  } while (!status.ok() && std::chrono::steady_clock::now() < one_second);
  EXPECT_THAT(status, testing::IsOk());
  EXPECT_THAT(SignAndVerify(*signer), testing::IsOk());
}

}  // namespace rootkeep::conformance
