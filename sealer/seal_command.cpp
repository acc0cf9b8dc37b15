// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/secret_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

struct Sealed {
  SecretBuffer printed;
  std::string warning;
};

/// Seals one document. It may be large: each form goes as soon as the next one is there.
Result<Sealed> seal_document(const Options& options, Document document, const PublicKey& key,
                             Format format) {
  auto secret = secret_to_seal(options, document);
  if (!secret) return secret.error();
  document.value = nullptr;
  if (auto settled = settle_identity(options, *secret); !settled) return settled.error();
  auto warning = size_warning(*secret, document_name(options, document));
  auto sealed = seal(*secret, key, scope_flag(options), Cores::all);
  if (!sealed) return sealed.error();
  *secret = Secret();
  const auto object = sealed->to_json();
  *sealed = SealedSecret();
  return Sealed{printed(object, format), std::move(warning)};
}

/// Seals some documents on all cores, and prints them in their order up to the first that fails.
Result<void> seal_batch(const Options& options, std::span<Document> documents, const PublicKey& key,
                        Output& output, Format format) {
  std::vector<std::optional<Result<Sealed>>> results(documents.size());
  parallel_for(documents.size(), [&](std::size_t i) {
    results[i] = seal_document(options, std::move(documents[i]), key, format);
  });
  for (auto& result : results) {
    if (!*result) return std::move(*result).error();
    const auto& sealed = **result;
    if (!sealed.warning.empty()) warn(sealed.warning);
    if (auto done = output.print(sealed.printed.expose_secret_text()); !done) return done;
  }
  return {};
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
  for (std::span<Document> rest(*documents); !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), limits::documents_at_once));
    if (auto done = seal_batch(options, batch, *key, output, *format); !done) return done;
    rest = rest.subspan(batch.size());
  }
  return output.commit();
}

}  // namespace bulla::sealer
