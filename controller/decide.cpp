// SPDX-License-Identifier: Apache-2.0
#include "controller/decide.hpp"

#include "kube/object.hpp"
#include "resource/scope.hpp"

namespace bulla {

bool leaves_no_owner(const boost::json::value& sealed) {
  const auto* metadata = kube::find_member(sealed, {"spec", "template", "metadata"});
  return metadata != nullptr && metadata->is_object() &&
         has_annotation(metadata->get_object(), annotation::skip_set_owner_references);
}

Action decide(const boost::json::value& sealed, const boost::json::value* secret) {
  if (kube::is_being_deleted(sealed)) return Action::nothing;
  if (secret == nullptr) return Action::create;

  const bool managed = kube::annotation_of(*secret, annotation::managed) == "true";
  // Before ownership: a Secret that asks for additions keeps what else it holds, whoever owns it.
  if (kube::annotation_of(*secret, annotation::patch) == "true")
    return managed ? Action::merge_and_own : Action::merge;
  if (managed) return Action::make_equal;

  const auto owner = kube::controller_of(*secret);
  const bool ours = owner && !owner->uid.empty() && owner->uid == kube::uid_of(sealed);
  if (ours) return Action::make_equal;
  return leaves_no_owner(sealed) ? Action::compare : Action::refuse;
}

}  // namespace bulla
