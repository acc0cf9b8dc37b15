// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/document.hpp"
#include "resource/seal.hpp"
#include "sealer/commands.hpp"
#include "sealer/options.hpp"
#include "unit/crypto/key_files.hpp"

namespace bulla::test {

/// A folder in which kubeseal's commands run, with files in and files out; gone at the end.
class Desk {
 public:
  Desk() {
    std::string name = std::filesystem::temp_directory_path() / "bulla-desk-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  std::string put(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    const auto contents = read_file(path(name), limits::input_bytes_max);
    return contents ? std::string(contents->expose_secret_text()) : contents.error().message;
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(path(name));
  }

  /// Options that seal `input` for test key A (rsa2048-a) into the file "out".
  [[nodiscard]] sealer::Options options(std::string_view input) const {
    sealer::Options options;
    options.certificate = std::string(BULLA_TEST_DATA) + "/keys/rsa2048-a.crt";
    options.input_file = put("in", input);
    options.output_file = path("out");
    options.cluster.namespace_ = std::nullopt;
    return options;
  }

 private:
  std::filesystem::path folder_;
};

/// Keeps what is written to a descriptor while it lives.
class Captured {
 public:
  explicit Captured(int descriptor)
      : descriptor_(descriptor), file_(std::tmpfile()), old_(::dup(descriptor)) {
    REQUIRE(file_ != nullptr);
    std::fflush(nullptr);
    REQUIRE(::dup2(::fileno(file_), descriptor_) >= 0);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() {
    std::fflush(nullptr);
    ::dup2(old_, descriptor_);
    ::close(old_);
    std::fclose(file_);
  }
  [[nodiscard]] std::string text() const {
    std::fflush(nullptr);
    std::string out(static_cast<std::size_t>(::lseek(::fileno(file_), 0, SEEK_END)), '\0');
    out.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::pread(::fileno(file_), out.data(), out.size(), 0))));
    return out;
  }

 private:
  int descriptor_;
  std::FILE* file_;
  int old_;
};

struct CapturedErrors : Captured {
  CapturedErrors() : Captured(STDERR_FILENO) {}
};
struct CapturedOutput : Captured {
  CapturedOutput() : Captured(STDOUT_FILENO) {}
};

inline std::string key_path(const std::string& name) {
  return std::string(BULLA_TEST_DATA) + "/keys/" + name;
}

/// "" or the error's message.
inline std::string outcome(const Result<void>& result) {
  return result ? "" : result.error().message;
}

inline bool has_hint(const Result<void>& result, std::string_view hint) {
  if (result) return false;
  for (const auto& text : result.error().hints) {
    if (text == hint) return true;
  }
  return false;
}

/// The items of the SealedSecrets in `text`, opened with test key `key`: "name/item=value " each;
/// "!" for an object that does not open.
inline std::string opened(std::string_view text, const std::string& key = "rsa2048-a.pkcs1.pem") {
  const Keyring::Entry entry = std::make_shared<const KeyringEntry>(
      KeyringEntry{private_key(key), std::nullopt, WallTime()});
  const auto documents = read_documents(text);
  if (!documents) return documents.error().message;
  std::string out;
  for (const auto& document : *documents) {
    const auto sealed = SealedSecret::from_json(document.value, document.scalars);
    if (!sealed || sealed->encrypted_data.empty()) continue;
    const auto secret = unseal(*sealed, {&entry, 1});
    if (!secret) out.append(sealed->name()).append("! ");
    if (!secret) continue;
    for (const auto& [item, value] : secret->secret.data) {
      out.append(sealed->name()).append("/").append(item).append("=");
      out.append(value.expose_secret_text()).append(" ");
    }
  }
  return out;
}

/// `text` with every ciphertext (a run of more than 100 characters of base64) as "...".
inline std::string without_ciphertexts(std::string_view text) {
  const auto is_base64 = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=';
  };
  std::string out;
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && is_base64(text[run])) ++run;
    out.append(run > 100 ? "..." : text.substr(0, run));
    if (run < text.size()) out += text[run++];
    text.remove_prefix(std::min(run, text.size()));
  }
  return out;
}

/// A ciphertext of `value` for test key `key`, under `label`.
inline std::string ciphertext(std::string_view value, std::string_view label,
                              const std::string& key = "rsa2048-a.pkcs1.pem") {
  return seal_item(as_bytes(value), private_key(key).public_key(), label).value();
}

}  // namespace bulla::test
