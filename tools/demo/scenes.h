// What the demo shows once the CA is up. Each scene fails when the world is not as it should be.
#pragma once

#include "tools/demo/story.h"
#include "tools/rootkeep/sandbox/sandbox.h"

namespace rootkeep::demo {

// A certificate the way istio-agent gets it, in words, and checked by `openssl verify`.
Status ShowCertificate(const Story& story, const cli::Sandbox& sandbox);

// A forged token, an identity the caller has no right to, garbage: what each client hears, and the reason that the
// operator reads in rootkeepd's log.
Status ShowRefusals(const Story& story, cli::Sandbox& sandbox);

// The token taken away and given back, with the time until the next good certificate.
Status ShowLossAndReturn(const Story& story, const cli::Sandbox& sandbox);

}  // namespace rootkeep::demo
