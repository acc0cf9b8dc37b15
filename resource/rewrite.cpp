// SPDX-License-Identifier: Apache-2.0
#include "resource/rewrite.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "base/yaml_edit.hpp"
#include "resource/fields.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// Maps whose keys are a person's own words: they match exactly, other names in any case.
constexpr std::array<std::string_view, 4> text_maps{"labels", "annotations", "encryptedData",
                                                    "data"};

/// Whether a patch can hold it: texts, and maps of them.
bool is_text_tree(const json::value& value) {
  if (value.is_string()) return true;
  const auto* members = value.if_object();
  return members != nullptr &&
         std::ranges::all_of(*members, [](const json::key_value_pair& member) {
           return is_text_tree(member.value());
         });
}

/// The patch that makes `after` of `before`; nothing when a patch can't, because something goes or
/// is neither text nor map.
std::optional<json::object> difference(const json::object& before, const json::object& after) {
  for (const auto& member : before) {
    if (!after.contains(member.key())) return std::nullopt;
  }
  json::object patch;
  for (const auto& member : after) {
    const auto& value = member.value();
    const auto* old = before.if_contains(member.key());
    if (old != nullptr && *old == value) continue;
    if (old == nullptr && value.is_object() && value.get_object().empty()) continue;
    if (old != nullptr && old->is_object() && value.is_object()) {
      auto below = difference(old->get_object(), value.get_object());
      if (!below) return std::nullopt;
      patch.emplace(member.key(), std::move(*below));
    } else if (is_text_tree(value)) {
      patch.emplace(member.key(), value);
    } else {
      return std::nullopt;
    }
  }
  return patch;
}

/// How the document spells the field `name`, of which Go takes any case.
std::string_view spelling_of(const json::object& document, std::string_view name) {
  const auto* found = find_member(document, name);
  for (const auto& member : document) {
    if (&member.value() == found) return member.key();
  }
  return name;
}

json::object spelled_as(const json::value& document, const json::object& patch) {
  const json::object none;
  const auto* object = document.if_object();
  const auto& members = object != nullptr ? *object : none;
  json::object out;
  for (const auto& change : patch) {
    const auto name = spelling_of(members, change.key());
    const auto* below = change.value().if_object();
    if (below == nullptr ||
        std::ranges::find(text_maps, std::string_view(change.key())) != text_maps.end()) {
      out.insert_or_assign(name, change.value());
    } else {
      const auto* member = members.if_contains(name);
      out.insert_or_assign(name, spelled_as(member != nullptr ? *member : json::value(), *below));
    }
  }
  return out;
}

Error at_line_of(const Document& document, std::string_view what) {
  return Error{Errc::invalid_input, std::string(what)}.during("line " +
                                                              std::to_string(document.line));
}

class Rewriter {
 public:
  Rewriter(std::string_view text, std::span<const Document> documents, Layout layout)
      : text_(text), documents_(documents), layout_(layout) {}

  Result<SecretBuffer> rewritten(std::span<const Rewrite> changes) const {
    SecretBuffer out;
    std::size_t at = 0;
    for (const auto& change : changes) {
      const auto& document = documents_[change.document];
      auto replacement = text_of(document, change);
      if (!replacement) return replacement.error();
      if (layout_of(document) != Layout::kept && documents_.size() == 1)
        return std::move(*replacement);
      BULLA_ASSERT(document.offset >= at);
      out.append(text_.substr(at, document.offset - at));
      out.append(replacement->expose_secret_text());
      at = document.offset + document.size;
    }
    out.append(text_.substr(at));
    return out;
  }

  /// Reads `result` again and compares.
  [[nodiscard]] bool is_right(std::string_view result, std::span<const Rewrite> changes) const {
    const auto found = read_documents(result);
    if (!found || found->size() != documents_.size()) return false;
    for (std::size_t i = 0; i < documents_.size(); ++i) {
      const auto change = std::ranges::find(changes, i, &Rewrite::document);
      const auto& document = (*found)[i];
      if (change == changes.end()) {
        if (document.value != documents_[i].value) return false;
        continue;
      }
      const auto sealed = SealedSecret::from_json(document.value, document.scalars);
      if (!sealed || sealed->to_json() != change->after->to_json()) return false;
    }
    return true;
  }

 private:
  /// What becomes of this document: `kept` is for YAML alone.
  [[nodiscard]] Layout layout_of(const Document& document) const {
    const bool is_json = document.scalars == Scalars::keep_their_kind;
    return layout_ == Layout::kept && is_json ? Layout::json : layout_;
  }

  [[nodiscard]] Result<SecretBuffer> text_of(const Document& document,
                                             const Rewrite& change) const {
    switch (layout_of(document)) {
      case Layout::yaml: return print_yaml(change.after->to_json());
      case Layout::json: return json_text_of(document, *change.after);
      case Layout::kept: break;
    }
    const auto patch =
        difference(change.before->to_json().get_object(), change.after->to_json().get_object());
    if (!patch) return at_line_of(document, "can't be edited in place: something would have to go");
    auto edited = patch_yaml(text_.substr(document.offset, document.size),
                             spelled_as(document.value, *patch), document.line);
    if (!edited) return edited.error();
    return SecretBuffer::copy_of(*edited);
  }

  /// In place of a JSON value the bare value; in place of YAML a document of its own.
  [[nodiscard]] SecretBuffer json_text_of(const Document& document,
                                          const SealedSecret& after) const {
    auto printed = print_json(after.to_json());
    if (documents_.size() == 1) return printed;
    if (document.scalars == Scalars::keep_their_kind) {
      printed.resize(printed.size() - 1);  // the line feed behind the value is there already
      return printed;
    }
    auto marked = SecretBuffer::copy_of("---\n");
    marked.append(printed.expose_secret_text());
    return marked;
  }

  std::string_view text_;
  std::span<const Document> documents_;
  Layout layout_;
};

/// YAML documents whose lines end with CR alone are not told apart, and have no bytes of their own.
bool share_bytes(std::span<const Document> documents) {
  return std::ranges::adjacent_find(documents, {}, &Document::offset) != documents.end();
}

}  // namespace

Result<SecretBuffer> rewrite_documents(std::string_view text, std::span<const Document> documents,
                                       std::span<const Rewrite> changes, Layout layout) {
  if (changes.empty()) return SecretBuffer::copy_of(text);
  const auto& first = documents[changes.front().document];
  if (share_bytes(documents))
    return at_line_of(first, "can't be edited in place: its lines end with CR alone");
  const Rewriter rewriter(text, documents, layout);
  auto result = rewriter.rewritten(changes);
  if (!result) return result;
  if (!rewriter.is_right(result->expose_secret_text(), changes))
    return at_line_of(first, "can't be edited in place: something else would change with it");
  return result;
}

}  // namespace bulla
