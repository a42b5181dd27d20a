#include "attestation/wire/messages.h"

#include <functional>

#include "attestation/wire/id_object.h"
#include "attestation/wire/public_area.h"
#include "tests/unit/attestation/wire/messages.h"
#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::Says;

template <typename Message>
struct Change {
  const char* field;
  std::function<void(Message&)> make;
};

template <typename Message>
void ExpectEachRefused(const Message& good, const std::vector<Change<Message>>& changes) {
  EXPECT_THAT(CheckSizes(good), IsOk());
  for (const auto& [field, make] : changes) {
    Message bad = good;
    make(bad);
    EXPECT_THAT(CheckSizes(bad), HasReason(kReasonMessageSize)) << field;
    EXPECT_THAT(CheckSizes(bad), Says(field));
  }
}

TEST(AttestMessages, InitHasLimits) {
  ExpectEachRefused<AttestInit>(SomeInit(),
                                {
                                    {"claimed_node_id", [](auto& m) { m.claimed_node_id.assign(254, 'n'); }},
                                    {"ek_public", [](auto& m) { m.ek_public.clear(); }},
                                    {"ek_public", [](auto& m) { m.ek_public.resize(1025); }},
                                    {"ek_certificate", [](auto& m) { m.ek_certificate.resize(8193); }},
                                    {"ek_chain", [](auto& m) { m.ek_chain.assign(9, Bytes(1)); }},
                                    {"ek_chain", [](auto& m) { m.ek_chain.assign(1, Bytes(8193)); }},
                                    {"ek_chain", [](auto& m) { m.ek_chain.assign(1, Bytes()); }},
                                    {"ak_public", [](auto& m) { m.ak_public.clear(); }},
                                    {"ak_public", [](auto& m) { m.ak_public.resize(1025); }},
                                    {"tpm.manufacturer", [](auto& m) { m.tpm.manufacturer.assign(65, 'm'); }},
                                    {"tpm.vendor", [](auto& m) { m.tpm.vendor.assign(65, 'v'); }},
                                    {"banks", [](auto& m) { m.banks.assign(17, Algorithm::kSha256); }},
                                    {"node_key_public", [](auto& m) { m.node_key_public.clear(); }},
                                    {"node_key_public", [](auto& m) { m.node_key_public.resize(1025); }},
                                    {"node_key_parent", [](auto& m) { m.node_key_parent.resize(1025); }},
                                    {"csr", [](auto& m) { m.csr.clear(); }},
                                    {"csr", [](auto& m) { m.csr.resize(16 * 1024 + 1); }},
                                    {"agent_nonce", [](auto& m) { m.agent_nonce.resize(15); }},
                                    {"agent_nonce", [](auto& m) { m.agent_nonce.resize(33); }},
                                    {"the message", [](auto& m) { m.ek_chain.assign(8, Bytes(8192)); }},
                                });
  AttestInit least = SomeInit();
  least.claimed_node_id.clear();
  least.ek_certificate.clear();
  least.ek_chain.clear();
  least.banks.clear();
  least.node_key_parent.clear();
  EXPECT_THAT(CheckSizes(least), IsOk());
}

TEST(AttestMessages, ChallengeHasLimits) {
  ExpectEachRefused<AttestChallenge>(SomeChallenge(),
                                     {
                                         {"session_id", [](auto& m) { m.session_id.pop_back(); }},
                                         {"session_id", [](auto& m) { m.session_id.push_back(0); }},
                                         {"id_object", [](auto& m) { m.id_object.clear(); }},
                                         {"id_object", [](auto& m) { m.id_object.resize(kMaxIdObjectSize + 1); }},
                                         {"encrypted_secret", [](auto& m) { m.encrypted_secret.clear(); }},
                                         {"encrypted_secret", [](auto& m) { m.encrypted_secret.resize(515); }},
                                         {"server_nonce", [](auto& m) { m.server_nonce.pop_back(); }},
                                         {"server_nonce", [](auto& m) { m.server_nonce.push_back(0); }},
                                         {"server_identity", [](auto& m) { m.server_identity.clear(); }},
                                         {"server_identity", [](auto& m) { m.server_identity.push_back(0); }},
                                     });
}

TEST(AttestMessages, EvidenceHasLimits) {
  AttestEvidence evidence;
  evidence.activation_proof.resize(32);
  evidence.quote_attest.resize(1024);
  evidence.quote_signature.resize(518);
  evidence.pcr_values.assign(24, {0, Bytes(64)});
  evidence.certify_attest.resize(1);
  evidence.certify_signature.resize(1);
  evidence.boot_log.resize(4 * 1024 * 1024);
  ExpectEachRefused<AttestEvidence>(evidence,
                                    {
                                        {"activation_proof", [](auto& m) { m.activation_proof.pop_back(); }},
                                        {"activation_proof", [](auto& m) { m.activation_proof.push_back(0); }},
                                        {"quote_attest", [](auto& m) { m.quote_attest.clear(); }},
                                        {"quote_attest", [](auto& m) { m.quote_attest.push_back(0); }},
                                        {"quote_signature", [](auto& m) { m.quote_signature.clear(); }},
                                        {"quote_signature", [](auto& m) { m.quote_signature.push_back(0); }},
                                        {"pcr_values", [](auto& m) { m.pcr_values.emplace_back(); }},
                                        {"pcr_values", [](auto& m) { m.pcr_values[3].digest.clear(); }},
                                        {"pcr_values", [](auto& m) { m.pcr_values[3].digest.push_back(0); }},
                                        {"certify_attest", [](auto& m) { m.certify_attest.clear(); }},
                                        {"certify_attest", [](auto& m) { m.certify_attest.resize(1025); }},
                                        {"certify_signature", [](auto& m) { m.certify_signature.clear(); }},
                                        {"certify_signature", [](auto& m) { m.certify_signature.resize(519); }},
                                        {"boot_log", [](auto& m) { m.boot_log.push_back(0); }},
                                    });
  evidence.pcr_values.clear();
  evidence.boot_log.clear();
  EXPECT_THAT(CheckSizes(evidence), IsOk());
}

}  // namespace
}  // namespace rootkeep::attestation
