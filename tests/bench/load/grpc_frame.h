// The two messages of istio.v1.auth.IstioCertificateService/CreateCertificate in gRPC's framing, written and read by
// hand: a protobuf runtime would cost more than the rest of a request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::bench {

inline constexpr std::string_view kCreateCertificatePath = "/istio.v1.auth.IstioCertificateService/CreateCertificate";

// IstioCertificateRequest {csr = 1, validity_duration = 3} behind gRPC's length prefix.
std::string EncodeRequest(std::string_view csr_pem, std::int64_t validity_seconds);

// cert_chain = 1 of the IstioCertificateResponse in `frame`; the views point into it. INVALID_ARGUMENT when it is
// not exactly one uncompressed message of that shape.
Result<std::vector<std::string_view>> DecodeResponse(std::string_view frame);

}  // namespace rootkeep::bench
