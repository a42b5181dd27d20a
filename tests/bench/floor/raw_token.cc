#include "tests/bench/floor/raw_token.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "keystore/base/file.h"

namespace rootkeep::bench {
namespace {

// Of a token that lives in a temporary directory for some seconds.
constexpr std::string_view kPin = "bench-user-pin";
constexpr std::string_view kSoPin = "bench-so-pin";
constexpr std::array<CK_BYTE, 10> kP256Oid = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
// DigestInfo for SHA-256 before the digest, RFC 8017 §9.2 note 1.
constexpr std::array<CK_BYTE, 19> kSha256Info = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

Status Check(std::string_view call, CK_RV rv) {
  if (rv == CKR_OK) return Ok();
  return Internal(std::string(call)).WithNative({.domain = "CKR", .value = rv, .name = {}});
}

// PKCS#11 takes mutable pointers where it only reads.
CK_UTF8CHAR_PTR Text(std::string_view text) { return const_cast<CK_UTF8CHAR_PTR>(AsBytes(text).data()); }

template <typename T>
CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, T& value) {
  return {type, &value, sizeof(value)};
}

}  // namespace

Status RawSigner::Sign(ByteView digest, Bytes& signature) {
  CK_MECHANISM mechanism{kind_ == RawKeyKind::kRsa2048 ? CKM_RSA_PKCS : CKM_ECDSA, nullptr, 0};
  std::array<CK_BYTE, kSha256Info.size() + 32> input;
  std::size_t size = 0;
  if (kind_ == RawKeyKind::kRsa2048) {
    std::copy(kSha256Info.begin(), kSha256Info.end(), input.begin());
    size = kSha256Info.size();
  }
  std::copy(digest.begin(), digest.end(), input.begin() + static_cast<std::ptrdiff_t>(size));
  size += digest.size();
  RK_RETURN_IF_ERROR(Check("C_SignInit", api_->C_SignInit(session_, &mechanism, key_)));
  signature.resize(256);
  CK_ULONG length = signature.size();
  RK_RETURN_IF_ERROR(Check("C_Sign", api_->C_Sign(session_, input.data(), size, signature.data(), &length)));
  signature.resize(length);
  return Ok();
}

Result<std::unique_ptr<RawToken>> RawToken::Create(const std::string& module_path, RawKeyKind kind) {
  std::unique_ptr<RawToken> token(new RawToken(kind));
  RK_RETURN_IF_ERROR(token->Load(module_path));
  RK_RETURN_IF_ERROR(token->InitToken());
  RK_RETURN_IF_ERROR(token->GenerateKey());
  return token;
}

RawToken::~RawToken() {
  if (api_ != nullptr) api_->C_Finalize(nullptr);
  // The library stays loaded: SoftHSM's static destructors and OpenSSL's do not agree on an order.
}

Status RawToken::Load(const std::string& module_path) {
  const std::string conf = directory_ / "softhsm2.conf";
  RK_RETURN_IF_ERROR(MakeDirectory(directory_ / "tokens", 0700));
  RK_RETURN_IF_ERROR(WriteFileAtomically(
      conf,
      fmt::format("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", directory_ / "tokens"),
      0600));
  if (::setenv("SOFTHSM2_CONF", conf.c_str(), 1) != 0) return ErrnoError("setenv", errno);
  library_ = ::dlopen(module_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) return NotFound(fmt::format("dlopen {}: {}", module_path, ::dlerror()));
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
  if (get_list == nullptr) return NotFound(module_path + " has no C_GetFunctionList");
  RK_RETURN_IF_ERROR(Check("C_GetFunctionList", get_list(&api_)));
  CK_C_INITIALIZE_ARGS args{};
  args.flags = CKF_OS_LOCKING_OK;
  return Check("C_Initialize", api_->C_Initialize(&args));
}

Status RawToken::InitToken() {
  CK_ULONG count = 1;
  RK_RETURN_IF_ERROR(Check("C_GetSlotList", api_->C_GetSlotList(CK_FALSE, &slot_, &count)));
  std::string label = "bench";
  label.resize(32, ' ');
  RK_RETURN_IF_ERROR(Check("C_InitToken", api_->C_InitToken(slot_, Text(kSoPin), kSoPin.size(), Text(label))));
  RK_TRY(const CK_SESSION_HANDLE officer, OpenSession(CKF_RW_SESSION));
  RK_RETURN_IF_ERROR(Check("C_Login", api_->C_Login(officer, CKU_SO, Text(kSoPin), kSoPin.size())));
  RK_RETURN_IF_ERROR(Check("C_InitPIN", api_->C_InitPIN(officer, Text(kPin), kPin.size())));
  RK_RETURN_IF_ERROR(Check("C_CloseSession", api_->C_CloseSession(officer)));
  RK_TRY(session_, OpenSession(CKF_RW_SESSION));
  return Check("C_Login", api_->C_Login(session_, CKU_USER, Text(kPin), kPin.size()));
}

Result<CK_SESSION_HANDLE> RawToken::OpenSession(CK_FLAGS extra) {
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  const CK_RV rv = api_->C_OpenSession(slot_, CKF_SERIAL_SESSION | extra, nullptr, nullptr, &session);
  RK_RETURN_IF_ERROR(Check("C_OpenSession", rv));
  return session;
}

Status RawToken::GenerateKey() {
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  CK_ULONG bits = 2048;
  std::array<CK_BYTE, 3> exponent = {1, 0, 1};
  std::array<CK_BYTE, 10> curve = kP256Oid;
  const bool rsa = kind_ == RawKeyKind::kRsa2048;
  CK_MECHANISM mechanism{rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  std::vector<CK_ATTRIBUTE> public_template = {Attribute(CKA_TOKEN, yes), Attribute(CKA_VERIFY, yes)};
  if (rsa) {
    public_template.push_back(Attribute(CKA_MODULUS_BITS, bits));
    public_template.push_back(Attribute(CKA_PUBLIC_EXPONENT, exponent));
  } else {
    public_template.push_back(Attribute(CKA_EC_PARAMS, curve));
  }
  std::array private_template = {Attribute(CKA_TOKEN, yes), Attribute(CKA_PRIVATE, yes), Attribute(CKA_SENSITIVE, yes),
                                 Attribute(CKA_EXTRACTABLE, no), Attribute(CKA_SIGN, yes)};
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  RK_RETURN_IF_ERROR(
      Check("C_GenerateKeyPair",
            api_->C_GenerateKeyPair(session_, &mechanism, public_template.data(), public_template.size(),
                                    private_template.data(), private_template.size(), &public_key, &private_key_)));
  return ReadPublicKey(public_key);
}

Result<Bytes> RawToken::ReadAttribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Bytes value(512);
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  RK_RETURN_IF_ERROR(Check("C_GetAttributeValue", api_->C_GetAttributeValue(session_, object, &attribute, 1)));
  value.resize(attribute.ulValueLen);
  return value;
}

Status RawToken::ReadPublicKey(CK_OBJECT_HANDLE object) {
  const bool rsa = kind_ == RawKeyKind::kRsa2048;
  const ossl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  Bytes point;
  ossl::BigNum modulus;
  if (rsa) {
    RK_TRY(const Bytes octets, ReadAttribute(object, CKA_MODULUS));
    modulus.reset(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_ulong(builder.get(), OSSL_PKEY_PARAM_RSA_E, 65537);
  } else {
    RK_TRY(point, ReadAttribute(object, CKA_EC_POINT));
    point.erase(point.begin(), point.begin() + 2);  // the OCTET STRING around it, PKCS#11 2.40 §2.3.3
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  }
  const ossl::Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, rsa ? "RSA" : "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_fromdata");
  }
  public_key_.reset(key);
  return Ok();
}

Result<RawSigner> RawToken::OpenSigner() {
  RK_TRY(const CK_SESSION_HANDLE session, OpenSession(0));
  return RawSigner(api_, session, private_key_, kind_);
}

}  // namespace rootkeep::bench
