#include "attestation/wire/transcript.h"

#include <functional>
#include <set>

#include "tests/unit/attestation/wire/messages.h"
#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasCode;

// The encoding as transcript.h describes it, written out by hand.
TEST(Transcript, IsTheDigestOfBothMessages) {
  const Bytes init =
      Hex("00000004 00000001"                          // protocol_version
          "00000006 6e6f64652d31"                      // claimed_node_id
          "00000004 01010101"                          // ek_public
          "00000005 0202020202"                        // ek_certificate
          "00000002"                                   // ek_chain
          "00000006 030303030303"                      //
          "00000007 04040404040404"                    //
          "00000008 0505050505050505"                  // ak_public
          "00000001 01"                                // ak_placement
          "00000003 49424d"                            // tpm.manufacturer
          "00000008 53572020 2054504d"                 // tpm.vendor
          "00000008 2019102300163636"                  // tpm.firmware_version
          "00000002 00000002 000b 00000002 000c"       // banks
          "00000009 060606060606060606"                // node_key_public
          "0000000a 07070707070707070707"              // node_key_parent
          "0000000b 0808080808080808080808"            // csr
          "00000010 09090909090909090909090909090909"  // agent_nonce
      );
  const Bytes challenge =
      Hex("00000010 11111111111111111111111111111111"                                  // session_id
          "0000000c 121212121212121212121212"                                          // id_object
          "0000000d 13131313131313131313131313"                                        // encrypted_secret
          "00000020 1414141414141414141414141414141414141414141414141414141414141414"  // server_nonce
          "00000002 000b 00000003 850000"                                              // pcrs
          "00000001 01"                                                                // want_boot_log
          "00000008 000000006b49d200"                                                  // deadline
          "00000020 1515151515151515151515151515151515151515151515151515151515151515"  // server_identity
      );
  Writer all;
  all.Octets(AsBytes("rootkeep-tpm-attest-v1"));
  all.U32(static_cast<std::uint32_t>(init.size()));
  all.Octets(init);
  all.U32(static_cast<std::uint32_t>(challenge.size()));
  all.Octets(challenge);
  EXPECT_EQ(ToHex(Transcript(SomeInit(), SomeChallenge()).value()),
            ToHex(TpmHash(Algorithm::kSha256, all.Take()).value()));
}

// Every field is bound, and none can pass for a part of its neighbour.
TEST(Transcript, ChangesWithEveryField) {
  const std::vector<std::function<void(AttestInit&, AttestChallenge&)>> changes{
      [](auto&, auto&) {},
      [](auto& init, auto&) { init.protocol_version = 2; },
      [](auto& init, auto&) { init.claimed_node_id = "node-2"; },
      [](auto& init, auto&) { init.ek_public[0] ^= 1; },
      [](auto& init, auto&) { init.ek_certificate[0] ^= 1; },
      [](auto& init, auto&) { init.ek_chain.pop_back(); },
      [](auto& init, auto&) { init.ek_chain[1][0] ^= 1; },
      [](auto& init, auto&) { init.ak_public[0] ^= 1; },
      [](auto& init, auto&) { init.ak_placement = AkPlacement::kEkChild; },
      [](auto& init, auto&) { init.tpm.manufacturer = "IBN"; },
      [](auto& init, auto&) { init.tpm.vendor.clear(); },
      [](auto& init, auto&) { init.tpm.firmware_version ^= 1; },
      [](auto& init, auto&) { init.banks.pop_back(); },
      [](auto& init, auto&) { init.banks[0] = Algorithm::kSha512; },
      [](auto& init, auto&) { init.node_key_public[0] ^= 1; },
      [](auto& init, auto&) { init.node_key_parent[0] ^= 1; },
      [](auto& init, auto&) { init.csr[0] ^= 1; },
      [](auto& init, auto&) { init.agent_nonce[0] ^= 1; },
      [](auto&, auto& challenge) { challenge.session_id[0] ^= 1; },
      [](auto&, auto& challenge) { challenge.id_object[0] ^= 1; },
      [](auto&, auto& challenge) { challenge.encrypted_secret[0] ^= 1; },
      [](auto&, auto& challenge) { challenge.server_nonce[0] ^= 1; },
      [](auto&, auto& challenge) { challenge.pcrs.bank = Algorithm::kSha1; },
      [](auto&, auto& challenge) { challenge.pcrs.bitmap[0] ^= 1; },
      [](auto&, auto& challenge) { challenge.want_boot_log = false; },
      [](auto&, auto& challenge) { challenge.deadline = -1; },
      [](auto&, auto& challenge) { challenge.server_identity[0] ^= 1; },
      [](auto& init, auto&) {  // an octet moves from one field to the next
        init.ek_public.pop_back();
        init.ek_certificate.insert(init.ek_certificate.begin(), 0x01);
      },
  };
  std::set<Bytes> seen;
  for (const auto& change : changes) {
    AttestInit init = SomeInit();
    AttestChallenge challenge = SomeChallenge();
    change(init, challenge);
    seen.insert(Transcript(init, challenge).value());
  }
  EXPECT_EQ(seen.size(), changes.size());
}

// Of SHA-256 and HMAC-SHA-256 over these octets, by Python's hashlib and hmac.
TEST(Transcript, IsBoundWithTheActivatedSecret) {
  const Bytes transcript(32, 0xaa);
  const Bytes secret(32, 0xbb);
  EXPECT_EQ(ToHex(QuoteNonce(transcript, secret).value()),
            "bc1d0201bd3f85aac7c4adae61cdf27e9e96e4023e05840a8da3040709c5502d");
  EXPECT_EQ(ToHex(CertifyNonce(transcript, secret, AsBytes("csr")).value()),
            "2c0b0d83fd07e749793893f3be28c1b4f37493d6e14b6e7b3840a7474aa97980");
  EXPECT_EQ(ToHex(ActivationProof(transcript, secret).value()),
            "ed63a04d79d398ee693b3dab22b29e8ccdf72aa043729fea50ef6a26a0f3c242");
}

// Otherwise octets of one could pass for octets of the other.
TEST(Transcript, HasASizeAndTheSecretToo) {
  const Bytes right(32);
  for (const std::size_t size : {0U, 31U, 33U}) {
    const Bytes wrong(size);
    EXPECT_THAT(QuoteNonce(wrong, right), HasCode(Code::kInvalidArgument));
    EXPECT_THAT(QuoteNonce(right, wrong), HasCode(Code::kInvalidArgument));
    EXPECT_THAT(CertifyNonce(wrong, right, {}), HasCode(Code::kInvalidArgument));
    EXPECT_THAT(CertifyNonce(right, wrong, {}), HasCode(Code::kInvalidArgument));
    EXPECT_THAT(ActivationProof(wrong, right), HasCode(Code::kInvalidArgument));
    EXPECT_THAT(ActivationProof(right, wrong), HasCode(Code::kInvalidArgument));
  }
}

}  // namespace
}  // namespace rootkeep::attestation
