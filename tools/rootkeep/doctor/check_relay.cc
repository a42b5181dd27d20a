#include "tools/rootkeep/doctor/check_relay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "keystore/base/file.h"
#include "signer/client/istio_client.h"
#include "tools/config/address.h"
#include "tools/request/answer.h"
#include "tools/rootkeep/certificate_facts.h"
#include "tools/rootkeep/doctor/tls_server.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr std::chrono::seconds kLimit{10};
constexpr const char* kConnect = "connect";
constexpr const char* kCertificate = "shown names";
constexpr const char* kAsk = "ask CA";

// Where this host reaches what listens at `address`.
std::string Reachable(const std::string& address) {
  if (!config::IsEveryInterface(address)) return address;
  return (address.starts_with('[') ? "[::1]" : "127.0.0.1") + address.substr(address.rfind(':'));
}

// This host connects from the address that it connects to.
bool IsClient(const relay::Networks& clients, const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto peer = relay::ParsePeerAddress(host);
  return peer && clients.Holds(*peer);
}

std::vector<std::string> HostsIn(const CertificateFacts& certificate) {
  std::vector<std::string> hosts;
  std::ranges::copy_if(certificate.sans, std::back_inserter(hosts),
                       [](const std::string& name) { return !name.starts_with("spiffe://"); });
  return hosts;
}

// The names by which clients can call it; none when its certificate is not good.
std::vector<std::string> CheckShown(Checkup& checkup, const std::string& subject, const std::string& chain_pem,
                                    const std::string& roots_pem, WallTime now) {
  const auto issued = CheckIssued(chain_pem, roots_pem, nullptr, now);
  const auto facts = ReadCertificates(chain_pem);
  if (!issued.ok() || !facts.ok()) {
    checkup.Step(kCertificate, subject, issued.ok() ? facts.error() : issued.error());
    return {};
  }
  std::vector<std::string> hosts = HostsIn(facts->front());
  if (hosts.empty()) {
    checkup.Step(kCertificate, subject, FailedPrecondition("its certificate names no host: no client takes it"));
    return {};
  }
  checkup.Step(kCertificate, subject, Ok(),
               fmt::format("{}, until {}", fmt::join(hosts, ", "), ToRfc3339(facts->front().not_after)));
  return hosts;
}

// Any answer of the CA's own will do; without a token it is a refusal.
Status AskCa(const std::string& address, const std::string& roots_pem, const std::string& server_name) {
  IstioClientOptions options{.channel = {.address = address, .root_pem = roots_pem, .server_name = server_name}};
  options.retry.attempts = 1;
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));
  const auto answer = client->CreateCertificate("", 0, "");
  if (!answer.ok() && answer.error().code() == Code::kUnauthenticated) return Ok();
  if (!answer.ok()) return answer.error();
  return Internal("a request without a token was granted");
}

void CheckAddress(Checkup& checkup, const agent::RelayConfig& relay, const std::string& configured,
                  const std::string& roots_pem, WallTime now) {
  const std::string subject = "relay " + configured;
  if (config::HasFreePort(configured)) {
    checkup.Warn(kConnect, subject, "the port is a free one, which the agent's log names: nothing was asked");
    return;
  }
  const std::string address = Reachable(configured);
  if (!IsClient(relay.clients, address)) {
    checkup.Warn(kConnect, subject, "this host is none of its clients, so that it cannot be asked from here");
    return;
  }
  const auto shown = ShownByTlsServer(address, kLimit);
  if (!checkup.Step(kConnect, subject, shown, "answers")) {
    checkup.NotTried(kCertificate, subject);
    checkup.NotTried(kAsk, subject);
    return;
  }
  const auto names = CheckShown(checkup, subject, *shown, roots_pem, now);
  if (names.empty()) {
    checkup.NotTried(kAsk, subject);
  } else {
    checkup.Step(kAsk, subject, AskCa(address, roots_pem, names.front()),
                 "it answers, and refuses a request without a token");
  }
}

}  // namespace

void CheckAgentRelay(Checkup& checkup, const agent::AgentConfig& config, WallTime now) {
  if (!config.relay) return;
  const auto certificate =
      std::ranges::find(config.certificates, config.relay->certificate, &agent::CertificateConfig::name);
  if (certificate == config.certificates.end()) return;  // no such configuration is read
  const auto roots = ReadFile(certificate->bundle_file, kMaxFile);
  if (!roots.ok()) {
    checkup.Step(kConnect, "relay", roots);
    return;
  }
  for (const std::string& address : config.relay->addresses) {
    CheckAddress(checkup, *config.relay, address, *roots, now);
  }
}

}  // namespace rootkeep::cli
