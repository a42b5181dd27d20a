#include "keystore/tpm2/key_file_asn1.h"

#include <fmt/format.h>
#include <openssl/asn1t.h>

#include <array>
#include <limits>

#include "keystore/base/openssl.h"

namespace rootkeep::tpm2 {
namespace {

struct TpmKey {
  ASN1_OBJECT* type;
  ASN1_BOOLEAN empty_auth;  // -1: absent
  ASN1_TYPE* policy;
  ASN1_TYPE* secret;
  ASN1_TYPE* auth_policy;
  ASN1_TYPE* description;
  ASN1_TYPE* rsa_parent;
  ASN1_INTEGER* parent;
  ASN1_OCTET_STRING* public_area;
  ASN1_OCTET_STRING* private_area;
};

// NOLINTBEGIN: OpenSSL's macros
ASN1_SEQUENCE(TpmKey) =
    {
        ASN1_SIMPLE(TpmKey, type, ASN1_OBJECT),
        ASN1_EXP_OPT(TpmKey, empty_auth, ASN1_BOOLEAN, 0),
        ASN1_EXP_OPT(TpmKey, policy, ASN1_ANY, 1),
        ASN1_EXP_OPT(TpmKey, secret, ASN1_ANY, 2),
        ASN1_EXP_OPT(TpmKey, auth_policy, ASN1_ANY, 3),
        ASN1_EXP_OPT(TpmKey, description, ASN1_ANY, 4),
        ASN1_EXP_OPT(TpmKey, rsa_parent, ASN1_ANY, 5),
        ASN1_SIMPLE(TpmKey, parent, ASN1_INTEGER),
        ASN1_SIMPLE(TpmKey, public_area, ASN1_OCTET_STRING),
        ASN1_SIMPLE(TpmKey, private_area, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(TpmKey)
    // NOLINTEND

    struct FreeTpmKey {
  void operator()(TpmKey* key) const { ASN1_item_free(reinterpret_cast<ASN1_VALUE*>(key), ASN1_ITEM_rptr(TpmKey)); }
};
using OwnedTpmKey = std::unique_ptr<TpmKey, FreeTpmKey>;

constexpr const char* kLoadableKey = "2.23.133.10.1.3";

Error NotAKeyFile(std::string message) { return InvalidArgument(std::move(message)).WithReason("key_file"); }

Result<Bytes> Encode(const TpmKey* key) {
  unsigned char* der = nullptr;
  const int size = ASN1_item_i2d(reinterpret_cast<const ASN1_VALUE*>(key), &der, ASN1_ITEM_rptr(TpmKey));
  if (size <= 0) return ossl::TakeError(Code::kInternal, "ASN1_item_i2d");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Status CheckFields(const TpmKey& key) {
  const std::array<std::pair<const ASN1_TYPE*, const char*>, 5> fields{{{key.policy, "policy"},
                                                                        {key.secret, "secret"},
                                                                        {key.auth_policy, "authPolicy"},
                                                                        {key.description, "description"},
                                                                        {key.rsa_parent, "rsaParent"}}};
  for (const auto& [value, name] : fields) {
    if (value == nullptr) continue;
    return Error(Code::kUnimplemented, fmt::format("the key file has the field {}, which is not honoured here", name))
        .WithReason("key_file_field");
  }
  return Ok();
}

Status CheckType(const ASN1_OBJECT* type) {
  std::array<char, 64> text{};
  OBJ_obj2txt(text.data(), text.size(), type, 1);
  if (std::string_view(text.data()) == kLoadableKey) return Ok();
  return NotAKeyFile(fmt::format("the key file is of type {}, not {} (loadable)", text.data(), kLoadableKey));
}

Bytes OctetsOf(const ASN1_OCTET_STRING* string) {
  const unsigned char* data = ASN1_STRING_get0_data(string);
  return {data, data + ASN1_STRING_length(string)};
}

}  // namespace

Result<KeyFile> DecodeTpmKey(ByteView der) {
  const unsigned char* cursor = der.data();
  const auto size = static_cast<long>(der.size());  // NOLINT(google-runtime-int): OpenSSL's type
  const OwnedTpmKey key(reinterpret_cast<TpmKey*>(ASN1_item_d2i(nullptr, &cursor, size, ASN1_ITEM_rptr(TpmKey))));
  if (key == nullptr) return ossl::TakeError(Code::kInvalidArgument, "ASN1_item_d2i").WithReason("key_file");
  // OpenSSL reads more than DER. This refuses that, and octets that follow.
  RK_TRY(const Bytes again, Encode(key.get()));
  if (!std::ranges::equal(again, der)) return NotAKeyFile("the key file is not DER, or octets follow it");
  RK_RETURN_IF_ERROR(CheckType(key->type));
  RK_RETURN_IF_ERROR(CheckFields(*key));
  const ASN1_BOOLEAN empty_auth = key->empty_auth;
  if (empty_auth > 1 && empty_auth != 0xff) return NotAKeyFile("the key file's emptyAuth is not DER");
  std::uint64_t parent = 0;
  if (ASN1_INTEGER_get_uint64(&parent, key->parent) != 1 || parent > std::numeric_limits<std::uint32_t>::max()) {
    ossl::ClearErrors();
    return NotAKeyFile("the key file's parent is no handle");
  }
  return KeyFile{.empty_auth = empty_auth > 0,
                 .parent = static_cast<std::uint32_t>(parent),
                 .public_area = OctetsOf(key->public_area),
                 .private_area = OctetsOf(key->private_area)};
}

Result<Bytes> EncodeTpmKey(const KeyFile& key) {
  const OwnedTpmKey out(reinterpret_cast<TpmKey*>(ASN1_item_new(ASN1_ITEM_rptr(TpmKey))));
  const auto set = [](ASN1_OCTET_STRING* string, const Bytes& octets) {
    return ASN1_STRING_set(string, octets.data(), static_cast<int>(octets.size())) == 1;
  };
  if (out == nullptr) return ossl::TakeError(Code::kInternal, "ASN1_item_new");
  out->type = OBJ_txt2obj(kLoadableKey, 1);
  out->empty_auth = key.empty_auth ? 0xff : 0;
  if (out->type == nullptr || ASN1_INTEGER_set_uint64(out->parent, key.parent) != 1 ||
      !set(out->public_area, key.public_area) || !set(out->private_area, key.private_area)) {
    return ossl::TakeError(Code::kInternal, "ASN1_STRING_set");
  }
  return Encode(out.get());
}

}  // namespace rootkeep::tpm2
