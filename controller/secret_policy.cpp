// SPDX-License-Identifier: Apache-2.0
#include "controller/secret_policy.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <utility>

#include "controller/key_secret.hpp"
#include "kube/object.hpp"
#include "resource/objects.hpp"
#include "resource/scope.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 5> kept_metadata{"name", "namespace", "labels",
                                                        "annotations", "ownerReferences"};

constexpr std::array<std::string_view, 3> marks{annotation::managed, annotation::patch,
                                                annotation::skip_set_owner_references};

bool is_sealed_secret(const json::value& owner) noexcept {
  return kube::text_at(owner, {"kind"}) == SealedSecret::kind &&
         kube::text_at(owner, {"apiVersion"}).starts_with("bitnami.com/");
}

bool is_owned_by_sealed_secret(const json::value& secret) noexcept {
  const auto* owners = kube::find_member(secret, {"metadata", "ownerReferences"});
  return owners != nullptr && owners->is_array() &&
         std::ranges::any_of(owners->get_array(), is_sealed_secret);
}

bool has_key_label(const json::value& object) noexcept {
  return kube::label_of(object, key_label).has_value();
}

/// `what` is the beginning of the sentence.
Error no_key_from_here(std::string what) {
  return {Errc::invalid_input,
          std::move(what) +
              ": a SealedSecret in the controller's own namespace can't make or change a sealing "
              "key. Create the key's Secret with kubectl instead"};
}

void reduce_metadata(json::value& secret) {
  auto* metadata = secret.as_object().if_contains("metadata");
  if (metadata == nullptr || !metadata->is_object()) return;
  json::object& fields = metadata->get_object();
  json::object kept(fields.storage());
  for (auto& [name, value] : fields) {
    if (std::ranges::find(kept_metadata, std::string_view(name)) != kept_metadata.end())
      kept.emplace(name, std::move(value));
  }
  fields = std::move(kept);
}

Result<void> check_type(const Options& options, const json::value& secret) {
  const auto& allowed = options.allowed_secret_types;
  const std::string_view given = kube::text_at(secret, {"type"});
  const std::string_view type = given.empty() ? std::string_view("Opaque") : given;
  if (allowed.empty() || std::ranges::find(allowed, type) != allowed.end()) return {};
  return Error{Errc::invalid_input, "a Secret of type " + quoted(type) +
                                        " is not allowed here: the controller's flag "
                                        "--allowed-secret-types does not name it"};
}

}  // namespace

std::string_view sealed_secret_mark(const json::value& secret) noexcept {
  if (is_owned_by_sealed_secret(secret)) return "an ownerReference to a SealedSecret";
  for (const auto mark : marks) {
    if (kube::annotation_of(secret, mark)) return mark;
  }
  return {};
}

bool is_sealing_key(const Options& options, const json::value& secret) noexcept {
  return kube::namespace_of(secret) == options.own_namespace &&
         (has_key_label(secret) || kube::name_of(secret) == options.key_prefix);
}

Result<void> check_before_opening(const Options& options, const json::value& sealed,
                                  const json::value* secret) {
  if (kube::namespace_of(sealed) != options.own_namespace) return {};
  if (kube::name_of(sealed) == options.key_prefix)
    return no_key_from_here("its name is that of the legacy sealing key");
  if (secret != nullptr && has_key_label(*secret))
    return no_key_from_here("the Secret of its name is a sealing key");
  const auto* labels = kube::find_member(sealed, {"spec", "template", "metadata", "labels"});
  if (labels != nullptr && labels->is_object() && labels->get_object().contains(key_label))
    return no_key_from_here("its template has the label of sealing keys, " +
                            std::string(key_label));
  if (const auto* v1 = kube::find_member(sealed, {"spec", "data"}); v1 != nullptr && !v1->is_null())
    return Error{Errc::invalid_input,
                 "the deprecated form, spec.data, is not opened in the controller's own namespace: "
                 "its labels are seen only when it is open. Seal it anew, as encryptedData"};
  return {};
}

Result<void> check_opened(const Options& options, json::value& secret) {
  BULLA_ASSERT(secret.is_object());  // Secret::to_json() made it
  reduce_metadata(secret);
  const bool own = kube::namespace_of(secret) == options.own_namespace;
  if (own && has_key_label(secret))
    return no_key_from_here("it would get the label of sealing keys, " + std::string(key_label));
  return check_type(options, secret);
}

}  // namespace bulla
