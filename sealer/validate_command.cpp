// SPDX-License-Identifier: Apache-2.0
#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "resource/rotate.hpp"
#include "resource/scope.hpp"
#include "resource/seal.hpp"
#include "sealer/cluster.hpp"
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
  // As in the reference, nothing is no failure; it is what a pipe of nothing, or a job without
  // standard input, looks like.
  if (documents.empty()) warn("standard input is empty: nothing was validated");
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

/// Asks the controller about each. Errors: those of the first that it refuses.
Result<void> validate_by_controller(const Options& options, Controller& controller,
                                    const std::vector<const Document*>& chosen) {
  Progress progress("validating", chosen.size());
  for (const auto* document : chosen) {
    const auto name = document_name(options, *document);
    auto sealed = sealed_secret_of(*document, name, OtherKinds::taken);
    if (!sealed) return sealed.error();
    auto answer = controller.post("v1/verify", print_json(sealed->to_json_as_named()));
    if (!answer) return refused(std::move(answer).error(), *sealed, name);
    progress.advance();
  }
  return {};
}

/// Opens one with the keys at hand, as the controller does when it is asked: no template runs, but
/// `remarks` gets what is wrong with them already.
Result<void> check_with_keys(const Options& options, const Document& document,
                             const RecoveryKeys& keys, std::vector<std::string>& remarks) {
  const auto name = document_name(options, document);
  auto sealed = sealed_secret_of(document, name);
  if (!sealed) return sealed.error();
  if (auto settled = settle_namespace(options, *sealed, name); !settled) return settled;
  for (const auto& error : check_templates(*sealed))
    remarks.push_back(name + ": spec.template.data: " + error.message);
  auto opens = check_opens(*sealed, keys.ring.newest_first());
  if (opens) return opens;
  return with_reasons(std::move(opens).error(), name, *sealed, keys);
}

void tell_validated(std::size_t count) {
  if (count == 1) tell_terminal("it can be opened");
  if (count > 1) tell_terminal(std::to_string(count) + " can be opened");
}

Result<void> validate_offline(const Options& options, const std::vector<Document>& documents) {
  const auto keys = read_recovery_keys(options.recovery_keys);
  if (!keys) return keys.error();
  const auto chosen = documents_to_validate(options, documents);
  std::vector<Result<void>> results(chosen.size());
  std::vector<std::vector<std::string>> remarks(chosen.size());
  {
    Progress progress("validating", chosen.size());
    parallel_for(chosen.size(), [&](std::size_t i) {
      results[i] = check_with_keys(options, *chosen[i], *keys, remarks[i]);
      progress.advance();
    });
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    for (const auto& remark : remarks[i]) warn(remark);
    if (!results[i]) return results[i];
  }
  tell_validated(chosen.size());
  return {};
}

}  // namespace

Result<void> validate_sealed_secrets(const Options& options) {
  const bool offline = !options.recovery_keys.empty();
  if (offline) protect_private_keys(limits::recovery_key_heap_bytes);
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  if (documents->empty() && !options.input_file.empty())
    return Error{Errc::invalid_input, options.input_file + " is empty: nothing was validated"};
  if (offline) return validate_offline(options, *documents);

  auto controller = Controller::reach(options);
  if (!controller) return controller.error();
  const auto chosen = documents_to_validate(options, *documents);
  if (auto done = validate_by_controller(options, *controller, chosen); !done) return done;
  tell_validated(chosen.size());
  return {};
}

}  // namespace bulla::sealer
