// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "crypto/certificate.hpp"
#include "crypto/key.hpp"

namespace bulla::test {

/// A file below test/data; the test aborts when it is missing.
inline std::string data_file(const std::string& name) {
  auto contents = read_file(std::string(BULLA_TEST_DATA) + "/" + name, limits::mib);
  return std::string(contents.value().expose_secret_text());
}
inline std::string key_file(const std::string& name) { return data_file("keys/" + name); }
inline PrivateKey private_key(const std::string& name) {
  return PrivateKey::from_pem(key_file(name)).value();
}
inline Certificate certificate(const std::string& name) {
  return Certificate::from_pem(key_file(name)).value();
}

}  // namespace bulla::test
