// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_edit.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/reading_budget.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "base/yaml_parser.hpp"
#include "base/yaml_source.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

using Kind = YamlNode::Kind;

/// What gives way to `text` from some place up to `end`.
struct Edit {
  std::size_t end = 0;
  std::string text;
};

/// libyaml reads a key on one line only up to 1,024 characters; escapes may take most of them.
constexpr std::size_t key_bytes_max = 1000;

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/+=._-").find(c) != std::string_view::npos;
}

/// Whether `text` can go unquoted anywhere, in brackets too. Base64 can.
bool is_plain_text(std::string_view text) {
  return !text.empty() && text.front() != '=' && text.front() != '-' && text.front() != '.' &&
         std::ranges::all_of(text, is_plain_character) && yaml_stays_text(text);
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// YAML 1.1 section 5.1.1, less the characters that break lines or can't be seen.
bool is_printable(char32_t c) {
  if (c < 0xA0) return c >= 0x20 && c < 0x7F;
  if (c == 0x2028 || c == 0x2029 || c == 0xFEFF) return false;
  return c < 0xFFFE || c > 0xFFFF;
}

void append_hex(std::string& out, char32_t c) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const int shift : {12, 8, 4, 0}) out += digits[(c >> shift) & 15];
}

/// On one line, whatever is in it. `text` is UTF-8.
std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    std::size_t size = 1;
    const auto c = decode_utf8(text, size).value_or(0xFFFD);
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out.append(text.substr(0, size));
    } else {
      append_hex(out, c);
    }
    text.remove_prefix(size);
  }
  return out + '"';
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + '\'';
}

std::string new_scalar(std::string_view text) {
  return is_plain_text(text) ? std::string(text) : double_quoted(text);
}

/// Where the line that `at` is on ends, without its break. YAML 1.1 has five kinds of breaks.
std::size_t line_end(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    const auto rest = text.substr(at, 3);
    if (rest[0] == '\n' || rest[0] == '\r' || rest.starts_with("\xC2\x85") ||
        rest == "\xE2\x80\xA8" || rest == "\xE2\x80\xA9")
      return at;
  }
  return text.size();
}

std::string_view line_break_of(std::string_view text) {
  const auto end = text.find_first_of("\r\n");
  if (end == std::string_view::npos || text[end] == '\n') return "\n";
  return text.substr(end).starts_with("\r\n") ? "\r\n" : "\r";
}

/// How many columns a nested map is moved in.
std::size_t indentation_of(const YamlNode& root) {
  for (const auto& [key, value] : root.entries) {
    if (value.kind == Kind::map && !value.flow && value.column > root.column)
      return value.column - root.column;
  }
  return 2;
}

/// Collects the edits that a patch asks for.
class Patcher {
 public:
  Patcher(std::string_view text, const YamlNode& root, std::size_t first_line)
      : text_(text),
        line_break_(line_break_of(text)),
        step_(indentation_of(root)),
        first_line_(first_line) {}

  Result<void> merge(const YamlNode& map, const json::object& patch) {
    json::object added;
    for (const auto& change : patch) {
      auto entry = find(map, change.key());
      if (!entry) return entry.error();
      if (*entry == nullptr) {
        if (std::string_view(change.key()).size() > key_bytes_max)
          return refusal(map, "a key is too long for one line");
        added.emplace(change.key(), change.value());
      } else if (const auto* text = change.value().if_string()) {
        replace((*entry)->value, *text);
      } else if (auto done = descend(map, (*entry)->value, change.value().get_object()); !done) {
        return done;
      }
    }
    if (!added.empty()) add(map, added);
    return {};
  }

  /// The text with the edits made; nothing if they overlap.
  [[nodiscard]] std::optional<std::string> edited() && {
    std::string out;
    std::size_t at = 0;
    for (const auto& [begin, edit] : edits_) {
      if (begin < at || edit.end < begin) return std::nullopt;
      out.append(text_.substr(at, begin - at)).append(edit.text);
      at = edit.end;
    }
    return out.append(text_.substr(at));
  }

  [[nodiscard]] Error refusal(const YamlNode& node, std::string_view why) const {
    return Error{Errc::invalid_input, "can't be edited in place: " + std::string(why)}.during(
        "line " + std::to_string(first_line_ + node.line));
  }

 private:
  void edit(std::size_t begin, std::size_t end, std::string text) {
    edits_.emplace(begin, Edit{end, std::move(text)});
  }

  /// The entry that counts for `key`, or null.
  Result<const YamlNode::Entry*> find(const YamlNode& map, std::string_view key) const {
    const YamlNode::Entry* found = nullptr;
    for (const auto& entry : map.entries) {
      if (!entry.key) return refusal(map, "the map here has a key that is not plain or quoted");
      if (*entry.key == key) found = &entry;
    }
    return found;
  }

  Result<void> descend(const YamlNode& parent, const YamlNode& value, const json::object& patch) {
    if (value.kind == Kind::map && !value.entries.empty()) return merge(value, patch);
    if (value.kind == Kind::alias) return refusal(value, "the map to add to is an alias");
    if (!value.null && value.kind != Kind::map) return refusal(value, "it is not a map");
    if (value.marked) return refusal(value, "the map to fill has an anchor or a tag");
    if (patch.empty()) return {};
    if (!parent.flow && is_last_on_line(value)) {
      fill_with_block(parent, value, patch);
    } else if (value.kind == Kind::map) {
      add(value, patch);
    } else {
      edit(value.begin, value.end, spaced(value, in_brackets(patch)));
    }
    return {};
  }

  /// Only blanks or a comment behind it, and all of it on one line.
  [[nodiscard]] bool is_last_on_line(const YamlNode& node) const {
    const auto end = line_end(text_, node.begin);
    if (node.end > end) return false;
    const auto behind = trim(text_.substr(node.end, end - node.end));
    return behind.empty() || behind.front() == '#';
  }

  /// `labels: {} # none` becomes `labels: # none` and lines below it.
  void fill_with_block(const YamlNode& parent, const YamlNode& value, const json::object& patch) {
    const bool blank_before = value.begin > 0 && text_[value.begin - 1] == ' ';
    if (value.end > value.begin) edit(value.begin - (blank_before ? 1 : 0), value.end, "");
    const auto end = line_end(text_, value.end);
    edit(end, end, block_lines(patch, parent.column + step_));
  }

  void add(const YamlNode& map, const json::object& added) {
    if (!map.flow) {
      const auto end = line_end(text_, map.end);
      edit(end, end, block_lines(added, map.column));
    } else if (map.entries.empty()) {
      edit(map.end - 1, map.end - 1, members(added));
    } else {
      const auto end = std::max(map.entries.back().value.end, map.begin);
      edit(end, end, ", " + members(added));
    }
  }

  void replace(const YamlNode& node, std::string_view text) {
    edit(node.begin, node.end, spaced(node, scalar_like(node, text)));
  }

  /// A value where there was none needs a blank behind the colon.
  [[nodiscard]] std::string spaced(const YamlNode& node, const std::string& text) const {
    const bool joined = node.begin == node.end && node.begin > 0 && text_[node.begin - 1] == ':';
    return joined ? " " + text : text;
  }

  [[nodiscard]] std::string scalar_like(const YamlNode& node, std::string_view text) const {
    if (node.kind == Kind::double_quoted) return double_quoted(text);
    if (node.kind == Kind::single_quoted && is_printable_ascii(text)) return single_quoted(text);
    if (node.kind == Kind::block && is_plain_text(text)) return block_scalar_like(node, text);
    return new_scalar(text);
  }

  /// The old header, but with no line feed at the end, and one line as far in as before.
  [[nodiscard]] std::string block_scalar_like(const YamlNode& node, std::string_view text) const {
    const auto source = text_.substr(node.begin, node.end - node.begin);
    const auto header_end = line_end(source, 0);
    const auto header = source.substr(0, header_end);
    const auto body = source.substr(header_end);
    const auto content = body.find_first_not_of("\r\n ");
    const auto indicator = header.find_first_of("|>");
    // An anchor or a tag goes with the value that it named.
    if (indicator != 0 || content == std::string_view::npos) return new_scalar(text);
    const auto line_start = body.find_last_of("\r\n", content) + 1;

    // Without an indicator of its own, the indentation is that of the line.
    std::string out(1, header.front());
    const auto rest =
        header.substr(std::min(header.find_first_not_of("|>+-123456789"), header.size()));
    out.append("-").append(rest).append(line_break_);
    return out.append(body.substr(line_start, content - line_start)).append(text);
  }

  [[nodiscard]] std::string block_lines(const json::object& added, std::size_t column) const {
    std::string out;
    for (const auto& member : added) {
      out.append(line_break_).append(column, ' ').append(new_scalar(member.key())).append(":");
      if (const auto* text = member.value().if_string()) {
        out.append(" ").append(new_scalar(*text));
      } else if (const auto& below = member.value().get_object(); below.empty()) {
        out.append(" {}");
      } else {
        out.append(block_lines(below, column + step_));
      }
    }
    return out;
  }

  /// "a: b, c: d"
  static std::string members(const json::object& added) {
    std::string out;
    for (const auto& member : added) {
      out.append(out.empty() ? "" : ", ").append(new_scalar(member.key())).append(": ");
      const auto* text = member.value().if_string();
      out.append(text != nullptr ? new_scalar(*text) : in_brackets(member.value().get_object()));
    }
    return out;
  }
  static std::string in_brackets(const json::object& added) { return "{" + members(added) + "}"; }

  std::string_view text_;
  std::string_view line_break_;
  std::size_t step_;
  std::size_t first_line_;
  // By where they begin. Those at one place stay in the order in which they were made: what goes
  // to an inner map first.
  std::multimap<std::size_t, Edit> edits_;
};

/// YAML can write bytes that are no text only in base64, which no Secret's metadata needs.
bool is_all_text(const json::object& patch) {
  return std::ranges::all_of(patch, [](const json::key_value_pair& member) {
    const auto* text = member.value().if_string();
    return is_valid_utf8(member.key()) &&
           (text != nullptr ? is_valid_utf8(*text) : is_all_text(member.value().as_object()));
  });
}

std::size_t text_bytes_of(const json::object& patch) {
  std::size_t bytes = 0;
  for (const auto& change : patch) {
    bytes += change.key().size();
    if (const auto* text = change.value().if_string()) bytes += text->size();
    if (const auto* below = change.value().if_object()) bytes += text_bytes_of(*below);
  }
  return bytes;
}

}  // namespace

void merge_patch(json::value& value, const json::object& patch) {
  if (!value.is_object()) value = json::object(value.storage());
  auto& members = value.get_object();
  for (const auto& change : patch) {
    auto& member = members[change.key()];
    if (const auto* below = change.value().if_object()) {
      merge_patch(member, *below);
    } else {
      member = change.value();
    }
  }
}

Result<std::string> patch_yaml(std::string_view text, const json::object& patch,
                               std::size_t first_line) {
  // One for the text, where it stands in it, and the text as it comes out.
  ReadingBudget budget(text.size() + text_bytes_of(patch));
  auto values = read_yaml(text, first_line, budget, Aliases::expanded);
  if (!values) return values.error();
  const auto root = map_yaml(text, budget);
  if (!root || root->kind != Kind::map || values->size() != 1)
    return Error{Errc::invalid_input, "not one YAML document with a map at its root"};

  Patcher patcher(text, *root, first_line);
  if (!is_all_text(patch)) return patcher.refusal(*root, "a new value is not UTF-8");
  if (auto merged = patcher.merge(*root, patch); !merged) return merged.error();
  const auto refusal =
      patcher.refusal(*root, "a change here would also change something else in the document");
  const auto edited = std::move(patcher).edited();
  if (!edited) return refusal;

  auto& expected = values->front();
  merge_patch(expected, patch);
  const auto found = read_yaml(*edited, first_line, budget, Aliases::expanded);
  if (!found || found->size() != 1 || found->front() != expected) return refusal;
  return *edited;
}

}  // namespace bulla
