// From a key reference in a file to a key, in the two steps that OpenSSL's decoding has: PEM to DER, where the agent is
// asked what the key is, and from that DER to an EC, RSA or ED25519 key.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "providers/openssl/dispatch.h"
#include "providers/openssl/load.h"

namespace rootkeep::provider {
namespace {

using keysocket::Octets;

constexpr const char* kStructure = "rootkeep-key";

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioHolder = std::unique_ptr<BIO, FreeBio>;

// One block of a PEM file.
class PemBlock {
 public:
  PemBlock() noexcept = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name_);
    OPENSSL_free(header_);
    OPENSSL_free(data_);
  }
  // Reads up to the end of the next block and no further: OpenSSL goes on from there.
  [[nodiscard]] bool Read(BIO* bio) noexcept {
    ERR_set_mark();
    const bool read = PEM_read_bio(bio, &name_, &header_, &data_, &size_) == 1;
    ERR_pop_to_mark();
    return read;
  }
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] Octets data() const noexcept { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  char* name_ = nullptr;
  char* header_ = nullptr;
  unsigned char* data_ = nullptr;
  long size_ = 0;
};

void* NewContext(void* context) noexcept { return context; }
void FreeContext(void* /*context*/) noexcept {}

// A reference stands for a private key. Whoever is after a public key, as all are who read a certificate, is spared the
// search through these decoders.
int DoesSelection(void* /*context*/, int selection) noexcept {
  return static_cast<int>(selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0);
}

// 1 goes on with what else might understand the input, 0 ends with the error that was raised.
int DecodePem(void* given, OSSL_CORE_BIO* input, int /*selection*/, OSSL_CALLBACK* callback, void* argument,
              OSSL_PASSPHRASE_CALLBACK* /*passphrase*/, void* /*passphrase_argument*/) noexcept {
  Context& context = *static_cast<Context*>(given);
  const BioHolder bio(BIO_new_from_core_bio(context.library(), input));
  PemBlock block;
  if (bio == nullptr || !block.Read(bio.get())) return 1;
  const bool foreign = block.name() == kPkcs11ReferenceLabel;
  if (!foreign && block.name() != kReferenceLabel) return 1;
  KeyReference reference;
  if (foreign ? !ParsePkcs11Reference(block.data(), reference) : !ParseReference(block.data(), reference)) {
    context.Raise(Reason::kReference, "what is between the lines %s is damaged, or of a later version",
                  foreign ? kPkcs11ReferenceLabel : kReferenceLabel);
    return 0;
  }
  const std::string_view socket = reference.socket.empty() ? context.socket() : reference.socket;
  if (!context.MayAsk(socket)) return 0;
  // There are few places for sockets, and a file may name any path: it gets one when somebody has answered there.
  keysocket::Client first(socket);
  keysocket::Client* const known = context.KnownClientOf(socket);
  keysocket::Client& client = known != nullptr ? *known : first;
  keysocket::ReplyMemory memory;
  keysocket::KeyDescription said;
  if (!DescribeKey(context, client, reference, memory, said)) return 0;
  std::array<std::uint8_t, kMaxHandover> handover;  // NOLINT(cppcoreguidelines-pro-type-member-init): written below
  const std::size_t size = WriteHandover(context, client, said, handover);
  if (size == 0) return 0;
  int type = OSSL_OBJECT_PKEY;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
      OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, const_cast<char*>(NameOf(KindOf(said.type))), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE, const_cast<char*>(kStructure), 0),
      OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, handover.data(), size), OSSL_PARAM_END};
  return callback(params, argument);
}

template <Kind kKind>
int DecodeHandover(void* given, OSSL_CORE_BIO* input, int /*selection*/, OSSL_CALLBACK* callback, void* argument,
                   OSSL_PASSPHRASE_CALLBACK* /*passphrase*/, void* /*passphrase_argument*/) noexcept {
  Context& context = *static_cast<Context*>(given);
  const BioHolder bio(BIO_new_from_core_bio(context.library(), input));
  if (bio == nullptr) return 1;
  std::array<std::uint8_t, kMaxHandover> octets;  // NOLINT(cppcoreguidelines-pro-type-member-init): read below
  const int size = BIO_read(bio.get(), octets.data(), static_cast<int>(octets.size()));
  if (size <= 0) return 1;
  KeyHolder key = ReadHandover(context, Octets(octets).first(static_cast<std::size_t>(size)));
  if (key == nullptr || key->kind() != kKind) return 1;
  // Load takes it from here; when it is not called, it is still ours.
  Key* reference = key.release();
  int type = OSSL_OBJECT_PKEY;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
      OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, const_cast<char*>(NameOf(kKind)), 0),
      OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, static_cast<void*>(&reference), sizeof(Key*)),
      OSSL_PARAM_END};
  const int taken = callback(params, argument);
  const KeyHolder left(reference);
  return taken;
}

const OSSL_DISPATCH kPemDecoder[] = {
    Entry<OSSL_FUNC_decoder_newctx_fn>(OSSL_FUNC_DECODER_NEWCTX, NewContext),
    Entry<OSSL_FUNC_decoder_freectx_fn>(OSSL_FUNC_DECODER_FREECTX, FreeContext),
    Entry<OSSL_FUNC_decoder_does_selection_fn>(OSSL_FUNC_DECODER_DOES_SELECTION, DoesSelection),
    Entry<OSSL_FUNC_decoder_decode_fn>(OSSL_FUNC_DECODER_DECODE, DecodePem),
    {0, nullptr}};

template <Kind kKind>
const OSSL_DISPATCH kHandoverDecoder[] = {
    Entry<OSSL_FUNC_decoder_newctx_fn>(OSSL_FUNC_DECODER_NEWCTX, NewContext),
    Entry<OSSL_FUNC_decoder_freectx_fn>(OSSL_FUNC_DECODER_FREECTX, FreeContext),
    Entry<OSSL_FUNC_decoder_does_selection_fn>(OSSL_FUNC_DECODER_DOES_SELECTION, DoesSelection),
    Entry<OSSL_FUNC_decoder_decode_fn>(OSSL_FUNC_DECODER_DECODE, DecodeHandover<kKind>),
    {0, nullptr}};

constexpr const char* kHandoverProperties = "provider=rootkeep,input=der,structure=rootkeep-key";

const OSSL_ALGORITHM kDecoders[] = {
    {"DER", "provider=rootkeep,input=pem", kPemDecoder, "key references"},
    {"EC", kHandoverProperties, kHandoverDecoder<Kind::kEc>, "EC keys of an agent"},
    {"RSA", kHandoverProperties, kHandoverDecoder<Kind::kRsa>, "RSA keys of an agent"},
    {"ED25519", kHandoverProperties, kHandoverDecoder<Kind::kEd25519>, "Ed25519 keys of an agent"},
    {nullptr, nullptr, nullptr, nullptr}};

}  // namespace

const OSSL_ALGORITHM* Decoders() noexcept { return kDecoders; }

}  // namespace rootkeep::provider
