// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"

namespace bulla::sealer {

// What people pass by mistake, and what they should do: for messages. No word of the input gets
// into them but names of fields, items and kinds.

/// `error`, which says that `text` can't be read as documents, with a hint if it is plain what the
/// text is: UTF-16, a template, a web page.
[[nodiscard]] Error with_kind_of_text(Error error, std::string_view text);

/// The error for `text`, read from `source`, in which no certificate was found: it says what the
/// text holds instead (a private key, a request, DER, ...), and the way out.
[[nodiscard]] Error no_certificate(const std::string& source, std::string_view text);

/// `error`, whose message names a value by its path ("data.a: illegal base64 ..."), told of that
/// value's line in the input `text`, of which `document` is a part: "NAME, line 7: data.a: ...".
[[nodiscard]] Error at_value(Error error, const std::string& name, std::string_view text,
                             const Document& document);

/// What a document that holds nothing to seal is, where that can be told: "" or "it is a
/// Deployment, not a Secret", with hints for the way out.
[[nodiscard]] Error nothing_to_seal(const std::string& where, const Document& document,
                                    bool has_keys);

/// The kind that a document says it is, where that is not a Secret; else "".
[[nodiscard]] std::string other_kind(const Document& document);

/// A remark about a document that seems to be two, with no --- between them: the second one's
/// fields take the place of the first one's. It begins with "NAME, line N"; "" of others.
[[nodiscard]] std::string joined_documents(const std::string& name, std::string_view text,
                                           const Document& document);

/// "sops -d FILE | kubeseal ..." if SOPS encrypted the document, whose values are then what it made
/// of them; else "".
[[nodiscard]] std::string_view sops_advice(const Document& document);

/// Remarks about what sealing leaves out of a document: fields that no Secret has, and keys that
/// stand twice in a map; and of joined_documents(). Each begins with "NAME, line N".
[[nodiscard]] std::vector<std::string> lost_in_sealing(const std::string& name,
                                                       std::string_view text,
                                                       const Document& document);

/// `error` of a controller that refused `sealed`, with a hint if that says to be another kind.
[[nodiscard]] Error with_kind(Error error, const SealedSecret& sealed);

/// `error` of a controller that could not open `sealed`, with what may be wrong with it: the
/// controller's endpoints give no reason.
[[nodiscard]] Error with_causes(Error error, const SealedSecret& sealed);

/// "item "a" is not base64" and the like for each item that no key could open, whatever it is.
[[nodiscard]] std::vector<std::string> damaged_items(const SealedSecret& sealed);

}  // namespace bulla::sealer
