// SPDX-License-Identifier: Apache-2.0
#include "kube/system_trust.hpp"

#include <openssl/x509.h>
#include <unistd.h>

#include <cstdlib>

namespace bulla::kube {
namespace {

bool exists(const char* path) { return ::access(path, F_OK) == 0; }

/// OpenSSL looks in one place, which who built it chose.
bool openssl_finds_some() {
  return std::getenv(X509_get_default_cert_file_env()) != nullptr ||
         std::getenv(X509_get_default_cert_dir_env()) != nullptr ||
         exists(X509_get_default_cert_file());
}

constexpr const char* bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",              // openSUSE
    "/etc/ssl/cert.pem",                   // BSD's place, used by some small images
};

}  // namespace

void trust_system(boost::asio::ssl::context& tls, boost::system::error_code& failure) {
  tls.set_default_verify_paths(failure);
  if (failure || openssl_finds_some()) return;
  for (const char* const bundle : bundles) {
    if (!exists(bundle)) continue;
    tls.load_verify_file(bundle, failure);
    return;
  }
}

}  // namespace bulla::kube
