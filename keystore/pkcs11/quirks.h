// Modules that are known to differ from what PKCS#11 says, and how: data that the rest of this folder asks.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string_view>

namespace rootkeep::pkcs11 {

// Defaults are PKCS#11's. Each difference was seen by the conformance suite (tests/conformance) or in the module's
// source; keystore/README.md says what comes of it.
struct Quirks {
  // CK_INFO.manufacturerID and .libraryDescription, without trailing blanks. No description: any.
  std::string_view manufacturer;
  std::string_view description{};

  // A key pair is one object in the device, and the usages asked of both halves are laid over each other: what the
  // public half may do is left to the module.
  bool halves_share_usages = false;
  // An RSA signature is a decryption to it, so an RSA key that only signs cannot sign.
  bool rsa_signs_by_decrypting = false;
  // C_OpenSession and C_CloseSession share tables with each other and with C_Login without a lock.
  bool sessions_race = false;
  // A PIN that was looked at and refused is always CKR_PIN_INCORRECT or CKR_PIN_LOCKED: no other failure of C_Login
  // leaves that open.
  bool refuses_pins_plainly = false;
  // Objects and token are what C_Initialize found, until the next one: those of other programs do not show, a device
  // that is gone seems to answer, and one that was reset is never asked to load its keys again.
  bool answers_from_memory = false;
  // A key that was made or used stays in the device, which has room for about three, until the user logs out.
  bool keys_stay_loaded = false;
  // C_GenerateKeyPair fails with CKR_GENERAL_ERROR, and leaves nothing, when another thread looks for objects
  // meanwhile; and a search finds the session copy that C_CopyObject is making as if it were on the token.
  bool making_disturbs_finding = false;
  // Signatures are computed by the processors of this machine, and nothing else: more signers than processors only take
  // them from everybody else.
  bool computes_here = false;
  // Takes mutexes of its own dozens of times a signature, each for less time than it takes to wake a thread. Two
  // signers who begin to sleep in them may go on so and be slower than one: it is given mutexes that wait awake first.
  bool sleeps_in_mutexes = false;
};

// The row for the module that describes itself so; without one, PKCS#11's own.
const Quirks& QuirksOf(const CK_INFO& info);

}  // namespace rootkeep::pkcs11
