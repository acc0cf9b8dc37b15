// SPDX-License-Identifier: Apache-2.0
#include "controller/additional_metadata.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "resource/objects.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

using Map = std::map<std::string, std::string>;

constexpr std::string_view labels_flag = "--additional-secret-labels";
constexpr std::string_view annotations_flag = "--additional-secret-annotations";

// Kubernetes' bounds for names and values (IsQualifiedName, IsValidLabelValue).
constexpr std::size_t prefix_bytes_max = 253;
constexpr std::size_t word_bytes_max = 63;

bool is_small_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_small_or_digit(c) || (c >= 'A' && c <= 'Z'); }

/// What a label's value may be, and the part of a name behind its prefix.
bool is_word(std::string_view text) {
  const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= word_bytes_max && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, fits);
}

bool is_domain(std::string_view text) {
  const auto is_part = [](std::string_view part) {
    const auto fits = [](char c) { return is_small_or_digit(c) || c == '-'; };
    return !part.empty() && is_small_or_digit(part.front()) && is_small_or_digit(part.back()) &&
           std::ranges::all_of(part, fits);
  };
  return text.size() <= prefix_bytes_max && std::ranges::all_of(split(text, '.'), is_part);
}

Error refused(std::string_view flag, std::string_view name, std::string_view why) {
  return {Errc::invalid_input, std::string(flag) + ": " + quoted(name) + std::string(why)};
}

/// Ours mean something on a Secret: which key it holds, who may write to it.
bool is_reserved(std::string_view prefix) {
  constexpr std::string_view ours = "bitnami.com";
  return prefix == ours || prefix.ends_with("." + std::string(ours));
}

Result<void> check_name(std::string_view flag, const std::string& name) {
  const auto slash = name.find('/');
  const bool has_prefix = slash != std::string::npos;
  const std::string_view prefix = has_prefix ? std::string_view(name).substr(0, slash) : "";
  const std::string_view word = has_prefix ? std::string_view(name).substr(slash + 1) : name;
  // Kubernetes reads the names of annotations so, whatever their case.
  const bool any_case = flag == annotations_flag;
  const bool fits = !has_prefix || is_domain(any_case ? to_lower(prefix) : std::string(prefix));
  if (!fits || !is_word(word))
    return refused(flag, name,
                   " is no name for it: a DNS domain and '/' (or neither), then at most 63 "
                   "letters, digits, '-', '_' and '.', with a letter or a digit at both ends");
  if (is_reserved(to_lower(prefix)))
    return refused(flag, name, ": names of bitnami.com are those of Sealed Secrets itself");
  return {};
}

Result<void> check_label(const std::string& name, const std::string& value) {
  if (auto fine = check_name(labels_flag, name); !fine) return fine;
  if (value.empty() || is_word(value)) return {};
  return refused(labels_flag, name,
                 " has the value " + quoted(value) +
                     ", which no label may have: at most 63 letters, digits, '-', '_' and '.', "
                     "with a letter or a digit at both ends");
}

/// The member object of that name, made if it is not there (or is null).
json::object& member_object(json::object& parent, std::string_view name) {
  json::value& member = parent[name];
  if (!member.is_object()) member = json::object(parent.storage());
  return member.get_object();
}

/// What is there wins.
void add(json::object& metadata, std::string_view name, const Map& added) {
  if (added.empty()) return;
  json::object& map = member_object(metadata, name);
  for (const auto& [key, value] : added) map.emplace(key, value);  // unless it is there
}

bool are_for(Action action) {
  return action == Action::create || action == Action::make_equal ||
         action == Action::merge_and_own;
}

void append(std::string& text, const Map& map) {
  for (const auto& [name, value] : map) {
    text.append(name).push_back('\0');
    text.append(value).push_back('\0');
  }
  text += '\0';
}

}  // namespace

Result<void> AdditionalMetadata::check() const {
  for (const auto& [name, value] : labels) {
    if (auto fine = check_label(name, value); !fine) return fine;
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : annotations) {
    if (auto fine = check_name(annotations_flag, name); !fine) return fine;
    if (!is_valid_utf8(value))
      return refused(annotations_flag, name, " has a value that is no UTF-8");
    bytes += name.size() + value.size();
  }
  if (bytes <= limits::additional_annotations_bytes_max) return {};
  return Error{Errc::invalid_input, std::string(annotations_flag) + ": " + std::to_string(bytes) +
                                        " bytes are too many; at most " +
                                        std::to_string(limits::additional_annotations_bytes_max) +
                                        ", for a Secret's own annotations need room too"};
}

std::string AdditionalMetadata::digest() const {
  if (labels.empty() && annotations.empty()) return {};
  std::string text;
  append(text, labels);
  append(text, annotations);
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> hash{};
  const auto bytes = as_bytes(text);
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return "SHA256:" + encode_base64_unpadded(hash);
}

void AdditionalMetadata::add_to(json::value& secret, Action action) const {
  if (!are_for(action)) return;
  BULLA_ASSERT(secret.is_object());
  json::object& metadata = member_object(secret.get_object(), "metadata");
  add(metadata, "labels", labels);
  add(metadata, "annotations", annotations);
}

std::optional<SecretWrite> AdditionalMetadata::plan(const json::value& sealed,
                                                    const json::value& secret,
                                                    Action action) const {
  const auto object = SealedSecret::from_json(sealed);
  if (!object || object->deprecated_data) return std::nullopt;
  if (!are_for(action)) return SecretWrite();
  json::value desired(secret, wiping_storage());
  json::object& metadata = member_object(desired.as_object(), "metadata");
  for (const std::string_view name : {"labels", "annotations"}) {
    const auto* of_template = object->secret_template.metadata.if_contains(name);
    metadata[name] = of_template != nullptr ? *of_template : json::value(json::object());
  }
  add_to(desired, action);
  return plan_update(action, secret, desired);
}

}  // namespace bulla
