// Keys by their URI, for programs that open an OSSL_STORE: keysocket:token=...;object=... is one key of the configured
// socket's, and keysocket: alone all of them.
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/store.h>

#include <utility>

#include "providers/openssl/dispatch.h"
#include "providers/openssl/keymgmt.h"
#include "providers/openssl/load.h"

namespace rootkeep::provider {
namespace {

constexpr std::string_view kScheme = "keysocket:";

struct Loader {
  Loader(Context& ours, keysocket::Client& agent) noexcept : context(ours), client(agent) {}

  Context& context;
  keysocket::Client& client;
  FixedText<keysocket::kMaxName> uri;  // empty: all keys
  bool wanted = true;                  // the caller expects keys, or anything
  bool public_only = false;            // of each key its public half
  bool failed = false;                 // OpenSSL takes a load that gave nothing for a failure while there is no end
  bool ended = false;
  // Of all keys, the page that is being read.
  keysocket::ReplyMemory memory;
  keysocket::ListReply page;
  std::size_t next = 0;
  keysocket::Fingerprint after{};

  // The next key; null at the end, and with the reason raised.
  KeyHolder Next() noexcept;

 private:
  bool Turn() noexcept;
};

Loader* LoaderOf(void* loader) noexcept { return static_cast<Loader*>(loader); }

// False when there is no page behind this one: failed, or ended.
bool Loader::Turn() noexcept {
  keysocket::Failure failure;
  if (!client.List(after, context.Deadline(), memory, page, failure)) {
    failed = true;
    context.Raise(failure, kScheme);
    return false;
  }
  next = 0;
  ended = page.count == 0;
  return !ended;
}

KeyHolder Loader::Next() noexcept {
  KeyHolder key;
  bool last = true;
  if (uri.empty()) {
    if (next >= page.count && !Turn()) return nullptr;
    const keysocket::KeyDescription& said = page.keys[next++];
    after = said.fingerprint;
    last = next >= page.count && !page.more;
    key = MakeKey(context, client, said);
  } else {
    keysocket::KeyDescription said;
    if (DescribeKey(context, client, {.uri = uri.view(), .socket = {}, .fingerprint = {}}, memory, said)) {
      key = MakeKey(context, client, said);
    }
  }
  failed = key == nullptr;
  ended = last && !failed;
  return key;
}

void* Open(void* given, const char* uri) noexcept {
  Context& context = *static_cast<Context*>(given);
  const std::string_view name(uri);
  if (!EqualsIgnoringCase(name.substr(0, kScheme.size()), kScheme)) return nullptr;
  keysocket::Client* client = context.ClientOf(context.socket());
  if (client == nullptr) return nullptr;
  std::unique_ptr<Loader> loader(new (std::nothrow) Loader(context, *client));
  if (loader == nullptr || (name.size() > kScheme.size() && !loader->uri.Set(name))) {
    context.Raise(Reason::kParameter, "the URI is longer than %zu octets", keysocket::kMaxName);
    return nullptr;
  }
  return loader.release();
}

const OSSL_PARAM* SettableParams(void* /*context*/) noexcept {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, nullptr),
                                       OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_INPUT_TYPE, nullptr, 0), OSSL_PARAM_END};
  return kParams;
}

int SetParams(void* loader, const OSSL_PARAM params[]) noexcept {
  const OSSL_PARAM* expect = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
  if (expect == nullptr) return 1;
  int kind = 0;
  if (OSSL_PARAM_get_int(expect, &kind) != 1) return 0;
  LoaderOf(loader)->public_only = kind == OSSL_STORE_INFO_PUBKEY;
  LoaderOf(loader)->wanted = kind == 0 || kind == OSSL_STORE_INFO_PKEY || kind == OSSL_STORE_INFO_PUBKEY;
  return 1;
}

KeyHolder PublicHalf(const Key& key) noexcept {
  Pkey copy(EVP_PKEY_dup(key.material()));
  if (copy == nullptr) return nullptr;
  return KeyHolder(Key::New(key.context(), key.kind(), std::move(copy), kPublic | kParameters));
}

int Load(void* given, OSSL_CALLBACK* callback, void* argument, OSSL_PASSPHRASE_CALLBACK* /*passphrase*/,
         void* /*passphrase_argument*/) noexcept {
  Loader& loader = *LoaderOf(given);
  if (!loader.wanted || loader.failed) loader.ended = true;
  if (loader.ended) return 0;
  KeyHolder key = loader.Next();
  if (key == nullptr) return 0;
  // OpenSSL drops a key with a private half where a public one is expected.
  if (loader.public_only) key = PublicHalf(*key);
  if (key == nullptr) {
    loader.failed = true;
    loader.context.Raise(Reason::kMemory);
    return 0;
  }
  const char* name = NameOf(key->kind());
  Key* reference = key.release();
  int type = OSSL_OBJECT_PKEY;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
      OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, const_cast<char*>(name), 0),
      OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, static_cast<void*>(&reference), sizeof(Key*)),
      OSSL_PARAM_END};
  const int taken = callback(params, argument);
  const KeyHolder left(reference);  // unless a key manager's load took it
  return taken;
}

int Eof(void* loader) noexcept { return static_cast<int>(LoaderOf(loader)->ended); }

int Close(void* loader) noexcept {
  delete LoaderOf(loader);
  return 1;
}

// Without export_object: of the public half that it would hand over OpenSSL would make a public key.
const OSSL_DISPATCH kStore[] = {
    Entry<OSSL_FUNC_store_open_fn>(OSSL_FUNC_STORE_OPEN, Open),
    Entry<OSSL_FUNC_store_settable_ctx_params_fn>(OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, SettableParams),
    Entry<OSSL_FUNC_store_set_ctx_params_fn>(OSSL_FUNC_STORE_SET_CTX_PARAMS, SetParams),
    Entry<OSSL_FUNC_store_load_fn>(OSSL_FUNC_STORE_LOAD, Load),
    Entry<OSSL_FUNC_store_eof_fn>(OSSL_FUNC_STORE_EOF, Eof),
    Entry<OSSL_FUNC_store_close_fn>(OSSL_FUNC_STORE_CLOSE, Close),
    {0, nullptr}};

const OSSL_ALGORITHM kStores[] = {{"keysocket", kOurs, kStore, "keys of an agent"},
                                  {nullptr, nullptr, nullptr, nullptr}};

}  // namespace

const OSSL_ALGORITHM* Stores() noexcept { return kStores; }

}  // namespace rootkeep::provider
