// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace bulla {

// Secret and SealedSecret as kubeseal and the controller work on them.
//
// Reading follows Go's JSON decoder, because the API server and the reference do: field names match
// in any case, unknown fields are dropped, null is absent, a value of the wrong kind is an error
// that names the field. `metadata` keeps the fields of Kubernetes' ObjectMeta, in its order.

/// What becomes of a number or truth value where text is wanted.
enum class Scalars {
  keep_their_kind,  ///< JSON: that is an error
  become_text,      ///< YAML: `a: 1` and `a: yes` mean "1" and "true", as in kubectl
};

/// A Kubernetes Secret. Holds plaintext: move-only, its values wipe themselves.
struct Secret {
  boost::json::object metadata;  ///< never holds values: those annotations are stripped by seal()
  std::string type;              ///< empty: not given
  std::optional<bool> immutable;
  std::map<std::string, SecretBuffer> data;         ///< decoded
  std::map<std::string, SecretBuffer> string_data;  ///< wins over data when sealed

  /// Errors: invalid_input, naming the field ("data.a: illegal base64 data at input byte 0",
  /// "metadata.name must be text, not a list"), never with a value.
  [[nodiscard]] static Result<Secret> from_json(const boost::json::value& document,
                                                Scalars scalars = Scalars::keep_their_kind);
  /// In the reference's field order; on `wiping_memory()`, for it holds plaintext.
  [[nodiscard]] boost::json::value to_json() const;
};

/// What a SealedSecret's Secret will look like besides its items.
struct SecretTemplate {
  boost::json::object metadata;
  std::string type;
  std::optional<bool> immutable;
  std::map<std::string, std::string> data;  ///< Go templates over the decrypted items
  /// Null entries of data: items that templates may use, and that the Secret does not get.
  std::set<std::string> left_out;
};

/// A SealedSecret. Public: no plaintext.
struct SealedSecret {
  static constexpr std::string_view api_version = "bitnami.com/v1alpha1";
  static constexpr std::string_view kind = "SealedSecret";

  /// What a Secret's owner reference calls this object. The reference copies it from the input,
  /// of which kubeseal takes documents that name neither.
  struct Owner {
    std::string api_version{SealedSecret::api_version};
    std::string kind{SealedSecret::kind};
  };
  Owner owner;

  boost::json::object metadata;
  SecretTemplate secret_template;
  /// Base64 as given. A value that is no string is kept as "" : that item can't be opened, the
  /// others and other objects can.
  std::map<std::string, std::string> encrypted_data;
  std::optional<std::string> deprecated_data;  ///< spec.data: base64 of a whole sealed JSON Secret
  std::optional<boost::json::object> status;   ///< as it came; unsealing ignores it

  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] std::string_view namespace_() const noexcept;

  /// Errors: invalid_input, as above.
  [[nodiscard]] static Result<SealedSecret> from_json(const boost::json::value& document,
                                                      Scalars scalars = Scalars::keep_their_kind);
  /// Removes from `document` what a Secret gets nothing of, and what may be of any form and size:
  /// unknown fields of spec.template.metadata, its managedFields, and items that are no text (which
  /// become null). from_json() reads the same from it otherwise.
  static void drop_unread(boost::json::value& document);
  /// In the reference's field order.
  [[nodiscard]] boost::json::value to_json() const;
  /// The same, but under the apiVersion and kind of `owner`.
  [[nodiscard]] boost::json::value to_json_as_named() const;
};

}  // namespace bulla
