#include "signer/rpc/status.h"

#include <fmt/format.h>

namespace rootkeep {
namespace {

grpc::Status SigningError(grpc::StatusCode code, std::string_view detail) {
  return {code, fmt::format("CSR signing error ({})", detail)};
}

// Texts that istiod's clients and their operators know; a reason without one keeps its own words.
std::string_view InvalidDetail(const Error& error) {
  if (error.reason() == "csr_pem") return "certificate signing request is not properly encoded";
  if (error.reason() == "csr_parse") return "failed to parse X.509 certificate signing request";
  if (error.reason() == "csr_signature") return "the request's own signature does not verify";
  if (error.reason() == "csr_key") return "the subject key is too weak or of an unsupported kind";
  return error.message();
}

}  // namespace

bool IsAuthenticationFailure(const Error& error) {
  return error.code() == Code::kUnauthenticated || error.code() == Code::kPermissionDenied;
}

grpc::Status IstioStatus(const Error& error) {
  switch (error.code()) {
    case Code::kPermissionDenied:
      if (error.reason().starts_with("requirement")) {
        return {grpc::StatusCode::PERMISSION_DENIED, "request authenticate failure"};
      }
      [[fallthrough]];
    case Code::kUnauthenticated:
      return {grpc::StatusCode::UNAUTHENTICATED, error.reason().starts_with("impersonation")
                                                     ? "request impersonation authentication failure"
                                                     : "request authenticate failure"};
    case Code::kInvalidArgument: return SigningError(grpc::StatusCode::INVALID_ARGUMENT, InvalidDetail(error));
    case Code::kResourceExhausted:
      return SigningError(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many requests, try again");
    // A wrong PIN or a key that is not the certificate's needs an operator, but the client's best course is the same.
    default: return SigningError(grpc::StatusCode::UNAVAILABLE, "Rootkeep CA is not ready");
  }
}

grpc::Status NodeStatus(const Error& error) {
  switch (error.code()) {
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
    case Code::kNotFound:
    case Code::kFailedPrecondition: return {grpc::StatusCode::PERMISSION_DENIED, "attestation refused"};
    case Code::kInvalidArgument: return {grpc::StatusCode::INVALID_ARGUMENT, "not a message of this protocol"};
    case Code::kAborted: return {grpc::StatusCode::ABORTED, "begin again"};
    case Code::kResourceExhausted: return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many attempts, try again"};
    default: return {grpc::StatusCode::UNAVAILABLE, "attestation is not ready"};
  }
}

grpc::Status ApiStatus(const Error& error) {
  switch (error.code()) {
    case Code::kUnauthenticated: return {grpc::StatusCode::UNAUTHENTICATED, "request authenticate failure"};
    case Code::kPermissionDenied:
      if (error.reason() == "api_caller" || error.reason() == "certificate_issuer" ||
          error.reason().starts_with("requirement")) {
        return {grpc::StatusCode::PERMISSION_DENIED, "not a caller of this API"};
      }
      [[fallthrough]];
    case Code::kInvalidArgument:
    case Code::kUnimplemented:
    case Code::kAlreadyExists: return {static_cast<grpc::StatusCode>(error.code()), error.message()};
    case Code::kNotFound:
    case Code::kFailedPrecondition:
      // Ready again after an operator's act, which it names.
      if (error.reason() == "active_root") return {grpc::StatusCode::UNAVAILABLE, error.message()};
      // Others are about keys and tokens of the CA.
      if (error.reason() != "ca_path_length" && !error.reason().starts_with("root_") &&
          !error.reason().starts_with("jwt_key_")) {
        break;
      }
      return {static_cast<grpc::StatusCode>(error.code()), error.message()};
    case Code::kResourceExhausted:
      // Trying again does not help.
      if (error.reason() == "jwt_keys" || error.reason() == "roots") {
        return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.message()};
      }
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many requests, try again"};
    default: break;
  }
  return {grpc::StatusCode::UNAVAILABLE, "Rootkeep CA is not ready"};
}

SignErrorClass IstioErrorClass(const Error& error) {
  if (error.code() == Code::kInvalidArgument) {
    return error.reason().starts_with("ttl") ? SignErrorClass::kTtl : SignErrorClass::kCsr;
  }
  if (error.code() == Code::kUnavailable || error.code() == Code::kFailedPrecondition) {
    return SignErrorClass::kNotReady;
  }
  if (error.code() == Code::kDataLoss || error.code() == Code::kInternal) return SignErrorClass::kCertGen;
  return SignErrorClass::kUnknown;
}

}  // namespace rootkeep
