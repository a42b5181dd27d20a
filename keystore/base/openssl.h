// Owning pointers for OpenSSL 3 objects, and its error queue as an Error.
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::ossl {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <typename T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

using PKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using PKeyCtx = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using MdCtx = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Md = Owned<EVP_MD, EVP_MD_free>;
using Cert = Owned<X509, X509_free>;
using CertReq = Owned<X509_REQ, X509_REQ_free>;
using Name = Owned<X509_NAME, X509_NAME_free>;
using Store = Owned<X509_STORE, X509_STORE_free>;
using StoreCtx = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using Bio = Owned<BIO, BIO_free_all>;
using BigNum = Owned<BIGNUM, BN_free>;

// `call` failed; takes the newest entry of this thread's OpenSSL queue as the native code and drains the rest.
Error TakeError(Code code, std::string_view call);

// Digest algorithms fetched once for the life of the program: EVP_sha256() and its like are looked up again at every
// use, which costs more than hashing a certificate. Never null; without the algorithm it is OpenSSL's unfetched one.
const EVP_MD* Sha1();
const EVP_MD* Sha256();
const EVP_MD* Sha384();
const EVP_MD* Sha512();

// Drops whatever earlier calls left in this thread's queue.
void ClearErrors();

}  // namespace rootkeep::ossl
