// Who the generator asks as, and what: service account tokens, client certificates got with them, framed requests.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "tests/bench/load/load_loop.h"
#include "tests/bench/workload/csr_pool.h"

namespace rootkeep::bench {

// "authorization" values of the first `count` callers in a file that rk_bench_tokens wrote.
Result<std::vector<std::string>> ReadAuthorizations(const std::string& tokens_file, std::size_t count);

// The CSRs as messages that ask for a day.
std::vector<std::string> FrameRequests(const std::vector<PreparedCsr>& csrs);

// Asks the server for one certificate for each of `authorizations` over connections of its own.
Result<std::vector<ClientIdentity>> Enrol(std::uint16_t port, const std::string& authority, TlsClient& tls,
                                          const std::vector<std::string>& authorizations,
                                          const std::string& trust_domain);

}  // namespace rootkeep::bench
