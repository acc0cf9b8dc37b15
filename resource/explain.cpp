// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>
#include <vector>

#include "base/base64.hpp"
#include "crypto/envelope.hpp"
#include "resource/seal.hpp"

namespace bulla {

namespace {

struct Place {
  std::string namespace_;
  std::string name;
};

/// One label that the item may have been sealed under, and how to say so.
struct Candidate {
  std::string label;
  std::string words;
};

std::string place_name(const Place& place) { return place.namespace_ + "/" + place.name; }

std::vector<Candidate> candidates(const Place& here, const Place& sealed_as) {
  std::vector<Candidate> out;
  const auto add = [&](Scope scope, const Place& place, std::string words) {
    out.push_back({seal_label(scope, place.namespace_, place.name), std::move(words)});
  };
  for (const auto& place : {sealed_as, Place{sealed_as.namespace_, here.name},
                            Place{here.namespace_, sealed_as.name}, here})
    add(Scope::strict, place, "sealed as " + place_name(place) + ", strict");
  for (const auto& place : {sealed_as, here}) {
    add(Scope::namespace_wide, place, "sealed namespace-wide for namespace " + place.namespace_);
  }
  add(Scope::cluster_wide, here, "sealed cluster-wide");
  return out;
}

std::string this_object(const Place& here, Scope scope) {
  switch (scope) {
    case Scope::cluster_wide: return "this object is annotated cluster-wide";
    case Scope::namespace_wide:
      return "this object is annotated namespace-wide, in namespace " + here.namespace_;
    case Scope::strict: break;
  }
  return "this object is " + place_name(here) + ", strict";
}

}  // namespace

std::string explain_failure(const SealedSecret& sealed, std::span<const Keyring::Entry> order) {
  const Place here{std::string(sealed.namespace_()), std::string(sealed.name())};
  const auto or_here = [](std::string_view text, const std::string& otherwise) {
    return text.empty() ? otherwise : std::string(text);
  };
  const auto& meant = sealed.secret_template.metadata;
  const Place sealed_as{or_here(metadata_text(meant, "namespace"), here.namespace_),
                        or_here(metadata_text(meant, "name"), here.name)};
  const Scope scope = scope_of(sealed.metadata);
  const auto own_label = seal_label(scope, here.namespace_, here.name);

  for (const auto& [item, base64] : sealed.encrypted_data) {
    const auto envelope = decode_base64(base64);
    if (!envelope || Keyring::decrypt(order, *envelope, own_label)) continue;
    std::set<std::string> tried{own_label};
    for (const auto& candidate : candidates(here, sealed_as)) {
      if (!tried.insert(candidate.label).second) continue;
      if (Keyring::decrypt(order, *envelope, candidate.label))
        return "item " + quoted(item) + " was " + candidate.words + "; " + this_object(here, scope);
    }
    break;  // the first item that fails stands for all: each try costs private-key operations
  }
  if (order.empty()) return "there is no key to try";
  if (order.size() == 1) return "the one key here does not fit";
  return "none of the " + std::to_string(order.size()) + " keys here fits";
}

}  // namespace bulla
