// SPDX-License-Identifier: Apache-2.0
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/secret_input.hpp"

namespace bulla::sealer {

namespace {

Result<SealedSecret> seal_document(const Options& options, const Document& document,
                                   const PublicKey& key) {
  auto secret = secret_to_seal(options, document);
  if (!secret) return secret.error();
  if (auto settled = settle_identity(options, *secret); !settled) return settled.error();
  return seal(*secret, key, scope_flag(options));
}

}  // namespace

Result<void> seal_secrets(const Options& options) {
  auto key = sealing_key(options);
  if (!key) return key.error();
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  if (documents->empty()) {
    return Error{Errc::invalid_input,
                 "no secrets found. Ensure the input is valid and UTF-8 encoded"}
        .hint(input_name(options) + " holds no document");
  }
  auto format = output_format(options);
  if (!format) return format.error();

  Output output(options, Output::Content::shareable);
  for (const auto& document : *documents) {
    auto sealed = seal_document(options, document, *key);
    if (!sealed) return sealed.error();
    if (auto printed = output.print(sealed->to_json(), *format); !printed) return printed;
  }
  return output.commit();
}

}  // namespace bulla::sealer
