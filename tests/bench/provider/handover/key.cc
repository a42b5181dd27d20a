#define OPENSSL_SUPPRESS_DEPRECATED  // methods are what has least between application and key
#include "tests/bench/provider/handover/key.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <map>

#include "keystore/base/file.h"
#include "tests/bench/provider/handover/message.h"

namespace rootkeep::bench {
namespace {

using BarePacket = std::array<unsigned char, kMostBareOctets>;

Fd Connect(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  Fd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (path.size() >= sizeof address.sun_path) return {};
  std::ranges::copy(path, std::begin(address.sun_path));
  const bool connected = connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return connected ? std::move(connection) : Fd();
}

// Of this thread.
const Fd& ConnectionTo(const std::string& path) {
  thread_local std::map<std::string, Fd> connections;
  Fd& connection = connections[path];
  if (!connection.valid()) connection = Connect(path);
  return connection;
}

// Sends what is to be signed, and gives the signature's size; 0 when there is none.
std::size_t Ask(const std::string& socket, BareMechanism mechanism, ByteView input, BarePacket& packet) {
  if (input.size() + 1 > packet.size()) return 0;
  const Fd& connection = ConnectionTo(socket);
  packet[0] = static_cast<unsigned char>(mechanism);
  std::ranges::copy(input, packet.begin() + 1);
  if (send(connection.get(), packet.data(), input.size() + 1, MSG_NOSIGNAL) < 0) return 0;
  return static_cast<std::size_t>(std::max<ssize_t>(recv(connection.get(), packet.data(), packet.size(), 0), 0));
}

void FreeSocket(void* /*parent*/, void* socket, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*number*/,
                void* /*pointer*/) {
  delete static_cast<std::string*>(socket);
}

// ---- EC

int EcIndex() {
  static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeSocket);
  return index;
}

ECDSA_SIG* EcSign(const unsigned char* digest, int size, const BIGNUM* /*kinv*/, const BIGNUM* /*r*/, EC_KEY* key) {
  BarePacket packet;
  const auto& socket = *static_cast<const std::string*>(EC_KEY_get_ex_data(key, EcIndex()));
  const auto half = static_cast<int>(
      Ask(socket, BareMechanism::kEcdsa, ByteView(digest, static_cast<std::size_t>(size)), packet) / 2);
  ECDSA_SIG* signature = half == 0 ? nullptr : ECDSA_SIG_new();
  if (signature == nullptr) return nullptr;
  ECDSA_SIG_set0(signature, BN_bin2bn(packet.data(), half, nullptr), BN_bin2bn(packet.data() + half, half, nullptr));
  return signature;
}

int EcSignDer(int /*type*/, const unsigned char* digest, int size, unsigned char* out, unsigned int* out_size,
              const BIGNUM* kinv, const BIGNUM* r, EC_KEY* key) {
  ECDSA_SIG* signature = EcSign(digest, size, kinv, r, key);
  if (signature == nullptr) return 0;
  *out_size = static_cast<unsigned int>(i2d_ECDSA_SIG(signature, &out));
  ECDSA_SIG_free(signature);
  return 1;
}

EVP_PKEY* OpenEc(const Bytes& spki, const std::string& socket) {
  static EC_KEY_METHOD* const method = [] {
    EC_KEY_METHOD* made = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    EC_KEY_METHOD_set_sign(made, EcSignDer, nullptr, EcSign);
    return made;
  }();
  const unsigned char* at = spki.data();
  EC_KEY* const key = d2i_EC_PUBKEY(nullptr, &at, static_cast<long>(spki.size()));
  EVP_PKEY* const out = EVP_PKEY_new();
  EC_KEY_set_method(key, method);
  EC_KEY_set_ex_data(key, EcIndex(), new std::string(socket));
  EVP_PKEY_assign_EC_KEY(out, key);
  return out;
}

// ---- RSA

int RsaIndex() {
  static const int index = RSA_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeSocket);
  return index;
}

int RsaSign(int size, const unsigned char* from, unsigned char* to, RSA* key, int padding) {
  if (padding != RSA_PKCS1_PADDING && padding != RSA_NO_PADDING) return -1;
  BarePacket packet;
  const auto& socket = *static_cast<const std::string*>(RSA_get_ex_data(key, RsaIndex()));
  const auto mechanism = padding == RSA_PKCS1_PADDING ? BareMechanism::kRsaPkcs1 : BareMechanism::kRsaBlock;
  const std::size_t signature = Ask(socket, mechanism, ByteView(from, static_cast<std::size_t>(size)), packet);
  if (signature != static_cast<std::size_t>(RSA_size(key))) return -1;
  std::copy_n(packet.begin(), signature, to);
  return static_cast<int>(signature);
}

EVP_PKEY* OpenRsa(const Bytes& spki, const std::string& socket) {
  static RSA_METHOD* const method = [] {
    RSA_METHOD* made = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    RSA_meth_set_priv_enc(made, RsaSign);
    return made;
  }();
  const unsigned char* at = spki.data();
  RSA* const key = d2i_RSA_PUBKEY(nullptr, &at, static_cast<long>(spki.size()));
  EVP_PKEY* const out = EVP_PKEY_new();
  RSA_set_method(key, method);
  RSA_set_flags(key, RSA_FLAG_EXT_PKEY);
  RSA_set_ex_data(key, RsaIndex(), new std::string(socket));
  EVP_PKEY_assign_RSA(out, key);
  return out;
}

}  // namespace

Result<ossl::PKey> OpenBareKey(const PublicKey& key, const std::string& socket) {
  if (!Connect(socket).valid()) return Unavailable("no bare signer takes connections at " + socket);
  return ossl::PKey(IsRsa(key.type()) ? OpenRsa(key.spki(), socket) : OpenEc(key.spki(), socket));
}

}  // namespace rootkeep::bench
