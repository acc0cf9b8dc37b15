// SPDX-License-Identifier: Apache-2.0
#include "resource/seal_again.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "crypto/envelope.hpp"
#include "resource/open_items.hpp"
#include "resource/scope.hpp"
#include "resource/seal.hpp"

namespace bulla {

namespace {

/// The labels that this object's items may bear, its own scope's first.
std::vector<std::string> labels_of(const SealedSecret& sealed) {
  const auto label = [&](Scope scope) {
    return seal_label(scope, sealed.namespace_(), sealed.name());
  };
  const auto own = scope_of(sealed.metadata);
  std::vector<std::string> labels{label(own)};
  for (const auto scope : {Scope::strict, Scope::namespace_wide, Scope::cluster_wide}) {
    if (scope != own) labels.push_back(label(scope));
  }
  return labels;
}

Result<std::string> seal_item_again(ItemOpener& opener, std::string_view base64,
                                    const PublicKey& key, std::span<const std::string> labels) {
  Error failure = cannot_decrypt();
  for (const auto& label : labels) {
    auto opened = opener.open(base64, label);
    if (opened && opened->key->key.fingerprint() == key.fingerprint()) return std::string(base64);
    if (opened) return seal_item(opened->plaintext.expose_secret(), key, label);
    failure = std::move(opened).error();
    if (failure.code != Errc::cannot_decrypt) break;
  }
  return failure;
}

}  // namespace

Result<SealedSecret> seal_again(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                                const PublicKey& key, Cores cores) {
  SealedSecret out = sealed;
  std::vector<std::pair<std::string_view, std::string*>> items;
  items.reserve(out.encrypted_data.size() + 1);
  for (auto& [item, base64] : out.encrypted_data) items.emplace_back(item, &base64);
  if (out.deprecated_data) items.emplace_back("spec.data", &*out.deprecated_data);

  const auto labels = labels_of(sealed);
  ItemOpener opener(order);
  std::vector<Result<std::string>> again(items.size(), std::string());
  parallel_for(
      items.size(),
      [&](std::size_t i) { again[i] = seal_item_again(opener, *items[i].second, key, labels); },
      cores);

  ItemFailures failures;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (again[i]) {
      *items[i].second = std::move(*again[i]);
    } else {
      failures.add(again[i].error(), items[i].first);
    }
  }
  if (failures.any()) return std::move(failures).error();
  return out;
}

}  // namespace bulla
