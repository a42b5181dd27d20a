// Evidence that must not be believed. Documents are signed here by other means than WriteEvidence, so that what the
// reader refuses is refused although its signature would do.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "keystore/evidence/key_evidence.h"
#include "tests/support/matchers.h"
#include "tests/support/software_signer.h"

namespace rootkeep::testing {
namespace {

using nlohmann::ordered_json;

Deadline Soon() { return After(std::chrono::seconds(60)); }

class EvidenceTest : public ::testing::Test {
 protected:
  // The document over `statement`, well signed by `signer`, over another prefix where one is given.
  static std::string Sign(const ordered_json& statement, const SoftwareSigner& signer,
                          std::string_view prefix = kEvidencePrefix) {
    const std::string input = std::string(prefix) + statement.dump();
    const ordered_json document{{"statement", statement},
                                {"signature",
                                 {{"scheme", SchemeName(SignatureScheme::kEcdsaSha256)},
                                  {"value", ToBase64(SignWith(signer.pkey(), "SHA256", AsBytes(input)))}}}};
    return document.dump(2) + "\n";
  }

  std::string Resigned(const ordered_json& statement) { return Sign(statement, signer_); }

  SoftwareSigner signer_{"P-256"};
  std::string good_ = WriteEvidence(signer_, FromUnixSeconds(1'800'000'000), Soon()).value();
  ordered_json statement_ = ordered_json::parse(good_)["statement"];
};

TEST_F(EvidenceTest, ADocumentSignedByOtherMeansIsRead) {
  EXPECT_THAT(ReadEvidence(good_), IsOk());
  EXPECT_THAT(ReadEvidence(Resigned(statement_)), IsOk());
}

TEST_F(EvidenceTest, EveryChangedOctetIsRefused) {
  for (std::size_t i = 0; i < good_.size(); ++i) {
    for (const int bit : {0x01, 0x20, 0x80}) {
      std::string changed = good_;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      ASSERT_FALSE(ReadEvidence(changed).ok()) << "octet " << i << " of\n" << changed;
    }
  }
}

TEST_F(EvidenceTest, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < good_.size(); ++size) {
    ASSERT_THAT(ReadEvidence(good_.substr(0, size)), HasReason("evidence_form")) << size;
  }
  EXPECT_THAT(ReadEvidence(good_ + "\n"), HasReason("evidence_form"));
  EXPECT_THAT(ReadEvidence(good_ + good_), HasReason("evidence_form"));
}

TEST_F(EvidenceTest, FactsMadeToLookBetterAreRefused) {
  ordered_json statement = statement_;
  statement["custody"]["extractable"] = true;
  const std::string text = Resigned(statement);
  ASSERT_THAT(ReadEvidence(text), IsOk());
  EXPECT_EQ(ReadEvidence(text)->key.custody.extractable, true);
  std::string better = text;
  better.replace(better.find("\"extractable\": true"), 19, "\"extractable\": false");
  EXPECT_THAT(ReadEvidence(better), HasReason("bad_signature"));
}

TEST_F(EvidenceTest, AnotherKeysSignatureIsRefused) {
  EXPECT_THAT(ReadEvidence(Sign(statement_, SoftwareSigner("P-256"))), HasReason("bad_signature"));
}

TEST_F(EvidenceTest, ASignatureWithoutThePrefixIsRefused) {
  EXPECT_THAT(ReadEvidence(Sign(statement_, signer_, "")), HasReason("bad_signature"));
  std::string other_version(kEvidencePrefix);
  other_version.replace(other_version.find('1'), 1, "2");
  EXPECT_THAT(ReadEvidence(Sign(statement_, signer_, other_version)), HasReason("bad_signature"));
}

TEST_F(EvidenceTest, NoSignedOctetsAreDer) { EXPECT_NE(kEvidencePrefix.front(), 0x30); }

TEST_F(EvidenceTest, OtherVersionsAreRefusedBeforeAnythingElse) {
  for (const ordered_json& version : {ordered_json(0), ordered_json(2), ordered_json("1"), ordered_json(1.0)}) {
    statement_["version"] = version;
    EXPECT_THAT(ReadEvidence(Resigned(statement_)), HasReason("evidence_version")) << version;
  }
  statement_["new in version 2"] = true;
  statement_["version"] = 2;
  EXPECT_THAT(ReadEvidence(Resigned(statement_)), HasReason("evidence_version"));
  statement_["type"] = "something-else";
  EXPECT_THAT(ReadEvidence(Resigned(statement_)), HasReason("evidence_form"));
}

TEST_F(EvidenceTest, UnknownAndMissingMembersAreRefused) {
  for (const char* where : {"", "/key", "/token", "/custody"}) {
    const ordered_json::json_pointer at(where);
    ordered_json more = statement_;
    more[at]["more"] = 1;
    EXPECT_THAT(ReadEvidence(Resigned(more)), HasReason("evidence_form")) << where;
    for (const auto& [name, value] : statement_[at].items()) {
      ordered_json less = statement_;
      less[at].erase(name);
      EXPECT_FALSE(ReadEvidence(Resigned(less)).ok()) << where << "/" << name;
    }
  }
}

TEST_F(EvidenceTest, AMemberThatComesTwiceIsRefused) {
  for (const char* first : {"true", "false", "null"}) {
    std::string twice = good_;
    twice.insert(twice.find("\"extractable\""), fmt::format("\"extractable\": {},\n      ", first));
    EXPECT_THAT(ReadEvidence(twice), HasReason("evidence_form")) << twice;
  }
  std::string twice = good_;
  twice.insert(twice.find("\"signature\""), "\"signature\": {},\n  ");
  EXPECT_THAT(ReadEvidence(twice), HasReason("evidence_form"));
}

TEST_F(EvidenceTest, WhatContradictsItselfIsRefused) {
  const std::vector<std::pair<const char*, ordered_json>> lies{{"/key/public_key_sha256", std::string(64, '0')},
                                                               {"/key/type", "ec-p384"},
                                                               {"/key/use", "app"},
                                                               {"/key/use", nullptr},
                                                               {"/key/name", "other"},
                                                               {"/key/generation", 2},
                                                               {"/key/id", "ABCD"},
                                                               {"/key/label", "rk/app/test/1"},
                                                               {"/token/software", false},
                                                               {"/token/software", "true"},
                                                               {"/token/software", nullptr},
                                                               {"/custody/extractable", 0},
                                                               {"/custody/other_usages", nullptr},
                                                               {"/voucher", "claimed by token"},
                                                               {"/voucher", "attested"},
                                                               {"/voucher", "proved"},
                                                               {"/read_at", "2027-01-15T08:00:60Z"},
                                                               {"/read_at", "2027-1-15T08:00:00Z"},
                                                               {"/read_at", "2027-01-15"},
                                                               {"/key", nullptr}};
  for (const auto& [where, value] : lies) {
    ordered_json lie = statement_;
    lie[ordered_json::json_pointer(where)] = value;
    EXPECT_THAT(ReadEvidence(Resigned(lie)), HasReason("evidence_form")) << where << " " << value;
  }
}

TEST_F(EvidenceTest, AnotherSchemeIsRefused) {
  std::string text = good_;
  text.replace(text.find("ecdsa-sha256"), 12, "ecdsa-sha384");
  EXPECT_THAT(ReadEvidence(text), HasReason("evidence_form"));
}

TEST_F(EvidenceTest, OtherWhiteSpaceAndOrderAreRefused) {
  const ordered_json document = ordered_json::parse(good_);
  EXPECT_THAT(ReadEvidence(document.dump()), HasReason("evidence_form"));
  EXPECT_THAT(ReadEvidence(nlohmann::json::parse(good_).dump(2) + "\n"), HasReason("evidence_form"));
  EXPECT_THAT(ReadEvidence("\xEF\xBB\xBF" + good_), HasReason("evidence_form"));
}

TEST_F(EvidenceTest, WhatIsNoEvidenceIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string("{\"statement\":[]}"),
        std::string(kMaxEvidence + 1, ' '), std::string(kMaxEvidence, '['), std::string("\0", 1)}) {
    EXPECT_THAT(ReadEvidence(text), HasReason("evidence_form"));
  }
}

TEST_F(EvidenceTest, ADeviceThatSignsWronglyGetsNoDocument) {
  signer_.Break();
  EXPECT_THAT(WriteEvidence(signer_, FromUnixSeconds(0), Soon()), HasReason("bad_signature"));
}

}  // namespace
}  // namespace rootkeep::testing
