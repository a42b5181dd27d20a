// The names and numbers that foreign clients have compiled in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/grpc/health.grpc.pb.h"
#include "proto/istio/ca.grpc.pb.h"

namespace rootkeep {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;

TEST(IstioContract, MethodPath) {
  const auto* service = IstioCertificateRequest::descriptor()->file()->FindServiceByName("IstioCertificateService");
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->full_name(), "istio.v1.auth.IstioCertificateService");
  EXPECT_EQ(std::string(istio::v1::auth::IstioCertificateService::service_full_name()), service->full_name());
  ASSERT_EQ(service->method_count(), 1);
  EXPECT_EQ(service->method(0)->name(), "CreateCertificate");
  EXPECT_FALSE(service->method(0)->client_streaming());
  EXPECT_FALSE(service->method(0)->server_streaming());
}

TEST(IstioContract, RequestBytes) {
  IstioCertificateRequest request;
  request.set_csr("c");
  request.set_validity_duration(60);
  (*request.mutable_metadata()->mutable_fields())["k"].set_string_value("v");
  // 1: "c" | 3: 60 | 4: Struct{1: entry{1: "k", 2: Value{3: "v"}}}
  EXPECT_EQ(request.SerializeAsString(), std::string("\x0a\x01"
                                                     "c\x18\x3c\x22\x0a\x0a\x08\x0a\x01k\x12\x03\x1a\x01v"));
}

TEST(IstioContract, ResponseBytes) {
  IstioCertificateResponse response;
  response.add_cert_chain("leaf");
  response.add_cert_chain("root");
  EXPECT_EQ(response.SerializeAsString(), std::string("\x0a\x04leaf\x0a\x04root"));
}

TEST(HealthContract, NamesAndNumbers) {
  const auto* file = grpc::health::v1::HealthCheckRequest::descriptor()->file();
  const auto* service = file->FindServiceByName("Health");
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->full_name(), "grpc.health.v1.Health");
  EXPECT_FALSE(service->FindMethodByName("Check")->server_streaming());
  EXPECT_TRUE(service->FindMethodByName("Watch")->server_streaming());
  grpc::health::v1::HealthCheckResponse response;
  response.set_status(grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(response.SerializeAsString(), "\x08\x02");
}

}  // namespace
}  // namespace rootkeep
