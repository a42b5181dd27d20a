// Key files between this codec and tpm2-openssl, with keys of a TPM.
#include <array>
#include <cstdlib>

#include "keystore/base/file.h"
#include "keystore/tpm2/key_file.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/swtpm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

class KeyFileInteropTest : public ::testing::Test {
 protected:
  KeyFileInteropTest() {
    // For the programs that this one starts. Without it they would take any TPM of this machine.
    setenv("TPM2OPENSSL_TCTI", tpm_.tcti().c_str(), 1);
    setenv("TPM2TOOLS_TCTI", tpm_.tcti().c_str(), 1);
  }

  static std::string Run(const std::vector<std::string>& argv) {
    const ProgramResult result = RunProgram(argv);
    EXPECT_EQ(result.exit_code, 0) << argv[0] << ' ' << argv[1] << ": " << result.err;
    return result.out;
  }

  // The public key that tpm2-openssl finds in `file`, after it has signed with the private one.
  std::string PublicKeyAfterSigning(const std::string& file) {
    const std::string message = directory_ / "message";
    EXPECT_THAT(WriteFileAtomically(message, "hello", 0600), IsOk());
    const std::string spki =
        Run({"openssl", "pkey", "-provider", "tpm2", "-provider", "default", "-in", file, "-pubout"});
    EXPECT_THAT(WriteFileAtomically(directory_ / "public", spki, 0600), IsOk());
    Run({"openssl", "pkeyutl", "-provider", "tpm2", "-provider", "base", "-sign", "-inkey", file, "-rawin", "-digest",
         "sha256", "-in", message, "-out", directory_ / "signature"});
    EXPECT_EQ(Run({"openssl", "dgst", "-sha256", "-verify", directory_ / "public", "-signature",
                   directory_ / "signature", message}),
              "Verified OK\n");
    return spki;
  }

  SwTpm tpm_;
  TempDir directory_;
};

TEST_F(KeyFileInteropTest, WhatTpm2OpensslMakesIsReadAndWrittenBack) {
  const std::vector<std::vector<std::string>> algorithms{
      {"EC", "group:P-256"}, {"EC", "group:P-384"}, {"RSA", "bits:2048"}};
  for (const auto& algorithm : algorithms) {
    const std::string theirs = directory_ / "theirs";
    Run({"openssl", "genpkey", "-provider", "tpm2", "-algorithm", algorithm[0], "-pkeyopt", algorithm[1], "-out",
         theirs});
    ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(theirs, tpm2::kMaxKeyFile));
    ASSERT_OK_AND_ASSIGN(const tpm2::KeyFile key, tpm2::ParseKeyFile(text));
    EXPECT_TRUE(key.empty_auth);
    EXPECT_EQ(key.parent, 0x40000001u);

    ASSERT_OK_AND_ASSIGN(const std::string again, tpm2::KeyFilePem(key));
    const std::string ours = directory_ / "ours";
    ASSERT_THAT(WriteFileAtomically(ours, again, 0600), IsOk());
    EXPECT_EQ(PublicKeyAfterSigning(ours), PublicKeyAfterSigning(theirs));
  }
}

TEST_F(KeyFileInteropTest, AKeyWithAnAuthValueSaysSo) {
  const std::string file = directory_ / "key";
  Run({"openssl", "genpkey", "-provider", "tpm2", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-pkeyopt",
       "user-auth:abc", "-out", file});
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(file, tpm2::kMaxKeyFile));
  ASSERT_OK_AND_ASSIGN(const tpm2::KeyFile key, tpm2::ParseKeyFile(text));
  EXPECT_FALSE(key.empty_auth);
}

TEST_F(KeyFileInteropTest, Tpm2OpensslSignsWithAFileThatIsOurs) {
  // The primary that tpm2-openssl takes for the parent TPM_RH_OWNER: its template leaves `unique` empty.
  const std::string parent = directory_ / "parent";
  Run({"tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256:aes128cfb", "-g", "sha256", "-a",
       "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt", "-c", parent});
  Run({"tpm2_flushcontext", "-t"});
  Run({"tpm2_create", "-Q", "-C", parent, "-G", "ecc256", "-a",
       "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign", "-u", directory_ / "pub", "-r",
       directory_ / "priv", "-f", "pem", "-o", directory_ / "expected"});
  Run({"tpm2_flushcontext", "-t"});
  ASSERT_OK_AND_ASSIGN(const std::string public_area, ReadFile(directory_ / "pub", tpm2::kMaxPublicArea));
  ASSERT_OK_AND_ASSIGN(const std::string private_area, ReadFile(directory_ / "priv", tpm2::kMaxPrivateArea));

  ASSERT_OK_AND_ASSIGN(const std::string pem, tpm2::KeyFilePem({.empty_auth = true,
                                                                .parent = 0x40000001,
                                                                .public_area = ToBytes(AsBytes(public_area)),
                                                                .private_area = ToBytes(AsBytes(private_area))}));
  const std::string file = directory_ / "key";
  ASSERT_THAT(WriteFileAtomically(file, pem, 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string expected, ReadFile(directory_ / "expected", 1024));
  EXPECT_EQ(PublicKeyAfterSigning(file), expected);
}

}  // namespace
}  // namespace rootkeep::testing
