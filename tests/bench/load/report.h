// What a run came to, as one JSON object.
#pragma once

#include <string>

#include "keystore/base/result.h"
#include "tests/bench/load/load_loop.h"

namespace rootkeep::bench {

// Members: count (certificates while measuring), errors (grpc-status, or "connection", to number; the whole run),
// seconds, rate (a second), p50_ms, p99_ms, generator_cpu_us and server_cpu_us (a certificate), other_cpu (processors
// that neither used, on average: other programs and the kernel's own work), exhausted, verified_chains.
// FAILED_PRECONDITION when not one certificate came while measuring.
Result<std::string> ReportJson(const LoadResult& result, std::size_t verified_chains);

}  // namespace rootkeep::bench
