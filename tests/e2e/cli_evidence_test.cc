// Evidence as an operator makes it and as somebody without the token checks it, with our program and with OpenSSL's.
#include "tests/e2e/cli_fixture.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CliEvidenceTest : public CliTest {
 protected:
  // Evidence for a fresh key, in a file.
  std::string Make(const std::string& name, const std::string& type = "ec-p256") const {
    EXPECT_EQ(OnToken({"key", "create", "--use", "rootkeep-ca", "--name", name, "--type", type}).exit_code, 0);
    const ProgramResult result = OnToken({"key", "evidence", "rk/rootkeep-ca/" + name + "/1"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return File(name + ".json", result.out);
  }

  // The key in a document as a PEM file.
  std::string PublicKeyOf(const std::string& file) const {
    const std::string name = file + ".pem";
    const std::string base64 = json::parse(Read(file))["statement"]["key"]["public_key"];
    EXPECT_THAT(
        WriteFileAtomically(name, "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n", 0600),
        IsOk());
    return name;
  }

  static ProgramResult Verify(Words words) {
    words.insert(words.begin(), {"key", "verify-evidence"});
    return Rootkeep(words);
  }
};

TEST_F(CliEvidenceTest, IsCheckedWithoutTheTokenAndSaysWhatItDoesNotShow) {
  const std::string file = Make("mesh");
  hsm_.TakeAway();
  const ProgramResult result = Verify({file, "--public-key", PublicKeyOf(file)});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("claimed by token (software, for tests)"));
  EXPECT_THAT(result.out, HasSubstr("only a vendor's or a TPM's attestation could prove"));
  EXPECT_THAT(result.out, Not(HasSubstr("proved")));
  const json read = Json(Verify({file, "--json"}));
  EXPECT_EQ(read["key"]["label"], "rk/rootkeep-ca/mesh/1");
  EXPECT_EQ(read["key"]["custody"]["extractable"], false);
  EXPECT_EQ(read["custody_level"], "local-only");
  EXPECT_EQ(read["held_against"], nullptr);
  hsm_.GiveBack();
}

// The recipe of keystore/evidence/README.md: nobody has to trust our own reader.
TEST_F(CliEvidenceTest, OpenSslVerifiesItByTheWrittenRecipe) {
  const std::string file = Make("mesh");
  const std::string key = PublicKeyOf(file);
  constexpr char kTakeApart[] =
      "import base64, json, sys\n"
      "doc = json.load(open(sys.argv[1]))\n"
      "text = json.dumps(doc['statement'], separators=(',', ':'), ensure_ascii=False)\n"
      "prefix = 'rootkeep key evidence, version 1: what a token says about the key that signs this\\n'\n"
      "open(sys.argv[2], 'wb').write((prefix + text).encode())\n"
      "open(sys.argv[3], 'wb').write(base64.b64decode(doc['signature']['value']))\n";
  const std::string input = dir_ / "input";
  const std::string signature = dir_ / "signature";
  ASSERT_EQ(RunProgram({"python3", "-c", kTakeApart, file, input, signature}).exit_code, 0);
  const Words verify{"openssl", "dgst", "-sha256", "-verify", key, "-signature", signature, input};
  EXPECT_EQ(RunProgram(verify).exit_code, 0);
  File("input", Read(input) + " ");
  EXPECT_NE(RunProgram(verify).exit_code, 0);
}

TEST_F(CliEvidenceTest, AnotherKeyIsRefused) {
  const std::string mine = Make("mine");
  const std::string other = Make("other");
  EXPECT_THAT(Verify({mine, "--public-key", PublicKeyOf(other)}), Refused("signed by another key"));
  std::string text = Read(mine);
  const std::string was = json::parse(Read(mine))["signature"]["value"];
  text.replace(text.find(was), was.size(), json::parse(Read(other))["signature"]["value"].get<std::string>());
  EXPECT_THAT(Verify({File("forged.json", text)}), Refused("signature"));
}

TEST_F(CliEvidenceTest, IsHeldAgainstACertificate) {
  ASSERT_EQ(
      OnToken({"ca", "init", "--name", "mesh", "--trust-domain", "cluster.local", "--state", dir_ / "state"}).exit_code,
      0);
  const std::string chain = dir_ / "state/authorities/mesh/1/chain.pem";
  const std::string file = File("mesh.json", OnToken({"key", "evidence", "rk/rootkeep-ca/mesh/1"}).out);
  const std::string root = File("root.json", OnToken({"key", "evidence", "mesh-root"}).out);
  EXPECT_EQ(Verify({file, "--certificate", chain}).exit_code, 0);
  EXPECT_THAT(Verify({root, "--certificate", chain}), Refused("signed by another key"));
  EXPECT_EQ(Verify({file, "--certificate", chain, "--public-key", chain}).exit_code, 2);
}

TEST_F(CliEvidenceTest, WeakFactsAreRefusedHoweverWellSigned) {
  Import("rk/app/foreign/1", "03");
  const std::string file = File("foreign.json", OnToken({"key", "evidence", "foreign"}).out);
  EXPECT_THAT(Verify({file}), Refused("not local-only"));
  const ProgramResult any = Verify({file, "--custody", "any"});
  EXPECT_EQ(any.exit_code, 0) << any.err;
  EXPECT_THAT(any.out, HasSubstr("NOT generated in the token"));
  std::string better = Read(file);
  better.replace(better.find("\"local\": false"), 14, "\"local\": true");
  EXPECT_THAT(Verify({File("better.json", better), "--custody", "any"}), Refused("signature"));
}

TEST_F(CliEvidenceTest, BrokenDocumentsAreRefused) {
  const std::string text = Read(Make("mesh", "ed25519"));
  EXPECT_THAT(Verify({File("short.json", text.substr(0, text.size() / 2))}), Refused("cut off"));
  std::string twice = text;
  twice.insert(twice.find("\"local\""), "\"local\": true, ");
  EXPECT_THAT(Verify({File("twice.json", twice)}), Refused("a member twice"));
  std::string version = text;
  version.replace(version.find("\"version\": 1"), 12, "\"version\": 2");
  EXPECT_THAT(Verify({File("version.json", version)}), Refused("version"));
  EXPECT_THAT(Verify({dir_ / "absent.json"}), Refused("absent.json"));
}

TEST_F(CliEvidenceTest, ANameThatTwoKeysHaveIsAmbiguous) {
  ASSERT_EQ(OnToken({"key", "create", "--name", "web"}).exit_code, 0);
  EXPECT_EQ(OnToken({"key", "evidence", "web"}).exit_code, 0);
  ASSERT_EQ(OnToken({"key", "create", "--name", "web", "--generation", "2"}).exit_code, 0);
  const ProgramResult result = OnToken({"key", "evidence", "web"});
  EXPECT_THAT(result, Refused("2 keys have the name \"web\""));
  EXPECT_THAT(result.err, HasSubstr("rk/app/web/2"));
}

}  // namespace
}  // namespace rootkeep::testing
