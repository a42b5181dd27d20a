#include "providers/openssl/load.h"

#include <openssl/evp.h>

#include <algorithm>

#include "providers/openssl/public_key.h"

namespace rootkeep::provider {
namespace {

using keysocket::KeyDescription;
using keysocket::Octets;

constexpr std::uint8_t kOctetString = 0x04;
constexpr std::size_t kHandoverHead = 4;  // tag and a length of two octets

bool IsFingerprintOf(Context& context, const keysocket::Fingerprint& fingerprint, Octets spki) noexcept {
  const EVP_MD* sha256 = context.Digest(Hash::kSha256);
  keysocket::Fingerprint actual{};
  return sha256 != nullptr && EVP_Digest(spki.data(), spki.size(), actual.data(), nullptr, sha256, nullptr) == 1 &&
         actual == fingerprint;
}

constexpr std::array kShownFacts{&keysocket::WireFacts::sensitive, &keysocket::WireFacts::extractable,
                                 &keysocket::WireFacts::always_sensitive, &keysocket::WireFacts::never_extractable,
                                 &keysocket::WireFacts::local};

void WriteCustody(keysocket::FieldWriter& writer, const KeyDescription& said) noexcept {
  writer.Number(static_cast<std::uint8_t>(said.voucher));
  for (const auto fact : kShownFacts) writer.Number(static_cast<std::uint8_t>(said.facts.*fact));
  writer.Text(said.facts.other_usages, keysocket::kMaxUsages);
  writer.Text(said.device.label, keysocket::kMaxDevice);
  writer.Text(said.device.serial, keysocket::kMaxDevice);
}

void ReadCustody(keysocket::FieldReader& reader, KeyDescription& out) noexcept {
  out.voucher = reader.Choice(keysocket::WireVoucher::kTokenSoftware, keysocket::WireVoucher::kToken);
  for (const auto fact : kShownFacts) {
    out.facts.*fact = reader.Choice(keysocket::WireFact::kNo, keysocket::WireFact::kUnsaid);
  }
  out.facts.other_usages = reader.Text(keysocket::kMaxUsages);
  out.device.label = reader.Text(keysocket::kMaxDevice);
  out.device.serial = reader.Text(keysocket::kMaxDevice);
}

}  // namespace

bool DescribeKey(Context& context, keysocket::Client& client, const KeyReference& reference,
                 keysocket::ReplyMemory& memory, KeyDescription& out) noexcept {
  keysocket::Failure failure;
  if (!client.Describe(reference.uri, context.Deadline(), memory, out, failure)) {
    context.Raise(failure, reference.uri);
    return false;
  }
  if (reference.fingerprint && *reference.fingerprint != out.fingerprint) {
    context.Raise(Reason::kOtherKey, "key socket %.*s: key %.*s: its fingerprint is not the reference's",
                  static_cast<int>(client.path().size()), client.path().data(), static_cast<int>(out.uri.size()),
                  out.uri.data());
    return false;
  }
  return true;
}

KeyHolder MakeKey(Context& context, keysocket::Client& client, const KeyDescription& said) noexcept {
  std::unique_ptr<AgentKey> agent(new (std::nothrow) AgentKey);
  KeyHolder key(Key::New(context, KindOf(said.type)));
  if (agent == nullptr || key == nullptr) {
    context.Raise(Reason::kMemory);
    return nullptr;
  }
  Pkey material = ReadPublicKey(context, said.type, said.spki);
  if (material == nullptr || !IsFingerprintOf(context, said.fingerprint, said.spki) || !agent->uri.Set(said.uri)) {
    context.Raise(Reason::kAgent, "key socket %.*s: key %.*s: its public key is not what the agent says it is",
                  static_cast<int>(client.path().size()), client.path().data(), static_cast<int>(said.uri.size()),
                  said.uri.data());
    return nullptr;
  }
  agent->client = &client;
  agent->fingerprint = said.fingerprint;
  agent->type = said.type;
  agent->schemes = said.schemes;
  agent->custody = CustodyOf(said);
  key->SetMaterial(std::move(material), 0);
  key->SetAgent(std::move(agent));
  return key;
}

std::size_t WriteHandover(const Context& context, const keysocket::Client& client, const KeyDescription& said,
                          std::span<std::uint8_t> out) noexcept {
  if (out.size() < kHandoverHead) return 0;
  keysocket::FieldWriter writer(out.subspan(kHandoverHead));
  writer.Raw(context.mark());
  writer.Text(client.path(), kMaxSocket);
  writer.Raw(said.fingerprint);
  writer.Number(static_cast<std::uint8_t>(said.type));
  writer.Number(said.schemes);
  writer.Text(said.uri, keysocket::kMaxUri);
  writer.Blob(said.spki, keysocket::kMaxSpki);
  WriteCustody(writer, said);
  const std::size_t size = writer.size();
  // Always two octets of length: this provider alone reads it.
  if (size == 0 || size > 0xffff) return 0;
  out[0] = kOctetString;
  out[1] = 0x82;
  out[2] = static_cast<std::uint8_t>(size >> 8U);
  out[3] = static_cast<std::uint8_t>(size);
  return kHandoverHead + size;
}

KeyHolder ReadHandover(Context& context, Octets der) noexcept {
  if (der.size() < kHandoverHead || der[0] != kOctetString || der[1] != 0x82) return nullptr;
  keysocket::FieldReader reader(der.subspan(kHandoverHead));
  const Octets mark = reader.Raw(Context::kMarkSize);
  if (!std::equal(mark.begin(), mark.end(), context.mark().begin(), context.mark().end())) return nullptr;
  const std::string_view socket = reader.Text(kMaxSocket);
  KeyDescription said;
  const Octets fingerprint = reader.Raw(keysocket::kFingerprintSize);
  std::copy(fingerprint.begin(), fingerprint.end(), said.fingerprint.begin());
  said.type = reader.Choice(keysocket::WireType::kEcP256, keysocket::WireType::kEd25519);
  said.schemes = reader.Number<std::uint32_t>();
  said.uri = reader.Text(keysocket::kMaxUri);
  said.spki = reader.Blob(keysocket::kMaxSpki);
  ReadCustody(reader, said);
  if (!reader.ok()) return nullptr;
  keysocket::Client* client = context.ClientOf(socket);
  return client == nullptr ? nullptr : MakeKey(context, *client, said);
}

}  // namespace rootkeep::provider
