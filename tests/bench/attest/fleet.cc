#include "tests/bench/attest/fleet.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "proto/grpc/health.grpc.pb.h"
#include "signer/der/pem.h"
#include "tests/bench/load/cpu_clock.h"
#include "tests/support/node_client.h"

namespace rootkeep::bench {
namespace {

using Clock = std::chrono::steady_clock;
using testing::TpmManufacturer;

void Write(const std::string& path, std::string_view text) {
  if (!WriteFileAtomically(path, text, 0600).ok()) std::abort();
}

// A connection of its own, as every node has; channels of one program share them otherwise.
std::shared_ptr<grpc::Channel> Connect(const DaemonProcess& daemon) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(daemon.address(), grpc::SslCredentials({.pem_root_certs = daemon.root_pem()}),
                                   arguments);
}

// SHA-256 of the certificate that the daemon shows.
Result<Bytes> IdentityOf(const DaemonProcess& daemon) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse response;
  const auto channel = Connect(daemon);
  if (!grpc::health::v1::Health::NewStub(channel)->Check(&context, {}, &response).ok()) {
    return Unavailable("the daemon does not answer");
  }
  const auto pem = context.auth_context()->FindPropertyValues("x509_pem_cert");
  RK_TRY(const Bytes der, der::FirstPemBlock({pem.at(0).data(), pem.at(0).size()}));
  return testing::IdentityOf(der);
}

Status CheckOutcome(const testing::AttestOutcome& outcome) {
  if (!outcome.status.ok()) return Internal(outcome.status.error_message());
  if (outcome.result.verdict() != v1::VERDICT_ATTESTED || outcome.result.certificate_chain_size() == 0) {
    return Internal("a node was not attested");
  }
  return Ok();
}

}  // namespace

// One after the other in this thread: simulators end with the thread that started them.
Fleet::Fleet(std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    members_.push_back(std::make_unique<Member>(manufacturer_, fmt::format("node-{}", i)));
  }
}

config::Attestation Fleet::Attestation() const {
  std::string inventory;
  for (const auto& member : members_) inventory += member->id + " -\n";
  Write(directory_ / "inventory", inventory);
  Write(directory_ / "roots.pem", der::ToPem(manufacturer_.RootCertificate(), "CERTIFICATE"));
  Write(directory_ / "issuers.pem", der::ToPem(manufacturer_.IssuerCertificate(), "CERTIFICATE"));
  config::Attestation attestation{.groups = {{.name = "nodes", .pcrs = {0}}}, .authority = "mesh"};
  attestation.groups[0].generations = {{.name = "booted", .pcrs = {{0, {Bytes(32)}}}}};
  attestation.inventory_file = directory_ / "inventory";
  attestation.manufacturers = {
      {.name = "simulators", .roots = directory_ / "roots.pem", .ids = {TpmManufacturer::kManufacturer}}};
  attestation.intermediates = directory_ / "issuers.pem";
  return attestation;
}

Result<nlohmann::json> Fleet::AttestAll(const DaemonProcess& daemon, int times) const {
  RK_TRY(const Bytes identity, IdentityOf(daemon));
  std::vector<Status> statuses(members_.size());
  std::vector<std::vector<double>> took(members_.size());
  const CpuReading before = ReadCpu(daemon.pid());
  const auto begin = Clock::now();
  std::vector<std::jthread> nodes;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    nodes.emplace_back([&, i] {
      for (int time = 0; time < times && statuses[i].ok(); ++time) {
        const auto asked = Clock::now();
        statuses[i] = CheckOutcome(AttestOver(Connect(daemon), members_[i]->node, members_[i]->id, identity));
        took[i].push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
      }
    });
  }
  nodes.clear();  // joins
  const std::chrono::duration<double> spent = Clock::now() - begin;
  const CpuReading after = ReadCpu(daemon.pid());
  for (const Status& status : statuses) RK_RETURN_IF_ERROR(status);
  std::vector<double> all;
  for (const auto& one : took) all.insert(all.end(), one.begin(), one.end());
  std::ranges::sort(all);
  const auto count = static_cast<double>(all.size());
  const double served = after.server - before.server;
  return nlohmann::json{{"rate", count / spent.count()},
                        {"p50_ms", all[all.size() / 2]},
                        {"p99_ms", all[all.size() * 99 / 100]},
                        {"cpu_us", 1e6 * served / count},
                        {"share", served / (after.machine - before.machine)}};
}

}  // namespace rootkeep::bench
