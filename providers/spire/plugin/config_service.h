// How SPIRE configures a plugin.
#pragma once

#include <string>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "proto/spire/config.grpc.pb.h"
#include "providers/spire/plugin/hcl/section.h"

namespace rootkeep::spire {

// What a plugin does with its configuration. `trust_domain` is a valid name (SPIFFE-ID §2.1). Both refuse what they do
// not know in `settings` (Section::RefuseUnknown).
class Configurable {
 public:
  virtual ~Configurable() = default;
  // Takes a configuration, at the start and again when the file has changed, while other calls are under way; one at a
  // time. On an error the one before stays in force. SPIRE does not start when the first one fails.
  virtual Status Configure(const std::string& trust_domain, hcl::Section& settings) = 0;
  // Judges one and touches nothing beyond local files. Any time, also before Configure.
  virtual Status Validate(const std::string& trust_domain, hcl::Section& settings) = 0;
};

// spire.service.common.config.v1.Config. Texts of errors are those of SPIRE's own plugins.
class ConfigService final : public ::spire::service::common::config::v1::Config::Service {
 public:
  explicit ConfigService(Configurable& plugin) : plugin_(plugin) {}

  grpc::Status Configure(grpc::ServerContext* context,
                         const ::spire::service::common::config::v1::ConfigureRequest* request,
                         ::spire::service::common::config::v1::ConfigureResponse* response) override;
  // An invalid configuration is an answer, not an error.
  grpc::Status Validate(grpc::ServerContext* context,
                        const ::spire::service::common::config::v1::ValidateRequest* request,
                        ::spire::service::common::config::v1::ValidateResponse* response) override;

 private:
  Configurable& plugin_;
  Mutex configuring_;
};

}  // namespace rootkeep::spire
