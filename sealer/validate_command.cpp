// SPDX-License-Identifier: Apache-2.0
#include <boost/json/object.hpp>

#include "resource/scope.hpp"
#include "sealer/cluster.hpp"
#include "sealer/commands.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"
#include "sealer/progress.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

Error refused(Error error, const SealedSecret& sealed, const std::string& where) {
  if (error.code != Errc::conflict) {
    error = std::move(error).during("cannot validate sealed secret").hint("it is in " + where);
    const auto& kind = sealed.owner.kind;
    if (kind.empty() || kind == SealedSecret::kind) return error;
    return std::move(error).hint("that is a " + kind + ", not a SealedSecret");
  }
  error =
      Error{Errc::cannot_decrypt, "unable to decrypt sealed secret: " + std::string(sealed.name())}
          .hint("it is in " + where);
  const auto damaged = damaged_items(sealed);
  for (const auto& item : damaged) error = std::move(error).hint(item);
  if (!damaged.empty()) return error;
  return std::move(error).hint(
      "the controller has no key for it, or its name, namespace or scope was changed");
}

/// As in the reference, it is the controller that judges, and it finds nothing wrong with an object
/// in which nothing is sealed. A person should know.
void warn_of_other_kind(const Document& document, const std::string& where) {
  const auto* object = document.value.if_object();
  const auto kind = object == nullptr ? std::string_view() : metadata_text(*object, "kind");
  if (kind.empty() || kind == SealedSecret::kind) return;
  warn(where + " is a " + std::string(kind) + ", not a SealedSecret: nothing in it was validated");
}

}  // namespace

Result<void> validate_sealed_secrets(const Options& options) {
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  if (documents->empty() && !options.input_file.empty())
    return Error{Errc::invalid_input, options.input_file + " is empty: nothing was validated"};
  auto controller = Controller::reach(options);
  if (!controller) return controller.error();
  // As in the reference, that is no failure; it is what a pipe of nothing, or a job without
  // standard input, looks like.
  if (documents->empty()) warn("standard input is empty: nothing was validated");
  for (const auto& document : *documents)
    warn_of_other_kind(document, document_name(options, document));
  Progress progress("validating", documents->size());
  for (const auto& document : *documents) {
    const auto name = document_name(options, document);
    auto sealed = sealed_secret_of(document, name, OtherKinds::taken);
    if (!sealed) return sealed.error();
    auto answer = controller->post("v1/verify", print_json(sealed->to_json_as_named()));
    if (!answer) return refused(std::move(answer).error(), *sealed, name);
    progress.advance();
  }
  return {};
}

}  // namespace bulla::sealer
