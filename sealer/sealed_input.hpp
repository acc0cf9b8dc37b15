// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

/// What a document that names another kind or version than a SealedSecret's is taken for.
enum class OtherKinds {
  refused,  ///< an error
  taken,    ///< a SealedSecret all the same: the controller judges it
};

/// The SealedSecret of a document. A document that names no kind or apiVersion is taken for one.
/// Errors: invalid_input, after `name` (what to call the document): another kind or version, or
/// fields of the wrong kind.
[[nodiscard]] Result<SealedSecret> sealed_secret_of(const Document& document,
                                                    const std::string& name,
                                                    OtherKinds other_kinds = OtherKinds::refused);

/// "NAMESPACE/NAME", for messages.
[[nodiscard]] std::string place_of(const SealedSecret& sealed);

/// --namespace stands in where `sealed` names none, as kubectl apply's does. `name`: what to call
/// the document. Errors: invalid_input: it names another.
[[nodiscard]] Result<void> settle_namespace(const Options& options, SealedSecret& sealed,
                                            const std::string& name);

/// A text that holds SealedSecrets (or Secrets to seal), among other documents perhaps. They may be
/// plaintext.
struct SealedText {
  std::string name;  ///< for messages: the file's, or "standard input"
  SecretBuffer text;
  std::vector<Document> documents;

  /// "db.yaml, line 7"
  [[nodiscard]] std::string document_name(std::size_t document) const;
};

/// Errors: those of read_documents(), after the name.
[[nodiscard]] Result<SealedText> parse_sealed_text(std::string name, SecretBuffer text);

/// The whole input, see read_input() in io.hpp. Errors: its, and those of parse_sealed_text().
[[nodiscard]] Result<SealedText> read_input_text(const Options& options, std::string_view expected);

/// One SealedSecret, and its place in the list of documents.
struct SealedDocument {
  std::size_t document = 0;
  SealedSecret sealed;
};

/// The SealedSecrets of a text: of several documents those that say so; an only one is taken for
/// one, see sealed_secret_of().
/// Errors: as sealed_secret_of().
[[nodiscard]] Result<std::vector<SealedDocument>> sealed_secrets_of(
    const SealedText& text, OtherKinds other_kinds = OtherKinds::refused);

}  // namespace bulla::sealer
