// Errors as the istio door answers them: istiod's codes and words, no detail that helps an attacker.
#pragma once

#include <grpcpp/support/status.h>

#include "keystore/base/error.h"
#include "signer/metrics/metrics.h"

namespace rootkeep {

// istio-protocol §1.6: authentication and impersonation refusals are UNAUTHENTICATED with a fixed text; what is wrong
// with the request is INVALID_ARGUMENT with istiod's text; overload RESOURCE_EXHAUSTED; everything that may pass by
// itself, a passed deadline included, UNAVAILABLE (agents do not retry DEADLINE_EXCEEDED).
grpc::Status IstioStatus(const Error& error);

// The label under which istiod would count the failure. Only for errors after authentication.
SignErrorClass IstioErrorClass(const Error& error);

// Whether the refusal is one of identity, which istiod counts apart.
bool IsAuthenticationFailure(const Error& error);

}  // namespace rootkeep
