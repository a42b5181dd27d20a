// What a daemon's database says about nodes, as a test has it: for certificates of the test's own making.
#pragma once

#include <string>

#include "signer/node/node_store.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

// Node `id`, attested from `at` (Unix seconds) on for an hour.
void AddAttestedNode(NodeStore& nodes, const std::string& id, std::int64_t at);

// The node proves itself again.
void AttestAgain(NodeStore& nodes, const std::string& id, std::int64_t at);

// Notes in the ledger, which no daemon has open, that this certificate was issued to the node.
void RecordNodeCertificate(const std::string& database_path, const std::string& node, const Identity& certificate,
                           std::int64_t at);

}  // namespace rootkeep::testing
