// SPDX-License-Identifier: Apache-2.0
#include "sealer/sealed_input.hpp"

#include <boost/json/object.hpp>
#include <utility>

#include "resource/scope.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"

namespace bulla::sealer {

namespace {

Result<void> check_kind(const boost::json::object& object) {
  const auto kind = metadata_text(object, "kind");
  if (!kind.empty() && kind != SealedSecret::kind) {
    Error error{Errc::invalid_input, "expected a SealedSecret, found a " + std::string(kind)};
    if (kind == "Secret")
      return std::move(error).hint("it is plaintext: kubeseal -f FILE seals it");
    if (kind == "List" || kind == "SealedSecretList")
      return std::move(error).hint("put its items into documents of their own: jq '.items[]'");
    return error;
  }
  const auto version = metadata_text(object, "apiVersion");
  if (!version.empty() && version != SealedSecret::api_version) {
    return Error{Errc::invalid_input, "a SealedSecret of version " + quoted(version) +
                                          ", but only " + std::string(SealedSecret::api_version) +
                                          " is known"};
  }
  return {};
}

bool says_sealed_secret(const Document& document) {
  const auto* object = document.value.if_object();
  return object != nullptr && metadata_text(*object, "kind") == SealedSecret::kind;
}

}  // namespace

std::string place_of(const SealedSecret& sealed) {
  return std::string(sealed.namespace_()) + "/" + std::string(sealed.name());
}

Result<SealedSecret> sealed_secret_of(const Document& document, const std::string& name,
                                      OtherKinds other_kinds) {
  const auto* object = document.value.if_object();
  if (object != nullptr && other_kinds == OtherKinds::refused) {
    if (auto checked = check_kind(*object); !checked)
      return std::move(checked).error().during(name);
  }
  auto sealed = SealedSecret::from_json(document.value, document.scalars);
  if (!sealed) return std::move(sealed).error().during(name);
  sealed->owner = {std::string(metadata_text(*object, "apiVersion")),
                   std::string(metadata_text(*object, "kind"))};
  return sealed;
}

Result<void> settle_namespace(const Options& options, SealedSecret& sealed,
                              const std::string& name) {
  const auto& flag = options.cluster.namespace_;
  if (!flag || *flag == sealed.namespace_()) return {};
  if (sealed.namespace_().empty()) {
    sealed.metadata.insert_or_assign("namespace", *flag);
    return {};
  }
  return Error{Errc::invalid_input,
               name + ": namespace mismatch: the SealedSecret is of namespace " +
                   quoted(sealed.namespace_()) + " but " + quoted(*flag) + " was specified"}
      .hint("leave --namespace out: what is sealed opens under the namespace in the file");
}

std::string SealedText::document_name(std::size_t document) const {
  return name + ", line " + std::to_string(documents[document].line);
}

Result<SealedText> parse_sealed_text(std::string name, SecretBuffer text) {
  auto documents = read_documents(text.expose_secret_text());
  if (!documents)
    return with_kind_of_text(std::move(documents).error(), text.expose_secret_text()).during(name);
  return SealedText{std::move(name), std::move(text), std::move(*documents)};
}

Result<SealedText> read_input_text(const Options& options, std::string_view expected) {
  auto text = read_input(options, expected);
  if (!text) return text.error();
  return parse_sealed_text(input_name(options), std::move(*text));
}

Result<std::vector<SealedDocument>> sealed_secrets_of(const SealedText& text,
                                                      OtherKinds other_kinds) {
  std::vector<SealedDocument> found;
  for (std::size_t i = 0; i < text.documents.size(); ++i) {
    if (text.documents.size() > 1 && !says_sealed_secret(text.documents[i])) continue;
    auto sealed = sealed_secret_of(text.documents[i], text.document_name(i), other_kinds);
    if (!sealed) return sealed.error();
    found.push_back({i, std::move(*sealed)});
  }
  return found;
}

}  // namespace bulla::sealer
