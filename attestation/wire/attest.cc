#include "attestation/wire/attest.h"

namespace rootkeep::attestation {
namespace {

ClockInfo ReadClockInfo(Reader& in) {
  ClockInfo info;
  info.clock = in.U64();
  info.reset_count = in.U32();
  info.restart_count = in.U32();
  info.safe = in.YesNo();
  return info;
}

void Write(const ClockInfo& info, Writer& out) {
  out.U64(info.clock);
  out.U32(info.reset_count);
  out.U32(info.restart_count);
  out.U8(info.safe ? 1 : 0);
}

QuoteInfo ReadQuoteInfo(Reader& in) {
  QuoteInfo info;
  info.selections = ReadPcrSelections(in);
  info.pcr_digest = in.Sized(kMaxDigestSize);
  return info;
}

CertifyInfo ReadCertifyInfo(Reader& in) {
  CertifyInfo info;
  info.name = in.Sized(kMaxNameSize);
  info.qualified_name = in.Sized(kMaxNameSize);
  return info;
}

CreationInfo ReadCreationInfo(Reader& in) {
  CreationInfo info;
  info.name = in.Sized(kMaxNameSize);
  info.creation_hash = in.Sized(kMaxDigestSize);
  return info;
}

// One overload for each alternative of Attest::info.
struct WriteInfo {
  Writer& out;

  void operator()(const UnknownInfo& info) const { out.Octets(info.octets); }
  void operator()(const QuoteInfo& info) const {
    attestation::Write(info.selections, out);
    out.Sized(info.pcr_digest);
  }
  void operator()(const CertifyInfo& info) const {
    out.Sized(info.name);
    out.Sized(info.qualified_name);
  }
  void operator()(const CreationInfo& info) const {
    out.Sized(info.name);
    out.Sized(info.creation_hash);
  }
};

Attest ReadAttest(Reader& in) {
  Attest attest;
  attest.magic = in.U32();
  attest.type = static_cast<AttestType>(in.U16());
  attest.qualified_signer = in.Sized(kMaxNameSize);
  attest.extra_data = in.Sized(kMaxExtraData);
  attest.clock_info = ReadClockInfo(in);
  attest.firmware_version = in.U64();
  switch (attest.type) {
    case AttestType::kQuote: attest.info = ReadQuoteInfo(in); break;
    case AttestType::kCertify: attest.info = ReadCertifyInfo(in); break;
    case AttestType::kCreation: attest.info = ReadCreationInfo(in); break;
    default: attest.info = UnknownInfo{in.Rest()};
  }
  return attest;
}

}  // namespace

Bytes Encode(const Attest& attest) {
  Writer out;
  out.U32(attest.magic);
  out.U16(static_cast<std::uint16_t>(attest.type));
  out.Sized(attest.qualified_signer);
  out.Sized(attest.extra_data);
  Write(attest.clock_info, out);
  out.U64(attest.firmware_version);
  std::visit(WriteInfo{out}, attest.info);
  return out.Take();
}

Result<Attest> ParseAttest(ByteView tpms_attest) {
  return ReadWhole<Attest>("TPMS_ATTEST", tpms_attest, kMaxAttestSize, &ReadAttest, &Encode);
}

}  // namespace rootkeep::attestation
