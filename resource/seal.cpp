// SPDX-License-Identifier: Apache-2.0
#include "resource/seal.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "crypto/envelope.hpp"
#include "resource/fields.hpp"
#include "resource/open_items.hpp"
#include "resource/render.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// What the API server sets, or owns: it would be wrong in another cluster.
constexpr std::array<std::string_view, 8> server_fields{"selfLink",
                                                        "uid",
                                                        "resourceVersion",
                                                        "generation",
                                                        "creationTimestamp",
                                                        "deletionTimestamp",
                                                        "deletionGracePeriodSeconds",
                                                        "ownerReferences"};

/// Annotations in which kubectl and kubecfg keep a copy of the whole Secret, plaintext and all.
constexpr std::array<std::string_view, 2> leaking_annotations{
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration"};

json::object without_server_fields(const json::object& metadata) {
  json::object out(metadata, wiping_storage());
  for (const auto field : server_fields) out.stable_erase(field);
  return out;
}

void erase_leaking_annotations(json::object& metadata) {
  auto* found = metadata.if_contains("annotations");
  auto* annotations = found != nullptr ? found->if_object() : nullptr;
  if (annotations == nullptr) return;
  for (const auto name : leaking_annotations) annotations->stable_erase(name);
  if (annotations->empty()) metadata.stable_erase("annotations");
}

json::object owner_reference(const SealedSecret& sealed) {
  json::object out(wiping_storage());
  out.emplace("apiVersion", sealed.owner.api_version);
  out.emplace("kind", sealed.owner.kind);
  out.emplace("name", sealed.name());
  out.emplace("uid", metadata_text(sealed.metadata, "uid"));
  out.emplace("controller", true);
  return out;
}

/// The Secret's metadata: the template's, under the SealedSecret's name and with it as owner.
json::object secret_metadata(const json::object& from, const SealedSecret& sealed) {
  json::object out(from, wiping_storage());
  for (const auto field : {"name", "namespace", "ownerReferences"}) out.erase(field);
  if (!sealed.name().empty()) out.emplace("name", sealed.name());
  if (!sealed.namespace_().empty()) out.emplace("namespace", sealed.namespace_());
  if (!has_annotation(from, annotation::skip_set_owner_references))
    out.emplace("ownerReferences", json::array({owner_reference(sealed)}, out.storage()));
  return out;
}

Result<std::map<std::string, std::string>> seal_items(const Secret& secret, const PublicKey& key,
                                                      std::string_view label, Cores cores) {
  std::map<std::string, std::string> out;
  std::vector<std::pair<std::string*, const SecretBuffer*>> items;
  for (const auto* values : {&secret.string_data, &secret.data}) {
    for (const auto& [item, plaintext] : *values) {
      const auto [place, is_new] = out.try_emplace(item);
      if (is_new)
        items.emplace_back(&place->second, &plaintext);  // stringData comes first: it wins
    }
  }
  std::vector<Result<void>> sealed(items.size());
  parallel_for(
      items.size(),
      [&](std::size_t i) {
        auto ciphertext = seal_item(items[i].second->expose_secret(), key, label);
        if (ciphertext) {
          *items[i].first = std::move(*ciphertext);
        } else {
          sealed[i] = std::move(ciphertext).error();
        }
      },
      cores);
  for (const auto& result : sealed) {
    if (!result) return result.error();
  }
  return out;
}

std::string label_of(const SealedSecret& sealed) {
  return seal_label(scope_of(sealed.metadata), sealed.namespace_(), sealed.name());
}

void note_key(std::vector<Fingerprint>& keys, const Keyring::Entry& entry) {
  const auto& fingerprint = entry->key.fingerprint();
  if (std::ranges::find(keys, fingerprint) == keys.end()) keys.push_back(fingerprint);
}

/// The V1 form: spec.data is one envelope around a whole Secret in JSON.
Result<Unsealed> unseal_deprecated(const SealedSecret& sealed, ItemOpener& opener) {
  auto opened = opener.open(*sealed.deprecated_data, label_of(sealed));
  if (!opened) return std::move(opened).error().during("spec.data");

  const auto document = read_json(opened->plaintext.expose_secret_text());
  if (!document) return Error{Errc::invalid_input, "spec.data does not hold a Secret in JSON"};
  auto secret = Secret::from_json(*document);
  if (!secret) return std::move(secret).error().during("the Secret in spec.data");

  Unsealed out{std::move(*secret), {opened->key->key.fingerprint()}};
  for (auto& [key, value] : out.secret.string_data)
    out.secret.data.insert_or_assign(key, std::move(value));
  out.secret.string_data.clear();
  out.secret.metadata = secret_metadata(out.secret.metadata, sealed);
  return out;
}

}  // namespace

Result<std::string> seal_item(std::span<const std::uint8_t> plaintext, const PublicKey& key,
                              std::string_view label) {
  auto envelope = encrypt_envelope(key, plaintext, label);
  if (!envelope) return envelope.error();
  return encode_base64(*envelope);
}

Result<SealedSecret> seal(const Secret& secret, const PublicKey& key, std::optional<Scope> wanted,
                          Cores cores) {
  const Scope scope = wanted.value_or(scope_of(secret.metadata));
  const auto name = metadata_text(secret.metadata, "name");
  const auto namespace_ = metadata_text(secret.metadata, "namespace");
  if (auto fine = check_namespace(namespace_); !fine) return fine.error();

  SealedSecret out;
  out.secret_template.metadata = without_server_fields(secret.metadata);
  erase_leaking_annotations(out.secret_template.metadata);
  if (wanted) set_scope_annotation(out.secret_template.metadata, scope);
  out.secret_template.type = secret.type;
  out.secret_template.immutable = secret.immutable;

  out.metadata = json::object(wiping_storage());
  if (!name.empty()) out.metadata.emplace("name", name);
  if (!namespace_.empty()) out.metadata.emplace("namespace", namespace_);
  set_scope_annotation(out.metadata, scope);

  auto items = seal_items(secret, key, seal_label(scope, namespace_, name), cores);
  if (!items) return items.error();
  out.encrypted_data = std::move(*items);
  return out;
}

struct Unsealing::Impl {
  struct Item {
    std::string_view name;
    std::string_view base64;
    bool tried = false;
    Result<Keyring::Opened> opened = cannot_decrypt();
  };

  Impl(const SealedSecret& object, std::span<const Keyring::Entry> keys, UnsealOptions how)
      : sealed(object),
        key_count(keys.size()),
        options(std::move(how)),
        label(label_of(object)),
        opener(keys, Effort::least, [this] { return spend_operation(); }) {
    items.reserve(sealed.encrypted_data.size());
    for (const auto& [name, base64] : sealed.encrypted_data) items.push_back({name, base64});
  }

  const SealedSecret& sealed;
  std::size_t key_count;
  UnsealOptions options;
  std::string label;
  ItemOpener opener;
  std::vector<Item> items;
  std::atomic<std::size_t> operations = 0;
  std::atomic<std::size_t> closed = 0;  ///< items that did not open
  std::atomic<bool> stopped = false;
  bool reached_a_bound = false;  ///< templates

  [[nodiscard]] bool spend_operation() {
    if (operations.fetch_add(1) >= options.operations_max) return false;
    return !options.may_go_on || options.may_go_on();
  }
  [[nodiscard]] bool over() const { return stopped || closed >= options.closed_items_max; }
  void open(Item& item);
  [[nodiscard]] Error stopped_error() const;
  [[nodiscard]] Result<Unsealed> finish_deprecated();
};

void Unsealing::Impl::open(Item& item) {
  item.opened = opener.open(item.base64, label);
  const bool broken_off = !item.opened && item.opened.error().code == Errc::unavailable;
  item.tried = !broken_off;
  if (broken_off) stopped = true;
  if (item.tried && !item.opened) ++closed;
}

Error Unsealing::Impl::stopped_error() const {
  if (operations <= options.operations_max)
    return {Errc::unavailable, "there was no time to finish"};
  return {Errc::invalid_input,
          "opening its " + std::to_string(items.size()) + " items would take more than " +
              std::to_string(options.operations_max) + " private-key operations with the " +
              std::to_string(key_count) +
              " keys here: seal it anew with the newest key, or in several objects"};
}

Result<Unsealed> Unsealing::Impl::finish_deprecated() {
  if (!options.accept_deprecated_data || !sealed.encrypted_data.empty()) {
    return Error{Errc::invalid_input,
                 "using deprecated 'data' field, use 'encryptedData' or flip the feature flag"};
  }
  return unseal_deprecated(sealed, opener);  // the reference runs no templates on a whole Secret
}

Unsealing::Unsealing(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                     UnsealOptions options)
    : impl_(std::make_unique<Impl>(sealed, order, std::move(options))) {}

Unsealing::~Unsealing() = default;

bool Unsealing::open_until(std::chrono::steady_clock::time_point end) {
  Impl& state = *impl_;
  if (state.sealed.deprecated_data) return true;
  std::atomic<bool> paused = false;
  parallel_for(
      state.items.size(),
      [&](std::size_t i) {
        if (paused || state.over() || state.items[i].tried) return;
        state.open(state.items[i]);
        if (std::chrono::steady_clock::now() >= end) paused = true;
      },
      state.options.cores);
  return state.over() || std::ranges::all_of(state.items, &Impl::Item::tried);
}

Result<Unsealed> Unsealing::finish() {
  Impl& state = *impl_;
  if (state.sealed.deprecated_data) return state.finish_deprecated();

  Unsealed out;
  ItemFailures failures;
  std::size_t left_out = 0;
  for (auto& item : state.items) {
    if (!item.tried) {
      ++left_out;
      continue;
    }
    if (!item.opened) {
      failures.add(item.opened.error(), item.name);
      continue;
    }
    note_key(out.keys, item.opened->key);
    out.secret.data.emplace(item.name, std::move(item.opened->plaintext));
  }
  if (state.stopped) return state.stopped_error();
  const auto& secret_template = state.sealed.secret_template;
  tmpl::RunOptions how;
  how.errors = state.options.template_errors;
  how.limits = state.options.template_limits;
  state.reached_a_bound = render(secret_template.data, out.secret.data, how, failures);
  for (const auto& item : secret_template.left_out) out.secret.data.erase(item);
  if (failures.any()) {
    auto error = std::move(failures).error();
    if (left_out > 0) error.message += "\n" + std::to_string(left_out) + " more were not tried";
    return error;
  }
  out.secret.metadata = secret_metadata(secret_template.metadata, state.sealed);
  out.secret.type = secret_template.type;
  out.secret.immutable = secret_template.immutable;
  return out;
}

bool Unsealing::templates_reached_a_bound() const noexcept { return impl_->reached_a_bound; }

std::string_view Unsealing::closed_item() const noexcept {
  for (const auto& item : impl_->items) {
    if (item.tried && !item.opened && item.opened.error().code == Errc::cannot_decrypt)
      return item.name;
  }
  return {};
}

Result<Unsealed> unseal(const SealedSecret& sealed, std::span<const Keyring::Entry> order,
                        const UnsealOptions& options) {
  Unsealing work(sealed, order, options);
  while (!work.open_until(std::chrono::steady_clock::time_point::max())) {
  }
  return work.finish();
}

}  // namespace bulla
