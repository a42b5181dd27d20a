// rootkeep.so in the openssl program, unmodified: each command ends with status 0 and without a crash at its exit.
#include <openssl/pem.h>

#include <cstdio>
#include <fstream>

#include "tests/e2e/provider_cli.h"

namespace rootkeep {
namespace {

using testing::Listed;
using testing::ProgramResult;

TEST_F(ProviderCli, RequestsCertificatesSignaturesAndMessages) {
  const std::string message = host_->WriteFile("message", "to be signed");
  for (const Listed listed : {Listed::kLast, Listed::kFirstPreferred}) {
    for (const KeyCase& key : kKeys) {
      const std::string reference = host_->Reference(key.name);
      const std::string out = host_->Path("out");
      const std::string pub = host_->Path("pub.pem");
      Expect({"pkey", "-in", reference, "-pubout", "-out", pub}, listed);
      Expect({"pkey", "-in", reference, "-noout", "-text"}, listed);
      Expect({"req", "-new", "-key", reference, HashOption(key.name), "-subj", "/CN=x", "-out", out}, listed);
      Expect({"req", "-in", out, "-verify", "-noout"});
      const std::string cert = Certified(key.name);
      Expect({"verify", "-CAfile", cert, cert});
      if (key.digest == nullptr) {
        Expect({"pkeyutl", "-sign", "-rawin", "-in", message, "-inkey", reference, "-out", out}, listed);
        Expect({"pkeyutl", "-verify", "-rawin", "-in", message, "-pubin", "-inkey", pub, "-sigfile", out});
        continue;
      }
      Expect({"dgst", HashOption(key.name), "-sign", reference, "-out", out, message}, listed);
      Expect({"dgst", HashOption(key.name), "-verify", pub, "-signature", out, message});
      const std::string digest = host_->Path("digest");
      Expect({"dgst", HashOption(key.name), "-binary", "-out", digest, message});
      const std::string option = "digest:" + HashName(key.name);
      Expect({"pkeyutl", "-sign", "-in", digest, "-inkey", reference, "-pkeyopt", option, "-out", out}, listed);
      Expect({"pkeyutl", "-verify", "-in", digest, "-pubin", "-inkey", pub, "-pkeyopt", option, "-sigfile", out});
      Expect({"cms", "-sign", "-in", message, "-signer", cert, "-inkey", reference, "-md", HashName(key.name), "-out",
              out},
             listed);
      Expect({"cms", "-verify", "-in", out, "-CAfile", cert, "-out", "/dev/null"});
    }
  }
}

TEST_F(ProviderCli, ShowsWhereAKeyIsAndOnWhoseWord) {
  for (const Listed listed : {Listed::kLast, Listed::kFirst}) {
    for (const KeyCase& key : kKeys) {
      const std::string reference = host_->Reference(key.name);
      const ProgramResult pkey = OpenSsl({"pkey", "-text", "-noout", "-in", reference}, listed);
      const ProgramResult store = OpenSsl({"storeutl", "-text", "-noout", host_->Uri(key.name)}, listed);
      const ProgramResult file = OpenSsl({"storeutl", "-text", "-noout", reference}, listed);
      const KeyInfo& info = host_->Info(key.name);
      for (const ProgramResult& shown : {pkey, store, file}) {
        EXPECT_EQ(shown.exit_code, 0) << shown.err;
        EXPECT_THAT(shown.out,
                    ::testing::HasSubstr("Token: \"" + info.device.label + "\" (serial " + info.device.serial + ")\n"));
        EXPECT_THAT(shown.out, ::testing::HasSubstr("Custody: sensitive, not extractable, always sensitive, never "
                                                    "extractable, generated in the token\n"));
        EXPECT_THAT(shown.out, ::testing::HasSubstr("Vouched for: claimed by token (software, for tests)\n"));
        EXPECT_THAT(shown.out, ::testing::Not(::testing::HasSubstr("more than signing")));
      }
    }
  }
}

TEST_F(ProviderCli, IssuesWithAnAgentsKey) {
  const std::string ca = Certified("p256");
  const std::string key = host_->Path("leaf.key");
  const std::string request = host_->Path("leaf.csr");
  const std::string leaf = host_->Path("leaf.crt");
  Expect({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj",
          "/CN=leaf", "-out", request});
  Expect({"x509", "-req", "-in", request, "-CA", ca, "-CAkey", host_->Reference("p256"), "-days", "1", "-out", leaf});
  Expect({"verify", "-CAfile", ca, leaf});
}

TEST_F(ProviderCli, StoreHasTheKeys) {
  for (const Listed listed : kListed) {
    const ProgramResult all = OpenSsl({"storeutl", "-noout", "-keys", "keysocket:"}, listed);
    EXPECT_EQ(all.exit_code, 0) << all.err;
    EXPECT_THAT(all.out, ::testing::HasSubstr("Pkey"));
    const ProgramResult one = OpenSsl({"storeutl", "-noout", host_->Uri("ed")}, listed);
    EXPECT_THAT(one.out, ::testing::HasSubstr("Total found: 1")) << one.err;
  }
  for (const KeyCase& key : kKeys) {
    const ProgramResult pub = OpenSsl({"pkey", "-pubin", "-in", host_->Uri(key.name), "-pubout"});
    EXPECT_EQ(pub.exit_code, 0) << key.name << pub.err;
    EXPECT_EQ(pub.out, OpenSsl({"pkey", "-in", host_->Reference(key.name), "-pubout"}).out) << key.name;
  }
  for (const std::string& uri : {host_->Uri("none"), std::string("keysocket:nonsense")}) {
    const ProgramResult none = OpenSsl({"storeutl", "-noout", uri});
    EXPECT_NE(none.exit_code, 0) << none.out << none.err;
    EXPECT_THAT(none.err, ::testing::HasSubstr(uri));
  }
}

TEST_F(ProviderCli, GeneratesIntoTheAgent) {
  const struct {
    const char* name;
    std::vector<std::string> words;
  } wanted[] = {{"a", {"-algorithm", "EC", "-pkeyopt", "group:P-256"}},
                {"b", {"-algorithm", "EC", "-pkeyopt", "group:secp384r1"}},
                {"c", {"-algorithm", "RSA", "-pkeyopt", "bits:2048"}},
                {"d", {"-algorithm", "ED25519"}}};
  for (const Listed listed : {Listed::kLast, Listed::kFirst}) {
    const std::string generation = listed == Listed::kLast ? "1" : "2";
    for (const auto& key : wanted) {
      const std::string out = host_->Path(std::string("new-") + key.name + ".pem");
      std::vector<std::string> words{"genpkey",
                                     "-propquery",
                                     "rootkeep.create=yes",
                                     "-pkeyopt",
                                     std::string("rootkeep-name:") + key.name,
                                     "-pkeyopt",
                                     "rootkeep-generation:" + generation,
                                     "-out",
                                     out};
      words.insert(words.end(), key.words.begin(), key.words.end());
      Expect(words, listed);
      const auto text = ReadFile(out, 1 << 16);
      ASSERT_THAT(text, testing::IsOk());
      EXPECT_THAT(*text, ::testing::StartsWith("-----BEGIN ROOTKEEP KEY REFERENCE-----\n"));
      Expect({"pkey", "-in", out, "-noout", "-check"}, listed);
      EXPECT_NE(OpenSsl(words, listed).exit_code, 0) << "nothing is overwritten";
    }
  }
  EXPECT_NE(OpenSsl({"genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-propquery", "rootkeep.create=yes"})
                .exit_code,
            0);
  EXPECT_NE(
      OpenSsl({"genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-propquery", "provider=rootkeep"}).exit_code,
      0);
  // A name says where the key is to be made, and by itself it is not enough to make it there.
  const ProgramResult named = OpenSsl(
      {"genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-pkeyopt", "rootkeep-name:unasked"}, Listed::kFirst);
  EXPECT_NE(named.exit_code, 0) << named.out;
  EXPECT_THAT(named.err, ::testing::HasSubstr("rootkeep.create=yes"));
}

// Where the provider is listed first it makes ordinary keys too, and writes them.
TEST_F(ProviderCli, OrdinaryKeysAreEncryptedWhenAPassphraseIsGiven) {
  const std::vector<std::string> ways[] = {
      {"genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-aes256", "-pass", "pass:secret"},
      {"genpkey", "-algorithm", "RSA", "-pkeyopt", "bits:2048", "-aes256", "-pass", "pass:secret"},
      {"genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:secret"},
      {"genrsa", "-aes256", "-passout", "pass:secret"},
      {"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-passout", "pass:secret", "-subj",
       "/CN=x", "-batch"}};
  for (const Listed listed : {Listed::kFirst, Listed::kFirstPreferred}) {
    for (std::vector<std::string> words : ways) {
      const std::string out = host_->Path("encrypted.pem");
      std::remove(out.c_str());
      words.insert(words.begin() + 1, {words[0] == "req" ? "-keyout" : "-out", out});
      if (words[0] == "genrsa") words.emplace_back("2048");
      Expect(words, listed);
      EXPECT_THAT(ReadFile(out, 1 << 16).value_or(""), ::testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
          << ::testing::PrintToString(words);
      for (const Listed reader : {listed, Listed::kLast}) {
        Expect({"pkey", "-in", out, "-passin", "pass:secret", "-noout"}, reader);
        EXPECT_NE(OpenSsl({"pkey", "-in", out, "-passin", "pass:other", "-noout"}, reader).exit_code, 0);
        EXPECT_NE(OpenSsl({"pkey", "-in", out, "-passin", "pass:", "-noout"}, reader).exit_code, 0);
      }
    }
    const std::string reference = host_->Path("still-a-reference.pem");
    Expect({"pkey", "-in", host_->Reference("p256"), "-aes256", "-passout", "pass:secret", "-out", reference}, listed);
    EXPECT_THAT(ReadFile(reference, 1 << 16).value_or(""), ::testing::HasSubstr("BEGIN ROOTKEEP KEY REFERENCE"));
  }
}

TEST_F(ProviderCli, ServerAndClientOverTheNetwork) {
  for (const char* name : {"p256", "p384", "rsa", "ed"}) {
    const std::string cert = Certified(name);
    const std::string key = host_->Path(std::string(name) + ".pem");
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
      const std::string log = host_->Path(std::string("server-") + name + version);
      std::string port;
      auto server = StartServer({"-cert", cert, "-key", key, "-CAfile", cert, "-naccept", "2", version}, log, port);
      ASSERT_NE(server, nullptr);
      for (int turn = 0; turn < 2; ++turn) {
        const ProgramResult client = Connect(port, {"-cert", cert, "-key", key, "-CAfile", cert, version});
        EXPECT_EQ(client.exit_code, 0) << client.err;
        EXPECT_THAT(client.out, ::testing::HasSubstr("Verify return code: 0 (ok)"));
        if (turn == 0) {  // and the server goes on without being restarted
          host_->KillAgent();
          host_->StartAgent();
        }
      }
      EXPECT_TRUE(server->WaitEnded(std::chrono::seconds(20)));
      EXPECT_EQ(server->Stop(std::chrono::seconds(1)), 0) << ReadFile(log, 1 << 16).value_or("");
    }
  }
}

TEST_F(ProviderCli, SaysWhyWithoutAsking) {
  const std::string reference = host_->Reference("absent");
  const ProgramResult result = OpenSsl({"pkey", "-in", reference, "-noout"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, ::testing::HasSubstr(host_->socket()));
  EXPECT_THAT(result.err, ::testing::HasSubstr("absent"));
  EXPECT_THAT(result.err, ::testing::Not(::testing::HasSubstr("Enter")));
}

}  // namespace
}  // namespace rootkeep
