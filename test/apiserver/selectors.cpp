// SPDX-License-Identifier: Apache-2.0
#include "selectors.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace bulla::test {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Splits at commas that stand outside parentheses.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const char c = at < text.size() ? text[at] : ',';
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || (depth > 0 && at < text.size())) continue;
    const auto part = trimmed(text.substr(start, at - start));
    if (!part.empty()) parts.push_back(part);
    start = at + 1;
  }
  return parts;
}

struct Comparison {
  std::string key;
  bool equal;
  std::string value;
};

std::optional<Comparison> comparison(std::string_view text) {
  const auto sign = text.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const bool negated = sign > 0 && text[sign - 1] == '!';
  auto value = text.substr(sign + 1);
  if (!value.empty() && value.front() == '=') value.remove_prefix(1);
  return Comparison{std::string(trimmed(text.substr(0, negated ? sign - 1 : sign))), !negated,
                    std::string(trimmed(value))};
}

bool field_is_known(const Resource& resource, std::string_view path) {
  if (path == "metadata.name" || (resource.namespaced && path == "metadata.namespace")) {
    return true;
  }
  if (resource.custom) return false;
  if (resource.plural == "secrets") return path == "type";
  if (resource.plural == "namespaces") return path == "status.phase";
  if (resource.plural == "pods") return path == "spec.nodeName" || path == "status.phase";
  if (resource.plural == "events") {
    return path.starts_with("involvedObject.") || path == "reason" || path == "type" ||
           path == "source" || path == "reportingComponent";
  }
  return false;
}

std::string field_value(const Json& object, const std::string& path) {
  if (path != "source") return text_at(object, path);
  const auto component = text_at(object, "source.component");
  return component.empty() ? text_at(object, "reportingComponent") : component;
}

}  // namespace

Answer<Selector::Term> Selector::label_term(std::string_view text) {
  if (const auto open = text.find('('); open != std::string_view::npos && text.back() == ')') {
    const auto head = trimmed(text.substr(0, open));
    const auto space = head.find(' ');
    const auto word =
        space == std::string_view::npos ? std::string_view{} : trimmed(head.substr(space));
    if (word != "in" && word != "notin") {
      return bad_request("unable to parse requirement: " + std::string(text));
    }
    Term term{true, std::string(head.substr(0, space)), word == "in", false, {}};
    for (const auto value : split_terms(text.substr(open + 1, text.size() - open - 2))) {
      term.values.emplace_back(value);
    }
    return term;
  }
  if (auto compared = comparison(text)) {
    return Term{true, std::move(compared->key), compared->equal, false, {compared->value}};
  }
  const bool absent = text.front() == '!';
  return Term{true, std::string(trimmed(text.substr(absent ? 1 : 0))), !absent, true, {}};
}

Answer<Selector> Selector::parse(std::string_view labels, std::string_view fields,
                                 const Resource& resource) {
  Selector selector;
  for (const auto part : split_terms(labels)) {
    auto term = label_term(part);
    if (!term) return term.error();
    selector.terms_.push_back(*term);
  }
  for (const auto part : split_terms(fields)) {
    auto compared = comparison(part);
    if (!compared) {
      return bad_request("invalid selector: '" + std::string(part) + "'; can't understand '" +
                         std::string(part) + "'");
    }
    if (!field_is_known(resource, compared->key)) {
      return bad_request(resource.custom ? "field label not supported: " + compared->key
                                         : "\"" + compared->key +
                                               "\" is not a known field selector: only "
                                               "\"metadata.name\", \"metadata.namespace\"");
    }
    selector.terms_.push_back({false, compared->key, compared->equal, false, {compared->value}});
  }
  return selector;
}

bool Selector::holds(const Term& term, const Json& object) {
  std::optional<std::string> value;
  if (term.is_label) {
    const JsonObject* labels = object_at(object, "metadata.labels");
    const Json* label = labels ? labels->if_contains(term.key) : nullptr;
    if (label && label->is_string()) value = label->get_string().c_str();
  } else {
    value = field_value(object, term.key);
  }
  if (term.exists_only) return value.has_value() == term.wanted;
  const bool among =
      value && std::find(term.values.begin(), term.values.end(), *value) != term.values.end();
  return among == term.wanted;
}

bool Selector::matches(const Json& object) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& term) { return holds(term, object); });
}

}  // namespace bulla::test
