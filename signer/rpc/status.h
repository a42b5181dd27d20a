// Errors as the istio door answers them: istiod's codes and words, no detail that helps an attacker.
#pragma once

#include <grpcpp/support/status.h>

#include "keystore/base/error.h"
#include "signer/metrics/metrics.h"

namespace rootkeep {

// istio-protocol §1.6: authentication and impersonation refusals are UNAUTHENTICATED with a fixed text; a requirement
// of ours that is not met is PERMISSION_DENIED with that text, which clients take alike; what is wrong with the request
// is INVALID_ARGUMENT with istiod's text; overload RESOURCE_EXHAUSTED; everything that may pass by itself, a passed
// deadline included, UNAVAILABLE (agents do not retry DEADLINE_EXCEEDED).
grpc::Status IstioStatus(const Error& error);

// Trailing metadata: when to try again, in milliseconds (gRPC proposal A6).
inline constexpr char kRetryPushbackHeader[] = "grpc-retry-pushback-ms";

// As the door for nodes answers: refusals are PERMISSION_DENIED and alike; what is no message of the protocol is
// INVALID_ARGUMENT, an attempt that another overtook ABORTED, overload RESOURCE_EXHAUSTED, and UNAVAILABLE what may
// pass.
grpc::Status NodeStatus(const Error& error);

// As Rootkeep's own API answers: what is wrong with the request, or not this caller's, in our own words, which name no
// secret; whoever is no caller of this API alike; UNAVAILABLE what may pass or is an operator's business.
grpc::Status ApiStatus(const Error& error);

// The label under which istiod would count the failure. Only for errors after authentication.
SignErrorClass IstioErrorClass(const Error& error);

// Whether the refusal is one of identity, which istiod counts apart.
bool IsAuthenticationFailure(const Error& error);

}  // namespace rootkeep
