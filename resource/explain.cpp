// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>
#include <vector>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "resource/open_items.hpp"
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

/// The causes look alike: the label is part of what a key opens.
std::string does_not_open(std::size_t keys, const Place& here, Scope scope) {
  std::string text = keys == 1 ? "the one key here does not open it as "
                               : "none of the " + std::to_string(keys) + " keys here opens it as ";
  switch (scope) {
    case Scope::cluster_wide: text += "cluster-wide"; break;
    case Scope::namespace_wide: text += "namespace-wide in namespace " + here.namespace_; break;
    case Scope::strict: text += place_name(here) + ", strict"; break;
  }
  return text +
         ": it was sealed for another name, namespace or scope, or for another key, or is damaged";
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

/// The first item that does not open; it stands for all, for each costs private-key operations.
std::string closed_item(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                        const std::string& label, const ExplainOptions& options) {
  if (!options.item.empty()) return std::string(options.item);
  ItemOpener opener(order, Effort::least, options.may_go_on);
  for (const auto& [item, base64] : sealed.encrypted_data) {
    if (!ciphertext_fault(base64).empty()) return item;
    const auto opened = opener.open(base64, label);
    if (!opened && opened.error().code == Errc::cannot_decrypt) return item;
  }
  return {};
}

struct Labels {
  std::vector<Candidate> candidates;
  std::string own;  ///< which is known not to fit
};

/// The words of the label under which some key opens the envelope; empty if there is none.
std::string sealed_how(std::string_view base64, std::span<const Keyring::Entry> order,
                       const Labels& labels, const ExplainOptions& options) {
  std::size_t operations = 0;
  const auto may_go_on = [&] {
    return operations++ < limits::explain_operations_max &&
           (!options.may_go_on || options.may_go_on());
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::set<std::string> tried{labels.own};
    ItemOpener opener(order.subspan(i, 1), Effort::least, may_go_on);
    for (const auto& candidate : labels.candidates) {
      if (!tried.insert(candidate.label).second) continue;
      const auto opened = opener.open(base64, candidate.label);
      if (opened) return candidate.words;
      if (opened.error().code != Errc::cannot_decrypt) return {};
    }
  }
  return {};
}

}  // namespace

std::string ciphertext_fault(std::string_view base64) {
  constexpr std::size_t length_bytes = 2;
  constexpr std::size_t tag_bytes = 16;
  constexpr std::size_t rsa_bytes_min = 128;
  if (base64.empty()) return "is empty, or no text";
  const auto bytes = decode_base64(base64);
  if (!bytes) return "is not a ciphertext: it is not base64";
  if (bytes->size() < length_bytes + rsa_bytes_min + tag_bytes)
    return "is not a ciphertext: it is too short, or cut off";
  const std::size_t rsa_bytes = (static_cast<std::size_t>((*bytes)[0]) << 8U) | (*bytes)[1];
  const bool begins_so = rsa_bytes >= rsa_bytes_min && rsa_bytes % 2 == 0;
  if (!begins_so || length_bytes + rsa_bytes + tag_bytes > bytes->size())
    return "is not a ciphertext: it does not begin as one, or is cut off";
  return {};
}

std::string explain_failure(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                            const ExplainOptions& options) {
  const Place here{std::string(sealed.namespace_()), std::string(sealed.name())};
  const auto or_here = [](std::string_view text, const std::string& otherwise) {
    return text.empty() ? otherwise : std::string(text);
  };
  const auto& meant = sealed.secret_template.metadata;
  const Place sealed_as{or_here(metadata_text(meant, "namespace"), here.namespace_),
                        or_here(metadata_text(meant, "name"), here.name)};
  const Scope scope = scope_of(sealed.metadata);
  const auto own_label = seal_label(scope, here.namespace_, here.name);

  const auto closed = closed_item(sealed, order, own_label, options);
  if (closed.empty()) return {};
  const std::string item = "item " + quoted(closed) + " ";
  const auto& base64 = sealed.encrypted_data.at(closed);
  if (const auto fault = ciphertext_fault(base64); !fault.empty()) return item + fault;
  if (order.empty()) return "there is no key to try";
  const Labels labels{candidates(here, sealed_as), own_label};
  const auto words = sealed_how(base64, order, labels, options);
  if (!words.empty()) return item + "was " + words + "; " + this_object(here, scope);
  return does_not_open(order.size(), here, scope);
}

}  // namespace bulla
