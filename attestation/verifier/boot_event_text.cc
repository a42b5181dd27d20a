#include "attestation/verifier/boot_event_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "attestation/verifier/little_endian.h"
#include "attestation/verifier/uefi_variable.h"
#include "attestation/wire/algorithm.h"

namespace rootkeep::attestation {
namespace {

constexpr std::size_t kMaxText = 256;  // characters of an event's own text

// What can stand between quotation marks on one line; a question mark for what cannot.
template <typename Character>
char Printable(Character character) {
  return character >= 0x20 && character < 0x7f && character != '"' ? static_cast<char>(character) : '?';
}

template <typename Characters>
std::string PrintableText(const Characters& text) {
  std::string out;
  for (const auto character : text) {
    if (out.size() == kMaxText) return out + "...";
    out.push_back(Printable(character));
  }
  return out;
}

std::string Ascii(ByteView octets) {
  while (!octets.empty() && octets.back() == 0) octets = octets.first(octets.size() - 1);
  return PrintableText(octets);
}

std::string Utf16(ByteView octets) {
  LittleEndianReader in(octets);
  std::u16string text;
  while (in.rest().size() >= 2) text.push_back(static_cast<char16_t>(in.U16()));
  while (!text.empty() && text.back() == 0) text.pop_back();
  return PrintableText(text);
}

bool IsVariable(EventType type) {
  return type == EventType::kVariableDriverConfig || type == EventType::kVariableAuthority ||
         type == EventType::kVariableBoot || type == EventType::kVariableBoot2;
}

bool IsImage(EventType type) {
  return type == EventType::kBootServicesApplication || type == EventType::kBootServicesDriver ||
         type == EventType::kRuntimeServicesDriver;
}

// A value of a few octets as it is; of a longer one what tells it from another.
std::string ValueText(ByteView value) {
  constexpr std::size_t kShort = 8;
  if (value.empty()) return "empty";
  if (value.size() <= kShort) return ToHex(value);
  const Result<Bytes> digest = TpmHash(Algorithm::kSha256, value);
  if (!digest.ok()) return fmt::format("{} octets", value.size());
  return fmt::format("{} octets, SHA-256 {}...", value.size(), ToHex(ByteView(*digest).first(kShort)));
}

// The file in a UEFI device path (UEFI 2.10 §10.3): its nodes of type "media", subtype "file path".
std::string FilePath(ByteView device_path) {
  constexpr std::uint8_t kMedia = 0x04;
  constexpr std::uint8_t kFilePath = 0x04;
  constexpr std::uint16_t kNodeHeader = 4;
  LittleEndianReader in(device_path);
  std::string path;
  while (!in.rest().empty() && path.size() < kMaxText) {
    const std::uint8_t type = in.U8();
    const std::uint8_t subtype = in.U8();
    const std::uint16_t size = in.U16();
    if (in.failed() || size < kNodeHeader) break;
    const ByteView contents = in.Take(size - kNodeHeader);
    if (type == kMedia && subtype == kFilePath) path += Utf16(contents);
  }
  return path;
}

// UEFI_IMAGE_LOAD_EVENT: three 64-bit fields, then a device path behind its size.
std::string ImageText(ByteView data) {
  LittleEndianReader in(data);
  in.Take(3 * sizeof(std::uint64_t));
  return FilePath(in.Take(in.U64()));
}

// Not of a structure in which a few letters happen to be.
bool IsMostlyPrintable(const std::string& text) { return std::ranges::count(text, '?') * 2 < std::ssize(text); }

// TCG_PCClientTaggedEvent: an identifier and a size before the data.
ByteView TaggedData(ByteView data) {
  LittleEndianReader in(data);
  in.U32();
  const ByteView tagged = in.Take(in.U32());
  return in.ok() ? tagged : data;
}

bool LooksLikeUtf16(ByteView data) { return data.size() >= 4 && data.size() % 2 == 0 && data[1] == 0 && data[3] == 0; }

std::string Text(const BootEvent& event) {
  if (IsImage(event.type)) return ImageText(event.data);
  if (event.type == EventType::kSeparator || event.type == EventType::kGpt || event.type == EventType::kGpt2) return "";
  const ByteView data = event.type == EventType::kEventTag ? TaggedData(event.data) : ByteView(event.data);
  std::string text = LooksLikeUtf16(data) ? Utf16(data) : Ascii(data);
  return IsMostlyPrintable(text) ? text : "";
}

}  // namespace

std::string SubjectOf(const BootEvent& event) {
  if (IsVariable(event.type)) {
    const auto variable = ReadUefiVariable(event.data);
    return variable ? PrintableText(variable->name) : "";
  }
  return IsImage(event.type) ? ImageText(event.data) : "";
}

std::string InWords(const BootEvent& event) {
  const std::string type = EventTypeName(event.type);
  const bool measured = MeasuresItsData(event.type);
  if (IsVariable(event.type)) {
    const auto variable = ReadUefiVariable(event.data);
    if (!variable) return type + ", malformed";
    return fmt::format("{}{} {} = {}", type, measured ? "" : ", said to be", PrintableText(variable->name),
                       ValueText(variable->data));
  }
  const std::string text = Text(event);
  if (text.empty()) return type;
  return fmt::format("{}{} \"{}\"", type, measured ? "" : ", said to be", text);
}

}  // namespace rootkeep::attestation
