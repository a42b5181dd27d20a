// Certificates that become roots: read, named and held to what clients of a bundle need of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/bundle/trust_bundle.h"

namespace rootkeep {

inline constexpr std::size_t kMostRoots = 32;  // of one trust domain, without removed ones
inline constexpr std::size_t kMaxRootSize = std::size_t{16} << 10;

// Fingerprint and key identifier of a certificate (DER). INVALID_ARGUMENT with reason "certificates" when it is none or
// longer than kMaxRootSize.
Result<BundleRoot> ReadRoot(ByteView der);

// Every certificate of `pem`, in order, one that comes twice once. Errors as ReadRoot and ParseCertificates.
Result<std::vector<BundleRoot>> ReadRoots(std::string_view pem);

// Whether an operator may make it a root at `now`: a CA certificate that its own key signed, with
// SubjectKeyIdentifier, valid now, key and signature of 112 bits or more, keyCertSign. INVALID_ARGUMENT with reason
// "root_certificate" and what is missing.
Status CheckNewRoot(const BundleRoot& root, WallTime now);

// Whether `root` can be told from those there by its key identifier, as SPIRE does: FAILED_PRECONDITION with reason
// "root_key_id" when one of them has the same, or none either. A root that is there already does not count.
Status CheckDistinct(const BundleRoot& root, const std::vector<BundleRoot>& others);

// Whether `name` is the root's: its fingerprint or its key identifier, hexadecimal of either case, with or without
// colons.
bool IsNamed(const BundleRoot& root, std::string_view name);

}  // namespace rootkeep
