// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json/object.hpp>
#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "resource/scope.hpp"
#include "resource/seal.hpp"
#include "sealer/commands.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"
#include "sealer/progress.hpp"
#include "sealer/recovery_keys.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

/// The keys in the order to try, the one that opened the last object first. Threads: share it.
class KeyOrder {
 public:
  explicit KeyOrder(const Keyring& keys) : order_(keys.newest_first()) {}

  [[nodiscard]] std::vector<Keyring::Entry> now() const {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  void fitted(const Fingerprint& fingerprint) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(
        order_, [&](const auto& entry) { return entry->key.fingerprint() == fingerprint; });
    if (found != order_.end()) std::rotate(order_.begin(), found, found + 1);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Keyring::Entry> order_;
};

/// A value without bytes is printed as null, which is what the reference makes of it.
void print_empty_as_null(boost::json::value& secret) {
  auto* data = secret.get_object().if_contains("data");
  if (data == nullptr) return;
  for (auto& item : data->get_object()) {
    if (item.value().get_string().empty()) item.value() = nullptr;
  }
}

/// Who waits for templates here runs his own: keys that they make may take seconds.
tmpl::Limits patient_limits() {
  tmpl::Limits limits;
  limits.time_max = std::chrono::minutes(1);
  return limits;
}

Result<SecretBuffer> unseal_document(const Options& options, Document document,
                                     const std::string& name, const RecoveryKeys& keys,
                                     KeyOrder& order, Format format) {
  auto sealed = sealed_secret_of(document, name);
  if (!sealed) return sealed.error();
  if (auto settled = settle_namespace(options, *sealed, name); !settled) return settled.error();
  document.value = nullptr;  // it may be large
  // As in the reference, the V1 form is for the controller alone.
  auto opened = unseal(*sealed, order.now(),
                       {.accept_deprecated_data = false,
                        .cores = Cores::all,
                        .template_errors = tmpl::RunErrors::full,
                        .template_limits = patient_limits()});
  if (!opened) return with_reasons(std::move(opened).error(), name, *sealed, keys);
  if (!opened->keys.empty()) order.fitted(opened->keys.front());
  auto secret = opened->secret.to_json();
  *opened = Unsealed();
  print_empty_as_null(secret);
  return printed(secret, format);
}

/// As in the reference: JSON values need a `---` line between them here.
Result<void> check_separated(const Options& options, std::span<const Document> documents) {
  if (documents.empty())
    return Error{Errc::invalid_input, input_name(options) + " holds no SealedSecret"};
  const auto found = std::ranges::find(documents, true, &Document::follows_value);
  if (found == documents.end()) return {};
  return Error{Errc::invalid_input,
               document_name(options, *found) + ": a second JSON value right behind another"}
      .hint("put a line with --- between them");
}

/// Among several documents, those of other kinds are not SealedSecrets to be opened, but lists may
/// hold some: they are refused, document by document.
void leave_out_other_kinds(const Options& options, std::vector<Document>& documents) {
  if (documents.size() < 2) return;
  std::erase_if(documents, [&](const Document& document) {
    const auto* object = document.value.if_object();
    const auto kind = object == nullptr ? std::string_view() : metadata_text(*object, "kind");
    if (kind.empty() || kind == SealedSecret::kind || kind.ends_with("List")) return false;
    warn(document_name(options, document) + " is a " + std::string(kind) +
         ", not a SealedSecret: it is left out");
    return true;
  });
}

/// Opens some documents on all cores, and prints them in their order up to the first that fails.
Result<void> unseal_batch(const Options& options, std::span<Document> documents,
                          const RecoveryKeys& keys, KeyOrder& order, Output& output, Format format,
                          Progress& progress) {
  std::vector<std::optional<Result<SecretBuffer>>> results(documents.size());
  parallel_for(documents.size(), [&](std::size_t i) {
    const auto name = document_name(options, documents[i]);
    results[i] = unseal_document(options, std::move(documents[i]), name, keys, order, format);
    progress.advance();
  });
  for (auto& result : results) {
    if (!*result) return std::move(*result).error();
    if (auto done = output.print((*result)->expose_secret_text()); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> recovery_unseal(const Options& options) {
  protect_private_keys(limits::recovery_key_heap_bytes);
  auto keys = read_recovery_keys(options.recovery_keys);
  if (!keys) return keys.error();
  Output output(options, Output::Content::plaintext);
  if (auto locked = output.lock_if_read(options.input_file); !locked) return locked;
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  leave_out_other_kinds(options, *documents);
  if (auto checked = check_separated(options, *documents); !checked) return checked;
  auto format = output_format(options);
  if (!format) return format.error();

  KeyOrder order(keys->ring);
  // What is printed to a terminal shows by itself how far it has come.
  const bool prints_to_terminal = output.is_standard() && ::isatty(STDOUT_FILENO) == 1;
  Progress progress("opening", prints_to_terminal ? 0 : documents->size());
  for (std::span<Document> rest(*documents); !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), limits::documents_at_once));
    if (auto done = unseal_batch(options, batch, *keys, order, output, *format, progress); !done)
      return done;
    rest = rest.subspan(batch.size());
  }
  return output.commit();
}

}  // namespace bulla::sealer
