#include "tools/rootkeep/node_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "keystore/base/bytes.h"

namespace rootkeep::cli {
namespace {

// Empty for a time that has not come.
std::string Time(std::int64_t seconds) { return seconds == 0 ? "" : ToRfc3339(FromUnixSeconds(seconds)); }

std::string ClockText(const std::optional<NodeClock>& clock) {
  if (!clock) return {};
  return fmt::format("{} ms, {} resets, {} restarts, {}", clock->clock, clock->reset_count, clock->restart_count,
                     clock->safe ? "safe" : "not safe");
}

// Of Node::tpm, which only a chain to a pinned root fills in.
std::string_view ChainWords(std::string_view tpm) {
  return tpm.empty() ? "none that chains" : "chains to a pinned root";
}

std::string FirmwareText(std::uint64_t firmware) { return firmware == 0 ? "" : fmt::format("{:016x}", firmware); }

// Every field as text, in the order people read them; one list for both forms.
std::vector<std::pair<std::string, std::string>> Fields(const Node& node, WallTime now) {
  const NodeEvidence& evidence = node.evidence;
  return {{"node", node.id},
          {"standing", std::string(StandingOf(node, ToUnixSeconds(now)))},
          {"reason", node.reason},
          {"explanation", node.explanation},
          {"since", Time(node.state_since)},
          {"group", node.group},
          {"attested_until", Time(node.attested_until)},
          {"last_evidence", Time(evidence.at)},
          {"ek_sha256", node.ek_sha256},
          {"ek_by", node.ek_origin},
          {"ek_certificate", std::string(ChainWords(node.tpm))},
          {"tpm", node.tpm},
          {"firmware", FirmwareText(evidence.firmware)},
          {"clock", ClockText(node.clock)},
          {"ak_name", ToHex(node.ak_name)},
          {"pcrs", evidence.pcrs},
          {"pcr_digest", ToHex(evidence.pcr_digest)},
          {"generation", evidence.generation},
          {"policy", evidence.policy},
          {"attestation", evidence.attestation},
          {"evidence", evidence.sha256},
          {"enrolled_at", Time(node.enrolled_at)}};
}

std::string_view StatusName(NodeCertificateStatus status) {
  switch (status) {
    case NodeCertificateStatus::kAsked: return "possibly issued";
    case NodeCertificateStatus::kIssued: return "issued";
    case NodeCertificateStatus::kNotIssued: return "not issued";
  }
  return "unknown";
}

}  // namespace

std::string_view TpmWords(std::string_view tpm) { return tpm.empty() ? "no manufacturer vouches" : tpm; }

std::vector<std::string> NodeLines(const Node& node, WallTime now) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : Fields(node, now)) {
    std::string_view rest = value;
    for (std::string_view label = name; !rest.empty(); label = "") {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      lines.push_back(fmt::format("{:<16}{}", label, rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return lines;
}

nlohmann::ordered_json NodeJson(const Node& node, WallTime now) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : Fields(node, now)) json[name] = value;
  return json;
}

std::string BindingLine(const BindingRequest& request) {
  return fmt::format("EK {} ({}) asks since {} to be node {}, last from {}", request.ek_sha256, TpmWords(request.tpm),
                     Time(request.asked_at), request.node, request.peer);
}

nlohmann::ordered_json BindingJson(const BindingRequest& request) {
  return {{"ek_sha256", request.ek_sha256},
          {"node", request.node},
          {"ek_certificate", ChainWords(request.tpm)},
          {"tpm", request.tpm},
          {"peer", request.peer},
          {"asked_at", Time(request.asked_at)},
          {"seen_at", Time(request.seen_at)}};
}

std::string CertificateLine(const NodeCertificate& certificate, WallTime now) {
  const bool ended = certificate.not_after <= ToUnixSeconds(now);
  return fmt::format("{}  {:<15}  {} {}  serial {}  request {}", Time(certificate.asked_at),
                     StatusName(certificate.status), ended ? "ended" : "until", Time(certificate.not_after),
                     certificate.serial.empty() ? "-" : certificate.serial, certificate.request_id);
}

nlohmann::ordered_json CertificateJson(const NodeCertificate& certificate) {
  return {{"status", StatusName(certificate.status)}, {"serial", certificate.serial},
          {"asked_at", Time(certificate.asked_at)},   {"not_after", Time(certificate.not_after)},
          {"attestation", certificate.attestation},   {"request_id", certificate.request_id}};
}

std::string EventLine(const NodeEvent& event) {
  return fmt::format("{}  {:<17}  by {}{}{}", Time(event.at), event.state, event.by, event.detail.empty() ? "" : ": ",
                     event.detail);
}

nlohmann::ordered_json EventJson(const NodeEvent& event) {
  return {{"at", Time(event.at)}, {"state", event.state}, {"detail", event.detail}, {"by", event.by}};
}

std::vector<NodeCertificate> StillGood(std::vector<NodeCertificate> certificates, WallTime now) {
  std::erase_if(certificates, [&](const NodeCertificate& certificate) {
    return certificate.status == NodeCertificateStatus::kNotIssued || certificate.not_after <= ToUnixSeconds(now);
  });
  return certificates;
}

}  // namespace rootkeep::cli
