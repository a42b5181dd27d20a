#include "signer/rpc/serving_certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>

#include <algorithm>
#include <future>

#include "keystore/base/log.h"
#include "signer/der/pem.h"
#include "signer/profile/profile.h"

namespace rootkeep {
namespace {

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<Bytes> SpkiOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return ossl::TakeError(Code::kInternal, "i2d_PUBKEY");
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

Result<std::string> PrivatePemOf(EVP_PKEY* key) {
  const ossl::Bio bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "PEM_write_bio_PrivateKey");
  }
  return TextOf(bio.get());
}

constexpr std::size_t kShown = 2;

// Says in its name what it is; a day is plenty, because every restart makes another.
Result<std::string> PlaceholderPem(EVP_PKEY* key) {
  const ossl::Cert cert(X509_new());
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  if (cert == nullptr || bio == nullptr) return ossl::TakeError(Code::kInternal, "X509_new");
  X509_NAME* name = X509_get_subject_name(cert.get());
  const auto* text = reinterpret_cast<const unsigned char*>("rootkeep is not ready");
  const bool made = X509_set_version(cert.get(), X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(cert.get()), 0) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 86'400) != nullptr &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
                    X509_set_issuer_name(cert.get(), name) == 1 && X509_set_pubkey(cert.get(), key) == 1 &&
                    X509_sign(cert.get(), key, ossl::Sha256()) > 0 && PEM_write_bio_X509(bio.get(), cert.get()) == 1;
  if (!made) return ossl::TakeError(Code::kInternal, "X509_sign");
  return TextOf(bio.get());
}

// Who asks when the daemon asks for itself.
Caller Self(const std::vector<GeneralName>& names) {
  return {.identities = names, .method = AuthMethod::kInternal, .authenticator = "rootkeepd"};
}

Result<Issued> IssueAndWait(Issuer& issuer, const Caller& caller, const IssuanceRequest& request,
                            const Decision& decision, Deadline deadline) {
  // Shared with the continuation, which may come after this thread has stopped waiting.
  const auto promise = std::make_shared<std::promise<Result<Issued>>>();
  auto answer = promise->get_future();
  issuer.IssueDecided(caller, request, decision, deadline,
                      [promise](Result<Issued> result) { promise->set_value(std::move(result)); });
  if (answer.wait_until(deadline + std::chrono::seconds(1)) != std::future_status::ready) {
    return Unavailable("no answer within the deadline").WithReason("deadline");
  }
  return answer.get();
}

}  // namespace

Result<std::unique_ptr<ServingCertificate>> ServingCertificate::Make(Options options, WallTime now) {
  const ossl::PKey key(EVP_EC_gen("P-256"));
  if (key == nullptr) return ossl::TakeError(Code::kInternal, "EVP_EC_gen");
  RK_TRY(Bytes spki, SpkiOf(key.get()));
  RK_TRY(std::string private_pem, PrivatePemOf(key.get()));
  RK_TRY(const std::string placeholder, PlaceholderPem(key.get()));
  auto identity = ServingIdentity::Make(private_pem, placeholder, placeholder);
  OPENSSL_cleanse(private_pem.data(), private_pem.size());
  if (!identity.ok()) return std::move(identity).error();
  auto serving = std::unique_ptr<ServingCertificate>(
      new ServingCertificate(std::move(options), std::move(spki), std::move(*identity)));
  serving->renew_at_ = now;
  serving->not_after_ = now;
  return serving;
}

Status ServingCertificate::Renew(Issuer& issuer, const Clock& clock, Deadline deadline) {
  const WallTime now = std::chrono::floor<std::chrono::seconds>(clock.Now());
  Decision decision;
  decision.profile = ServerProfile(options_.lifetime);
  decision.sans = options_.names;
  decision.spki = spki_;
  decision.not_before = now - options_.lifetime.backdate;
  decision.not_after = now + options_.lifetime.default_ttl;
  decision.rule = "serving";
  RK_TRY(const Issued issued,
         IssueAndWait(issuer, Self(options_.names), {.authority = options_.authority, .request_id = "serving"},
                      decision, deadline));
  // First: whoever sees the new one is believed to have seen it.
  RK_RETURN_IF_ERROR(Remember(issued.leaf_pem));
  std::string chain = issued.leaf_pem;
  for (const std::string& element : issued.authority->chain_elements()) chain += element;
  RK_RETURN_IF_ERROR(identity_->ReplaceChain(chain));
  not_after_ = issued.not_after;
  renew_at_ = now + (not_after_ - now) * 2 / 3;
  log::Info("serving_certificate_renewed",
            {{"listener", options_.name}, {"serial", issued.serial}, {"not_after", ToRfc3339(not_after_)}});
  return Ok();
}

bool ServingCertificate::Showed(ByteView sha256) const {
  const MutexLock lock(shown_mutex_);
  return std::ranges::any_of(shown_, [&](const Bytes& shown) { return std::ranges::equal(shown, sha256); });
}

Status ServingCertificate::Remember(std::string_view leaf_pem) {
  RK_TRY(const Bytes der, der::FirstPemBlock(leaf_pem));
  RK_TRY(Bytes digest, Digest(Hash::kSha256, der));
  const MutexLock lock(shown_mutex_);
  shown_.push_back(std::move(digest));
  if (shown_.size() > kShown) shown_.pop_front();
  return Ok();
}

}  // namespace rootkeep
