#include "tests/support/tpm_manufacturer.h"

#include <openssl/pem.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "keystore/base/openssl.h"
#include "tests/support/program.h"

namespace rootkeep::testing {
namespace {

[[noreturn]] void Abort(const std::string& what) {
  std::fprintf(stderr, "TpmManufacturer fixture: %s\n", what.c_str());
  std::abort();
}

// swtpm_localca makes the authority when it is first asked for a certificate.
Bytes ReadPem(const std::string& path) {
  const ossl::Bio file(BIO_new_file(path.c_str(), "r"));
  const ossl::Cert cert(file == nullptr ? nullptr : PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  if (cert == nullptr) Abort(path + " holds no certificate; nothing was manufactured yet");
  unsigned char* der = nullptr;
  const int size = i2d_X509(cert.get(), &der);
  if (size < 0) Abort("i2d_X509");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

TpmManufacturer::TpmManufacturer() {
  std::filesystem::create_directory(directory_ / "ca");
  std::ofstream(directory_ / "localca.conf")
      << "statedir=" << directory_ / "ca" << "\nsigningkey=" << issuer_key_file()
      << "\nissuercert=" << directory_ / "ca/issuercert.pem" << "\ncertserial=" << directory_ / "ca/certserial\n";
  std::ofstream(directory_ / "localca.options")
      << "--platform-manufacturer Rootkeep\n--platform-version 1\n--platform-model test\n";
  std::ofstream(directory_ / "setup.conf")
      << "create_certs_tool=swtpm_localca\ncreate_certs_tool_config=" << directory_ / "localca.conf"
      << "\ncreate_certs_tool_options=" << directory_ / "localca.options\n";
}

void TpmManufacturer::Manufacture(const std::string& state, const std::string& name) const {
  std::vector<std::string> argv{"swtpm_setup",
                                "--tpm2",
                                "--tpmstate",
                                state,
                                "--config",
                                directory_ / "setup.conf",
                                "--create-ek-cert",
                                "--create-platform-cert",
                                "--lock-nvram",
                                "--pcr-banks",
                                "sha256",
                                "--vmid",
                                name};
  // It would become the user tss.
  if (geteuid() == 0) argv.insert(argv.end(), {"--runas", "root"});
  const ProgramResult result = RunProgram(argv);
  if (result.exit_code != 0) Abort("swtpm_setup: " + result.out + result.err);
}

Bytes TpmManufacturer::RootCertificate() const { return ReadPem(directory_ / "ca/swtpm-localca-rootca-cert.pem"); }

Bytes TpmManufacturer::IssuerCertificate() const { return ReadPem(directory_ / "ca/issuercert.pem"); }

}  // namespace rootkeep::testing
