// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "controller/decide.hpp"
#include "controller/secret_update.hpp"

namespace bulla {

/// Labels and annotations that every Secret gets which is made from a SealedSecret: for backups,
/// policies, mirrors. What the SealedSecret's template says of a name wins. Pure.
///
/// Secrets that are not ours to shape don't get them: one that a SealedSecret only adds to (patch),
/// and one that was left without an owner, once it is there.
struct AdditionalMetadata {
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> annotations = {};

  /// Whether the API server would take them, and none is one of ours: names and values of labels,
  /// names of annotations and what these take in all.
  /// Errors: invalid_input, with the flag, the name, and what is wrong.
  [[nodiscard]] Result<void> check() const;

  /// Another text for others, to be kept in statuses; empty when there are none.
  [[nodiscard]] std::string digest() const;

  /// Adds them to a Secret that is to be written in the way of `action`, where they belong there.
  void add_to(boost::json::value& secret, Action action) const;

  /// What to write so that a Secret whose items are right gets the labels and annotations that it
  /// is to have by now: those of the SealedSecret's template, and these. Opens nothing; so it says
  /// nothing for the deprecated form, whose template is sealed.
  [[nodiscard]] std::optional<SecretWrite> plan(const boost::json::value& sealed,
                                                const boost::json::value& secret,
                                                Action action) const;
};

}  // namespace bulla
