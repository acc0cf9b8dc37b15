// SPDX-License-Identifier: Apache-2.0
#include "validation.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/base64.hpp"
#include "schema.hpp"

namespace bulla::test {

namespace {

constexpr std::size_t secret_bytes_max = 1024 * 1024;
constexpr std::size_t annotation_bytes_max = 256 * 1024;
constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

constexpr std::string_view subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view label_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
    "'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr std::string_view config_key_rule =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
    "'[-._a-zA-Z0-9]+')";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_subdomain(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max) return false;
  char before = '.';
  for (const char c : name) {
    const bool inner = c == '-' || c == '.';
    if (!is_lower_or_digit(c) && !inner) return false;
    if ((c == '.' && !is_lower_or_digit(before)) || (c == '-' && before == '.')) return false;
    before = c;
  }
  return is_lower_or_digit(before);
}

bool is_label_value(std::string_view value) {
  if (value.empty()) return true;
  if (value.size() > label_bytes_max) return false;
  if (!is_alphanumeric(value.front()) || !is_alphanumeric(value.back())) return false;
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_config_key(std::string_view key) {
  return !key.empty() && key.size() <= name_bytes_max && key != "." && !key.starts_with("..") &&
         std::all_of(key.begin(), key.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

// ---- decoding ----

ApiError cannot_decode(const Resource& resource, const std::string& why) {
  return bad_request(resource.kind + " in version \"" + resource.version +
                     "\" cannot be handled as a " + resource.kind + ": " + why);
}

bool is_empty(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_object()) return value.get_object().empty();
  if (value.is_array()) return value.get_array().empty();
  return value.is_string() && value.get_string().empty();
}

std::optional<ApiError> check_text_map(const Json& object, std::string_view path,
                                       const Resource& resource, std::string_view go_type) {
  const Json* map = find(object, path);
  if (!map || map->is_null()) return std::nullopt;
  const bool fits =
      map->is_object() &&
      std::all_of(map->get_object().begin(), map->get_object().end(), [](const auto& entry) {
        return entry.value().is_string() || entry.value().is_null();
      });
  if (fits) return std::nullopt;
  return cannot_decode(resource, "json: cannot unmarshal into Go struct field " + resource.kind +
                                     "." + std::string(path) + " of type " + std::string(go_type));
}

std::optional<ApiError> clean_metadata(Json& object, const Resource& resource) {
  static constexpr std::array<std::string_view, 12> known = {"name",
                                                             "generateName",
                                                             "namespace",
                                                             "uid",
                                                             "resourceVersion",
                                                             "generation",
                                                             "creationTimestamp",
                                                             "deletionTimestamp",
                                                             "labels",
                                                             "annotations",
                                                             "ownerReferences",
                                                             "finalizers"};
  for (const auto path : {"metadata.labels", "metadata.annotations"}) {
    if (auto error = check_text_map(object, path, resource, "string")) return error;
  }
  JsonObject cleaned;
  for (const auto& [key, value] : object_in(object.get_object(), "metadata")) {
    const bool keep = std::find(known.begin(), known.end(), key) != known.end();
    if (keep && !is_empty(value)) cleaned[key] = value;
  }
  object.get_object()["metadata"] = std::move(cleaned);
  return std::nullopt;
}

std::string encoded(std::string_view text) {
  return encode_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::optional<ApiError> normalise_secret(Json& object, const Resource& resource) {
  for (const auto field : {"data", "stringData"}) {
    if (auto error = check_text_map(object, field, resource, "map[string][]uint8")) return error;
  }
  JsonObject& secret = object.get_object();
  JsonObject data = object_in(secret, "data");
  for (auto& entry : data) {
    if (entry.value().is_null()) entry.value() = "";
    const auto decoded = decode_base64(entry.value().get_string());
    if (!decoded) return cannot_decode(resource, decoded.error().message);
  }
  for (const auto& [key, value] : object_in(secret, "stringData")) {
    data[key] = value.is_string() ? encoded(value.get_string()) : "";
  }
  secret.erase("stringData");
  secret.erase("data");
  if (!data.empty()) secret["data"] = std::move(data);
  if (text_at(object, "type").empty()) secret["type"] = "Opaque";
  return std::nullopt;
}

void normalise_event(Json& object) {
  JsonObject& event = object.get_object();
  for (const auto time : {"eventTime", "firstTimestamp", "lastTimestamp"}) {
    event.emplace(time, nullptr);
  }
  event.emplace("source", JsonObject{});
  event.emplace("reportingComponent", "");
  event.emplace("reportingInstance", "");
}

// ---- validation ----

void check_owners(const Json& object, std::vector<FieldError>& errors) {
  const Json* owners = find(object, "metadata.ownerReferences");
  if (!owners || !owners->is_array()) return;
  std::string controller;
  for (std::size_t i = 0; i < owners->get_array().size(); ++i) {
    const Json& owner = owners->get_array()[i];
    for (const auto field : {"apiVersion", "kind", "name", "uid"}) {
      if (text_at(owner, field).empty()) {
        errors.push_back(
            field_invalid("metadata.ownerReferences[" + std::to_string(i) + "]." + field, "\"\"",
                          std::string(field == std::string_view("apiVersion") ? "version" : field) +
                              " must not be empty"));
      }
    }
    const Json* is_controller = find(owner, "controller");
    if (!is_controller || *is_controller != Json(true)) continue;
    const auto label = text_at(owner, "kind") + "/" + text_at(owner, "name");
    if (!controller.empty()) {
      errors.push_back(field_invalid(
          "metadata.ownerReferences", boost::json::serialize(*owners),
          "Only one reference can have Controller set to true. Found \"true\" in references for " +
              controller + " and " + label));
    }
    controller = label;
  }
}

void check_metadata(const Json& object, std::vector<FieldError>& errors) {
  const auto name = text_at(object, "metadata.name");
  if (name.empty()) {
    errors.push_back(field_required("metadata.name", "name or generateName is required"));
  } else if (!is_subdomain(name)) {
    errors.push_back(field_invalid("metadata.name", quoted(name), subdomain_rule));
  }
  if (const JsonObject* labels = object_at(object, "metadata.labels")) {
    for (const auto& entry : *labels) {
      const auto& value = entry.value().get_string();
      if (!is_label_value(value)) {
        errors.push_back(field_invalid("metadata.labels", quoted(value), label_rule));
      }
    }
  }
  std::size_t annotation_bytes = 0;
  if (const JsonObject* annotations = object_at(object, "metadata.annotations")) {
    for (const auto& entry : *annotations) {
      annotation_bytes += entry.key().size() + entry.value().get_string().size();
    }
  }
  if (annotation_bytes > annotation_bytes_max) {
    errors.push_back(field_too_long("metadata.annotations", annotation_bytes_max));
  }
  check_owners(object, errors);
}

std::string item(const Json& secret, const std::string& key) {
  const JsonObject* data = object_at(secret, "data");
  const Json* value = data ? data->if_contains(key) : nullptr;
  if (!value || !value->is_string()) return "";
  const auto bytes = decode_base64(value->get_string());
  return bytes ? std::string(bytes->begin(), bytes->end()) : "";
}

bool has_item(const Json& secret, const std::string& key) {
  const JsonObject* data = object_at(secret, "data");
  return data && data->contains(key);
}

void check_docker_config(const Json& secret, const std::string& key,
                         std::vector<FieldError>& errors) {
  if (!has_item(secret, key)) {
    errors.push_back(field_required("data[" + key + "]"));
    return;
  }
  boost::system::error_code bad_json;
  boost::json::parse(item(secret, key), bad_json);
  if (bad_json) {
    errors.push_back(
        field_invalid("data[" + key + "]", "\"<secret contents redacted>\"", "invalid character"));
  }
}

void check_secret_type(const Json& secret, std::vector<FieldError>& errors) {
  const auto type = text_at(secret, "type");
  const auto require = [&](const std::string& key) {
    errors.push_back(field_required("data[" + key + "]"));
  };
  if (type == "kubernetes.io/tls") {
    for (const auto key : {"tls.crt", "tls.key"}) {
      if (!has_item(secret, key)) require(key);
    }
  } else if (type == "kubernetes.io/dockerconfigjson") {
    check_docker_config(secret, ".dockerconfigjson", errors);
  } else if (type == "kubernetes.io/dockercfg") {
    check_docker_config(secret, ".dockercfg", errors);
  } else if (type == "kubernetes.io/basic-auth") {
    if (!has_item(secret, "username") && !has_item(secret, "password")) {
      require("username");
      require("password");
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    if (item(secret, "ssh-privatekey").empty()) require("ssh-privatekey");
  } else if (type == "kubernetes.io/service-account-token") {
    const JsonObject* annotations = object_at(secret, "metadata.annotations");
    if (!annotations || !annotations->contains("kubernetes.io/service-account.name")) {
      errors.push_back(field_required("metadata.annotations[kubernetes.io/service-account.name]"));
    }
  }
}

void check_keys_and_size(const Json& object, std::vector<FieldError>& errors) {
  std::size_t bytes = 0;
  const JsonObject* data = object_at(object, "data");
  for (auto at = data ? data->begin() : nullptr; data && at != data->end(); ++at) {
    const std::string key(at->key());
    if (!is_config_key(key)) {
      errors.push_back(field_invalid("data[" + key + "]", quoted(key), config_key_rule));
    }
    bytes += item(object, key).size();
  }
  if (bytes > secret_bytes_max) errors.push_back(field_too_long("data", secret_bytes_max));
}

bool same_member(const Json& a, const Json& b, std::string_view key) {
  const Json* left = find(a, key);
  const Json* right = find(b, key);
  return left && right ? *left == *right : left == right;
}

void check_immutable(const Json& object, const Json& old, std::vector<FieldError>& errors) {
  constexpr std::string_view frozen = "field is immutable when `immutable` is set";
  const Json* was = find(old, "immutable");
  if (!was || *was != Json(true)) return;
  if (!same_member(object, old, "immutable"))
    errors.push_back(field_forbidden("immutable", frozen));
  if (!same_member(object, old, "data")) errors.push_back(field_forbidden("data", frozen));
}

void check_secret(const Json& object, const Json* old, std::vector<FieldError>& errors) {
  check_keys_and_size(object, errors);
  check_secret_type(object, errors);
  if (!old) return;
  if (!same_member(object, *old, "type")) {
    errors.push_back(field_invalid("type", quoted(text_at(object, "type")), "field is immutable"));
  }
  check_immutable(object, *old, errors);
}

void check_event(const Json& object, std::vector<FieldError>& errors) {
  auto about = text_at(object, "involvedObject.namespace");
  if (about.empty()) about = "default";
  if (about != text_at(object, "metadata.namespace")) {
    errors.push_back(field_invalid("involvedObject.namespace",
                                   quoted(text_at(object, "involvedObject.namespace")),
                                   "does not match event.namespace"));
  }
}

void check_definition(const Json& object, std::vector<FieldError>& errors) {
  const auto name = text_at(object, "metadata.name");
  if (name != text_at(object, "spec.names.plural") + "." + text_at(object, "spec.group")) {
    errors.push_back(
        field_invalid("metadata.name", quoted(name), "must be spec.names.plural+\".\"+spec.group"));
  }
}

}  // namespace

std::optional<ApiError> normalise(Json& object, const Resource& resource) {
  if (auto error = clean_metadata(object, resource)) return error;
  if (resource.custom) return std::nullopt;
  if (resource.plural == "secrets") return normalise_secret(object, resource);
  if (resource.plural == "events") normalise_event(object);
  return std::nullopt;
}

std::vector<FieldError> validate(const Json& object, const Json* old, const Resource& resource) {
  std::vector<FieldError> errors;
  check_metadata(object, errors);
  if (resource.plural == "secrets" && !resource.custom) check_secret(object, old, errors);
  if (resource.plural == "events" && !resource.custom && !old) check_event(object, errors);
  if (resource.kind == "CustomResourceDefinition") check_definition(object, errors);
  if (resource.custom && resource.schema) {
    for (auto& error : check_schema(object, *resource.schema)) errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace bulla::test
