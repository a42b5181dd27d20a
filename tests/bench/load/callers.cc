#include "tests/bench/load/callers.h"

#include <fmt/format.h>

#include <sstream>

#include "tests/bench/load/grpc_frame.h"
#include "tests/bench/workload/caller.h"

namespace rootkeep::bench {
namespace {

constexpr std::size_t kTokensFileLimit = std::size_t{64} << 20;
constexpr std::int64_t kValiditySeconds = 24 * 3600;  // what agents ask for by default

// The presented chain: every element but the trust bundle.
Result<ClientIdentity> MakeIdentity(const TlsClient& tls, const Outcome& outcome, EVP_PKEY* key) {
  if (outcome.status != 0) {
    return Unavailable(fmt::format("a caller's first certificate was refused with grpc-status {}", outcome.status))
        .WithHint("does the server accept the tokens' issuer, audience and key?");
  }
  RK_TRY(const auto elements, DecodeResponse(outcome.body));
  std::string chain;
  for (std::size_t i = 0; i + 1 < elements.size(); ++i) chain += elements[i];
  return tls.Identify(chain, key);
}

}  // namespace

Result<std::vector<std::string>> ReadAuthorizations(const std::string& tokens_file, std::size_t count) {
  RK_TRY(const std::string content, ReadFile(tokens_file, kTokensFileLimit));
  std::istringstream lines(content);
  std::vector<std::string> values;
  std::string name_space;
  std::string name;
  std::string token;
  while (values.size() < count && lines >> name_space >> name >> token) {
    const ServiceAccount expected = CallerAccount(values.size());
    if (name_space != expected.name_space || name != expected.name) {
      return InvalidArgument(tokens_file + " is not in the order rk_bench_tokens writes");
    }
    values.push_back("Bearer " + token);
  }
  if (values.size() < count) return InvalidArgument(tokens_file + " holds too few tokens");
  return values;
}

std::vector<std::string> FrameRequests(const std::vector<PreparedCsr>& csrs) {
  std::vector<std::string> messages;
  messages.reserve(csrs.size());
  for (const PreparedCsr& csr : csrs) messages.push_back(EncodeRequest(csr.pem, kValiditySeconds));
  return messages;
}

Result<std::vector<ClientIdentity>> Enrol(std::uint16_t port, const std::string& authority, TlsClient& tls,
                                          const std::vector<std::string>& authorizations,
                                          const std::string& trust_domain) {
  const std::size_t count = authorizations.size();
  const auto csrs = PrepareCsrs({.count = count, .callers = count, .trust_domain = trust_domain});
  const Workload workload{.messages = FrameRequests(csrs), .authorizations = authorizations};
  const LoadSpec spec{.port = port,
                      .authority = authority,
                      .connections = count,  // one message each, so that all are asked at once
                      .duration = std::chrono::seconds(20)};
  RK_TRY(const LoadResult result, LoadLoop(spec, tls, workload).Run());
  std::vector<ClientIdentity> identities(count);
  for (const Outcome& outcome : result.outcomes) {
    RK_TRY(identities[outcome.message], MakeIdentity(tls, outcome, csrs[outcome.message].key.get()));
  }
  return identities;
}

}  // namespace rootkeep::bench
