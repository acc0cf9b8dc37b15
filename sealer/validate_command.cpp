// SPDX-License-Identifier: Apache-2.0
#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

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
    return with_kind(
        std::move(error).during("cannot validate sealed secret").hint("it is in " + where), sealed);
  }
  return with_causes(
      Error{Errc::cannot_decrypt, "unable to decrypt sealed secret: " + std::string(sealed.name())}
          .hint("it is in " + where),
      sealed);
}

/// The kind of a document that says to be something else than a SealedSecret.
std::string_view foreign_kind(const Document& document) {
  const auto* object = document.value.if_object();
  const auto kind = object == nullptr ? std::string_view() : metadata_text(*object, "kind");
  return kind == SealedSecret::kind ? std::string_view() : kind;
}

/// The documents to ask the controller about: among several, those of other kinds are left out. As
/// in the reference, it is the controller that judges an only one. A person should know.
std::vector<const Document*> documents_to_validate(const Options& options,
                                                   const std::vector<Document>& documents) {
  std::vector<const Document*> chosen;
  for (const auto& document : documents) {
    const auto kind = foreign_kind(document);
    if (kind.empty() || documents.size() == 1) chosen.push_back(&document);
    if (kind.empty()) continue;
    warn(document_name(options, document) + " is a " + std::string(kind) +
         ", not a SealedSecret: nothing in it was validated");
  }
  return chosen;
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
  const auto chosen = documents_to_validate(options, *documents);
  {
    Progress progress("validating", chosen.size());
    for (const auto* document : chosen) {
      const auto name = document_name(options, *document);
      auto sealed = sealed_secret_of(*document, name, OtherKinds::taken);
      if (!sealed) return sealed.error();
      auto answer = controller->post("v1/verify", print_json(sealed->to_json_as_named()));
      if (!answer) return refused(std::move(answer).error(), *sealed, name);
      progress.advance();
    }
  }
  if (chosen.size() == 1) tell_terminal("it can be opened");
  if (chosen.size() > 1) tell_terminal(std::to_string(chosen.size()) + " can be opened");
  return {};
}

}  // namespace bulla::sealer
