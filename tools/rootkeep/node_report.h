// Nodes, and what was issued on their word, in words and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "signer/node/node_store.h"

namespace rootkeep::cli {

// What a manufacturer says of the TPM (Node::tpm), or that none does: anybody can make an EK that no certificate names.
std::string_view TpmWords(std::string_view tpm);

// Without what is empty.
std::vector<std::string> NodeLines(const Node& node, WallTime now);
nlohmann::ordered_json NodeJson(const Node& node, WallTime now);

std::string BindingLine(const BindingRequest& request);
nlohmann::ordered_json BindingJson(const BindingRequest& request);

// Newest first; when it was issued, until when it is good, and where the ledger has it.
std::string CertificateLine(const NodeCertificate& certificate, WallTime now);
nlohmann::ordered_json CertificateJson(const NodeCertificate& certificate);

std::string EventLine(const NodeEvent& event);
nlohmann::ordered_json EventJson(const NodeEvent& event);

// Those that were or may have been issued and have not ended by `now`.
std::vector<NodeCertificate> StillGood(std::vector<NodeCertificate> certificates, WallTime now);

}  // namespace rootkeep::cli
