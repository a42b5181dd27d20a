#include "signer/rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rootkeep {
namespace {

using grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(IstioStatus, HidesWhyAuthenticationFailed) {
  const auto status = IstioStatus(Unauthenticated("token audience is \"x\"").WithReason("token_audience"));
  EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(status.error_message(), "request authenticate failure");
}

TEST(IstioStatus, HidesWhyImpersonationFailed) {
  const auto status = IstioStatus(Unauthenticated("no rule").WithReason("impersonation_caller"));
  EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(status.error_message(), "request impersonation authentication failure");
}

TEST(IstioStatus, SaysThatMoreIsRequiredAndNotWhat) {
  const auto status =
      IstioStatus(PermissionDenied("requirement mesh: node-2 carried it").WithReason("requirement_node"));
  EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(status.error_message(), "request authenticate failure");
  EXPECT_EQ(IstioStatus(PermissionDenied("a key of another's")).error_code(), StatusCode::UNAUTHENTICATED);
}

TEST(IstioStatus, UsesIstiodsWordsForRequests) {
  EXPECT_EQ(IstioStatus(InvalidArgument("x").WithReason("csr_pem")).error_message(),
            "CSR signing error (certificate signing request is not properly encoded)");
  EXPECT_EQ(
      IstioStatus(InvalidArgument("requested TTL 3h0m0s is greater than the max allowed TTL 2h0m0s").WithReason("ttl"))
          .error_message(),
      "CSR signing error (requested TTL 3h0m0s is greater than the max allowed TTL 2h0m0s)");
}

TEST(IstioStatus, NeverShowsTheTokensTroubles) {
  for (const Error& error : {Unavailable("C_Sign in token ca"), Internal("C_Sign in token ca"),
                             FailedPrecondition("C_Login in token ca"), DeadlineExceeded("C_Sign in token ca")}) {
    const auto status = IstioStatus(error);
    EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
    EXPECT_THAT(status.error_message(), Not(HasSubstr("token")));
  }
  EXPECT_EQ(IstioStatus(ResourceExhausted("queue of 4096")).error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST(IstioErrorClass, FollowsIstiodsLabels) {
  EXPECT_EQ(IstioErrorClass(InvalidArgument("").WithReason("ttl_minimum")), SignErrorClass::kTtl);
  EXPECT_EQ(IstioErrorClass(InvalidArgument("").WithReason("csr_key")), SignErrorClass::kCsr);
  EXPECT_EQ(IstioErrorClass(Unavailable("")), SignErrorClass::kNotReady);
  EXPECT_EQ(IstioErrorClass(Internal("")), SignErrorClass::kCertGen);
}

TEST(ApiStatus, SaysWhatIsWrongWithARequest) {
  for (const Error& error :
       {InvalidArgument("a lifetime of -1 seconds").WithReason("ttl"),
        PermissionDenied("the request is for x").WithReason("csr_san"), AlreadyExists("another JWT key has the id a"),
        FailedPrecondition("the path leaves no room").WithReason("ca_path_length"),
        FailedPrecondition("the JWT key a was removed").WithReason("jwt_key_removed"),
        NotFound("no JWT key has the id a").WithReason("jwt_key_unknown"),
        ResourceExhausted("the bundle has 1024 JWT keys already").WithReason("jwt_keys")}) {
    const auto status = ApiStatus(error);
    EXPECT_EQ(status.error_code(), static_cast<StatusCode>(error.code()));
    EXPECT_EQ(status.error_message(), error.message());
  }
}

TEST(ApiStatus, TellsStrangersNothing) {
  for (const char* reason : {"api_caller", "requirement_node"}) {
    const auto status = ApiStatus(PermissionDenied("no entry is spiffe://x").WithReason(reason));
    EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(status.error_message(), "not a caller of this API");
  }
  EXPECT_EQ(ApiStatus(Unauthenticated("token audience is x")).error_message(), "request authenticate failure");
}

TEST(ApiStatus, SaysWhatOnlyAnActEnds) {
  const Error error = FailedPrecondition("no authority chains to the active root 00").WithReason("active_root");
  EXPECT_EQ(ApiStatus(error).error_code(), StatusCode::UNAVAILABLE) << "for SPIRE tries again, and is right";
  EXPECT_EQ(ApiStatus(error).error_message(), error.message());
}

TEST(ApiStatus, WhatIsAnOperatorsIsUnavailable) {
  for (const Error& error : {FailedPrecondition("C_Login: wrong PIN").WithReason("pin"), Internal("lint"),
                             Error(Code::kDataLoss, "bad signature"), Unavailable("no token"), NotFound("no bundle")}) {
    EXPECT_EQ(ApiStatus(error).error_code(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(ApiStatus(error).error_message(), "Rootkeep CA is not ready");
  }
}

}  // namespace
}  // namespace rootkeep
