// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/commands.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"
#include "sealer/kubernetes_names.hpp"
#include "sealer/replaced_file.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

struct Sealed {
  SecretBuffer printed;
  SealedSecret names;  ///< what was sealed, without ciphertexts
  std::vector<std::string> warnings;
};

/// Seals one document. It may be large: each form goes as soon as the next one is there.
Result<Sealed> seal_document(const Options& options, std::string_view text, Document document,
                             const PublicKey& key, Format format) {
  auto secret = secret_to_seal(options, text, document);
  if (!secret) return secret.error();
  auto warnings = lost_in_sealing(input_name(options), text, document);
  document.value = nullptr;
  if (auto settled = settle_identity(options, *secret); !settled) return settled.error();
  std::ranges::move(refused_names(*secret, document_name(options, document)),
                    std::back_inserter(warnings));
  if (auto warning = size_warning(*secret, document_name(options, document)); !warning.empty())
    warnings.push_back(std::move(warning));
  auto sealed = seal(*secret, key, scope_flag(options), Cores::all);
  if (!sealed) return sealed.error();
  *secret = Secret();
  const auto object = sealed->to_json();
  for (auto& [item, ciphertext] : sealed->encrypted_data) ciphertext.clear();
  return Sealed{printed(object, format), std::move(*sealed), std::move(warnings)};
}

/// Seals some documents on all cores, and prints them in their order up to the first that fails.
Result<void> seal_batch(const Options& options, std::string_view text,
                        std::span<Document> documents, const PublicKey& key, Format format,
                        Output& output, ReplacedFile& replaced) {
  std::vector<std::optional<Result<Sealed>>> results(documents.size());
  parallel_for(documents.size(), [&](std::size_t i) {
    results[i] = seal_document(options, text, std::move(documents[i]), key, format);
  });
  for (auto& result : results) {
    if (!*result) return std::move(*result).error();
    const auto& sealed = **result;
    for (const auto& warning : sealed.warnings) warn(warning);
    replaced.keeps(sealed.names);
    if (auto done = output.print(sealed.printed.expose_secret_text()); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> seal_secrets(const Options& options) {
  auto key = sealing_key(options);
  if (!key) return key.error();
  Output output(options, Output::Content::shareable);
  if (auto locked = output.lock_if_read(options.input_file); !locked) return locked;
  auto input = read_input_text(options, "a Kubernetes object in JSON or YAML");
  if (!input) return input.error();
  if (input->documents.empty()) {
    return Error{Errc::invalid_input,
                 "no secrets found. Ensure the input is valid and UTF-8 encoded"}
        .hint(input_name(options) + " holds no document");
  }
  auto format = output_format(options);
  if (!format) return format.error();

  if (auto locked = output.lock(); !locked) return locked;
  auto replaced = ReplacedFile::read(options);
  for (std::span<Document> rest(input->documents); !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), limits::documents_at_once));
    if (auto done = seal_batch(options, input->text.expose_secret_text(), batch, *key, *format,
                               output, replaced);
        !done)
      return done;
    rest = rest.subspan(batch.size());
  }
  if (auto done = output.commit(); !done) return done;
  for (const auto& loss : replaced.losses()) warn(loss);
  return {};
}

}  // namespace bulla::sealer
