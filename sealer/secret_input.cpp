// SPDX-License-Identifier: Apache-2.0
#include "sealer/secret_input.hpp"

#include "base/limits.hpp"
#include "resource/scope.hpp"
#include "sealer/cluster.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"

namespace bulla::sealer {

std::string document_name(const Options& options, const Document& document) {
  return input_name(options) + ", line " + std::to_string(document.line);
}

std::optional<Scope> scope_flag(const Options& options) noexcept {
  return options.scope == Scope::strict ? std::nullopt : std::optional(options.scope);
}

Result<Secret> secret_to_seal(const Options& options, std::string_view text,
                              const Document& document) {
  const auto where = document_name(options, document);
  auto secret = Secret::from_json(document.value, document.scalars);
  const bool empty = secret && secret->data.empty() && secret->string_data.empty();
  if (secret && !empty) return secret;
  if (const auto sops = sops_advice(document); !sops.empty() && !secret) {
    return at_value(std::move(secret).error(), input_name(options), text, document)
        .hint("it is encrypted by SOPS: " + std::string(sops));
  }
  auto other = nothing_to_seal(where, document, !options.recovery_keys.empty());
  if (!other.message.empty()) return other;
  if (!secret) return at_value(std::move(secret).error(), input_name(options), text, document);
  if (options.allow_empty_data) return secret;
  Error error{Errc::invalid_input,
              "secret.data is empty in input Secret, assuming this is an error and aborting. "
              "To work with empty data, --allow-empty-data can be used"};
  error = std::move(error).hint("it is the Secret in " + where);
  for (auto& remark : lost_in_sealing(input_name(options), text, document))
    error = std::move(error).hint(std::move(remark));
  return error;
}

std::string size_warning(const Secret& secret, const std::string& where) {
  std::size_t bytes = 0;
  for (const auto& [item, value] : secret.string_data) bytes += value.size();
  for (const auto& [item, value] : secret.data) {
    if (!secret.string_data.contains(item)) bytes += value.size();
  }
  if (bytes <= limits::secret_bytes_max) return {};
  return where + ": the Secret holds " + std::to_string(bytes) +
         " bytes, and the API server takes at most " + std::to_string(limits::secret_bytes_max);
}

Result<void> settle_identity(const Options& options, Secret& secret) {
  if (!options.name.empty()) secret.metadata.insert_or_assign("name", options.name);
  if (metadata_text(secret.metadata, "name").empty()) {
    return Error{Errc::invalid_input, "missing metadata.name in input Secret"}.hint(
        "add it, or pass --name");
  }

  if (scope_flag(options).value_or(scope_of(secret.metadata)) == Scope::cluster_wide) return {};
  const std::string own(metadata_text(secret.metadata, "namespace"));
  const auto& flag = options.cluster.namespace_;
  if (!own.empty()) {
    if (!flag || *flag == own) return {};
    return Error{Errc::invalid_input, "namespace mismatch: input secret is in namespace " +
                                          quoted(own) + " but " + quoted(*flag) + " was specified"};
  }
  auto inferred = flag ? Result<std::string>(*flag) : namespace_of_context(options);
  if (!inferred) {
    return Error{Errc::invalid_input, "secret must declare a namespace"}
        .hint("add metadata.namespace, or pass --namespace")
        .hint("the current context has none to offer: " + inferred.error().message);
  }
  secret.metadata.insert_or_assign("namespace", *inferred);
  return {};
}

}  // namespace bulla::sealer
