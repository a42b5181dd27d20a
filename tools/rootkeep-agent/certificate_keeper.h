// Keeps one certificate fresh.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/key_store.h"
#include "tools/request/answer.h"
#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_reports.h"
#include "tools/rootkeep-agent/certificate_source.h"
#include "tools/rootkeep-agent/certificate_user.h"
#include "tools/rootkeep-agent/owned_file.h"

namespace rootkeep::agent {

// When a certificate is renewed: `part` in [0, 1] picks the moment, between 50 and 65 % of its life.
WallTime RenewalTime(WallTime not_before, WallTime not_after, double part);

// Not thread-safe: one thread calls Round.
class CertificateKeeper {
 public:
  struct Parts {
    CertificateConfig config;
    FileAccess access;
    std::shared_ptr<KeyStore> store;  // of the key's token
    std::string catalog_path;
    std::string mark_path;   // where it is noted of which certificate the reload is done
    std::string own_socket;  // where this process resolves key references; empty: nowhere, and all is asked by token
    std::unique_ptr<CertificateSource> source;
    std::stop_token stop;                          // with it, what fails is not told: it was ended
    std::function<Status(const KeyInfo&)> permit;  // whether a key may still sign
    std::function<Status(const std::vector<std::string>& command)> reload;  // runs it to its end
    CertificateUser* user = nullptr;  // in this process, which signs for it at own_socket; outlives this; null: nobody
    // Both outlive this.
    CertificateReports& reports;
    const Clock& clock;
  };

  explicit CertificateKeeper(Parts parts) : parts_(std::move(parts)) {}

  // Does what is due: finds out what is there, asks for a certificate, writes the files, tells its user, runs the
  // reload command. What fails is told in the log and tried again, at first after a second and at last every five
  // minutes. To be called every second or so; blocks for as long as token, CA and command take.
  void Round();

  // Of the certificate in the files; nothing while there is none that can be used.
  [[nodiscard]] std::optional<WallTime> not_after() const;

 private:
  // Waits longer after each failure. By the wall clock, but never longer than the longest wait, whatever that does.
  class Backoff {
   public:
    [[nodiscard]] bool Due(WallTime now) const;
    void Failed(WallTime now);
    void Done() { *this = {}; }

   private:
    std::optional<WallTime> next_;
    unsigned failures_ = 0;
  };

  [[nodiscard]] bool RenewalDue(WallTime now) const;
  void RenewOrTell(WallTime now);
  Status Renew(WallTime now);
  // By the certificate where that is still good, and by the source's own proof. `by` becomes "certificate" when that
  // was taken.
  Result<CertificateAnswer> Ask(const std::string& csr, const KeyInfo& key, std::string_view& by) const;
  // Whether the present certificate can be shown: its time and key, and whether it names what is to be asked for.
  [[nodiscard]] bool CanShow(WallTime now) const;
  // What an earlier agent left, or an operator put there, if it is for this key, still good, and names who it is to be.
  [[nodiscard]] std::optional<IssuedCertificate> ReadFiles(const Signer& key, WallTime now) const;
  Status TakeFiles(const std::shared_ptr<const Signer>& key, WallTime now);
  Status WriteFiles(const Signer& key, const IssuedCertificate& issued) const;
  void Take(std::shared_ptr<const Signer> key, IssuedCertificate issued, std::optional<WallTime> renew_by);
  // Which certificate and key the reload command is to be run for.
  [[nodiscard]] std::string Mark() const;
  void Reload(WallTime now);
  void HandOver(WallTime now);
  [[nodiscard]] ClientCertificate Shown() const;

  const Parts parts_;
  std::shared_ptr<const Signer> key_;  // of current_
  std::optional<IssuedCertificate> current_;
  WallTime renew_at_;
  bool reloaded_ = false;
  bool handed_over_ = false;
  std::string failure_;  // of the last renewal
  Backoff renewal_;
  Backoff reloading_;
  Backoff handing_over_;
};

}  // namespace rootkeep::agent
