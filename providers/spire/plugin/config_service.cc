#include "providers/spire/plugin/config_service.h"

#include <algorithm>
#include <string_view>

#include "providers/spire/plugin/answer.h"
#include "providers/spire/plugin/hcl/parse.h"

namespace rootkeep::spire {
namespace {

using ::spire::service::common::config::v1::ConfigureRequest;
using ::spire::service::common::config::v1::ConfigureResponse;
using ::spire::service::common::config::v1::ValidateRequest;
using ::spire::service::common::config::v1::ValidateResponse;

constexpr std::size_t kMaxTrustDomain = 255;  // SPIFFE-ID §2.3

bool IsTrustDomain(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kMaxTrustDomain && std::ranges::all_of(name, allowed);
}

template <typename Request>
Status CheckCore(const Request& request) {
  if (!request.has_core_configuration()) return InvalidArgument("server core configuration is required");
  const std::string& name = request.core_configuration().trust_domain();
  if (name.empty()) return InvalidArgument("server core configuration must contain trust_domain");
  if (!IsTrustDomain(name)) return InvalidArgument("server core configuration: trust_domain is malformed");
  return Ok();
}

// Gives the request's parts to `judge`.
template <typename Request>
Status Judge(const Request& request, Status (Configurable::*judge)(const std::string&, hcl::Section&),
             Configurable& plugin) {
  RK_RETURN_IF_ERROR(CheckCore(request));
  auto members = hcl::Parse(request.hcl_configuration());
  if (!members.ok()) return Error(std::move(members).error()).Within("plugin configuration is malformed");
  hcl::Section settings(std::move(*members));
  Status status = (plugin.*judge)(request.core_configuration().trust_domain(), settings);
  if (!status.ok()) return Error(std::move(status).error()).Within("plugin configuration");
  return status;
}

}  // namespace

grpc::Status ConfigService::Configure(grpc::ServerContext* /*context*/, const ConfigureRequest* request,
                                      ConfigureResponse* /*response*/) {
  return Answer([&]() -> Status {
    const MutexLock lock(configuring_);
    return Judge(*request, &Configurable::Configure, plugin_);
  });
}

grpc::Status ConfigService::Validate(grpc::ServerContext* /*context*/, const ValidateRequest* request,
                                     ValidateResponse* response) {
  return Answer([&]() -> Status {
    const Status judged = Judge(*request, &Configurable::Validate, plugin_);
    response->set_valid(judged.ok());
    if (!judged.ok()) response->add_notes(judged.error().ToString());
    return Ok();
  });
}

}  // namespace rootkeep::spire
