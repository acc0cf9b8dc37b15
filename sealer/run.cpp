// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

Result<void> print_certificate(const Options& options) {
  auto text = certificate_to_print(options);
  if (!text) return text.error();
  Output output(options, Output::Content::shareable);
  if (auto printed = output.print(*text); !printed) return printed;
  if (auto done = output.commit(); !done) return done;
  // status.sealingKeys, metrics and log name keys so.
  if (const auto certificate = Certificate::from_pem(*text))
    tell_terminal("(the key's fingerprint: " + certificate->public_key().fingerprint() + ")");
  return {};
}

Result<void> run(const Options& options) {
  if (options.environment_error) return *options.environment_error;
  if (!options.from_files.empty() && !options.raw)
    return Error{Errc::invalid_input, "--from-file requires --raw"};
  if (options.recovery_unseal) return recovery_unseal(options);
  if (options.validate) return validate_sealed_secrets(options);
  if (options.re_encrypt) return re_encrypt_sealed_secrets(options);
  if (options.fetch_certificate) return print_certificate(options);
  if (!options.merge_into.empty()) return merge_into_sealed_secret(options);
  if (options.raw) return seal_raw_value(options);
  return seal_secrets(options);
}

}  // namespace bulla::sealer
