// TPM structures as libtss2-mu reads them, in our words: what our own readers are compared with.
#pragma once

#include <optional>
#include <vector>

#include "attestation/wire/attest.h"
#include "attestation/wire/id_object.h"
#include "attestation/wire/pcr.h"
#include "attestation/wire/public_area.h"
#include "attestation/wire/signature.h"

namespace rootkeep::testing {

// Nothing when libtss2-mu does not take the octets, leaves some of them, or writes what it has read as others. Only for
// octets that our reader took: of algorithms and types that it does not know nothing is translated.
std::optional<attestation::PublicArea> TssPublicArea(ByteView tpmt_public);
// Of any magic: releases of libtss2-mu differ about it.
std::optional<attestation::Attest> TssAttest(ByteView tpms_attest);
std::optional<attestation::Signature> TssSignature(ByteView tpmt_signature);
std::optional<std::vector<attestation::PcrSelection>> TssPcrSelections(ByteView tpml_pcr_selection);
std::optional<attestation::IdObject> TssIdObject(ByteView tpm2b_id_object);

}  // namespace rootkeep::testing
