#define OPENSSL_SUPPRESS_DEPRECATED  // with methods there is no provider in what is measured
#include "tests/bench/provider/handover/key.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>

#include "tests/bench/provider/handover/message.h"
#include "tests/bench/provider/handover/socket.h"

namespace rootkeep::bench {
namespace {

using EcKey = ossl::Owned<EC_KEY, EC_KEY_free>;
using RsaKey = ossl::Owned<RSA, RSA_free>;
using EcSignature = ossl::Owned<ECDSA_SIG, ECDSA_SIG_free>;
using Packet = std::array<unsigned char, kMostHandoverOctets>;

// What a key keeps: its signer's socket. Stays, since OpenSSL may copy the pointer with the key.
std::string* Lasting(const std::string& path) {
  static auto& paths = *new std::map<std::string, std::string>();
  return &paths.try_emplace(path, path).first->second;
}

// Sends what is to be signed, and gives the signature's size; 0 when there is none.
std::size_t Ask(const std::string& path, HandoverMechanism mechanism, ByteView input, Packet& packet) {
  thread_local std::map<std::string, Fd> connections;
  Fd& connection = connections[path];
  if (!connection.valid()) {
    auto made = HandoverSocket::Connect(path);
    if (!made.ok()) return 0;
    connection = *std::move(made);
  }
  if (input.size() + 1 > packet.size()) return 0;
  packet[0] = static_cast<unsigned char>(mechanism);
  std::ranges::copy(input, packet.begin() + 1);
  ssize_t size = send(connection.get(), packet.data(), input.size() + 1, MSG_NOSIGNAL);
  if (size > 0) size = recv(connection.get(), packet.data(), packet.size(), 0);
  if (size <= 0) connection = {};
  return static_cast<std::size_t>(std::max<ssize_t>(size, 0));
}

// ---- EC

int EcIndex() {
  static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

ECDSA_SIG* EcSign(const unsigned char* digest, int size, const BIGNUM* /*kinv*/, const BIGNUM* /*r*/, EC_KEY* key) {
  Packet packet;
  const auto& path = *static_cast<const std::string*>(EC_KEY_get_ex_data(key, EcIndex()));
  const std::size_t octets =
      Ask(path, HandoverMechanism::kEcdsa, ByteView(digest, static_cast<std::size_t>(size)), packet);
  if (octets == 0) return nullptr;
  const auto half = static_cast<int>(octets / 2);
  EcSignature signature(ECDSA_SIG_new());
  ossl::BigNum r(BN_bin2bn(packet.data(), half, nullptr));
  ossl::BigNum s(BN_bin2bn(packet.data() + half, half, nullptr));
  if (signature == nullptr || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return nullptr;
  (void)r.release();
  (void)s.release();
  return signature.release();
}

int EcSignDer(int /*type*/, const unsigned char* digest, int size, unsigned char* out, unsigned int* out_size,
              const BIGNUM* kinv, const BIGNUM* r, EC_KEY* key) {
  const EcSignature signature(EcSign(digest, size, kinv, r, key));
  const int octets = signature == nullptr ? 0 : i2d_ECDSA_SIG(signature.get(), &out);
  if (octets <= 0) return 0;
  *out_size = static_cast<unsigned int>(octets);
  return 1;
}

const EC_KEY_METHOD* EcMethod() {
  static EC_KEY_METHOD* const method = [] {
    EC_KEY_METHOD* made = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (made != nullptr) EC_KEY_METHOD_set_sign(made, EcSignDer, nullptr, EcSign);
    return made;
  }();
  return method;
}

bool SetEc(EVP_PKEY* out, const Bytes& spki, const std::string& path) {
  const unsigned char* at = spki.data();
  EcKey key(d2i_EC_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  if (key == nullptr || EcMethod() == nullptr || EC_KEY_set_method(key.get(), EcMethod()) != 1 ||
      EC_KEY_set_ex_data(key.get(), EcIndex(), Lasting(path)) != 1 || EVP_PKEY_assign_EC_KEY(out, key.get()) != 1) {
    return false;
  }
  (void)key.release();
  return true;
}

// ---- RSA

int RsaIndex() {
  static const int index = RSA_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int RsaSign(int size, const unsigned char* from, unsigned char* to, RSA* key, int padding) {
  if (padding != RSA_PKCS1_PADDING && padding != RSA_NO_PADDING) return -1;
  Packet packet;
  const auto& path = *static_cast<const std::string*>(RSA_get_ex_data(key, RsaIndex()));
  const auto mechanism = padding == RSA_PKCS1_PADDING ? HandoverMechanism::kRsaPkcs1 : HandoverMechanism::kRsaBlock;
  const std::size_t signature = Ask(path, mechanism, ByteView(from, static_cast<std::size_t>(size)), packet);
  if (signature != static_cast<std::size_t>(RSA_size(key))) return -1;
  std::copy_n(packet.begin(), signature, to);
  return static_cast<int>(signature);
}

const RSA_METHOD* RsaMethod() {
  static RSA_METHOD* const method = [] {
    RSA_METHOD* made = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    if (made != nullptr) RSA_meth_set_priv_enc(made, RsaSign);
    return made;
  }();
  return method;
}

bool SetRsa(EVP_PKEY* out, const Bytes& spki, const std::string& path) {
  const unsigned char* at = spki.data();
  RsaKey key(d2i_RSA_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  if (key == nullptr || RsaMethod() == nullptr || RSA_set_method(key.get(), RsaMethod()) != 1) return false;
  RSA_set_flags(key.get(), RSA_FLAG_EXT_PKEY);
  if (RSA_set_ex_data(key.get(), RsaIndex(), Lasting(path)) != 1 || EVP_PKEY_assign_RSA(out, key.get()) != 1) {
    return false;
  }
  (void)key.release();
  return true;
}

}  // namespace

ossl::PKey OpenHandoverKey(const PublicKey& key, const std::string& path) {
  ossl::PKey out(EVP_PKEY_new());
  const auto set = IsRsa(key.type()) ? SetRsa : SetEc;
  if (out == nullptr || !set(out.get(), key.spki(), path)) return nullptr;
  return out;
}

}  // namespace rootkeep::bench
