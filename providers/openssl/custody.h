// What a token says of a private key, in the words that Rootkeep's own tools have for it (keystore/key_info.h). Pure.
#pragma once

#include "keystore/keysocket/wire/values.h"
#include "providers/openssl/text.h"

namespace rootkeep::provider {

// Of an EVP_PKEY with an agent's key (EVP_PKEY_get_utf8_string_param, EVP_PKEY_get_int_param): Describe, VoucherText,
// and ClaimsNonExportable as 1 or 0.
inline constexpr const char* kCustodyParam = "rootkeep-custody";
inline constexpr const char* kVoucherParam = "rootkeep-voucher";
inline constexpr const char* kNonExportableParam = "rootkeep-non-exportable";

// The agent passes on what the token claims; whose word it is stands beside it.
struct Custody {
  keysocket::WireVoucher voucher = keysocket::WireVoucher::kToken;
  keysocket::WireFacts facts;  // those that Describe names
  FixedText<keysocket::kMaxUsages> other_usages;
  FixedText<keysocket::kMaxDevice> token;
  FixedText<keysocket::kMaxDevice> serial;
};

// Without the message that it came in. What is not printable ASCII becomes "?": it is shown on terminals.
Custody CustodyOf(const keysocket::KeyDescription& said) noexcept;

// "sensitive, not extractable, always sensitive, never extractable, generated in the token"; what is otherwise is in
// capitals.
using CustodyText = FixedText<160>;
CustodyText Describe(const keysocket::WireFacts& facts) noexcept;

// "claimed by token (software, for tests)", "claimed by token".
const char* VoucherText(keysocket::WireVoucher voucher) noexcept;

// Whether the token says all that keeps a key in it, as custody local-only has it: that nobody can read the key or wrap
// it, or ever could, and that it was made there. Silence is no.
bool ClaimsNonExportable(const keysocket::WireFacts& facts) noexcept;

}  // namespace rootkeep::provider
