// A pair of messages with every field filled, each differently.
#pragma once

#include "attestation/wire/messages.h"

namespace rootkeep::attestation {

inline AttestInit SomeInit() {
  AttestInit init;
  init.claimed_node_id = "node-1";
  init.ek_public = Bytes(4, 0x01);
  init.ek_certificate = Bytes(5, 0x02);
  init.ek_chain = {Bytes(6, 0x03), Bytes(7, 0x04)};
  init.ak_public = Bytes(8, 0x05);
  init.tpm = {.manufacturer = "IBM", .vendor = "SW   TPM", .firmware_version = 0x2019102300163636};
  init.banks = {Algorithm::kSha256, Algorithm::kSha384};
  init.node_key_public = Bytes(9, 0x06);
  init.node_key_parent = Bytes(10, 0x07);
  init.csr = Bytes(11, 0x08);
  init.agent_nonce = Bytes(16, 0x09);
  return init;
}

inline AttestChallenge SomeChallenge() {
  AttestChallenge challenge;
  challenge.session_id = Bytes(16, 0x11);
  challenge.id_object = Bytes(12, 0x12);
  challenge.encrypted_secret = Bytes(13, 0x13);
  challenge.server_nonce = Bytes(32, 0x14);
  challenge.pcrs = SelectPcrs(Algorithm::kSha256, {0, 2, 7});
  challenge.want_boot_log = true;
  challenge.deadline = 1'800'000'000;
  challenge.server_identity = Bytes(32, 0x15);
  return challenge;
}

}  // namespace rootkeep::attestation
