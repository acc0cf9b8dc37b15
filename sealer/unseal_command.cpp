// SPDX-License-Identifier: Apache-2.0
#include <boost/json/object.hpp>

#include "base/limits.hpp"
#include "resource/seal.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/recovery_keys.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"

namespace bulla::sealer {

namespace {

/// For the person who holds the keys: which were tried, and why none fitted.
Error explained(Error error, const SealedSecret& sealed, const Keyring& keys) {
  if (error.code != Errc::cannot_decrypt) return error;
  error = std::move(error).hint(explain_failure(sealed, keys.newest_first()));
  for (const auto& entry : keys.newest_first())
    error = std::move(error).hint("tried key " + entry->key.fingerprint());
  if (keys.empty()) error = std::move(error).hint("pass a key with --recovery-private-key");
  return error;
}

/// A value without bytes is printed as null, which is what the reference makes of it.
void print_empty_as_null(boost::json::value& secret) {
  auto* data = secret.get_object().if_contains("data");
  if (data == nullptr) return;
  for (auto& item : data->get_object()) {
    if (item.value().get_string().empty()) item.value() = nullptr;
  }
}

Result<boost::json::value> unseal_document(const Document& document, const std::string& name,
                                           const Keyring& keys) {
  auto sealed = sealed_secret_of(document, name);
  if (!sealed) return sealed.error();
  // As in the reference, the V1 form is for the controller alone.
  auto opened = unseal(*sealed, keys.newest_first(), {.accept_deprecated_data = false});
  if (!opened) return explained(std::move(opened).error(), *sealed, keys);
  auto secret = opened->secret.to_json();
  print_empty_as_null(secret);
  return secret;
}

}  // namespace

Result<void> recovery_unseal(const Options& options) {
  protect_private_keys(limits::recovery_key_heap_bytes);
  auto keys = read_recovery_keys(options.recovery_keys);
  if (!keys) return keys.error();
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  if (documents->empty())
    return Error{Errc::invalid_input, input_name(options) + " holds no SealedSecret"};
  auto format = output_format(options);
  if (!format) return format.error();

  Output output(options, Output::Content::plaintext);
  for (const auto& document : *documents) {
    auto secret = unseal_document(document, document_name(options, document), *keys);
    if (!secret) return secret.error();
    if (auto printed = output.print(*secret, *format); !printed) return printed;
  }
  return output.commit();
}

}  // namespace bulla::sealer
