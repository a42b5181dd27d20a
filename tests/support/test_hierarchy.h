// A root and an issuing CA with keys in memory, made by the code under test and valid from kTestNow.
#pragma once

#include <memory>
#include <string>

#include "signer/authority/authority.h"
#include "signer/authority/ca_certificate.h"
#include "tests/support/decisions.h"
#include "tests/support/software_signer.h"

namespace rootkeep::testing {

struct TestHierarchy {
  // `kind` as MakeKey takes it, for both keys. Aborts when anything fails.
  explicit TestHierarchy(const std::string& kind = "P-256", WallTime made_at = FromUnixSeconds(kTestNow));

  std::shared_ptr<SoftwareSigner> root;
  std::shared_ptr<SoftwareSigner> issuing;
  Bytes root_der;
  Bytes issuing_der;

  [[nodiscard]] Authority::Parts Parts() const;
};

}  // namespace rootkeep::testing
