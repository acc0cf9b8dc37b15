// SPDX-License-Identifier: Apache-2.0
#include "sealer/kubernetes_names.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "resource/scope.hpp"

namespace bulla::sealer {

namespace {

bool is_small_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// RFC 1123, as Kubernetes reads it.
bool is_label(std::string_view text) {
  return !text.empty() && is_small_or_digit(text.front()) && is_small_or_digit(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_small_or_digit(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  const auto labels = split(text, '.');
  return text.size() <= 253 && std::ranges::all_of(labels, is_label);
}

bool is_item(std::string_view text) {
  const auto fits = [](char c) {
    return is_small_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 253 && text != "." && !text.starts_with("..") &&
         std::ranges::all_of(text, fits);
}

}  // namespace

std::vector<std::string> refused_names(std::string_view namespace_, std::string_view name) {
  std::vector<std::string> refused;
  if (!namespace_.empty() && (namespace_.size() > 63 || !is_label(namespace_)))
    refused.push_back("no namespace can be called " + quoted(namespace_) +
                      ": lower-case letters, digits and '-', at most 63");
  if (!name.empty() && !is_subdomain(name))
    refused.push_back("no Secret can be called " + quoted(name) +
                      ": lower-case letters, digits, '-' and '.', at most 253");
  return refused;
}

std::vector<std::string> refused_names(const Secret& secret, std::string_view where) {
  auto refused = refused_names(metadata_text(secret.metadata, "namespace"),
                               metadata_text(secret.metadata, "name"));
  for (const auto* items : {&secret.data, &secret.string_data}) {
    for (const auto& [item, value] : *items) {
      if (is_item(item) || (items == &secret.string_data && secret.data.contains(item))) continue;
      refused.push_back("no item of a Secret can be called " + quoted(item) +
                        ": letters, digits, '-', '_' and '.', at most 253");
    }
  }
  for (auto& one : refused) one.insert(0, ": ").insert(0, where);
  return refused;
}

}  // namespace bulla::sealer
