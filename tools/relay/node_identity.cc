#include "tools/relay/node_identity.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "keystore/base/openssl.h"

namespace rootkeep::relay {

Status CheckIdentity(const NodeIdentity& identity) {
  const auto text = [](const std::string& pem) {
    return ossl::Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  };
  const ossl::Bio chain = text(identity.chain_pem);
  const ossl::Bio reference = text(identity.key_pem);
  if (chain == nullptr || reference == nullptr) return ossl::TakeError(Code::kInternal, "BIO_new_mem_buf");
  const ossl::Cert leaf(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr) return ossl::TakeError(Code::kFailedPrecondition, "PEM_read_bio_X509 of the node's certificate");
  const ossl::PKey key(PEM_read_bio_PrivateKey(reference.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return ossl::TakeError(Code::kFailedPrecondition, "PEM_read_bio_PrivateKey of the node's key");
  if (X509_check_private_key(leaf.get(), key.get()) == 1) return Ok();
  return ossl::TakeError(Code::kFailedPrecondition, "X509_check_private_key of the node's certificate");
}

}  // namespace rootkeep::relay
