// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "base/base64.hpp"
#include "base/limits.hpp"
#include "base/reading_budget.hpp"
#include "base/yaml.hpp"
#include "base/yaml_lines.hpp"
#include "base/yaml_parser.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

constexpr std::string_view tag_prefix = "tag:yaml.org,2002:";

std::size_t levels_of(const json::value& value) {
  std::size_t below = 0;
  if (const auto* items = value.if_array()) {
    for (const auto& item : *items) below = std::max(below, levels_of(item));
  } else if (const auto* members = value.if_object()) {
    for (const auto& member : *members) below = std::max(below, levels_of(member.value()));
  } else {
    return 0;
  }
  return below + 1;
}

class Reader {
 public:
  Reader(std::string_view text, std::size_t first_line, ReadingBudget& budget, Aliases aliases,
         YamlLastLine last_line = YamlLastLine::ended)
      : parser_(text, last_line),
        text_bytes_(text.size()),
        first_line_(first_line),
        budget_(budget),
        aliases_(aliases) {}

  Result<std::vector<json::value>> documents() {
    const AllocationBudget::Scope scope(budget_.memory());
    try {
      const AllocationBudget::Reserved parser(yaml_parser_bytes_per_byte * text_bytes_);
      return all_documents();
    } catch (const AllocationBudget::Exceeded&) {
      return error_here(budget_.exceeded().message);
    }
  }

 private:
  /// What a std::map keeps beside its keys and values.
  static constexpr std::size_t map_node_bytes = 64;

  Result<std::vector<json::value>> all_documents() {
    std::vector<json::value> found;
    for (;;) {
      if (auto moved = advance(); !moved) return moved.error();
      if (event_.type() == YAML_STREAM_END_EVENT) return found;
      if (event_.type() != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      nodes_ = 0;
      if (auto moved = advance(); !moved) return moved.error();
      auto value = node(0);
      if (!value) return value.error();
      budget_.keep(growing_bytes<json::value>);
      found.push_back(std::move(*value));
    }
  }

  Result<void> advance() {
    if (parser_.next(event_)) return {};
    return error_at(parser_.problem_line(), parser_.problem());
  }
  [[nodiscard]] Error error_at(std::size_t line, std::string what) const {
    return Error{Errc::invalid_input, std::move(what)}.during("line " +
                                                              std::to_string(first_line_ + line));
  }
  [[nodiscard]] Error error_here(std::string what) const {
    return error_at(event_.line(), std::move(what));
  }

  /// The node that the current event starts; leaves its last event current.
  Result<json::value> node(std::size_t depth) {
    if (++nodes_ > limits::yaml_nodes_max) return too_many_nodes();
    if (aliases_ == Aliases::refused && (event_.type() == YAML_ALIAS_EVENT || has_anchor()))
      return error_here("anchors and aliases are not taken here");
    const bool nests =
        event_.type() == YAML_SEQUENCE_START_EVENT || event_.type() == YAML_MAPPING_START_EVENT;
    if (nests && depth >= limits::depth_max) return too_deep();
    switch (event_.type()) {
      case YAML_ALIAS_EVENT: return alias(depth);
      case YAML_SCALAR_EVENT: return scalar();
      case YAML_SEQUENCE_START_EVENT: return sequence(depth);
      case YAML_MAPPING_START_EVENT: return mapping(depth);
      default: return error_here("unexpected YAML content");
    }
  }

  [[nodiscard]] Error too_deep() const {
    return error_here("nested more than " + std::to_string(limits::depth_max) + " levels deep");
  }

  [[nodiscard]] Error too_many_nodes() const {
    return error_here("more than " + std::to_string(limits::yaml_nodes_max) +
                      " nodes, with aliases expanded");
  }

  /// Whether the current event gives its node a name.
  [[nodiscard]] bool has_anchor() {
    const auto& data = event_.get().data;
    switch (event_.type()) {
      case YAML_SCALAR_EVENT: return data.scalar.anchor != nullptr;
      case YAML_SEQUENCE_START_EVENT: return data.sequence_start.anchor != nullptr;
      case YAML_MAPPING_START_EVENT: return data.mapping_start.anchor != nullptr;
      default: return false;
    }
  }

  struct Anchor {
    json::value value;
    std::size_t nodes = 0;   // how many it adds wherever it is used
    std::size_t bytes = 0;   // that each copy of it takes
    std::size_t levels = 0;  // of lists and maps in it
    bool complete = false;
  };

  Result<json::value> alias(std::size_t depth) {
    const std::string name(yaml_text(event_.get().data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return error_here("unknown anchor " + quoted(name));
    if (!found->second.complete) return error_here("anchor " + quoted(name) + " contains itself");
    if (depth + found->second.levels > limits::depth_max) return too_deep();
    nodes_ += found->second.nodes;
    if (nodes_ > limits::yaml_nodes_max) return too_many_nodes();
    budget_.copy(found->second.bytes);
    return json::value(found->second.value, wiping_storage());
  }

  /// Keeps a copy of what the anchor's node has become. `nodes_before`: the count without it.
  void remember(const std::string& anchor, const json::value& value, std::size_t nodes_before) {
    if (anchor.empty()) return;
    const auto used_before = budget_.memory().used();
    Anchor kept{json::value(value, wiping_storage()), nodes_ - nodes_before, sizeof(json::value),
                levels_of(value), true};
    kept.bytes += budget_.memory().used() - used_before;
    budget_.copy(kept.bytes);
    budget_.keep(sizeof(Anchor) + anchor.size() + map_node_bytes);
    anchors_.insert_or_assign(anchor, std::move(kept));
  }

  Result<json::value> scalar() {
    const auto& data = event_.get().data.scalar;
    const std::string anchor(yaml_text(data.anchor));
    const std::string_view text{reinterpret_cast<const char*>(data.value), data.length};
    const auto nodes_before = nodes_ - 1;
    auto value = resolved(yaml_text(data.tag), text, data.plain_implicit != 0);
    if (!value) return value;
    if (value->is_double() && !std::isfinite(value->get_double()))
      return error_here("a number that JSON does not have");
    remember(anchor, *value, nodes_before);
    return value;
  }

  /// The value of a scalar under its tag ("" : none).
  Result<json::value> resolved(std::string_view tag, std::string_view text, bool plain) {
    if (tag.empty()) return plain ? resolve_yaml_scalar(text) : json::value(text, wiping_storage());
    if (!tag.starts_with(tag_prefix)) return json::value(text, wiping_storage());
    tag.remove_prefix(tag_prefix.size());
    if (tag == "str") return json::value(text, wiping_storage());
    if (tag == "binary") {
      auto bytes = decode_base64_secret(text);
      if (!bytes) return error_here("a !!binary value is not base64");
      return json::value(bytes->expose_secret_text(), wiping_storage());
    }
    auto value = resolve_yaml_scalar(text);
    const bool fits = tag == "null"        ? value.is_null()
                      : tag == "bool"      ? value.is_bool()
                      : tag == "int"       ? value.is_int64() || value.is_uint64()
                      : tag == "float"     ? value.is_number()
                      : tag == "timestamp" ? value.is_string()
                                           : true;
    if (!fits) return error_here("the value does not suit its tag !!" + std::string(tag));
    if (tag == "float" && !value.is_double()) value = value.to_number<double>();
    return value;
  }

  Result<json::value> sequence(std::size_t depth) {
    const auto nodes_before = nodes_ - 1;
    const std::string anchor = open_anchor(event_.get().data.sequence_start.anchor);
    json::array items(wiping_storage());
    for (;;) {
      if (auto moved = advance(); !moved) return moved.error();
      if (event_.type() == YAML_SEQUENCE_END_EVENT) break;
      auto item = node(depth + 1);
      if (!item) return item;
      items.push_back(std::move(*item));
    }
    json::value value(std::move(items));
    remember(anchor, value, nodes_before);
    return value;
  }

  Result<json::value> mapping(std::size_t depth) {
    const auto nodes_before = nodes_ - 1;
    const std::string anchor = open_anchor(event_.get().data.mapping_start.anchor);
    json::object members(wiping_storage());
    for (;;) {
      if (auto moved = advance(); !moved) return moved.error();
      if (event_.type() == YAML_MAPPING_END_EVENT) break;
      const auto line = event_.line();
      const bool merges = is_merge_key();
      auto key = node(depth + 1);
      if (!key) return key;
      if (auto moved = advance(); !moved) return moved.error();
      const auto used_before = budget_.memory().used();
      auto value = node(depth + 1);
      if (!value) return value;
      if (merges) {
        const auto used = budget_.memory().used();
        budget_.copy(used - std::min(used, used_before));
        if (!merge(members, *value)) return error_at(line, "<< wants a map or a list of maps");
        continue;
      }
      auto name = yaml_key_text(*key);
      if (!name) return error_at(line, "a key must be text, a number or a truth value");
      members.insert_or_assign(name->expose_secret_text(), std::move(*value));
    }
    json::value value(std::move(members));
    remember(anchor, value, nodes_before);
    return value;
  }

  /// Notes that an anchor's node has begun, so that an alias inside is seen to be circular.
  std::string open_anchor(const yaml_char_t* anchor) {
    std::string name(yaml_text(anchor));
    if (!name.empty()) anchors_[name] = Anchor{};
    return name;
  }

  [[nodiscard]] bool is_merge_key() {
    if (event_.type() != YAML_SCALAR_EVENT) return false;
    const auto& data = event_.get().data.scalar;
    return data.style == YAML_PLAIN_SCALAR_STYLE && yaml_text(data.value) == "<<";
  }

  /// As yaml.v2: what is merged replaces what stands before it; in a list the first map wins.
  static bool merge(json::object& into, const json::value& from) {
    if (const auto* map = from.if_object()) {
      for (const auto& member : *map) into.insert_or_assign(member.key(), member.value());
      return true;
    }
    const auto* list = from.if_array();
    if (list == nullptr) return false;
    // Not views::reverse, which clang 14 cannot compile.
    // NOLINTNEXTLINE(modernize-loop-convert)
    for (auto item = list->rbegin(); item != list->rend(); ++item) {
      if (!item->is_object() || !merge(into, *item)) return false;
    }
    return true;
  }

  YamlParser parser_;
  YamlEvent event_;
  std::size_t text_bytes_;
  std::size_t first_line_;
  ReadingBudget& budget_;
  Aliases aliases_;
  std::size_t nodes_ = 0;
  std::map<std::string, Anchor> anchors_;
};

}  // namespace

Result<std::vector<json::value>> read_yaml(std::string_view text, std::size_t first_line) {
  ReadingBudget budget(text.size());
  return read_yaml(text, first_line, budget, Aliases::expanded);
}

Result<std::vector<json::value>> read_yaml_as_it_is(std::string_view text) {
  ReadingBudget budget(text.size());
  return read_yaml_as_it_is(text, budget);
}

Result<std::vector<json::value>> read_yaml_as_it_is(std::string_view text, ReadingBudget& budget) {
  return Reader(text, 1, budget, Aliases::expanded, YamlLastLine::as_it_is).documents();
}

Result<std::vector<json::value>> read_yaml(std::string_view text, std::size_t first_line,
                                           ReadingBudget& budget, Aliases aliases) {
  return Reader(text, first_line, budget, aliases).documents();
}

}  // namespace bulla
