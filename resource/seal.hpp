// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "crypto/key.hpp"
#include "crypto/keyring.hpp"
#include "resource/objects.hpp"
#include "resource/scope.hpp"
#include "template/template.hpp"

namespace bulla {

/// Seals every item of `secret` for the holder of `key`, under the label of `scope` (nothing: the
/// scope that the Secret's annotations ask for). stringData wins over data. The template gets the
/// Secret's type, immutable and metadata, less what the server sets, owner references, and the
/// annotations in which kubectl and kubecfg leave a copy of the plaintext. The scope's annotation
/// is put on the SealedSecret and on the template.
///
/// The caller has checked name, namespace and that there are items (see sealer/).
/// Errors: those of encrypt_envelope.
[[nodiscard]] Result<SealedSecret> seal(const Secret& secret, const PublicKey& key,
                                        std::optional<Scope> scope, Cores cores = Cores::one);

/// One value as it stands in encryptedData: base64 of the envelope.
[[nodiscard]] Result<std::string> seal_item(std::span<const std::uint8_t> plaintext,
                                            const PublicKey& key, std::string_view label);

struct UnsealOptions {
  bool accept_deprecated_data = true;  ///< the V1 form, spec.data
  Cores cores = Cores::one;            ///< for the private-key operations
  /// Asked before each private-key operation, from every thread; false ends the work with
  /// `unavailable`. May be empty.
  std::function<bool()> may_go_on = {};
  std::size_t operations_max = std::numeric_limits<std::size_t>::max();
  /// Items that may fail to open before the others are left out.
  std::size_t closed_items_max = std::numeric_limits<std::size_t>::max();
  /// `full` only where whoever reads the error may read the items.
  tmpl::RunErrors template_errors = tmpl::RunErrors::guarded;
  tmpl::Limits template_limits = {};  ///< of all the object's templates together
};

struct Unsealed {
  Secret secret;
  /// Fingerprints of the keys that opened the items, each once, in the order they were met.
  std::vector<Fingerprint> keys;
};

/// Opens every item of `sealed` by trying the keys of `order` (the one that fitted last before the
/// others), the scope being that of the
/// SealedSecret's own annotations. The Secret takes the template's metadata, type and immutable,
/// the SealedSecret's name and namespace, and, unless the template has skip-set-owner-references,
/// one owner reference to it (controller, no blockOwnerDeletion).
///
/// Then each template in spec.template.data runs on the opened items and on the other templates'
/// texts (not on what they made), and adds the item of its name, unless that is sealed. They run
/// only when every item opened. Null entries of spec.template.data take items out at the end.
///
/// What has not the form of an envelope costs no private-key operation: so it is for those who
/// tell nobody but the owner, see is_envelope_for().
///
/// Errors: any failure fails the whole object. Code cannot_decrypt when some item did not open and
/// nothing else was wrong; unavailable when it might not go on; otherwise invalid_input. The
/// message has one line an item, "WHAT (ITEM)", and never plaintext. No I/O but the clock and the
/// system's randomness, for templates that ask; safe from several threads at once.
[[nodiscard]] Result<Unsealed> unseal(const SealedSecret& sealed,
                                      std::span<const Keyring::Entry> order,
                                      const UnsealOptions& options = {});

/// unseal() in pieces, for those who share threads: call open_until() until it says true, then
/// finish(). Threads: one at a time. Lifetime: `sealed` and `order` outlive it.
class Unsealing {
 public:
  Unsealing(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
            UnsealOptions options);
  ~Unsealing();
  Unsealing(const Unsealing&) = delete;
  Unsealing& operator=(const Unsealing&) = delete;

  /// Opens items until `end`, at least one. True when no more are to be opened.
  [[nodiscard]] bool open_until(std::chrono::steady_clock::time_point end);
  /// Runs the templates; what unseal() returns. Call it once.
  [[nodiscard]] Result<Unsealed> finish();
  /// The first item that no key opened; empty if there is none.
  [[nodiscard]] std::string_view closed_item() const noexcept;
  /// After finish(): whether its error may be due to the options' template_limits.
  [[nodiscard]] bool templates_reached_a_bound() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What is wrong with the templates of `sealed` before they run, one error an item: "WHAT (ITEM)".
[[nodiscard]] std::vector<Error> check_templates(const SealedSecret& sealed);

/// What is wrong with an item of encryptedData that no key could open, to be said behind its name:
/// `is empty, or no text`, `is not a ciphertext: it is not base64`. Empty if it has the form of
/// one.
[[nodiscard]] std::string ciphertext_fault(std::string_view base64);

/// Why an object that failed with cannot_decrypt does not open, for its owner only (status, Event,
/// --recovery-unseal), never for an open endpoint: tries the other scopes' labels, and the name and
/// namespace in the template, which kubeseal puts there. One sentence such as `item "password" was
/// sealed as prod/db, strict; this object is prod/db2`, or `none of the 3 keys fits`. Empty if
/// every item opens. Costs at most limits::explain_operations_max private-key operations beyond
/// those for finding an item that does not open, where `options` names none. The likely keys come
/// first.
struct ExplainOptions {
  std::string_view item = {};            ///< that does not open; empty: look for one
  std::function<bool()> may_go_on = {};  ///< as in UnsealOptions
};
[[nodiscard]] std::string explain_failure(const SealedSecret& sealed,
                                          std::span<const Keyring::Entry> order,
                                          const ExplainOptions& options = {});

}  // namespace bulla
