// SPDX-License-Identifier: Apache-2.0
#include "controller/tls_identity.hpp"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <boost/asio/buffer.hpp>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace bulla {

namespace ssl = boost::asio::ssl;

namespace {

constexpr auto look_every = std::chrono::seconds(5);

Error unusable(const std::string& path, const boost::system::error_code& why) {
  return Error{Errc::invalid_input, why.message()}.during(path + " is not usable");
}

}  // namespace

Result<TlsIdentity> TlsIdentity::load(TlsFiles files) {
  TlsIdentity identity(std::move(files));
  if (auto loaded = identity.read(); !loaded) return loaded.error();
  return identity;
}

TlsIdentity::Stamp TlsIdentity::stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  constexpr std::int64_t nanoseconds = 1'000'000'000;
  return {status.st_dev, status.st_ino, status.st_size,
          status.st_mtim.tv_sec * nanoseconds + status.st_mtim.tv_nsec};
}

Result<void> TlsIdentity::read() {
  // Before reading: a change meanwhile is found at the next look.
  stamps_ = {stamp_of(files_.certificate), stamp_of(files_.key)};
  const auto chain = read_file(files_.certificate, limits::certificate_bytes_max);
  if (!chain) return chain.error();
  const auto key = read_file(files_.key, limits::certificate_bytes_max);
  if (!key) return key.error();

  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // What strangers can make us hold and do: no buffers while nothing goes on, one handshake.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code failed;
  const auto chain_text = chain->expose_secret_text();
  context->use_certificate_chain({chain_text.data(), chain_text.size()}, failed);
  if (failed) return unusable(files_.certificate, failed);
  // OpenSSL would otherwise ask at the terminal for the password of an encrypted key.
  context->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); });
  const auto key_text = key->expose_secret_text();
  context->use_private_key({key_text.data(), key_text.size()}, ssl::context::pem, failed);
  if (failed) return unusable(files_.key, failed);
  if (SSL_CTX_check_private_key(context->native_handle()) != 1)
    return Error{Errc::invalid_input,
                 files_.key + " is not the key of the certificate in " + files_.certificate};
  context_ = std::move(context);
  return {};
}

std::shared_ptr<ssl::context> TlsIdentity::at(Time now) {
  if (now - looked_ < look_every) return context_;
  looked_ = now;
  if (stamps_ == std::pair(stamp_of(files_.certificate), stamp_of(files_.key))) return context_;
  if (auto loaded = read(); loaded) {
    log_info("TLS certificate read again", {{"file", files_.certificate}});
  } else {
    log_error("Error reading the TLS certificate again, keeping the old one",
              {{"error", loaded.error().message}});
  }
  return context_;
}

}  // namespace bulla
