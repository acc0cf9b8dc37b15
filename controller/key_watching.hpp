// SPDX-License-Identifier: Apache-2.0
#pragma once

// What those who watch key Secrets share, and the watches of KeyRegistry. For their own sources.

#include <set>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "controller/key_registry.hpp"
#include "controller/paths.hpp"
#include "kube/informer.hpp"
#include "kube/object.hpp"

namespace bulla {

/// The key Secrets that `label_selector` finds; all of our own namespace if it is empty.
inline kube::InformerOptions key_secrets(const Options& options, std::string label_selector) {
  kube::InformerOptions informer;
  informer.list.path = secrets_path(options.own_namespace);
  informer.list.label_selector = std::move(label_selector);
  return informer;
}

inline kube::Informer::OnError log_key_watch_trouble() {
  return [](const Error& error) {
    log_error("Error watching key Secrets, will retry", {{"error", error.message}});
  };
}

/// The keys of one source.
struct KeyRegistry::Watching {
  Watching(Source where, const kube::Client& client, kube::InformerOptions options, Random& random,
           kube::Informer::OnError on_error, KeyRegistry& owner)
      : source(where),
        informer(
            client, std::move(options), random,
            [this, &owner](kube::ObjectEvent event) { owner.on_event(*this, std::move(event)); },
            std::move(on_error)) {}

  Source source;
  std::set<std::string> seen;  ///< names in the list that is coming in
  bool listed = false;         ///< the first list is complete
  bool went_back = false;      ///< the store did, or a list lacks keys: until it is complete
  kube::Informer informer;
};

/// The names of key Secrets that are out of use: to be counted, nothing else.
struct KeyRegistry::Retired {
  Retired(const kube::Client& client, kube::InformerOptions options, Random& random,
          kube::Informer::OnError on_error)
      : informer(
            client, std::move(options), random,
            [this](kube::ObjectEvent event) { on_event(event); }, std::move(on_error)) {}

  void on_event(const kube::ObjectEvent& event) {
    using Kind = kube::ObjectEvent::Kind;
    switch (event.kind) {
      case Kind::init: listing.clear(); break;
      case Kind::init_apply: listing.emplace(kube::name_of(event.object)); break;
      case Kind::init_done: names = std::exchange(listing, {}); break;
      case Kind::apply: names.emplace(kube::name_of(event.object)); break;
      case Kind::remove: names.erase(std::string(kube::name_of(event.object))); break;
    }
  }

  std::set<std::string> names;
  std::set<std::string> listing;
  kube::Informer informer;
};

}  // namespace bulla
