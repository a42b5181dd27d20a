#include "tools/rootkeep/doctor/check_agent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "keystore/base/file.h"
#include "tools/request/answer.h"
#include "tools/rootkeep-agent/certificate_keeper.h"
#include "tools/rootkeep-agent/certificate_names.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr const char* kStep = "certificate";
constexpr const char* kHint = "the agent's log says why, under certificate_not_renewed";

Result<IssuedCertificate> ReadIssued(const agent::CertificateConfig& config, WallTime now) {
  RK_TRY(std::string chain, ReadFile(config.chain_file, kMaxFile));
  RK_TRY(std::string bundle, ReadFile(config.bundle_file, kMaxFile));
  if (access(config.key_file.c_str(), R_OK) != 0) return ErrnoError("access " + config.key_file, errno);
  auto issued = CheckIssued(std::move(chain), std::move(bundle), nullptr, now);
  if (issued.ok()) return issued;
  return Error(Code::kFailedPrecondition, config.chain_file + ": " + issued.error().message());
}

// The agent uses such a certificate: what it holds is the CA's decision.
void WarnOfMissingNames(Checkup& checkup, const std::string& name, const agent::CertificateConfig& config,
                        const std::string& chain_pem) {
  const auto missing = agent::MissingNames(chain_pem, config.identities);
  if (!missing.empty()) checkup.Warn(kStep, name, "it does not name " + Describe(missing));
}

}  // namespace

void CheckAgentCertificates(Checkup& checkup, const agent::AgentConfig& config, WallTime now) {
  for (const agent::CertificateConfig& certificate : config.certificates) {
    const std::string name = "certificate " + certificate.name;
    const auto issued = ReadIssued(certificate, now);
    if (!issued.ok()) {
      checkup.Step(kStep, name, Error(issued.error()).WithHint(kHint));
      continue;
    }
    // The latest moment that the agent may have picked, and time for a CA that was away for a while.
    constexpr double kLatest = 1.0;
    const WallTime due = agent::RenewalTime(issued->not_before, issued->not_after, kLatest);
    const WallTime late = due + (issued->not_after - due) / 4;
    if (now > late) {
      checkup.Warn(kStep, name,
                   fmt::format("ends {} and should have been renewed before {}: {}", ToRfc3339(issued->not_after),
                               ToRfc3339(due), kHint));
    } else {
      checkup.Step(kStep, name, Ok(),
                   fmt::format("until {}, renewed before {}", ToRfc3339(issued->not_after), ToRfc3339(due)));
    }
    WarnOfMissingNames(checkup, name, certificate, issued->chain_pem);
  }
}

}  // namespace rootkeep::cli
