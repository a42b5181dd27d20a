#include "tools/rootkeepd/daemon.h"

#include <grpcpp/security/server_credentials.h>

#include <algorithm>
#include <utility>

#include "keystore/base/log.h"
#include "signer/ledger/open_ledger.h"
#include "tools/config/address.h"
#include "tools/config/load.h"
#include "tools/config/make_node_rules.h"
#include "tools/rootkeepd/foreign_cas.h"
#include "tools/rootkeepd/front.h"

namespace rootkeep {
namespace {

constexpr char kIstioService[] = "istio.v1.auth.IstioCertificateService";
constexpr char kApiService[] = "rootkeep.v1.CertificateAuthority";
constexpr char kNodeService[] = "rootkeep.v1.NodeAttestation";

constexpr std::chrono::seconds kDrainIssuer{1};
constexpr std::chrono::seconds kFlushLedger{5};

LifetimeRules ServingLifetime(const config::Config& config) {
  LifetimeRules lifetime = config.authorities.front().lifetimes;
  lifetime.default_ttl = std::min(lifetime.default_ttl, std::chrono::seconds(std::chrono::hours(24)));
  return lifetime;
}

// Whether nodes attest themselves at all, and how often they may try.
bool AttestationLimitsDiffer(const config::Config& before, const config::Config& after) {
  return before.attestation && after.attestation && before.attestation->limits != after.attestation->limits;
}

// Local sockets, and whose they are.
std::vector<std::pair<std::string, config::CallerSocket>> SocketsOf(const config::Config& config) {
  std::vector<std::pair<std::string, config::CallerSocket>> out;
  for (const config::ApiCaller& entry : config.api_callers) {
    if (entry.socket) out.emplace_back(entry.caller.name, *entry.socket);
  }
  return out;
}

bool ApiDoorDiffers(const config::Config& before, const config::Config& after) {
  return before.api_callers.empty() != after.api_callers.empty() || SocketsOf(before) != SocketsOf(after);
}

// Everything that Reload does not touch.
bool NeedsRestart(const config::Config& before, const config::Config& after) {
  return before.listeners != after.listeners || before.operations != after.operations ||
         before.health != after.health || before.modules != after.modules || before.tokens != after.tokens ||
         before.key_sockets != after.key_sockets || before.state_directory != after.state_directory ||
         before.token_host != after.token_host || before.limits != after.limits ||
         before.trust_domains != after.trust_domains || before.log != after.log ||
         AttestationLimitsDiffer(before, after) || ApiDoorDiffers(before, after);
}

void LogRefused(const Error& error) {
  log::Failure("reload_refused", {{"detail", error.ToString()}, {"effect", "everything stays as it was"}});
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Start(config::Config config) {
  auto daemon = std::unique_ptr<Daemon>(new Daemon(std::move(config)));
  RK_RETURN_IF_ERROR(daemon->OpenState());
  RK_RETURN_IF_ERROR(daemon->OpenFront());
  RK_RETURN_IF_ERROR(daemon->OpenNodes());
  RK_RETURN_IF_ERROR(daemon->OpenApi());
  RK_RETURN_IF_ERROR(daemon->OpenListeners());
  RK_RETURN_IF_ERROR(daemon->OpenOperations());
  return daemon;
}

Daemon::~Daemon() {
  Stop();
  if (api_ != nullptr) api_->Close();
  keeper_.reset();
  server_.reset();
  http_.clear();
  if (api_ != nullptr) api_->Stop();
  if (nodes_ != nullptr) nodes_->Stop();
  issuer_.reset();
}

Status Daemon::OpenState() {
  RK_TRY(state_, store::StateDir::Open(config_.state_directory));
  RK_TRY(hardware_, Hardware::Open({.modules = config_.modules,
                                    .pin_directory = store::PinDirectory(config_.state_directory),
                                    .token_host = config_.token_host,
                                    .log_level = config_.log.level},
                                   config_.tokens, config_.key_sockets));
  RK_TRY(ledger_, OpenLedger({.path = state_->database_path(), .clock = &clock_}));
  RK_TRY(bundles_, TrustBundles::Open(state_->database_path(), clock_));
  served_authorities_ = std::make_unique<ServedAuthorities>(*bundles_, served_, clock_);
  keys_ = std::make_unique<KeyWatch>(KeyWatch::Parts{.path = state_->key_catalog_path(),
                                                     .tokens = config_.tokens,
                                                     .key_sockets = config_.key_sockets,
                                                     .hardware = *hardware_,
                                                     .reports = reports_,
                                                     .clock = clock_});
  RK_RETURN_IF_ERROR(keys_->Start());
  authorities_ = std::make_unique<Authorities>(*hardware_, *keys_, *served_authorities_, readiness_, metrics_);
  return authorities_->Load(config_, clock_.Now());
}

Result<std::shared_ptr<const Authenticator>> Daemon::Authenticate(const config::Config& config, bool foreign_cas) {
  return MakeAuthenticator(config, foreign_cas, jwks_, *recorded_nodes_, served_, clock_);
}

Result<bool> Daemon::ForeignCasAreLeft(const config::Config& config) {
  return MayHaveForeignCas(config, state_->database_path(), clock_.Now());
}

// For a configuration without foreign CAs after one with them. Asked when the policy before holds no longer and every
// intent that was queued by it is on record, so that a CA that was made during the reload counts. Unseen is only a call
// that at this moment has been granted one and is not queued yet. In doubt the rule stays.
void Daemon::EndDirectIssue(const config::Config& config) {
  const Status ended = [&]() -> Status {
    RK_RETURN_IF_ERROR(ledger_->Flush(After(kFlushLedger)));
    RK_TRY(const bool left, ForeignCasAreLeft(config));
    if (left) return Ok();
    RK_TRY(auto authenticator, Authenticate(config, false));
    authenticator_->Replace(std::move(authenticator));
    return Ok();
  }();
  if (!ended.ok()) log::Failure("direct_issue_stays", {{"detail", ended.error().ToString()}});
}

Status Daemon::OpenFront() {
  RK_TRY(recorded_nodes_, RecordedNodes::Open(state_->database_path()));
  RK_TRY(const bool foreign_cas, ForeignCasAreLeft(config_));
  RK_TRY(auto authenticator, Authenticate(config_, foreign_cas));
  authenticator_ = std::make_unique<ReloadableAuthenticator>(std::move(authenticator));
  policy_ = std::make_unique<Snapshot<Policy>>(MakePolicy(config_));
  metrics_.SetUnsafeRules(CountUnsafeRules(config_));
  issuer_ = std::make_unique<Issuer>(
      Issuer::Parts{
          .authorities = served_, .policy = *policy_, .ledger = *ledger_, .metrics = metrics_, .clock = clock_},
      IssuerOptions{.max_in_flight = config_.limits.max_in_flight, .retry_window = config_.limits.retry_window});
  istio_ = std::make_unique<IstioService>(*authenticator_, *issuer_, metrics_, config_.limits.request_deadline);
  return Ok();
}

Status Daemon::OpenNodes() {
  if (!config_.attestation) return Ok();
  RK_TRY(nodes_,
         NodeDoor::Open(config_, {.database_path = state_->database_path(),
                                  .issuer = *issuer_,
                                  .metrics = metrics_,
                                  .clock = clock_,
                                  .is_server_identity = [this](ByteView sha256) { return IsServerIdentity(sha256); }}));
  return Ok();
}

Status Daemon::OpenApi() {
  if (config_.api_callers.empty()) return Ok();
  RK_TRY(api_, ApiDoor::Open(config_, {.authenticator = *authenticator_,
                                       .policy = *policy_,
                                       .issuer = *issuer_,
                                       .authorities = served_,
                                       .bundles = *bundles_,
                                       .served = *served_authorities_,
                                       .metrics = metrics_,
                                       .clock = clock_}));
  return Ok();
}

// The certificates are all there before the first call comes.
bool Daemon::IsServerIdentity(ByteView sha256) const {
  return std::ranges::any_of(certificates_, [&](const auto& certificate) { return certificate->Showed(sha256); });
}

Status Daemon::OpenListeners() {
  for (const config::Listener& entry : config_.listeners) {
    RK_TRY(auto certificate, ServingCertificate::Make({.name = entry.name,
                                                       .names = entry.server_names,
                                                       .authority = config_.authorities.front().name,
                                                       .lifetime = ServingLifetime(config_)},
                                                      clock_.Now()));
    certificates_.push_back(std::move(certificate));
  }
  keeper_ = std::make_unique<Keeper>(Keeper::Parts{.hardware = *hardware_,
                                                   .reports = reports_,
                                                   .keys = *keys_,
                                                   .authorities = *authorities_,
                                                   .served = *served_authorities_,
                                                   .signing = served_,
                                                   .bundles = *bundles_,
                                                   .issuer = *issuer_,
                                                   .ledger = *ledger_,
                                                   .readiness = readiness_,
                                                   .metrics = metrics_,
                                                   .clock = clock_,
                                                   .certificates = certificates_,
                                                   .nodes = nodes_.get(),
                                                   .api = api_.get()},
                                     config_.authorities.front().trust_domain);
  readiness_.SetOnChange([this](bool ready) { ShowReadiness(ready); });
  ShowReadiness(false);
  keeper_->Round();
  // After the first round, so that the first handshake sees the issued certificate already.
  RK_RETURN_IF_ERROR(Listen());
  keeper_->Start();
  return Ok();
}

// One server for all, because every server's threads wait for the connections of all servers of the process.
Status Daemon::Listen() {
  std::vector<ServerListener> listeners;
  for (std::size_t i = 0; i < certificates_.size(); ++i) {
    listeners.push_back(
        {config_.listeners[i].address, certificates_[i]->identity().Credentials(config_.trust_domains)});
  }
  for (const config::Health& entry : config_.health) {
    listeners.push_back({entry.address, grpc::InsecureServerCredentials()});
  }
  std::vector<QueuedService*> services{istio_.get(), &health_service_};
  if (nodes_ != nullptr) services.push_back(&nodes_->service());
  std::vector<HandedListener> handed;
  if (api_ != nullptr) {
    for (QueuedService* service : api_->services()) services.push_back(service);
    handed = api_->handed();
  }
  RK_TRY(server_, Server::Start(listeners, services, handed));
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const bool is_health = i >= certificates_.size();
    std::string address = config::BoundAddress(listeners[i].address, server_->ports()[i]);
    log::Info("listening", {{"listener", is_health ? "health" : config_.listeners[i].name}, {"address", address}});
    (is_health ? endpoints_.health : endpoints_.listeners).push_back(std::move(address));
  }
  return api_ == nullptr ? Ok() : api_->Serve(*server_);
}

Status Daemon::OpenOperations() {
  for (const config::Operations& entry : config_.operations) {
    RK_TRY(auto http, HttpServer::Start(entry.address, {[this] { return metrics_.Scrape(clock_.Now()); }, readiness_}));
    endpoints_.operations.push_back(config::BoundAddress(entry.address, http->port()));
    log::Info("listening", {{"listener", "operations"}, {"address", endpoints_.operations.back()}});
    http_.push_back(std::move(http));
  }
  return Ok();
}

void Daemon::ShowReadiness(bool ready) {
  health_.Set("", ready);
  health_.Set(kIstioService, ready);
  if (nodes_ != nullptr) health_.Set(kNodeService, ready);
  if (api_ != nullptr) health_.Set(kApiService, ready);
}

void Daemon::Reload(const std::string& config_path) {
  if (const Status reopened = log::Reopen(); !reopened.ok()) {
    log::Failure("log_not_reopened", {{"detail", reopened.error().ToString()}});
  }
  auto fresh = config::LoadConfig(config_path);
  if (fresh.ok()) return Reload(*fresh);
  LogRefused(fresh.error());
}

void Daemon::Reload(const config::Config& fresh) {
  if (config_.attestation.has_value() != fresh.attestation.has_value()) {
    // Nodes would go on being attested by a policy that is in no file any more.
    return LogRefused(FailedPrecondition("only a restart takes up a section attestation, or does without it"));
  }
  if (NeedsRestart(config_, fresh)) {
    log::Warning("reload_partial", {{"detail", "a part of the configuration changed that only a restart takes up"}});
  }
  // What stays until a restart must not change under the rest.
  config::Config next = config_;
  next.production = fresh.production;
  next.authorities = fresh.authorities;
  next.token_issuers = fresh.token_issuers;
  next.client_certificates = fresh.client_certificates;
  next.impersonation = fresh.impersonation;
  next.placements = fresh.placements;
  next.requirements = fresh.requirements;
  next.csr_san = fresh.csr_san;
  next.api_callers = fresh.api_callers;
  if (next.attestation) {
    next.attestation = fresh.attestation;
    next.attestation->limits = config_.attestation->limits;
  }
  const auto foreign_cas = ForeignCasAreLeft(next);
  if (!foreign_cas.ok()) return LogRefused(foreign_cas.error());
  // An entry that goes can have a CA made until the policy is another.
  const bool direct_issue = *foreign_cas || config::HasForeignCa(config_);
  auto authenticator = Authenticate(next, direct_issue);
  if (!authenticator.ok()) return LogRefused(authenticator.error());
  // Made before anything is replaced: what throws on the way leaves everything as it was.
  auto policy = MakePolicy(next);
  std::shared_ptr<const NodeRules> node_rules;
  if (nodes_ != nullptr) {
    auto made = config::MakeNodeRules(next);
    if (!made.ok()) return LogRefused(made.error());
    node_rules = *std::move(made);
  }
  const Status loaded = keeper_->Reload(next);
  if (!loaded.ok()) return LogRefused(loaded.error());
  authenticator_->Replace(std::move(*authenticator));
  policy_->Set(std::move(policy));
  if (direct_issue && !*foreign_cas) EndDirectIssue(next);
  if (nodes_ != nullptr) nodes_->Use(std::move(node_rules));
  metrics_.SetUnsafeRules(CountUnsafeRules(next));
  config_ = std::move(next);
  log::Info("reloaded");
}

void Daemon::Stop() {
  if (std::exchange(stopped_, true) || issuer_ == nullptr) return;
  readiness_.SetOnChange(nullptr);
  ShowReadiness(false);
  health_.Stop();
  if (api_ != nullptr) api_->Close();
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + drain_);
  if (api_ != nullptr) api_->Stop();
  if (nodes_ != nullptr) nodes_->Stop();
  if (!issuer_->Drain(After(kDrainIssuer))) {
    log::Warning("drain_incomplete", {{"in_flight", issuer_->in_flight()}});
  }
  const Status flushed = ledger_->Flush(After(kFlushLedger));
  if (!flushed.ok()) log::Failure("ledger_not_flushed", {{"detail", flushed.error().ToString()}});
  log::Info("stopped");
}

}  // namespace rootkeep
