// Keys of this store in tpm2-openssl, and its keys here.
#include <cstdlib>

#include "keystore/base/file.h"
#include "tests/support/program.h"
#include "tests/unit/keystore/tpm2/store_fixture.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::IsOk;
using rootkeep::testing::RunProgram;

class TpmStoreInteropTest : public StoreFixture {
 protected:
  TpmStoreInteropTest() {
    // For the programs that this one starts. Without it they would take any TPM of this machine.
    setenv("TPM2OPENSSL_TCTI", swtpm_.tcti().c_str(), 1);
  }

  // Without a resource manager, and without manners between them, one of two programs at a time has keys in the TPM.
  std::string Run(const std::vector<std::string>& argv) {
    store_.reset();
    tpm_.reset();
    const auto result = RunProgram(argv);
    EXPECT_EQ(result.exit_code, 0) << argv[0] << ' ' << argv[1] << ": " << result.err;
    tpm_ = OpenTpm(swtpm_);
    store_ = OpenStore(tpm_);
    return result.out;
  }

  // tpm2-openssl signs with the key in `file`, and `public_key` accepts that.
  void ExpectItSigns(const std::string& file, const PublicKey& public_key) {
    const std::string message = "what is to be signed";
    ASSERT_THAT(WriteFileAtomically(directory_ / "message", message, 0600), IsOk());
    Run({"openssl", "pkeyutl", "-provider", "tpm2", "-provider", "base", "-sign", "-inkey", file, "-rawin", "-digest",
         "sha256", "-in", directory_ / "message", "-out", directory_ / "signature"});
    ASSERT_OK_AND_ASSIGN(const std::string signature, ReadFile(directory_ / "signature", 1024));
    const SignatureScheme scheme = SchemesOf(public_key.type()).front();
    ASSERT_EQ(SchemeHash(scheme), Hash::kSha256);
    EXPECT_THAT(public_key.Verify(scheme, *Digest(Hash::kSha256, AsBytes(message)), AsBytes(signature)), IsOk());
  }
};

TEST_F(TpmStoreInteropTest, ItsKeysSignHere) {
  const std::vector<std::vector<std::string>> algorithms{
      {"EC", "group:P-256"}, {"EC", "group:P-384"}, {"RSA", "bits:2048"}};
  ASSERT_THAT(MakeDirectory(directory_ / "keys", 0700), IsOk());
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    const std::string label = "theirs-" + std::to_string(i);
    const std::string directory = directory_ / ("keys/" + label);
    ASSERT_THAT(MakeDirectory(directory, 0700), IsOk());
    Run({"openssl", "genpkey", "-provider", "tpm2", "-algorithm", algorithms[i][0], "-pkeyopt", algorithms[i][1],
         "-out", directory + "/key.pem"});
    ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(Uri(label), Soon()));
    EXPECT_THAT(SignAndVerify(*signer), IsOk()) << label;
  }
}

TEST_F(TpmStoreInteropTest, ItsKeysWithAnAuthValueSignHere) {
  const std::string directory = directory_ / "keys/theirs";
  ASSERT_THAT(MakeDirectory(directory_ / "keys", 0700), IsOk());
  ASSERT_THAT(MakeDirectory(directory, 0700), IsOk());
  Run({"openssl", "genpkey", "-provider", "tpm2", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-pkeyopt",
       "user-auth:abc", "-out", directory + "/key.pem"});
  EXPECT_THAT(store_->Open(Uri("theirs"), Soon()), rootkeep::testing::HasReason(kReasonAuthFile));
  ASSERT_THAT(WriteFileAtomically(directory + "/auth", "str:abc\n", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(Uri("theirs"), Soon()));
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
}

TEST_F(TpmStoreInteropTest, ItSignsWithKeysThatHaveNoAuthValue) {
  for (const KeyType type : {KeyType::kEcP256, KeyType::kRsa2048}) {
    const std::string name(KeyTypeName(type));
    auto store = OpenStore(tpm_, {.name = {}, .directory = {}, .empty_auth = true});
    ASSERT_OK_AND_ASSIGN(const KeyInfo key, store->Create({.type = type, .name = name}, Soon()));
    store.reset();
    ExpectItSigns(KeyPath(name) + "/key.pem", key.public_key);
  }
}

}  // namespace
}  // namespace rootkeep::tpm2
