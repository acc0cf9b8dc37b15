// SPDX-License-Identifier: Apache-2.0
// What the controller does for kubeseal: --validate and --re-encrypt.
#include "sealer/cluster.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"

namespace bulla::sealer {

namespace {

/// The SealedSecrets of the input, at least one.
Result<std::vector<SealedSecret>> read_sealed_secrets(const Options& options) {
  auto documents = read_input_documents(options);
  if (!documents) return documents.error();
  if (documents->empty())
    return Error{Errc::invalid_input, input_name(options) + " holds no SealedSecret"};
  std::vector<SealedSecret> out;
  for (const auto& document : *documents) {
    auto sealed = sealed_secret_of(document, document_name(options, document));
    if (!sealed) return sealed.error();
    out.push_back(std::move(*sealed));
  }
  return out;
}

/// The one SealedSecret of the input: --re-encrypt takes one.
Result<SealedSecret> read_sealed_secret(const Options& options) {
  auto sealed = read_sealed_secrets(options);
  if (!sealed) return sealed.error();
  if (sealed->size() != 1) {
    return Error{Errc::invalid_input, input_name(options) + " holds " +
                                          std::to_string(sealed->size()) +
                                          " documents, expected one SealedSecret"};
  }
  return std::move(sealed->front());
}

}  // namespace

Result<void> validate_sealed_secret(const Options& options) {
  auto sealed = read_sealed_secrets(options);
  if (!sealed) return sealed.error();
  auto controller = Controller::reach(options);
  if (!controller) return controller.error();
  for (const auto& object : *sealed) {
    auto answer = controller->post("v1/verify", print_json(object.to_json()));
    if (answer) continue;
    if (answer.error().code == Errc::conflict) {
      return Error{Errc::cannot_decrypt,
                   "unable to decrypt sealed secret: " + std::string(object.name())}
          .hint("its namespace is " + quoted(object.namespace_()) +
                "; the controller's status and Events of the applied object say more");
    }
    return std::move(answer).error().during("cannot validate sealed secret");
  }
  return {};
}

Result<void> re_encrypt_sealed_secret(const Options& options) {
  Options in_place = options;
  if (in_place.output_file.empty()) in_place.output_file = options.input_file;
  auto format = output_format(in_place);
  if (!format) return format.error();
  auto sealed = read_sealed_secret(options);
  if (!sealed) return sealed.error();

  auto controller = Controller::reach(options);
  if (!controller) return controller.error();
  auto answer = controller->post("v1/rotate", print_json(sealed->to_json()));
  if (!answer) return std::move(answer).error().during("cannot re-encrypt secret");
  auto documents = read_documents(answer->expose_secret_text());
  if (!documents || documents->size() != 1) {
    return Error{Errc::unavailable, "the controller's answer is not one SealedSecret"};
  }
  auto rotated = sealed_secret_of(documents->front(), "the controller's answer");
  if (!rotated) return rotated.error();

  Output output(in_place, Output::Content::shareable);
  if (auto printed = output.print(rotated->to_json(), *format); !printed) return printed;
  return output.commit();
}

}  // namespace bulla::sealer
