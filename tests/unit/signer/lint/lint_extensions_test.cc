// The rules about extensions: certificates whose extensions were put together by hand.
#include <functional>

#include "signer/certificate/certificate.h"
#include "signer/der/oid.h"
#include "signer/der/writer.h"
#include "signer/lint/lint.h"
#include "tests/support/csr_builder.h"
#include "tests/support/decisions.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

namespace oid = der::oid;
using testing::AltName;
using testing::AltNames;
using testing::CaDecision;
using testing::Extension;
using testing::HasReason;
using testing::IsOk;
using testing::LeafDecision;
using testing::TestIssuer;

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

// A to-be-signed certificate with everything from the builder but the extensions.
Bytes WithExtensions(const Decision& decision, const std::vector<Bytes>& extensions) {
  const Bytes tbs = BuildTbs(decision, TestIssuer().View(), Bytes(17, 0x41)).value();
  der::Reader reader(der::Only(tbs, der::kSequence).value());
  der::Writer writer;
  writer.Sequence([&] {
    while (!reader.NextIs(der::ContextConstructed(3))) writer.Raw(reader.Take()->whole);
    writer.Nested(der::ContextConstructed(3), [&] {
      writer.Sequence([&] {
        for (const Bytes& extension : extensions) writer.Raw(extension);
      });
    });
  });
  return std::move(writer).Finish();
}

// The leaf's extensions as they should be.
struct LeafExtensions {
  Bytes key_usage = Extension(oid::kKeyUsage, true, Hex("030205a0"));
  Bytes ext_key_usage = Extension(oid::kExtKeyUsage, false, Hex("301406082b0601050507030106082b06010505070302"));
  Bytes basic_constraints = Extension(oid::kBasicConstraints, true, Hex("3000"));
  Bytes authority_key_id = Extension(oid::kAuthorityKeyId, false, Hex("30168014" + Fives()));
  Bytes names = testing::UriExtension(testing::kTestIdentity);
  std::vector<Bytes> more;

  static std::string Fives() {
    std::string out;
    for (int i = 0; i < 20; ++i) out += "5a";
    return out;
  }

  [[nodiscard]] Status Lint() const {
    std::vector<Bytes> all{key_usage, ext_key_usage, basic_constraints, authority_key_id, names};
    all.insert(all.end(), more.begin(), more.end());
    return rootkeep::Lint(WithExtensions(LeafDecision(), all), LeafDecision(), TestIssuer().View());
  }
};

TEST(LintExtensions, HandmadeOnesPass) { EXPECT_THAT(LeafExtensions().Lint(), IsOk()); }

TEST(LintExtensions, UnknownTwiceAndMalformed) {
  LeafExtensions unknown;
  unknown.more = {Extension(Hex("551d20"), false, Hex("3000"))};  // certificate policies
  EXPECT_THAT(unknown.Lint(), HasReason("lint_extension"));
  LeafExtensions private_one;
  private_one.more = {Extension(Hex("2b06010401"), false, Hex("0500"))};
  EXPECT_THAT(private_one.Lint(), HasReason("lint_extension"));
  LeafExtensions twice;
  twice.more = {twice.key_usage};
  EXPECT_THAT(twice.Lint(), HasReason("lint_extension"));
  LeafExtensions explicit_false;
  explicit_false.ext_key_usage =
      Hex("3020"
          "0603551d25"
          "010100"
          "0416"
          "301406082b0601050507030106082b06010505070302");
  EXPECT_THAT(explicit_false.Lint(), HasReason("lint_extension"));
  LeafExtensions garbage;
  garbage.more = {Hex("0500")};
  EXPECT_THAT(garbage.Lint(), HasReason("lint_extension"));
}

TEST(LintExtensions, Criticality) {
  const auto refuses = [](const std::function<void(LeafExtensions&)>& change) {
    LeafExtensions extensions;
    change(extensions);
    EXPECT_THAT(extensions.Lint(), HasReason("lint_extension"));
  };
  refuses([](auto& e) { e.key_usage = Extension(oid::kKeyUsage, false, Hex("030205a0")); });
  refuses([](auto& e) {
    e.ext_key_usage = Extension(oid::kExtKeyUsage, true, Hex("301406082b0601050507030106082b06010505070302"));
  });
  refuses([](auto& e) { e.basic_constraints = Extension(oid::kBasicConstraints, false, Hex("3000")); });
  refuses([](auto& e) {
    e.authority_key_id = Extension(oid::kAuthorityKeyId, true, Hex("30168014" + LeafExtensions::Fives()));
  });
  refuses([](auto& e) {
    e.names = Extension(oid::kSubjectAltName, false, AltNames({AltName(6, testing::kTestIdentity)}));
  });
}

TEST(LintExtensions, KeyUsage) {
  for (const char* bad : {"03020520", "03020106", "0302050000", "030204a0", "030305a000", "0401a0", "03020000"}) {
    LeafExtensions extensions;
    extensions.key_usage = Extension(oid::kKeyUsage, true, Hex(bad));
    EXPECT_THAT(extensions.Lint(), HasReason("lint_key_usage")) << bad;
  }
  LeafExtensions missing;
  missing.key_usage.clear();
  EXPECT_THAT(missing.Lint(), HasReason("lint_key_usage"));
}

TEST(LintExtensions, ExtKeyUsage) {
  for (const char* bad : {"301406082b0601050507030206082b06010505070301",                      // the other order
                          "300a06082b06010505070301",                                          // one only
                          "301e06082b0601050507030106082b0601050507030206082b06010505070303",  // one too many
                          "30060604551d2500", "3000", "0500"}) {
    LeafExtensions extensions;
    extensions.ext_key_usage = Extension(oid::kExtKeyUsage, false, Hex(bad));
    EXPECT_THAT(extensions.Lint(), HasReason("lint_ext_key_usage")) << bad;
  }
  LeafExtensions missing;
  missing.ext_key_usage.clear();
  EXPECT_THAT(missing.Lint(), HasReason("lint_ext_key_usage"));
}

TEST(LintExtensions, BasicConstraints) {
  for (const char* bad : {"30030101ff", "3003010100", "3003020100", "30060101ff020100", "0500", "300000"}) {
    LeafExtensions extensions;
    extensions.basic_constraints = Extension(oid::kBasicConstraints, true, Hex(bad));
    EXPECT_THAT(extensions.Lint(), HasReason("lint_basic_constraints")) << bad;
  }
  LeafExtensions missing;
  missing.basic_constraints.clear();
  EXPECT_THAT(missing.Lint(), HasReason("lint_basic_constraints"));
}

TEST(LintExtensions, PathLengthIsTheProfiles) {
  Decision made = CaDecision();
  made.profile.path_length = 1;
  const TestIssuer issuer;
  const Bytes tbs = BuildTbs(made, issuer.View(), Bytes(17, 0x41)).value();
  EXPECT_THAT(Lint(tbs, CaDecision(), issuer.View()), HasReason("lint_basic_constraints"));
  made.profile.path_length.reset();
  EXPECT_THAT(Lint(BuildTbs(made, issuer.View(), Bytes(17, 0x41)).value(), CaDecision(), issuer.View()),
              HasReason("lint_basic_constraints"));
}

TEST(LintExtensions, OnlyAuthoritiesSign) {
  Decision leaf = LeafDecision();
  leaf.profile.key_usage |= kKeyCertSign;
  const TestIssuer issuer;
  EXPECT_THAT(Lint(BuildTbs(leaf, issuer.View(), Bytes(17, 0x41)).value(), leaf, issuer.View()),
              HasReason("lint_basic_constraints"));
  Decision ca = CaDecision();
  ca.profile.key_usage = kCrlSign;
  EXPECT_THAT(Lint(BuildTbs(ca, issuer.View(), Bytes(17, 0x41)).value(), ca, issuer.View()),
              HasReason("lint_basic_constraints"));
}

TEST(LintExtensions, AuthorityKeyId) {
  LeafExtensions missing;
  missing.authority_key_id.clear();
  EXPECT_THAT(missing.Lint(), HasReason("lint_authority_key_id"));
  for (const char* bad : {"30028000", "3000",
                          "30048102"
                          "5a5a"}) {
    LeafExtensions extensions;
    extensions.authority_key_id = Extension(oid::kAuthorityKeyId, false, Hex(bad));
    EXPECT_THAT(extensions.Lint(), HasReason("lint_authority_key_id")) << bad;
  }
  TestIssuer without;
  without.key_id.clear();
  const Bytes tbs = BuildTbs(LeafDecision(), TestIssuer().View(), Bytes(17, 0x41)).value();
  EXPECT_THAT(Lint(tbs, LeafDecision(), without.View()), HasReason("lint_authority_key_id"));
}

TEST(LintExtensions, SubjectKeyId) {
  LeafExtensions needless;
  needless.more = {Extension(oid::kSubjectKeyId, false,
                             Hex("0402"
                                 "0102"))};
  EXPECT_THAT(needless.Lint(), HasReason("lint_subject_key_id"));
  const Decision ca = CaDecision();
  const TestIssuer issuer;
  const auto with = [&](const std::vector<Bytes>& key_id) {
    std::vector<Bytes> all{Extension(oid::kKeyUsage, true, Hex("03020106")),
                           Extension(oid::kBasicConstraints, true, Hex("30060101ff020100"))};
    all.insert(all.end(), key_id.begin(), key_id.end());
    all.push_back(Extension(oid::kAuthorityKeyId, false, Hex("30168014" + LeafExtensions::Fives())));
    all.push_back(Extension(oid::kSubjectAltName, false, AltNames({AltName(6, "spiffe://cluster.local")})));
    return Lint(WithExtensions(ca, all), ca, issuer.View());
  };
  const Bytes id = SubjectKeyId(ca.spki).value();
  EXPECT_THAT(with({Extension(oid::kSubjectKeyId, false, Hex("0414" + ToHex(id)))}), IsOk());
  EXPECT_THAT(with({}), HasReason("lint_subject_key_id"));
  EXPECT_THAT(with({Extension(oid::kSubjectKeyId, false, Hex("0414" + LeafExtensions::Fives()))}),
              HasReason("lint_subject_key_id"));
  EXPECT_THAT(with({Extension(oid::kSubjectKeyId, true, Hex("0414" + ToHex(id)))}), HasReason("lint_extension"));
}

TEST(LintExtensions, NamesOnTheCertificate) {
  const std::vector<std::vector<Bytes>> lists{
      {},
      {AltName(6, "spiffe://cluster.local/ns/default/sa/other")},
      {AltName(2, testing::kTestIdentity)},
      {AltName(1, testing::kTestIdentity)},
      {AltName(6, testing::kTestIdentity), AltName(2, "more.example")},
      {Hex("a000")},
  };
  for (const auto& list : lists) {
    LeafExtensions extensions;
    extensions.names = Extension(oid::kSubjectAltName, true, AltNames(list));
    EXPECT_THAT(extensions.Lint(), HasReason("lint_names"));
  }
  LeafExtensions missing;
  missing.names.clear();
  EXPECT_THAT(missing.Lint(), HasReason("lint_names"));
}

// Names that were decided but must not be on any certificate.
TEST(LintExtensions, DecidedNames) {
  using Kind = GeneralName::Kind;
  const auto lint = [](Decision decision, const std::vector<GeneralName>& names) {
    decision.sans = names;
    const TestIssuer issuer;
    return Lint(BuildTbs(decision, issuer.View(), Bytes(17, 0x41)).value(), decision, issuer.View());
  };
  const GeneralName id{Kind::kUri, testing::kTestIdentity};
  EXPECT_THAT(lint(LeafDecision(), {id, {Kind::kDns, "a.example"}, {Kind::kIp, std::string(16, '\1')}}), IsOk());
  for (const auto& bad : std::vector<std::vector<GeneralName>>{
           {id, {Kind::kUri, "https://a.example/"}},           // a second URI
           {{Kind::kUri, "spiffe://cluster.local"}},           // no path
           {{Kind::kUri, "spiffe://cluster.local/"}},          //
           {{Kind::kUri, "spiffe:///ns/default/sa/httpbin"}},  // no trust domain
           {{Kind::kUri, "spiffe://a/" + std::string(2048, 'x')}},
           {{Kind::kUri, ""}},
           {{Kind::kUri, "spiffe://a/b c"}},
           {{Kind::kDns, std::string("a.example\0.b", 12)}},
           {{Kind::kDns, std::string(254, 'x')}},
           {{Kind::kIp, "12345"}},
       }) {
    EXPECT_THAT(lint(LeafDecision(), bad), HasReason("lint_names")) << bad.back().value;
  }
  EXPECT_THAT(lint(CaDecision(), {}), IsOk());
  EXPECT_THAT(lint(CaDecision(), {id}), HasReason("lint_names"));  // a path on a CA
}

TEST(LintExtensions, NamesOfANode) {
  using Kind = GeneralName::Kind;
  Decision node = LeafDecision();
  node.profile = NodeProfile(node.profile.lifetime);
  const GeneralName uri{Kind::kUri, "spiffe://cluster.local/node/n1"};
  const GeneralName local{Kind::kDns, "localhost"};
  const auto lint = [&node](const std::vector<GeneralName>& names) {
    node.sans = names;
    return rootkeep::Lint(BuildTbs(node, TestIssuer().View(), Bytes(17, 0x41)).value(), node, TestIssuer().View());
  };
  EXPECT_THAT(lint({uri}), IsOk());
  EXPECT_THAT(lint({uri, local, {Kind::kIp, std::string("\x7f\0\0\x01", 4)}}), IsOk());
  EXPECT_THAT(lint({local}), HasReason("lint_names"));
  EXPECT_THAT(lint({local, uri}), HasReason("lint_names"));
  EXPECT_THAT(lint({uri, {Kind::kDns, "*.example.com"}}), HasReason("lint_names"));
}

}  // namespace
}  // namespace rootkeep
