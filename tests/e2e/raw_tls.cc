#include "tests/e2e/raw_tls.h"

#include <array>
#include <cstdlib>
#include <functional>

namespace rootkeep::testing {
namespace {

constexpr std::uint8_t kPing = 6;
constexpr std::uint8_t kGoAway = 7;
constexpr std::uint8_t kAck = 1;
constexpr std::size_t kFrameHeader = 9;

void Append(Bytes& out, std::initializer_list<int> octets) {
  for (const int octet : octets) out.push_back(static_cast<std::uint8_t>(octet));
}

// A vector with its length in front, in `width` octets (RFC 8446 §3.4).
void Vector(Bytes& out, std::size_t width, const std::function<void(Bytes&)>& content) {
  Bytes inner;
  content(inner);
  for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(inner.size() >> (8 * i)));
  out.insert(out.end(), inner.begin(), inner.end());
}

void HelloExtension(Bytes& out, int type, const std::function<void(Bytes&)>& content) {
  Append(out, {type >> 8, type & 0xff});
  Vector(out, 2, content);
}

Bytes ClientHello(std::uint16_t group) {
  Bytes record{22, 3, 1};  // handshake, legacy version
  Vector(record, 2, [&](Bytes& handshake) {
    handshake.push_back(1);  // client_hello
    Vector(handshake, 3, [&](Bytes& hello) {
      Append(hello, {3, 3});
      hello.insert(hello.end(), 32, 0x5a);                                                // random
      hello.push_back(0);                                                                 // session id
      Vector(hello, 2, [](Bytes& suites) { Append(suites, {0x13, 0x01, 0x13, 0x02}); });  // AES-GCM
      Append(hello, {1, 0});                                                              // no compression
      Vector(hello, 2, [&](Bytes& extensions) {
        HelloExtension(extensions, 43, [](Bytes& versions) { Append(versions, {2, 3, 4}); });  // TLS 1.3
        HelloExtension(extensions, 13, [](Bytes& schemes) { Append(schemes, {0, 4, 4, 3, 8, 4}); });
        HelloExtension(extensions, 10, [&](Bytes& groups) { Append(groups, {0, 2, group >> 8, group & 0xff}); });
        HelloExtension(extensions, 51, [](Bytes& shares) { Append(shares, {0, 0}); });
        HelloExtension(extensions, 16, [](Bytes& protocols) { Append(protocols, {0, 3, 2, 'h', '2'}); });
      });
    });
  });
  return record;
}

}  // namespace

RawHttp2::RawHttp2(const std::string& address, const std::string& ciphersuites)
    : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
  if (SSL_CTX_set_ciphersuites(context_.get(), ciphersuites.c_str()) != 1) std::abort();
  bio_.reset(BIO_new_ssl_connect(context_.get()));
  BIO_set_conn_hostname(bio_.get(), address.c_str());
  BIO_get_ssl(bio_.get(), &ssl_);
  constexpr std::array<std::uint8_t, 3> kH2{2, 'h', '2'};
  SSL_set_alpn_protos(ssl_, kH2.data(), kH2.size());
  connected_ = BIO_do_connect(bio_.get()) == 1;
}

bool RawHttp2::ReadFully(std::uint8_t* data, std::size_t size) {
  while (size > 0) {
    const int got = BIO_read(bio_.get(), data, static_cast<int>(size));
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

int RawHttp2::Ping(int count) {
  Bytes out;
  if (!greeted_) {
    out = ToBytes(AsBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    Append(out, {0, 0, 0, 4, 0, 0, 0, 0, 0});  // SETTINGS, empty
    greeted_ = true;
  }
  for (int i = 0; i < count; ++i) Append(out, {0, 0, 8, kPing, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, i});
  if (BIO_write(bio_.get(), out.data(), static_cast<int>(out.size())) <= 0) return 0;
  int answered = 0;
  while (answered < count) {
    std::array<std::uint8_t, kFrameHeader> header{};
    if (!ReadFully(header.data(), header.size()) || header[3] == kGoAway) return answered;
    Bytes payload(static_cast<std::size_t>(header[0] << 16 | header[1] << 8 | header[2]));
    if (!ReadFully(payload.data(), payload.size())) return answered;
    if (header[3] == kPing && (header[4] & kAck) != 0) ++answered;
  }
  return answered;
}

bool AcceptsGroup(const std::string& address, std::uint16_t group) {
  const ossl::Bio bio(BIO_new_connect(address.c_str()));
  if (BIO_do_connect(bio.get()) != 1) std::abort();
  const Bytes hello = ClientHello(group);
  if (BIO_write(bio.get(), hello.data(), static_cast<int>(hello.size())) <= 0) return false;
  constexpr std::uint8_t kHandshake = 22;  // RFC 8446 §5.1: a record begins with its type
  std::uint8_t type = 0;
  return BIO_read(bio.get(), &type, 1) == 1 && type == kHandshake;
}

}  // namespace rootkeep::testing
