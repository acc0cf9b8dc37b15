// SPDX-License-Identifier: Apache-2.0
#include <boost/json/object.hpp>
#include <map>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"

namespace bulla::sealer {

namespace json = boost::json;

namespace {

Error not_one_document(const std::string& name, std::size_t count) {
  return Error{Errc::invalid_input,
               name + " holds " + std::to_string(count) + " documents, and --merge-into takes one"}
      .hint("nothing was changed");
}

struct Target {
  SealedSecret sealed;
  Format format = Format::json;
};

Result<Target> read_target(const Options& options) {
  const auto& path = options.merge_into;
  auto text = read_file(path, limits::input_bytes_max);
  if (!text) return text.error();
  auto documents = read_documents(text->expose_secret_text());
  if (!documents) return std::move(documents).error().during(path);
  if (documents->size() != 1) return not_one_document(path, documents->size());
  auto sealed = sealed_secret_of(documents->front(), path);
  if (!sealed) return sealed.error();

  auto format = output_format(options);
  if (!format) return format.error();
  const bool is_yaml = documents->front().scalars == Scalars::become_text;
  if (!options.format_given) format = is_yaml ? Format::yaml : Format::json;
  return Target{std::move(*sealed), *format};
}

Result<Secret> read_additions(const Options& options, const SealedSecret& target) {
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  if (documents->empty()) {
    return Error{Errc::invalid_input,
                 "no secrets found. Ensure the input is valid and UTF-8 encoded"};
  }
  if (documents->size() > 1) return not_one_document(input_name(options), documents->size());
  auto secret = secret_to_seal(options, documents->front());
  if (!secret) return secret;
  // What is added opens only under the target's own name and namespace.
  secret->metadata.insert_or_assign("name", target.name());
  secret->metadata.insert_or_assign("namespace", target.namespace_());
  Options as_target = options;
  as_target.name.clear();
  if (auto settled = settle_identity(as_target, *secret); !settled) return settled.error();
  return secret;
}

/// Adds the texts of `from[field]` to `into[field]`, in Go's order of maps.
void merge_texts(json::object& into, const json::object& from, std::string_view field) {
  const auto* added = from.if_contains(field);
  if (added == nullptr || !added->is_object()) return;
  std::map<std::string, json::value> merged;
  if (const auto* old = into.if_contains(field); old != nullptr && old->is_object()) {
    for (const auto& [key, value] : old->get_object()) merged.insert_or_assign(key, value);
  }
  for (const auto& [key, value] : added->get_object()) merged.insert_or_assign(key, value);
  json::object out(into.storage());
  for (const auto& [key, value] : merged) out.emplace(key, value);
  into[field] = std::move(out);
}

}  // namespace

Result<void> merge_into_sealed_secret(const Options& options) {
  auto key = sealing_key(options);
  if (!key) return key.error();
  auto target = read_target(options);
  if (!target) return target.error();
  auto additions = read_additions(options, target->sealed);
  if (!additions) return additions.error();

  // Sealed in another scope than the target's, nobody could open them.
  const Scope scope = scope_flag(options).value_or(scope_of(target->sealed.metadata));
  auto sealed = seal(*additions, *key, scope);
  if (!sealed) return sealed.error();

  auto& merged = target->sealed;
  for (auto& [item, ciphertext] : sealed->encrypted_data)
    merged.encrypted_data.insert_or_assign(item, std::move(ciphertext));
  for (const auto* field : {"labels", "annotations"})
    merge_texts(merged.secret_template.metadata, sealed->secret_template.metadata, field);
  merge_texts(merged.metadata, sealed->metadata, "annotations");

  Options in_place = options;
  in_place.output_file = options.merge_into;
  Output output(in_place, Output::Content::shareable);
  if (auto printed = output.print(merged.to_json(), target->format); !printed) return printed;
  return output.commit();
}

}  // namespace bulla::sealer
