// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>

#include "controller/decide.hpp"

namespace bulla {

/// A write of a Secret, planned.
struct SecretWrite {
  enum class Kind {
    none,       ///< what is there says it all already
    put,        ///< write `object`
    immutable,  ///< its data would have to change, and it says `immutable: true`
  };
  Kind kind = Kind::none;
  boost::json::value object = {};  ///< in wiping memory; carries the resourceVersion that was read
};

/// What to write so that `existing`, the Secret as read, becomes what `desired` says (as
/// Secret::to_json() makes it), in the way of `action`: make_equal, merge or merge_and_own.
///
/// Everything that we do not model stays as it was read: a PUT deletes what it leaves out. A type
/// that differs is sent, although the API server is going to refuse it: its answer says why.
[[nodiscard]] SecretWrite plan_update(Action action, const boost::json::value& existing,
                                      const boost::json::value& desired);

}  // namespace bulla
