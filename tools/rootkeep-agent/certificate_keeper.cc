#include "tools/rootkeep-agent/certificate_keeper.h"

#include <algorithm>
#include <array>

#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "keystore/base/random.h"
#include "keystore/public_key.h"
#include "tools/request/csr.h"
#include "tools/rootkeep-agent/certificate_key.h"
#include "tools/rootkeep-agent/certificate_names.h"
#include "tools/rootkeep-agent/key_reference.h"

namespace rootkeep::agent {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstWait{1};
constexpr seconds kLongestWait = std::chrono::minutes(5);
constexpr seconds kSignDeadline{10};
constexpr std::size_t kMaxFile = std::size_t{1} << 20;
// However short the certificates are that a CA gives, and however old.
constexpr seconds kBetweenRenewals{1};

// In [0, 1]; the middle when there is no randomness.
double RandomPart() {
  std::array<std::uint8_t, 1> octet{128};
  return FillRandom(octet).ok() ? octet[0] / 255.0 : 0.5;
}

Status MakeDirectoryOf(const std::string& path) {
  return MakeDirectory(path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)), 0755);
}

}  // namespace

WallTime RenewalTime(WallTime not_before, WallTime not_after, double part) {
  constexpr double kEarliest = 0.5;
  constexpr double kSpread = 0.15;
  const std::chrono::duration<double> life = not_after - not_before;
  return not_before + std::chrono::duration_cast<WallTime::duration>(life * (kEarliest + kSpread * part));
}

bool CertificateKeeper::Backoff::Due(WallTime now) const {
  return !next_ || now >= *next_ || *next_ - now > kLongestWait;
}

void CertificateKeeper::Backoff::Failed(WallTime now) {
  const auto wait = std::min<std::chrono::milliseconds>(kLongestWait, kFirstWait * (1U << std::min(failures_, 10U)));
  ++failures_;
  // Shorter at random, so that not all that failed at once come back at once.
  next_ = now + std::chrono::duration_cast<std::chrono::milliseconds>(wait * (1.0 - 0.25 * RandomPart()));
}

std::optional<WallTime> CertificateKeeper::not_after() const {
  return current_ ? std::optional(current_->not_after) : std::nullopt;
}

bool CertificateKeeper::RenewalDue(WallTime now) const {
  // A clock that stood before the certificate's time when it was taken, or was put back since, makes it no older.
  return !current_ || now >= renew_at_ || !parts_.permit(key_->info()).ok();
}

void CertificateKeeper::Round() {
  const WallTime now = parts_.clock.Now();
  if (RenewalDue(now) && renewal_.Due(now)) RenewOrTell(now);
  if (current_ && !handed_over_ && handing_over_.Due(now)) HandOver(now);
  if (current_ && !reloaded_ && reloading_.Due(now)) Reload(now);
  const bool good = current_ && parts_.clock.Now() < current_->not_after;
  if (!good && failure_.empty()) failure_ = "it has ended";
  parts_.reports.Report(parts_.config.name, good ? "" : failure_);
}

void CertificateKeeper::RenewOrTell(WallTime now) {
  const Status renewed = Renew(now);
  if (renewed.ok()) {
    renewal_.Done();
    failure_.clear();
    return;
  }
  if (parts_.stop.stop_requested()) return;
  renewal_.Failed(now);
  failure_ = renewed.error().ToString();
  parts_.reports.Failed(parts_.config.name, "renewal");
  log::Failure("certificate_not_renewed", {{"certificate", parts_.config.name},
                                           {"detail", failure_},
                                           {"not_after", current_ ? ToRfc3339(current_->not_after) : "none"}});
}

Status CertificateKeeper::Renew(WallTime now) {
  RK_TRY(auto key, OpenOrMakeKey(*parts_.store, parts_.catalog_path, parts_.config.key));
  // Otherwise it would be certified again and again, and sign nothing.
  RK_RETURN_IF_ERROR(parts_.permit(key->info()));
  if (!current_) {
    RK_RETURN_IF_ERROR(TakeFiles(key, now));
    if (!RenewalDue(now)) return Ok();
  }
  RK_TRY(const std::string csr, MakeLeafCsr(*key, parts_.config.identities, After(kSignDeadline)));
  std::string_view by = parts_.source->proof();
  RK_TRY(const CertificateAnswer answer, Ask(csr, key->info(), by));
  // By the time that it is now: a CA may have let us wait.
  now = parts_.clock.Now();
  RK_TRY(IssuedCertificate issued, ReadAnswer(answer.elements, key->public_key().pkey(), now));
  if (std::max(issued.chain_pem.size(), issued.bundle_pem.size()) > kMaxFile) {
    return Error(Code::kDataLoss, "the server's answer is longer than 1 MiB");
  }
  RK_RETURN_IF_ERROR(WriteFiles(*key, issued));
  Take(std::move(key), std::move(issued), answer.renew_by);
  // Of what was over for the most part when it came, what is left counts.
  if (renew_at_ <= now && !answer.renew_by) renew_at_ = RenewalTime(now, current_->not_after, RandomPart());
  renew_at_ = std::max<WallTime>(renew_at_, now + kBetweenRenewals);
  parts_.reports.Renewed(parts_.config.name, by);
  log::Info("certificate_renewed", {{"certificate", parts_.config.name},
                                    {"by", by},
                                    {"key", key_->info().label},
                                    {"not_after", ToRfc3339(current_->not_after)},
                                    {"renewal", ToRfc3339(renew_at_)}});
  return Ok();
}

Status CertificateKeeper::TakeFiles(const std::shared_ptr<const Signer>& key, WallTime now) {
  auto found = ReadFiles(*key, now);
  if (!found) return Ok();
  const auto reference = ReadFile(parts_.config.key_file, kMaxFile);
  const std::string wanted = KeyReferencePem(key->info(), parts_.config.socket_path);
  const bool fits = reference.ok() && *reference == wanted;
  if (!fits) {
    RK_RETURN_IF_ERROR(MakeDirectoryOf(parts_.config.key_file));
    RK_TRY(StagedFile file, StagedFile::Write(parts_.config.key_file, wanted, parts_.access));
    RK_RETURN_IF_ERROR(file.Commit());
  }
  Take(key, *std::move(found), std::nullopt);
  if (!fits) reloaded_ = parts_.config.reload.empty();
  log::Info("certificate_found", {{"certificate", parts_.config.name},
                                  {"not_after", ToRfc3339(current_->not_after)},
                                  {"renewal", ToRfc3339(renew_at_)}});
  return Ok();
}

bool CertificateKeeper::CanShow(WallTime now) const {
  if (!parts_.source->TakesCertificates() || parts_.own_socket.empty() || !current_) return false;
  if (now < current_->not_before || now >= current_->not_after || !parts_.permit(key_->info()).ok()) return false;
  return NamesAllUris(current_->chain_pem, parts_.config.identities);
}

Result<CertificateAnswer> CertificateKeeper::Ask(const std::string& csr, const KeyInfo& key,
                                                 std::string_view& by) const {
  CertificateRequest request{.csr_pem = csr, .key = key, .lifetime = parts_.config.lifetime};
  if (CanShow(parts_.clock.Now())) {
    const ClientCertificate shown = Shown();
    request.shown = &shown;
    auto answer = parts_.source->Ask(request);
    if (answer.ok()) by = "certificate";
    if (answer.ok()) return answer;
    if (parts_.stop.stop_requested()) return answer;
    parts_.reports.Failed(parts_.config.name, "proof");
    log::Warning("certificate_not_accepted",
                 {{"certificate", parts_.config.name}, {"detail", answer.error().ToString()}});
    request.shown = nullptr;
  }
  return parts_.source->Ask(request);
}

std::optional<IssuedCertificate> CertificateKeeper::ReadFiles(const Signer& key, WallTime now) const {
  auto chain = ReadFile(parts_.config.chain_file, kMaxFile);
  auto bundle = ReadFile(parts_.config.bundle_file, kMaxFile);
  if (!chain.ok() || !bundle.ok()) return std::nullopt;
  auto issued = CheckIssued(*std::move(chain), *std::move(bundle), key.public_key().pkey(), now);
  // The configuration may ask for another name than it did.
  if (!issued.ok() || !NamesAllUris(issued->chain_pem, parts_.config.identities)) return std::nullopt;
  return *std::move(issued);
}

Status CertificateKeeper::WriteFiles(const Signer& key, const IssuedCertificate& issued) const {
  const CertificateConfig& config = parts_.config;
  for (const std::string* path : {&config.bundle_file, &config.key_file, &config.chain_file}) {
    RK_RETURN_IF_ERROR(MakeDirectoryOf(*path));
  }
  // A disk that is full keeps all three from being replaced.
  RK_TRY(StagedFile bundle, StagedFile::Write(config.bundle_file, issued.bundle_pem, parts_.access));
  RK_TRY(StagedFile reference,
         StagedFile::Write(config.key_file, KeyReferencePem(key.info(), config.socket_path), parts_.access));
  RK_TRY(StagedFile chain, StagedFile::Write(config.chain_file, issued.chain_pem, parts_.access));
  // The certificate last: what reads the three in between has roots that it needs, and at worst a key that is newer.
  RK_RETURN_IF_ERROR(bundle.Commit());
  RK_RETURN_IF_ERROR(reference.Commit());
  return chain.Commit();
}

void CertificateKeeper::Take(std::shared_ptr<const Signer> key, IssuedCertificate issued,
                             std::optional<WallTime> renew_by) {
  key_ = std::move(key);
  current_ = std::move(issued);
  renew_at_ = RenewalTime(current_->not_before, current_->not_after, RandomPart());
  if (renew_by) renew_at_ = std::min(renew_at_, *renew_by);
  const auto missing = MissingNames(current_->chain_pem, parts_.config.identities);
  parts_.reports.Holds(parts_.config.name, current_->not_after, missing);
  if (!missing.empty()) {
    log::Warning("certificate_names_missing",
                 {{"certificate", parts_.config.name}, {"names", rootkeep::Describe(missing)}});
  }
  // Perhaps an agent that wrote them ended before it could say so to anybody.
  const auto mark = ReadFile(parts_.mark_path, kMaxFile);
  reloaded_ = parts_.config.reload.empty() || (mark.ok() && *mark == Mark());
  reloading_.Done();
  handed_over_ = parts_.user == nullptr;
  handing_over_.Done();
}

std::string CertificateKeeper::Mark() const {
  const std::string reference = KeyReferencePem(key_->info(), parts_.config.socket_path);
  const auto digest = Digest(Hash::kSha256, AsBytes(current_->chain_pem + current_->bundle_pem + reference));
  return digest.ok() ? ToHex(*digest) + "\n" : std::string();
}

ClientCertificate CertificateKeeper::Shown() const {
  return {.chain_pem = current_->chain_pem, .key_reference = KeyReferencePem(key_->info(), parts_.own_socket)};
}

void CertificateKeeper::HandOver(WallTime now) {
  const Status used = parts_.user->Use(Shown(), current_->not_after);
  handed_over_ = used.ok();
  if (used.ok()) return;
  handing_over_.Failed(now);
  parts_.reports.Failed(parts_.config.name, "use");
  log::Failure("certificate_not_used", {{"certificate", parts_.config.name}, {"detail", used.error().ToString()}});
}

void CertificateKeeper::Reload(WallTime now) {
  Status done = parts_.reload(parts_.config.reload);
  if (done.ok()) done = WriteFileAtomically(parts_.mark_path, Mark(), 0600);
  if (done.ok()) {
    reloaded_ = true;
    log::Info("certificate_reloaded", {{"certificate", parts_.config.name}});
  } else {
    reloading_.Failed(now);
    parts_.reports.Failed(parts_.config.name, "reload");
    log::Failure("certificate_not_reloaded",
                 {{"certificate", parts_.config.name}, {"detail", done.error().ToString()}});
  }
}

}  // namespace rootkeep::agent
