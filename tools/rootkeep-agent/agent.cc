#include "tools/rootkeep-agent/agent.h"

#include <algorithm>

#include "keystore/base/log.h"
#include "tools/config/address.h"
#include "tools/process/command.h"
#include "tools/rootkeep-agent/making_store.h"
#include "tools/rootkeep-agent/own_socket.h"

namespace rootkeep::agent {
namespace {

// Threads for a token beyond those that sign: others wait in its queue, by urgency.
constexpr unsigned kSpareWorkers = 4;

// Of a socket that a service manager made, its starter sees to the directory.
Status MakeDirectories(const std::vector<keysocket::SocketOptions>& sockets, const std::map<std::string, Fd>& adopted) {
  for (const auto& socket : sockets) {
    if (adopted.contains(socket.name)) continue;
    RK_RETURN_IF_ERROR(MakeDirectory(socket.path.substr(0, std::max<std::size_t>(socket.path.rfind('/'), 1)), 0755));
  }
  return Ok();
}

// Of other tools' keys, those on this token.
std::vector<keysocket::NamedKey> KeysOn(const std::string& token, const AgentConfig& config) {
  std::vector<keysocket::NamedKey> out;
  for (const NamedKeyConfig& key : config.keys) {
    if (key.token == token) out.push_back({.uri = key.uri, .use = key.use, .name = key.name});
  }
  return out;
}

}  // namespace

std::shared_ptr<KeyStore> Agent::Making(const config::Token& token) {
  const TokenName name{.label = token.label, .serial = token.serial};
  return std::make_shared<MakingStore>(hardware_->Share(token.name), state_.key_catalog_path(), name, clock_, permits_,
                                       foreign_ca_keys_);
}

std::vector<keysocket::ServedToken> Agent::Tokens(const AgentConfig& config) {
  std::vector<keysocket::ServedToken> tokens;
  for (const config::Token& token : config.tokens) {
    tokens.push_back({.name = token.name,
                      .store = Making(token),
                      .workers = token.max_sessions + kSpareWorkers,
                      .keys = KeysOn(token.name, config),
                      .scheme = token.tpm ? UriScheme::kTpm2 : UriScheme::kPkcs11});
  }
  return tokens;
}

Status Agent::OpenOperations(const AgentConfig& config) {
  for (const config::Operations& entry : config.operations) {
    RK_TRY(auto http, HttpServer::Start(entry.address,
                                        {[this] { return metrics_.Scrape(server_->connections(), server_->waiting()); },
                                         readiness_}));
    log::Info("listening",
              {{"listener", "operations"}, {"address", config::BoundAddress(entry.address, http->port())}});
    http_.push_back(std::move(http));
  }
  return Ok();
}

void Agent::MakeRelay(const AgentConfig& config, const Makers& make) {
  if (!config.relay) return;
  const auto certificate = std::ranges::find(config.certificates, config.relay->certificate, &CertificateConfig::name);
  relay_ = make.relay(*config.relay, *certificate, shown_relay_, clock_);
}

Status Agent::KeepCertificates(const AgentConfig& config, const Makers& make) {
  const std::string marks = state_.path() + "/certificates";
  if (!config.certificates.empty()) RK_RETURN_IF_ERROR(MakeDirectory(marks, 0700));
  for (const CertificateConfig& entry : config.certificates) {
    RK_TRY(const FileAccess access, AccessOf(entry));
    const auto token = std::ranges::find(config.tokens, entry.token, &config::Token::name);
    CertificateUser* user = config.relay && config.relay->certificate == entry.name ? relay_.get() : nullptr;
    certificates_.Start(
        [this, entry, access, marks, user, ask = make.source, store = Making(*token)](const std::stop_token& stop) {
          return std::make_unique<CertificateKeeper>(CertificateKeeper::Parts{
              .config = entry,
              .access = access,
              .store = store,
              .catalog_path = state_.key_catalog_path(),
              .mark_path = marks + "/" + entry.name,
              .own_socket = own_socket_,
              .source = ask(entry, tpms_, stop),
              .stop = stop,
              // Any socket of the applications': the CA service's keys are none of these.
              .permit = [this](const KeyInfo& key) { return permits_.Check(keysocket::SocketOptions{}, key); },
              .reload = [limit = entry.reload_timeout,
                         stop](const auto& command) { return RunCommand(command, limit, stop); },
              .user = user,
              .reports = shown_certificates_,
              .clock = clock_});
        });
  }
  return Ok();
}

void Agent::Drain(std::chrono::milliseconds patience) {
  if (relay_ != nullptr) relay_->Drain(patience);
  server_->Drain(patience);
}

Result<std::unique_ptr<Agent>> Agent::Start(const AgentConfig& config, std::map<std::string, Fd> adopted,
                                            const Makers& make) {
  RK_TRY(auto sockets, SocketsOf(config));
  RK_TRY(auto state, store::StateDir::Open(config.state_directory));
  auto agent = std::unique_ptr<Agent>(new Agent(config, std::move(state)));
  RK_TRY(agent->hardware_,
         Hardware::Open({.modules = config.modules,
                         .pin_directory = store::PinDirectory(config.state_directory),
                         .token_host = config.token_host,
                         .log_level = config.log.level,
                         .open_tpm = [&tpms = agent->tpms_](const config::Token& token) { return tpms.Open(token); }},
                        config.tokens));
  agent->keys_ = std::make_unique<KeyWatch>(KeyWatch::Parts{.path = agent->state_.key_catalog_path(),
                                                            .tokens = config.tokens,
                                                            .key_sockets = {},
                                                            .hardware = *agent->hardware_,
                                                            .reports = agent->reports_,
                                                            .clock = agent->clock_});
  RK_RETURN_IF_ERROR(agent->keys_->Start());
  RK_RETURN_IF_ERROR(agent->permit_watch_.Start());
  agent->minder_ = std::make_unique<Minder>(Minder::Parts{.hardware = *agent->hardware_,
                                                          .reports = agent->reports_,
                                                          .keys = *agent->keys_,
                                                          .foreign_ca_keys = agent->foreign_ca_keys_,
                                                          .space = agent->space_,
                                                          .tokens = config.tokens});
  RK_TRY(auto own, PrepareOwnSocket(config));
  if (own) {
    agent->own_socket_ = own->path;
    sockets.push_back(*std::move(own));
  }
  RK_RETURN_IF_ERROR(MakeDirectories(sockets, adopted));
  keysocket::ServerOptions options;
  options.permit = [&permits = agent->permits_](const keysocket::SocketOptions& socket, const KeyInfo& key) {
    return permits.Check(socket, key);
  };
  options.observer = &agent->metrics_;
  RK_TRY(agent->server_,
         keysocket::Server::Start(std::move(sockets), agent->Tokens(config), options, std::move(adopted)));
  RK_RETURN_IF_ERROR(agent->OpenOperations(config));
  agent->minder_->Start();
  // When the sockets are served: whoever is told to reload asks them for its key.
  agent->MakeRelay(config, make);
  RK_RETURN_IF_ERROR(agent->KeepCertificates(config, make));
  for (const SocketConfig& socket : config.sockets) {
    log::Info("agent.serving", {{"socket", socket.name}, {"path", socket.path}, {"ca_service", socket.ca_service}});
  }
  return agent;
}

}  // namespace rootkeep::agent
