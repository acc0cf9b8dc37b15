// SPDX-License-Identifier: Apache-2.0
#include "tools/sealed_world.hpp"

#include <boost/json/object.hpp>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "controller/key_secret.hpp"
#include "crypto/certificate.hpp"
#include "resource/seal.hpp"

namespace bulla::test {

namespace {

constexpr std::size_t namespaces = 10;

std::string namespace_of(std::size_t index) { return "team-" + std::to_string(index % namespaces); }

Json sealed(const SealedWorld::Object& object) {
  Secret secret;
  secret.metadata["name"] = object.name;
  secret.metadata["namespace"] = object.namespace_;
  for (std::size_t i = 0; i < object.items; ++i)
    secret.data.emplace("item" + std::to_string(i), SecretBuffer::copy_of(object.value));
  Json json = seal(secret, object.key, Scope::strict).value().to_json();
  json.at("metadata").as_object()["generation"] = object.generation;
  return json;
}

}  // namespace

SealedWorld::SealedWorld() {
  const auto crd = read_file(BULLA_MANIFESTS "/crd.yaml", limits::mib);
  server.install_crd(std::string(crd.value().expose_secret_text()));
}

void SealedWorld::put_key(const PrivateKey& key, const std::string& name, std::chrono::hours age) {
  const auto certificate = Certificate::self_signed(
      key, {"", system_clock().now() - age, std::chrono::hours(24 * 3650)});
  Options options;
  options.own_namespace = "kube-system";
  server.put(Json(make_key_secret(key, certificate.value(), options, name)));
}

void SealedWorld::put(const std::vector<Object>& objects) {
  std::vector<Json> made(objects.size());
  parallel_for(objects.size(), [&](std::size_t i) { made[i] = sealed(objects[i]); });
  for (auto& json : made) server.put(std::move(json));
}

void SealedWorld::fill(std::size_t count, std::size_t items, const std::vector<PublicKey>& keys) {
  std::vector<Object> objects;
  for (std::size_t i = 0; i < count; ++i)
    objects.push_back(
        {namespace_of(i), "sealed-" + std::to_string(i), items, keys[i % keys.size()]});
  put(objects);
}

void SealedWorld::put_other_secrets(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    JsonObject secret;
    secret["apiVersion"] = "v1";
    secret["kind"] = "Secret";
    secret["metadata"] = {{"name", "other-" + std::to_string(i)}, {"namespace", namespace_of(i)}};
    secret["data"] = {{"password", "bm90IHNlYWxlZA=="}};
    server.put(std::move(secret));
  }
}

std::size_t SealedWorld::reported() const {
  return server.count_requests({.verb = "update", .resource = "sealedsecrets/status"});
}

std::size_t SealedWorld::without_secret() const {
  std::size_t missing = 0;
  for (const Json& object : server.list("sealedsecrets")) {
    const auto ns = text_at(object, "metadata.namespace");
    if (!server.get("secrets", ns, text_at(object, "metadata.name"))) ++missing;
  }
  return missing;
}

}  // namespace bulla::test
