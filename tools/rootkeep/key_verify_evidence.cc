#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "keystore/evidence/key_evidence.h"
#include "signer/der/pem.h"
#include "tools/rootkeep/certificate_facts.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_names.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr char kAnyCustody[] = "any";
constexpr char kShown[] = "whoever holds this private key signed these words; the time is theirs too";
constexpr char kClaimed[] = "every word about custody and the token: anyone with the key could have written other ones";
constexpr char kNotShown[] =
    "that the key is in this token, or in hardware at all; only a vendor's or a TPM's attestation could prove that";

struct Asked {
  std::string file;
  std::string public_key;
  std::string certificate;
  std::string custody = "local-only";
  bool json = false;
};

// The key that the evidence has to be about; nothing when the caller named none.
Result<std::optional<PublicKey>> ExpectedKey(const Asked& asked) {
  if (!asked.public_key.empty() && !asked.certificate.empty()) {
    return UsageError("--public-key and --certificate: give one of them");
  }
  if (!asked.certificate.empty()) {
    RK_TRY(const std::string pem, ReadFile(asked.certificate, kMaxFile));
    auto chain = ReadCertificates(pem);
    if (!chain.ok()) return std::move(chain.error()).Within(asked.certificate);
    auto key = PublicKey::FromSpki(chain->front().spki);
    if (!key.ok()) return std::move(key.error()).Within(asked.certificate);
    return std::optional<PublicKey>(std::move(*key));
  }
  if (asked.public_key.empty()) return std::optional<PublicKey>();
  RK_TRY(const std::string pem, ReadFile(asked.public_key, kMaxFile));
  auto der = der::FirstPemBlock(pem);
  if (!der.ok()) return std::move(der.error()).Within(asked.public_key);
  auto key = PublicKey::FromSpki(*der);
  if (!key.ok()) return std::move(key.error()).Within(asked.public_key);
  return std::optional<PublicKey>(std::move(*key));
}

Status CheckLevel(const KeyInfo& key, const std::string& custody) {
  const auto level = CustodyLevelFromName(custody);
  if (!level) return Ok();
  auto status = CheckCustody(key, key.named ? key.named->use : KeyUse::kApp, *level, false);
  if (status.ok()) return status;
  return std::move(status.error())
      .Within(fmt::format("the signature is good, but what it says is not {}", custody))
      .WithHint("--custody any checks the signature alone");
}

std::string AgainstText(const Asked& asked) {
  if (!asked.certificate.empty()) return "the key of the first certificate in " + asked.certificate + ": the same";
  if (!asked.public_key.empty()) return "the key in " + asked.public_key + ": the same";
  return "nothing; compare the fingerprint with one you know";
}

void PrintWords(const Asked& asked, const KeyEvidence& evidence) {
  PrintLine("evidence     good: signed by the key it speaks of");
  for (const std::string& line : KeyLines(evidence.key)) PrintLine(line);
  const std::vector<std::pair<std::string_view, std::string>> lines{
      {"level", asked.custody == kAnyCustody ? "not asked for" : asked.custody + ", as claimed"},
      {"read at", ToRfc3339(evidence.read_at)},
      {"held against", AgainstText(asked)},
      {"shown", kShown},
      {"claimed only", kClaimed},
      {"not shown", kNotShown}};
  for (const auto& [name, value] : lines) PrintLine(fmt::format("{:<12} {}", name, value));
}

nlohmann::ordered_json EvidenceJson(const Asked& asked, const KeyEvidence& evidence) {
  nlohmann::ordered_json json{{"signature", "good"},
                              {"scheme", SchemeName(evidence.scheme)},
                              {"read_at", ToRfc3339(evidence.read_at)},
                              {"key", KeyJson(evidence.key)},
                              {"custody_level", nullptr},
                              {"held_against", nullptr},
                              {"shown", kShown},
                              {"claimed_only", kClaimed},
                              {"not_shown", kNotShown}};
  if (asked.custody != kAnyCustody) json["custody_level"] = asked.custody;
  if (!asked.public_key.empty()) json["held_against"] = asked.public_key;
  if (!asked.certificate.empty()) json["held_against"] = asked.certificate;
  return json;
}

Status Verify(const Asked& asked) {
  RK_TRY(const auto expected, ExpectedKey(asked));
  RK_TRY(const std::string text, ReadFile(asked.file, kMaxFile));
  auto evidence = ReadEvidence(text);
  if (!evidence.ok()) return std::move(evidence.error()).Within(asked.file);
  if (expected && *expected != evidence->key.public_key) {
    return Error(Code::kDataLoss, fmt::format("{}: signed by another key: its fingerprint is {}, want {}", asked.file,
                                              evidence->key.public_key.FingerprintHex(), expected->FingerprintHex()));
  }
  RK_RETURN_IF_ERROR(CheckLevel(evidence->key, asked.custody));
  if (asked.json) {
    PrintJson(EvidenceJson(asked, *evidence));
  } else {
    PrintWords(asked, *evidence);
  }
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  std::vector<std::string> levels = CustodyLevelNames();
  levels.emplace_back(kAnyCustody);
  options.Argument("file", asked->file, "What rootkeep key evidence printed")
      .Text("--public-key", asked->public_key, "PEM file with the public key that must have signed")
      .Text("--certificate", asked->certificate, "PEM file whose first certificate has the key that must have signed")
      .Choice("--custody", asked->custody, levels, "What the evidence must say; any: whatever it says")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Verify(*asked); };
}

}  // namespace

Command KeyVerifyEvidenceCommand() {
  return {.group = "key",
          .name = "verify-evidence",
          .summary = "Check evidence without a token, and say what it shows and what it does not",
          .example = "rootkeep key verify-evidence mesh.json --certificate chain.pem",
          .declare = Declare};
}

}  // namespace rootkeep::cli
