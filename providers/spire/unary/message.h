// How gRPC puts messages and errors into HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::spire::unary {

// Of any request, without its prefix; as gRPC's own limit.
inline constexpr std::size_t kMaxMessage = std::size_t{4} << 20;
inline constexpr std::size_t kPrefixSize = 5;  // whether it is compressed, and its length in 4 octets, big-endian

// The message of a request's body, which it must be all of. UNIMPLEMENTED when it is compressed, INTERNAL when the body
// is something else.
Result<std::string_view> OnlyMessage(std::string_view body);

// Appends `message`, at most 4 GiB long, behind its prefix.
void AppendMessage(std::string& out, std::string_view message);

// Whether a request with this content-type is gRPC's: application/grpc, perhaps with the name of how its messages are
// written behind a '+', or with parameters.
bool IsGrpcType(std::string_view content_type);

// Of the header grpc-timeout: at most eight digits and a unit. Nothing when it is something else. Who waits for longer
// than a year waits for a year.
std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view value);
inline constexpr std::chrono::hours kLongestTimeout{24 * 365};

// Of a text as the header grpc-message has it. nghttp2 sends no headers beyond 64 KiB, and clients take less.
inline constexpr std::size_t kMaxText = 4096;

// As the header grpc-message has it: octets that are no printable ASCII, and '%', as %XX. Cut off after kMaxText.
std::string EncodeText(std::string_view text);

}  // namespace rootkeep::spire::unary
