#include "tests/e2e/node_record.h"

#include "signer/authn/node_leaf.h"
#include "signer/der/reader.h"
#include "signer/ledger/open_ledger.h"
#include "tests/support/ledger_load.h"
#include "tests/support/matchers.h"

namespace rootkeep::testing {
namespace {

std::string EkOf(const std::string& node) { return ToHex(Sha256(AsBytes(node)).value()); }

}  // namespace

void AddAttestedNode(NodeStore& nodes, const std::string& id, std::int64_t at) {
  const Node node{.id = id,
                  .group = "default",
                  .state = NodeState::kApproved,
                  .ek_sha256 = EkOf(id),
                  .ek_origin = "inventory",
                  .enrolled_at = at,
                  .state_since = at};
  EXPECT_THAT(nodes.Insert(node, at), IsOk());
  AttestAgain(nodes, id, at);
}

void AttestAgain(NodeStore& nodes, const std::string& id, std::int64_t at) {
  const NodePass pass{.evidence = {.at = at, .attestation = "attestation-" + id}, .until = at + 3600};
  const auto attest = [&](Node node) { return Attested(std::move(node), pass); };
  EXPECT_THAT(nodes.Update(id, attest, NodeStore::kService, at), IsOk());
}

void RecordNodeCertificate(const std::string& database_path, const std::string& node, const Identity& certificate,
                           std::int64_t at) {
  const Bytes der = certificate.Der();
  const ByteView tbs = der::Reader(der::Only(der, der::kSequence).value()).Take()->whole;
  Intent intent = MakeIntent(1);
  intent.serial = ReadNodeLeaf(der).value().serial_hex;
  intent.profile = "node";
  intent.node = node;
  intent.credential_id = EkOf(node);
  intent.attestation = "attestation-" + node;
  intent.intended_at = at;
  intent.tbs.assign(tbs.begin(), tbs.end());
  ASSERT_OK_AND_ASSIGN(const auto ledger, OpenLedger({.path = database_path}));
  ASSERT_THAT(IntendAndWait(*ledger, intent), IsOk());
  ledger->Complete(intent.issuer, intent.serial, der);
  ASSERT_THAT(ledger->Flush(After(std::chrono::seconds(30))), IsOk());
}

}  // namespace rootkeep::testing
