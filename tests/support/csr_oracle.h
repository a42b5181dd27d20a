// OpenSSL's own reading of a request, to hold ours against.
#pragma once

#include <string>

#include "signer/csr/csr.h"

namespace rootkeep::testing {

// Where OpenSSL's X509_REQ reads `csr.der` differently from `csr`, or judges its signature differently from
// `proof_holds`; empty when they agree.
std::string DisagreementWithOpenSsl(const Csr& csr, bool proof_holds);

}  // namespace rootkeep::testing
