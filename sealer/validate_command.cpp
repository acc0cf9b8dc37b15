// SPDX-License-Identifier: Apache-2.0
#include <boost/json/object.hpp>

#include "sealer/cluster.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"

namespace bulla::sealer {

namespace {

Error refused(Error error, const std::string& where) {
  if (error.code != Errc::conflict) return std::move(error).during("cannot validate sealed secret");
  return Error{Errc::cannot_decrypt, "unable to decrypt sealed secret"}
      .hint("it is in " + where)
      .hint("the controller has no key for it, or its name, namespace or scope was changed");
}

}  // namespace

Result<void> validate_sealed_secrets(const Options& options) {
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  auto controller = Controller::reach(options);
  if (!controller) return controller.error();
  for (const auto& document : *documents) {
    const auto name = document_name(options, document);
    // As in the reference, it is the controller that judges what kind it is.
    auto sealed = sealed_secret_of(document, name, OtherKinds::taken);
    if (!sealed) return sealed.error();
    auto answer = controller->post("v1/verify", print_json(sealed->to_json_as_named()));
    if (!answer) return refused(std::move(answer).error(), name);
  }
  return {};
}

}  // namespace bulla::sealer
