// SPDX-License-Identifier: Apache-2.0
#include "resource/objects.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "resource/fields.hpp"
#include "resource/scope.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

using Kind = Field::Kind;

constexpr std::array<Field, 6> condition_fields{{
    {"type", Kind::text, {}, true},
    {"status", Kind::text, {}, true},
    {"lastUpdateTime", Kind::time},
    {"lastTransitionTime", Kind::time},
    {"reason", Kind::text},
    {"message", Kind::text},
}};

constexpr std::array<Field, 2> status_fields{{
    {"observedGeneration", Kind::integer},
    {"conditions", Kind::object_list, condition_fields},
}};

Result<const json::object*> as_object(const json::value& document, std::string_view kind) {
  if (const auto* object = document.if_object()) return object;
  return Error{Errc::invalid_input, "a " + std::string(kind) + " must be a map, not " +
                                        std::string(kind_name(document))};
}

/// The member `field` of `object` as read_field keeps it; null when it is absent.
Result<json::value> member_of(const json::object& object, const Field& field,
                              std::string_view parent, Scalars scalars) {
  const auto* member = find_member(object, field.name);
  if (member == nullptr || member->is_null()) return json::value(wiping_storage());
  const auto where = parent.empty() ? std::string(field.name)
                                    : std::string(parent) + "." + std::string(field.name);
  return read_field(*member, field, where, scalars);
}

Result<json::object> metadata_of(const json::object& object, std::string_view where,
                                 Scalars scalars) {
  const auto* member = find_member(object, "metadata");
  if (member == nullptr) return json::object(wiping_storage());
  return read_fields(*member, object_meta_fields(), where, scalars);
}

/// The members of the map `object[name]`; null when there is none.
json::object* members_of(json::object& object, std::string_view name) {
  auto* member = object.if_contains(name);
  return member == nullptr ? nullptr : member->if_object();
}

/// Whether a template's metadata is read for it.
bool is_read_from_template(std::string_view name) {
  const auto lower = to_lower(name);
  return lower != "managedfields" &&
         std::ranges::any_of(object_meta_fields(),
                             [&](const Field& field) { return to_lower(field.name) == lower; });
}

std::string text_or_empty(const json::value& value) {
  const auto* text = value.if_string();
  return text != nullptr ? std::string(std::string_view(*text)) : std::string();
}

std::optional<bool> bool_or_nothing(const json::value& value) {
  const auto* truth = value.if_bool();
  return truth != nullptr ? std::optional(*truth) : std::nullopt;
}

/// `text` as what it may have been before it was folded, made safe for URLs, or stripped of its
/// padding.
SecretBuffer standard_base64(std::string_view text) {
  SecretBuffer out;
  out.reserve(text.size() + 3);
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    const char standard = c == '-' ? '+' : c == '_' ? '/' : c;
    out.append(std::string_view(&standard, 1));
  }
  while (out.size() % 4 != 0) out.append("=");
  return out;
}

/// What to do about a value under data that is not base64.
std::string base64_hint(std::string_view text) {
  const bool nearly = decode_base64_secret(standard_base64(text).expose_secret_text()).has_value();
  if (nearly && text.find_first_of(" \t") != std::string_view::npos)
    return "if it is base64 over several lines: put it on one, or behind '|' (base64 -w0)";
  if (nearly && text.find_first_of("-_") != std::string_view::npos)
    return "if it is base64 for URLs: here it has + and / instead of - and _; plain text goes "
           "under stringData";
  if (nearly && text.size() % 4 != 0)
    return "if it is base64: its padding (=) is missing; plain text goes under stringData";
  return "values under data are base64; plain text goes under stringData";
}

/// Secret.data: values are base64, null is an empty item.
Result<std::map<std::string, SecretBuffer>> read_data(const json::object& secret) {
  std::map<std::string, SecretBuffer> items;
  const auto* member = find_member(secret, "data");
  if (member == nullptr || member->is_null()) return items;
  const auto* data = member->if_object();
  if (data == nullptr) {
    return Error{Errc::invalid_input, "data must be a map, not " + std::string(kind_name(*member))};
  }
  for (const auto& item : *data) {
    const auto where = "data." + std::string(item.key());
    if (item.value().is_null()) {
      items.insert_or_assign(std::string(item.key()), SecretBuffer());
      continue;
    }
    const auto* text = item.value().if_string();
    if (text == nullptr) {
      return Error{Errc::invalid_input,
                   where + " must be base64 text, not " + std::string(kind_name(item.value()))}
          .hint("quote the value, or put plain text under stringData");
    }
    auto bytes = decode_base64_secret(*text);
    if (!bytes) {
      return std::move(bytes).error().during(where).hint(base64_hint(*text));
    }
    items.insert_or_assign(std::string(item.key()), std::move(*bytes));
  }
  return items;
}

Result<std::map<std::string, SecretBuffer>> read_string_data(const json::object& secret,
                                                             Scalars scalars) {
  std::map<std::string, SecretBuffer> items;
  auto data = member_of(secret, {"stringData", Kind::text_map}, "", scalars);
  if (!data) return data.error();
  if (const auto* map = data->if_object()) {
    for (const auto& item : *map) {
      items.insert_or_assign(std::string(item.key()),
                             SecretBuffer::copy_of(std::string_view(item.value().get_string())));
    }
  }
  return items;
}

/// The names of spec.template.data that are null, which `data` then no longer holds.
std::set<std::string> take_nulls(const json::object& secret_template,
                                 std::map<std::string, std::string>& data) {
  std::set<std::string> nulls;
  for (const auto& item : find_member(secret_template, "data")->get_object()) {
    if (item.value().is_null()) nulls.emplace(item.key());
  }
  for (const auto& name : nulls) data.erase(name);
  return nulls;
}

Result<SecretTemplate> read_template(const json::object& spec, Scalars scalars) {
  SecretTemplate out;
  const auto* member = find_member(spec, "template");
  if (member == nullptr || member->is_null()) return out;
  const auto* object = member->if_object();
  if (object == nullptr) {
    return Error{Errc::invalid_input,
                 "spec.template must be a map, not " + std::string(kind_name(*member))};
  }
  auto metadata = metadata_of(*object, "spec.template.metadata", scalars);
  if (!metadata) return metadata.error();
  auto type = member_of(*object, {"type", Kind::text}, "spec.template", scalars);
  if (!type) return type.error();
  auto immutable = member_of(*object, {"immutable", Kind::boolean}, "spec.template", scalars);
  if (!immutable) return immutable.error();
  auto data = member_of(*object, {"data", Kind::text_map}, "spec.template", scalars);
  if (!data) return data.error();
  out.metadata = std::move(*metadata);
  out.type = text_or_empty(*type);
  out.immutable = bool_or_nothing(*immutable);
  if (const auto* map = data->if_object()) {
    for (const auto& item : *map)
      out.data.insert_or_assign(std::string(item.key()), text_or_empty(item.value()));
    out.left_out = take_nulls(*object, out.data);
  }
  return out;
}

/// spec.encryptedData. A value that is no text must not stop the other items or other objects: it
/// is kept as "", which no key opens.
Result<std::map<std::string, std::string>> read_encrypted_data(const json::object& spec) {
  std::map<std::string, std::string> items;
  const auto* member = find_member(spec, "encryptedData");
  if (member == nullptr || member->is_null()) return items;
  const auto* data = member->if_object();
  if (data == nullptr) {
    return Error{Errc::invalid_input,
                 "spec.encryptedData must be a map, not " + std::string(kind_name(*member))};
  }
  if (data->size() > limits::sealed_items_max) {
    return Error{Errc::invalid_input, "spec.encryptedData has " + std::to_string(data->size()) +
                                          " items; no more than " +
                                          std::to_string(limits::sealed_items_max) +
                                          " are read, for no Secret holds so many"};
  }
  for (const auto& item : *data)
    items.insert_or_assign(std::string(item.key()), text_or_empty(item.value()));
  return items;
}

template <class Map>
json::object text_object(const Map& map) {
  json::object out(wiping_storage());
  for (const auto& [key, value] : map) out.emplace(key, value);
  return out;
}

/// spec.template.data, sorted: texts, and null for what is left out.
json::object template_data_json(const SecretTemplate& from) {
  std::map<std::string_view, json::value> sorted;
  for (const auto& [name, text] : from.data) sorted.emplace(name, json::value(text));
  for (const auto& name : from.left_out) sorted.emplace(name, nullptr);
  json::object out(wiping_storage());
  for (auto& [name, value] : sorted) out.emplace(name, std::move(value));
  return out;
}

json::object template_json(const SecretTemplate& from) {
  json::object out(wiping_storage());
  out.emplace("metadata", ordered_metadata(from.metadata));
  if (!from.type.empty()) out.emplace("type", from.type);
  if (from.immutable) out.emplace("immutable", *from.immutable);
  if (!from.data.empty() || !from.left_out.empty()) out.emplace("data", template_data_json(from));
  return out;
}

}  // namespace

Result<Secret> Secret::from_json(const json::value& document, Scalars scalars) {
  auto object = as_object(document, "Secret");
  if (!object) return object.error();
  const auto& members = **object;

  auto metadata = metadata_of(members, "metadata", scalars);
  if (!metadata) return metadata.error();
  auto type = member_of(members, {"type", Kind::text}, "", scalars);
  if (!type) return type.error();
  auto immutable = member_of(members, {"immutable", Kind::boolean}, "", scalars);
  if (!immutable) return immutable.error();
  auto data = read_data(members);
  if (!data) return data.error();
  auto string_data = read_string_data(members, scalars);
  if (!string_data) return string_data.error();

  return Secret{std::move(*metadata), text_or_empty(*type), bool_or_nothing(*immutable),
                std::move(*data), std::move(*string_data)};
}

json::value Secret::to_json() const {
  json::object out(wiping_storage());
  out.emplace("kind", "Secret");
  out.emplace("apiVersion", "v1");
  out.emplace("metadata", ordered_metadata(metadata));
  if (immutable) out.emplace("immutable", *immutable);
  if (!data.empty()) {
    auto& items = out.emplace("data", json::object(wiping_storage())).first->value().get_object();
    for (const auto& [key, value] : data)
      items.emplace(key, encode_base64_secret(value.expose_secret()).expose_secret_text());
  }
  if (!string_data.empty()) {
    auto& items =
        out.emplace("stringData", json::object(wiping_storage())).first->value().get_object();
    for (const auto& [key, value] : string_data) items.emplace(key, value.expose_secret_text());
  }
  if (!type.empty()) out.emplace("type", type);
  return json::value(std::move(out));
}

std::string_view SealedSecret::name() const noexcept { return metadata_text(metadata, "name"); }

std::string_view SealedSecret::namespace_() const noexcept {
  return metadata_text(metadata, "namespace");
}

void SealedSecret::drop_unread(json::value& document) {
  auto* object = document.if_object();
  auto* spec = object == nullptr ? nullptr : members_of(*object, "spec");
  if (spec == nullptr) return;
  if (auto* items = members_of(*spec, "encryptedData")) {
    for (auto& item : *items) {
      if (!item.value().is_string()) item.value() = nullptr;
    }
  }
  auto* secret_template = members_of(*spec, "template");
  auto* metadata = secret_template == nullptr ? nullptr : members_of(*secret_template, "metadata");
  if (metadata == nullptr) return;
  std::vector<std::string> dropped;
  for (const auto& member : *metadata) {
    if (!is_read_from_template(member.key())) dropped.emplace_back(member.key());
  }
  for (const auto& name : dropped) metadata->erase(name);
}

Result<SealedSecret> SealedSecret::from_json(const json::value& document, Scalars scalars) {
  auto object = as_object(document, kind);
  if (!object) return object.error();
  auto metadata = metadata_of(**object, "metadata", scalars);
  if (!metadata) return metadata.error();

  SealedSecret out;
  out.metadata = std::move(*metadata);
  if (const auto* spec_value = find_member(**object, "spec");
      spec_value != nullptr && !spec_value->is_null()) {
    const auto* spec = spec_value->if_object();
    if (spec == nullptr) {
      return Error{Errc::invalid_input,
                   "spec must be a map, not " + std::string(kind_name(*spec_value))};
    }
    auto secret_template = read_template(*spec, scalars);
    if (!secret_template) return secret_template.error();
    auto encrypted_data = read_encrypted_data(*spec);
    if (!encrypted_data) return encrypted_data.error();
    auto deprecated = member_of(*spec, {"data", Kind::text}, "spec", Scalars::keep_their_kind);
    if (!deprecated) return deprecated.error();
    out.secret_template = std::move(*secret_template);
    out.encrypted_data = std::move(*encrypted_data);
    if (deprecated->is_string()) out.deprecated_data = text_or_empty(*deprecated);
  }
  auto status = member_of(**object, {"status", Kind::object, status_fields}, "", scalars);
  if (!status) return status.error();
  if (auto* fields = status->if_object()) out.status = std::move(*fields);
  return out;
}

json::value SealedSecret::to_json() const {
  json::object spec(wiping_storage());
  spec.emplace("template", template_json(secret_template));
  if (deprecated_data) spec.emplace("data", *deprecated_data);
  spec.emplace("encryptedData", text_object(encrypted_data));

  json::object out(wiping_storage());
  out.emplace("kind", kind);
  out.emplace("apiVersion", api_version);
  out.emplace("metadata", ordered_metadata(metadata));
  out.emplace("spec", std::move(spec));
  if (status) out.emplace("status", *status);
  return json::value(std::move(out));
}

json::value SealedSecret::to_json_as_named() const {
  auto out = to_json();
  auto& members = out.get_object();
  members["kind"] = owner.kind;
  members["apiVersion"] = owner.api_version;
  return out;
}

}  // namespace bulla
