#include "signer/authn/jwks_https.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "keystore/base/file.h"
#include "keystore/base/secret_bytes.h"
#include "signer/authn/jwk_set.h"

namespace rootkeep::jose {
namespace {

constexpr std::size_t kMaxBearer = 64 * 1024;
constexpr int kPollMs = 1000;

template <auto Free>
struct CurlDeleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Easy = std::unique_ptr<CURL, CurlDeleter<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, CurlDeleter<curl_multi_cleanup>>;

// The header line holds the bearer token, so its copy in the list is wiped before it is freed.
struct HeaderDeleter {
  void operator()(curl_slist* list) const {
    for (curl_slist* item = list; item != nullptr; item = item->next) OPENSSL_cleanse(item->data, strlen(item->data));
    curl_slist_free_all(list);
  }
};
using Headers = std::unique_ptr<curl_slist, HeaderDeleter>;

struct Body {
  std::string text;
  bool too_large = false;
};

std::size_t Receive(char* data, std::size_t size, std::size_t count, void* body_pointer) {
  auto& body = *static_cast<Body*>(body_pointer);
  if (body.text.size() + size * count > kMaxJwkSet) {
    body.too_large = true;
    return 0;  // ends the transfer
  }
  body.text.append(data, size * count);
  return size * count;
}

// Projected service account tokens are readable by their pod's group or by all, so the mode is not judged.
Result<SecretBytes> ReadBearer(const std::string& path) {
  RK_TRY(std::string content, ReadFile(path, kMaxBearer));
  std::string_view text = content;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool clean = !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  SecretBytes bearer(text);
  OPENSSL_cleanse(content.data(), content.size());
  if (!clean) return FailedPrecondition(path + " does not hold one token");
  return bearer;
}

Result<Headers> BearerHeader(const std::string& path) {
  if (path.empty()) return Headers();
  RK_TRY(const SecretBytes bearer, ReadBearer(path));
  std::string line = "authorization: Bearer ";
  line.append(AsText(bearer.RevealForUse()));
  Headers headers(curl_slist_append(nullptr, line.c_str()));
  OPENSSL_cleanse(line.data(), line.size());
  if (headers == nullptr) return Internal("curl_slist_append failed");
  return headers;
}

template <typename T>
bool Set(CURL* easy, CURLoption option, T value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

Status Prepare(CURL* easy, const HttpsEndpoint& endpoint, curl_slist* headers, Body& body, char* error_text) {
  bool ok = Set(easy, CURLOPT_URL, endpoint.url.c_str()) && Set(easy, CURLOPT_PROTOCOLS_STR, "https") &&
            Set(easy, CURLOPT_FOLLOWLOCATION, 0L) && Set(easy, CURLOPT_PROXY, "") &&
            Set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) && Set(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
            Set(easy, CURLOPT_SSL_VERIFYHOST, 2L) && Set(easy, CURLOPT_NOSIGNAL, 1L) &&
            Set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(endpoint.timeout.count())) &&
            Set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(endpoint.timeout.count() / 2)) &&
            Set(easy, CURLOPT_HTTPHEADER, headers) && Set(easy, CURLOPT_WRITEFUNCTION, &Receive) &&
            Set(easy, CURLOPT_WRITEDATA, &body) && Set(easy, CURLOPT_ERRORBUFFER, error_text);
  if (!endpoint.ca_file.empty()) {
    // Without this the system's directory of anchors would be trusted beside the file.
    ok = ok && Set(easy, CURLOPT_CAINFO, endpoint.ca_file.c_str()) && Set(easy, CURLOPT_CAPATH, nullptr);
  }
  return ok ? Ok() : Internal("curl_easy_setopt failed");
}

Result<CURLcode> Transfer(CURLM* multi, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (running > 0) {
    if (stop.stop_requested()) return Error(Code::kCancelled, "stopped while loading");
    if (curl_multi_perform(multi, &running) != CURLM_OK) return Internal("curl_multi_perform failed");
    if (running > 0 && curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr) != CURLM_OK) {
      return Internal("curl_multi_poll failed");
    }
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi, &left);
  if (message == nullptr) return Internal("curl_multi_info_read: no result");
  return message->data.result;
}

Status CheckAnswer(CURL* easy, CURLcode code, const Body& body, std::string_view url, std::string_view error_text) {
  if (body.too_large) return ResourceExhausted(fmt::format("GET {}: more than {} octets", url, kMaxJwkSet));
  if (code != CURLE_OK) {
    return Unavailable(fmt::format("GET {}: {}", url, error_text.empty() ? curl_easy_strerror(code) : error_text))
        .WithNative({"CURLE", static_cast<std::uint64_t>(code), ""});
  }
  long status = 0;  // NOLINT(google-runtime-int): curl's type
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200) return Ok();
  Error error = Unavailable(fmt::format("GET {}: HTTP status {}", url, status));
  if (status == 401 || status == 403) return std::move(error).WithHint("does the bearer token still hold?");
  return error;
}

}  // namespace

Result<std::optional<std::string>> JwksHttps::Load(bool /*again*/, const std::stop_token& stop) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) return Internal("curl_global_init failed");
  RK_TRY(const Headers headers, BearerHeader(endpoint_.bearer_token_file));
  Body body;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  const Multi multi(curl_multi_init());
  const Easy easy(curl_easy_init());
  if (multi == nullptr || easy == nullptr) return Internal("curl_easy_init failed");
  RK_RETURN_IF_ERROR(Prepare(easy.get(), endpoint_, headers.get(), body, error_text.data()));
  if (curl_multi_add_handle(multi.get(), easy.get()) != CURLM_OK) return Internal("curl_multi_add_handle failed");
  const auto code = Transfer(multi.get(), stop);
  curl_multi_remove_handle(multi.get(), easy.get());
  RK_RETURN_IF_ERROR(code);
  RK_RETURN_IF_ERROR(CheckAnswer(easy.get(), *code, body, endpoint_.url, error_text.data()));
  return std::optional(std::move(body.text));
}

}  // namespace rootkeep::jose
