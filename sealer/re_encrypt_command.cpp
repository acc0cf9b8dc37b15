// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/rewrite.hpp"
#include "resource/seal_again.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/cluster.hpp"
#include "sealer/commands.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"
#include "sealer/progress.hpp"
#include "sealer/recovery_keys.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

/// What the API server sets, and a new version of the object must not claim.
void erase_server_fields(SealedSecret& sealed) {
  for (const auto* field : {"creationTimestamp", "deletionTimestamp", "generation"})
    sealed.metadata.stable_erase(field);
}

// --- by the controller ---------------------------------------------------------------------------

/// Whether the answer has a ciphertext for all that was sent: what it lacks would be lost in place.
Result<void> check_answer(const SealedSecret& sent, const SealedSecret& answer) {
  const auto bad = [](std::string what) {
    return Error{Errc::unavailable, std::move(what)}.hint("nothing was changed");
  };
  for (const auto& [item, ciphertext] : sent.encrypted_data) {
    const auto found = answer.encrypted_data.find(item);
    if (found == answer.encrypted_data.end() || (found->second.empty() && !ciphertext.empty()))
      return bad("the controller's answer lacks item " + quoted(item));
  }
  if (sent.deprecated_data && !answer.deprecated_data && answer.encrypted_data.empty())
    return bad("the controller's answer lacks what was in spec.data");
  return {};
}

/// The controller's SealedSecret for `sealed`.
Result<SealedSecret> rotated(Controller& controller, const SealedSecret& sealed) {
  auto answer = controller.post("v1/rotate", print_json(sealed.to_json_as_named()));
  if (!answer) {
    if (answer.error().code == Errc::conflict)
      return with_causes(Error{Errc::cannot_decrypt, "unable to rotate secret"}, sealed);
    auto error = std::move(answer).error().during("cannot re-encrypt secret");
    return with_kind(std::move(error), sealed);
  }
  auto documents = read_documents(answer->expose_secret_text());
  if (!documents || documents->size() != 1)
    return Error{Errc::unavailable, "the controller's answer is not one SealedSecret"};
  auto after = sealed_secret_of(documents->front(), "the controller's answer");
  if (!after) return after;
  if (auto whole = check_answer(sealed, *after); !whole) return whole.error();
  return after;
}

Result<std::vector<SealedSecret>> re_encrypt_by_controller(
    const Options& options, const SealedText& input, const std::vector<SealedDocument>& found) {
  auto controller = Controller::reach(options);
  if (!controller) return controller.error();
  std::vector<SealedSecret> out;
  Progress progress("re-encrypting", found.size());
  for (const auto& [document, sealed] : found) {
    auto after = rotated(*controller, sealed);
    progress.advance();
    if (!after) return std::move(after).error().hint("it is in " + input.document_name(document));
    out.push_back(std::move(*after));
  }
  return out;
}

// --- with the keys at hand -----------------------------------------------------------------------

Result<std::vector<SealedSecret>> re_encrypt_offline(const Options& options,
                                                     const SealedText& input,
                                                     const std::vector<SealedDocument>& found) {
  auto keys = read_recovery_keys(options.recovery_keys);
  if (!keys) return keys.error();
  auto key = sealing_key(options);
  if (!key) return key.error();

  std::vector<std::optional<Result<SealedSecret>>> results(found.size());
  Progress progress("re-encrypting", found.size());
  parallel_for(found.size(), [&](std::size_t i) {
    results[i] = seal_again(found[i].sealed, keys->ring.newest_first(), *key, Cores::all);
    progress.advance();
  });
  std::vector<SealedSecret> out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto& after = *results[i];
    if (!after) {
      return with_tried_keys(
          std::move(after).error().hint("it is in " + input.document_name(found[i].document)),
          *keys);
    }
    out.push_back(std::move(*after));
  }
  return out;
}

// --- the output ----------------------------------------------------------------------------------

/// In place, YAML is kept as far as possible, unless -o asks for a format.
bool keeps_layout(const Options& options, const SealedText& input) {
  const bool in_place = options.output_file.empty() && !options.input_file.empty();
  return in_place && !options.format_given &&
         std::ranges::any_of(input.documents, [](const Document& document) {
           return document.scalars == Scalars::become_text;
         });
}

/// Only the items of `after`: all else is what `before` says, whatever was answered. A controller
/// turns the V1 form into items, and what was inside of it into a template.
SealedSecret with_items_of(const SealedSecret& before, SealedSecret&& after) {
  SealedSecret out = before;
  if (before.deprecated_data && !after.deprecated_data) {
    out.deprecated_data.reset();
    out.encrypted_data = std::move(after.encrypted_data);
    out.secret_template = std::move(after.secret_template);
    return out;
  }
  for (auto& [item, ciphertext] : out.encrypted_data) ciphertext = after.encrypted_data.at(item);
  if (out.deprecated_data) out.deprecated_data = std::move(after.deprecated_data);
  return out;
}

/// The whole output: every document where all are SealedSecrets, else those between what stays.
Result<SecretBuffer> output_text(const SealedText& input, const std::vector<SealedDocument>& found,
                                 const std::vector<SealedSecret>& after, Layout layout) {
  if (layout != Layout::kept && found.size() == input.documents.size()) {
    SecretBuffer out;
    for (const auto& sealed : after) {
      const auto format = layout == Layout::yaml ? Format::yaml : Format::json;
      out.append(printed(sealed.to_json(), format).expose_secret_text());
    }
    return out;
  }
  std::vector<Rewrite> changes;
  for (std::size_t i = 0; i < found.size(); ++i)
    changes.push_back({found[i].document, &found[i].sealed, &after[i]});
  auto text = rewrite_documents(input.text.expose_secret_text(), input.documents, changes, layout);
  if (text) return text;
  return std::move(text)
      .error()
      .during(input.name)
      .hint(
          "nothing was changed; with -o yaml the SealedSecret is printed anew, without its "
          "comments");
}

/// What was sealed for the certificate's key already stays as it is (by the keys at hand).
std::size_t up_to_date(const std::vector<SealedDocument>& found,
                       const std::vector<SealedSecret>& after) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool same = found[i].sealed.encrypted_data == after[i].encrypted_data &&
                      found[i].sealed.deprecated_data == after[i].deprecated_data;
    count += same ? 1 : 0;
  }
  return count;
}

/// Whether standard output is a file that waits for a product: one that is added to, or that gets
/// what is said as well, is a log.
bool prints_into_product() {
  struct stat out {};
  struct stat errors {};
  if (::fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode)) return false;
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  const bool is_added_to = flags < 0 || (flags & O_APPEND) != 0 || out.st_size > 0;
  const bool gets_errors = ::fstat(STDERR_FILENO, &errors) == 0 && errors.st_dev == out.st_dev &&
                           errors.st_ino == out.st_ino;
  return !is_added_to && !gets_errors;
}

/// "--re-encrypt -f a > b" rewrites a, as in the reference, and leaves b empty.
void tell_in_place(const std::string& file) {
  if (prints_into_product()) {
    warn(file + " was rewritten in place, and nothing goes to standard output (-w - prints)");
  } else {
    tell_terminal(file + " was rewritten in place");
  }
}

}  // namespace

Result<void> re_encrypt_sealed_secrets(const Options& options) {
  const bool offline = !options.recovery_keys.empty();
  if (offline) protect_private_keys(limits::recovery_key_heap_bytes);
  Options target = options;
  if (target.output_file.empty()) target.output_file = options.input_file;
  auto format = output_format(target);
  if (!format) return format.error();
  Output output(target, Output::Content::shareable);
  if (auto locked = output.lock_if_read(options.input_file); !locked) return locked;
  auto text = read_input(options, "a SealedSecret in JSON or YAML");
  if (!text) return text.error();
  auto input = parse_sealed_text(input_name(options), std::move(*text));
  if (!input) return input.error();
  if (input->documents.empty())
    return Error{Errc::invalid_input, input->name + " holds no SealedSecret"};
  for (const auto& document : input->documents) {
    const auto joined = joined_documents(input->name, input->text.expose_secret_text(), document);
    if (!joined.empty()) warn(joined);
  }
  auto found = sealed_secrets_of(*input, offline ? OtherKinds::refused : OtherKinds::taken);
  if (!found) return found.error();

  auto after = offline ? re_encrypt_offline(options, *input, *found)
                       : re_encrypt_by_controller(options, *input, *found);
  if (!after) return after.error();
  if (found->empty()) {
    warn(input->name + " holds no SealedSecret: nothing was re-encrypted");
    return {};
  }
  const bool kept = keeps_layout(options, *input);
  const auto unchanged = up_to_date(*found, *after);
  if (unchanged > 0) {
    tell_terminal(input->name + ": " + std::to_string(unchanged) + " of " +
                  std::to_string(found->size()) + " SealedSecrets were up to date");
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto& document = input->documents[(*found)[i].document];
    (*after)[i] = with_items_of((*found)[i].sealed, std::move((*after)[i]));
    if (!kept || document.scalars != Scalars::become_text) erase_server_fields((*after)[i]);
  }
  const auto layout = kept ? Layout::kept : *format == Format::yaml ? Layout::yaml : Layout::json;
  auto printed_text = output_text(*input, *found, *after, layout);
  if (!printed_text) return printed_text.error();

  if (auto done = output.print(printed_text->expose_secret_text()); !done) return done;
  const bool in_place = is_same_file(options.input_file, target.output_file);
  auto done = in_place ? output.commit_over(input->text.expose_secret_text()) : output.commit();
  if (!done) return done;
  if (options.output_file.empty() && !options.input_file.empty()) tell_in_place(input->name);
  return {};
}

}  // namespace bulla::sealer
