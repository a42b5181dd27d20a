// Whether what the authority handed out during a run is right: a fast server of wrong certificates measures nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "tests/bench/load/load_loop.h"
#include "tests/bench/workload/csr_pool.h"

namespace rootkeep::bench {

struct CheckSpec {
  std::string roots;              // PEM file
  std::size_t sample_every = 50;  // every so many chains are verified in full
};

// Of every answered request: the leaf holds the key that was asked for, and no serial number comes twice. Of a
// sample, read by OpenSSL: the same key, the chain verifies to `roots`, the last element is a bundle that holds a
// root, and the only SAN is the caller's.
// Gives the number of chains verified in full; DATA_LOSS names the first request that is wrong.
Result<std::size_t> CheckCertificates(const std::vector<Outcome>& outcomes, const std::vector<PreparedCsr>& csrs,
                                      const CheckSpec& spec);

}  // namespace rootkeep::bench
