// The configuration that a sandbox's rootkeepd runs with.
#pragma once

#include <cstdint>
#include <string>

#include "tools/rootkeep/sandbox/sandbox_files.h"
#include "tools/rootkeep/sandbox/soft_token.h"

namespace rootkeep::cli {

inline constexpr char kSandboxTrustDomain[] = "cluster.local";
inline constexpr char kSandboxAuthority[] = "sandbox";
inline constexpr char kSandboxNode[] = "node-1";

// YAML. `port` is the istio listener's on 127.0.0.1, 0 for a free one; the others always take free ones.
std::string SandboxConfig(const SandboxFiles& files, const SoftToken& token, std::uint32_t port);

}  // namespace rootkeep::cli
