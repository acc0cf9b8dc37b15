// SPDX-License-Identifier: Apache-2.0
#include "protobuf.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "base/base64.hpp"
#include "timestamps.hpp"

namespace bulla::test {

namespace {

enum class Type { text, integer, boolean, time, text_list, text_map, bytes_map, message, list };

struct Field {
  std::uint64_t number;
  std::string_view name;
  Type type;
  std::span<const Field> of = {};  // the fields of a message, or of a list's messages
};

// The field numbers below are those of the generated.proto files that Kubernetes publishes.
constexpr std::array<Field, 5> owner_fields = {{{1, "kind", Type::text},
                                                {3, "name", Type::text},
                                                {4, "uid", Type::text},
                                                {5, "apiVersion", Type::text},
                                                {6, "controller", Type::boolean}}};
constexpr std::array<Field, 10> metadata_fields = {
    {{1, "name", Type::text},
     {2, "generateName", Type::text},
     {3, "namespace", Type::text},
     {5, "uid", Type::text},
     {6, "resourceVersion", Type::text},
     {8, "creationTimestamp", Type::time},
     {11, "labels", Type::text_map},
     {12, "annotations", Type::text_map},
     {13, "ownerReferences", Type::list, owner_fields},
     {14, "finalizers", Type::text_list}}};
constexpr std::array<Field, 1> namespace_spec_fields = {{{1, "finalizers", Type::text_list}}};
constexpr std::array<Field, 2> namespace_fields = {
    {{1, "metadata", Type::message, metadata_fields},
     {2, "spec", Type::message, namespace_spec_fields}}};
constexpr std::array<Field, 5> secret_fields = {{{1, "metadata", Type::message, metadata_fields},
                                                 {2, "data", Type::bytes_map},
                                                 {3, "type", Type::text},
                                                 {4, "stringData", Type::text_map},
                                                 {5, "immutable", Type::boolean}}};
constexpr std::array<Field, 4> config_map_fields = {
    {{1, "metadata", Type::message, metadata_fields},
     {2, "data", Type::text_map},
     {3, "binaryData", Type::bytes_map},
     {4, "immutable", Type::boolean}}};
constexpr std::array<Field, 2> service_account_fields = {
    {{1, "metadata", Type::message, metadata_fields},
     {4, "automountServiceAccountToken", Type::boolean}}};
constexpr std::array<Field, 7> attributes_fields = {{{1, "namespace", Type::text},
                                                     {2, "verb", Type::text},
                                                     {3, "group", Type::text},
                                                     {4, "version", Type::text},
                                                     {5, "resource", Type::text},
                                                     {6, "subresource", Type::text},
                                                     {7, "name", Type::text}}};
constexpr std::array<Field, 1> access_spec_fields = {
    {{1, "resourceAttributes", Type::message, attributes_fields}}};
constexpr std::array<Field, 1> access_review_fields = {
    {{2, "spec", Type::message, access_spec_fields}}};
constexpr std::array<Field, 2> type_fields = {
    {{1, "apiVersion", Type::text}, {2, "kind", Type::text}}};

std::span<const Field> fields_of(std::string_view kind) {
  if (kind == "Namespace") return namespace_fields;
  if (kind == "Secret") return secret_fields;
  if (kind == "ConfigMap") return config_map_fields;
  if (kind == "ServiceAccount") return service_account_fields;
  if (kind == "SelfSubjectAccessReview") return access_review_fields;
  return {};
}

/// Walks the fields of one encoded message.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  struct Value {
    std::uint64_t number;
    std::uint64_t integer;   // wire type 0
    std::string_view bytes;  // wire type 2
  };

  /// Nothing at the end, and after broken input.
  std::optional<Value> next() {
    if (bytes_.empty()) return std::nullopt;
    const auto tag = varint();
    Value value{tag >> 3U, 0, {}};
    switch (tag & 7U) {
      case 0: value.integer = varint(); break;
      case 1: take(8); break;
      case 2: value.bytes = take(varint()); break;
      case 5: take(4); break;
      default: broken_ = true;
    }
    return broken_ ? std::nullopt : std::optional(value);
  }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto one = take(1);
      const auto byte = static_cast<std::uint8_t>(one.empty() ? 0 : one.front());
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    broken_ = true;
    return 0;
  }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) {
      broken_ = true;
      bytes_ = {};
      return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
  bool broken_ = false;
};

std::string base64_of(std::string_view bytes) {
  return encode_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

Json time_of(std::string_view message) {
  Reader reader(message);
  std::int64_t seconds = 0;
  while (const auto value = reader.next()) {
    if (value->number == 1) seconds = static_cast<std::int64_t>(value->integer);
  }
  if (seconds == 0) return nullptr;
  return Json(to_rfc3339(WallTime(std::chrono::seconds(seconds))));
}

void add_entry(JsonObject& map, std::string_view entry, bool is_bytes) {
  Reader reader(entry);
  std::string_view key;
  std::string_view content;
  while (const auto value = reader.next()) {
    (value->number == 1 ? key : content) = value->bytes;
  }
  map[key] = is_bytes ? base64_of(content) : std::string(content);
}

bool read_message(std::string_view bytes, std::span<const Field> fields, JsonObject& object);

bool read_field(const Field& field, const Reader::Value& value, JsonObject& object) {
  Json& member = object[field.name];
  switch (field.type) {
    case Type::text: member = value.bytes; return true;
    case Type::integer: member = value.integer; return true;
    case Type::boolean: member = value.integer != 0; return true;
    case Type::time: member = time_of(value.bytes); return true;
    case Type::text_map:
    case Type::bytes_map:
      add_entry(object_in(object, field.name), value.bytes, field.type == Type::bytes_map);
      return true;
    case Type::message: return read_message(value.bytes, field.of, object_in(object, field.name));
    case Type::text_list:
    case Type::list: break;
  }
  if (!member.is_array()) member.emplace_array();
  if (field.type == Type::text_list) {
    member.get_array().emplace_back(value.bytes);
    return true;
  }
  JsonObject element;
  const bool fine = read_message(value.bytes, field.of, element);
  member.get_array().emplace_back(std::move(element));
  return fine;
}

bool read_message(std::string_view bytes, std::span<const Field> fields, JsonObject& object) {
  Reader reader(bytes);
  while (const auto value = reader.next()) {
    for (const Field& field : fields) {
      if (field.number == value->number && !read_field(field, *value, object)) return false;
    }
  }
  return !reader.broken();
}

}  // namespace

std::optional<Json> json_from_protobuf(std::string_view body) {
  // runtime.Unknown behind four bytes of magic: 1 is the TypeMeta, 2 the encoded object.
  constexpr std::string_view magic("k8s\0", 4);
  if (!body.starts_with(magic)) return std::nullopt;
  Reader envelope(body.substr(magic.size()));
  JsonObject object;
  std::string_view encoded;
  while (const auto value = envelope.next()) {
    if (value->number == 1 && !read_message(value->bytes, type_fields, object)) return std::nullopt;
    if (value->number == 2) encoded = value->bytes;
  }
  const auto fields = fields_of(text_at(object, "kind"));
  if (fields.empty() || !read_message(encoded, fields, object)) return std::nullopt;
  return object;
}

}  // namespace bulla::test
