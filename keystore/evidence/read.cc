#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "keystore/evidence/key_evidence.h"
#include "keystore/evidence/text.h"

namespace rootkeep {
namespace {

using nlohmann::json;

Error BadForm(std::string message) { return InvalidArgument(std::move(message)).WithReason("evidence_form"); }

// One object of the document. Remembers the first thing that is wrong, so that reading goes straight on.
class Object {
 public:
  explicit Object(const json& document) : Object(&document, "") {}

  [[nodiscard]] Object Member(const std::string& name) {
    const json* member = Find(name);
    if (error_) return Object(*error_);
    return {member, name_.empty() ? name : name_ + "." + name};
  }

  std::string Text(const std::string& name) {
    const json* member = Find(name);
    if (member == nullptr) return {};
    if (const auto* text = member->get_ptr<const std::string*>()) return *text;
    Fail(fmt::format("has a \"{}\" that is not a string", name));
    return {};
  }

  bool Flag(const std::string& name) {
    const std::optional<bool> flag = Fact(name);
    if (!flag) Fail(fmt::format("has a \"{}\" that is neither true nor false", name));
    return flag.value_or(false);
  }

  // Null: the token did not say.
  std::optional<bool> Fact(const std::string& name) {
    const json* member = Find(name);
    if (member == nullptr || member->is_null()) return std::nullopt;
    if (const auto* flag = member->get_ptr<const bool*>()) return *flag;
    Fail(fmt::format("has a \"{}\" that is neither true nor false", name));
    return std::nullopt;
  }

  // What else is allowed to be there is compared as a whole later.
  std::optional<std::int64_t> Number(const std::string& name) {
    const json* member = Find(name);
    if (member == nullptr || !member->is_number_unsigned()) return std::nullopt;
    return member->get<std::int64_t>();
  }

  // An error when something was wrong, or when the object has more members than these.
  [[nodiscard]] Status Done(std::size_t members) {
    if (!error_ && value_->size() != members) Fail("has a member that this version does not have");
    if (error_) return *error_;
    return Ok();
  }

 private:
  Object(const json* value, std::string name) : value_(value), name_(std::move(name)) {
    if (!value_->is_object()) Fail("is not an object");
  }
  explicit Object(Error error) : error_(std::move(error)) {}

  const json* Find(const std::string& name) {
    if (error_) return nullptr;
    const auto member = value_->find(name);
    if (member != value_->end()) return &*member;
    Fail(fmt::format("has no \"{}\"", name));
    return nullptr;
  }
  void Fail(std::string_view what) {
    if (!error_) error_ = BadForm(fmt::format("{} {}", name_.empty() ? "the document" : name_, what));
  }

  const json* value_ = nullptr;
  std::string name_;
  std::optional<Error> error_;
};

Result<WallTime> ReadTime(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return BadForm("statement.read_at is not a time in UTC");
  return FromUnixSeconds(timegm(&parts));
}

Result<Voucher> ReadVoucher(const std::string& text, bool software) {
  const Voucher voucher = software ? Voucher::kTokenSoftware : Voucher::kToken;
  if (text == VoucherText(voucher)) return voucher;
  if (text == VoucherText(Voucher::kAttested)) return BadForm("a statement of the key's own cannot attest it");
  return BadForm("statement.voucher does not go with what the token is");
}

Result<KeyInfo> ReadKey(Object key) {
  const std::string label = key.Text("label");
  const auto id = FromHex(key.Text("id"));
  const auto spki = FromBase64(key.Text("public_key"));
  const std::string fingerprint = key.Text("public_key_sha256");
  RK_RETURN_IF_ERROR(key.Done(8));
  if (!id || !spki) return BadForm("statement.key.id or statement.key.public_key is not encoded as it must be");
  auto parsed = PublicKey::FromSpki(*spki);
  if (!parsed.ok()) return std::move(parsed.error()).Within("statement.key.public_key").WithReason("evidence_form");
  if (parsed->FingerprintHex() != fingerprint) {
    return BadForm("statement.key.public_key_sha256 is not the fingerprint of statement.key.public_key");
  }
  return KeyInfo{.uri = {.object_label = label, .object_id = *id},
                 .label = label,
                 .id = *id,
                 .named = ParseKeyLabel(label),
                 .public_key = std::move(*parsed),
                 .custody = {},
                 .voucher = {},
                 .device = {}};
}

Result<DeviceInfo> ReadToken(Object token) {
  DeviceInfo device{.label = token.Text("label"),
                    .serial = token.Text("serial"),
                    .manufacturer = token.Text("manufacturer"),
                    .model = token.Text("model"),
                    .software = token.Flag("software")};
  RK_RETURN_IF_ERROR(token.Done(5));
  return device;
}

Result<CustodyFacts> ReadCustody(Object custody) {
  CustodyFacts facts{.sensitive = custody.Fact("sensitive"),
                     .extractable = custody.Fact("extractable"),
                     .always_sensitive = custody.Fact("always_sensitive"),
                     .never_extractable = custody.Fact("never_extractable"),
                     .local = custody.Fact("local"),
                     .modifiable = custody.Fact("modifiable"),
                     .always_authenticate = custody.Fact("always_authenticate"),
                     .other_usages = custody.Text("other_usages")};
  RK_RETURN_IF_ERROR(custody.Done(8));
  return facts;
}

Status CheckVersion(Object statement) {
  const std::string type = statement.Text("type");
  const auto version = statement.Number("version");
  if (type != evidence::kType) return BadForm("this is no key evidence");
  if (version == evidence::kVersion) return Ok();
  return FailedPrecondition(
             fmt::format("key evidence of a version this program does not know; it knows {}", evidence::kVersion))
      .WithReason("evidence_version");
}

Result<KeyEvidence> ReadStatement(Object statement) {
  RK_RETURN_IF_ERROR(CheckVersion(statement));
  RK_TRY(KeyInfo key, ReadKey(statement.Member("key")));
  RK_TRY(key.device, ReadToken(statement.Member("token")));
  RK_TRY(key.custody, ReadCustody(statement.Member("custody")));
  const std::string read_at = statement.Text("read_at");
  const std::string voucher = statement.Text("voucher");
  RK_RETURN_IF_ERROR(statement.Done(7));
  RK_TRY(key.voucher, ReadVoucher(voucher, key.device.software));
  RK_TRY(const WallTime time, ReadTime(read_at));
  key.uri.token_label = key.device.label;
  key.uri.token_serial = key.device.serial;
  return KeyEvidence{.key = std::move(key), .read_at = time, .scheme = {}, .signature = {}};
}

Result<Bytes> ReadSignature(Object signature, SignatureScheme scheme) {
  const std::string name = signature.Text("scheme");
  const auto value = FromBase64(signature.Text("value"));
  RK_RETURN_IF_ERROR(signature.Done(2));
  // A key has one scheme here, so that nobody chooses a weaker one for it.
  if (name != SchemeName(scheme)) return BadForm(fmt::format("signature.scheme is not {}", SchemeName(scheme)));
  if (!value) return BadForm("signature.value is not base64");
  return *value;
}

}  // namespace

Result<KeyEvidence> ReadEvidence(std::string_view text) {
  if (text.size() > kMaxEvidence) return BadForm(fmt::format("larger than {} octets", kMaxEvidence));
  const json parsed = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return BadForm("not JSON, or cut off");
  Object document(parsed);
  RK_TRY(KeyEvidence evidence, ReadStatement(document.Member("statement")));
  evidence.scheme = SchemesOf(evidence.key.public_key.type()).front();
  RK_TRY(evidence.signature, ReadSignature(document.Member("signature"), evidence.scheme));
  RK_RETURN_IF_ERROR(document.Done(2));
  // One content has one text. This refuses, among others, members that come twice (of which parsers keep one or the
  // other) and values that do not follow from what they should: type, use, name, generation.
  if (evidence::DocumentText(evidence) != text) {
    return BadForm(
        "not octet for octet as it was written: a member twice, in another order or with another value "
        "than it must have, or other white space");
  }
  RK_TRY(const Bytes input, evidence::SignedInput(evidence.scheme, evidence.key, evidence.read_at));
  auto verified = evidence.key.public_key.Verify(evidence.scheme, input, evidence.signature);
  if (!verified.ok()) {
    return Error(Code::kDataLoss, "the signature is not this key's over this statement")
        .WithNative(verified.error().native())
        .WithReason("bad_signature");
  }
  return evidence;
}

}  // namespace rootkeep
