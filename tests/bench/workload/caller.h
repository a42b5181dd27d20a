// The workloads whose certificates the benchmark asks for.
#pragma once

#include <cstddef>
#include <string>

namespace rootkeep::bench {

// One service account, as a Kubernetes API server names it.
struct ServiceAccount {
  std::string name_space;
  std::string name;
};

// The account of caller `index`: about fifty accounts a namespace. The same index always gives the same account.
ServiceAccount CallerAccount(std::size_t index);

// spiffe://<trust_domain>/ns/<namespace>/sa/<name>
std::string SpiffeIdOf(const ServiceAccount& account, const std::string& trust_domain);

}  // namespace rootkeep::bench
