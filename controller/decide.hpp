// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>

namespace bulla {

/// What is to happen with the Secret of a SealedSecret.
enum class Action {
  nothing,        ///< the SealedSecret is going: its Secret is left to the garbage collector
  create,         ///< there is none
  make_equal,     ///< it is ours, or we were told to manage it: items, labels, annotations, owners
  merge,          ///< we were told to add to it: items, labels, annotations
  merge_and_own,  ///< the same, and its owner becomes the SealedSecret
  compare,        ///< not ours by mark, for we were told to leave none: fine if it says it all
  refuse,         ///< it is somebody else's
};

/// Decides what to do, from what was read: the SealedSecret, and the Secret of its name (nullptr:
/// there is none; its metadata is enough). Pure: the table of COMPATIBILITY.md, section 4.
///
/// "Ours" means: controlled by this SealedSecret, by uid. Names are used again; a Secret left over
/// by an earlier SealedSecret of the same name belongs to the garbage collector.
[[nodiscard]] Action decide(const boost::json::value& sealed, const boost::json::value* secret);

/// Whether the template has the annotation skip-set-owner-references.
[[nodiscard]] bool leaves_no_owner(const boost::json::value& sealed);

}  // namespace bulla
