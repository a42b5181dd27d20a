// A key of keystore/tpm2's, as the attester needs it.
#pragma once

#include <memory>
#include <string>

#include "attestation/attester/key_to_certify.h"
#include "keystore/tpm2/key_loader.h"

namespace rootkeep::attestation {

class StoreKey final : public KeyToCertify {
 public:
  // The key with this label. Its parent is the storage key, or the persistent key that its file names. Errors as
  // tpm2::ReadKey, tpm2::StorageKey and Tpm::Run.
  static Result<std::unique_ptr<StoreKey>> Open(std::shared_ptr<tpm2::KeyLoader> loader, std::string label,
                                                Deadline deadline);

  [[nodiscard]] const Bytes& public_area() const override { return public_area_; }
  // Empty for a persistent key: nothing says what it was made under.
  [[nodiscard]] const Bytes& parent_area() const override { return parent_area_; }

  // Errors as tpm2::KeyLoader::Load and Session; DATA_LOSS "key_changed" when the label is another key's by now.
  [[nodiscard]] Result<Loaded> Load(tpm2::Connection& connection) const override;

 private:
  StoreKey(std::shared_ptr<tpm2::KeyLoader> loader, std::string label)
      : loader_(std::move(loader)), label_(std::move(label)) {}
  Status Read(tpm2::Connection& connection);

  const std::shared_ptr<tpm2::KeyLoader> loader_;
  const std::string label_;
  Bytes name_;
  Bytes public_area_;
  Bytes parent_area_;
};

}  // namespace rootkeep::attestation
