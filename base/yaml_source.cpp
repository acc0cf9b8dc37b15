// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_source.hpp"

#include <algorithm>

#include "base/yaml.hpp"
#include "base/yaml_parser.hpp"

namespace bulla {

namespace {

/// libyaml counts the characters that it gets (YamlInput); a text is cut by bytes.
class ByteOffsets {
 public:
  explicit ByteOffsets(std::string_view text) : text_(text) {
    std::size_t index = 0;
    for (auto at = yaml_mark_size(text, 0); at < text.size(); at = next(at), ++index) {
      if (index % stride == 0) known_.push_back(at);
    }
    if (known_.empty()) known_.push_back(0);
  }

  [[nodiscard]] std::size_t of(std::size_t index) const {
    const auto block = std::min(index / stride, known_.size() - 1);
    std::size_t at = known_[block];
    for (auto left = index - block * stride; left > 0 && at < text_.size(); --left) at = next(at);
    return at;
  }

 private:
  static constexpr std::size_t stride = 64;

  [[nodiscard]] std::size_t next(std::size_t at) const {
    for (++at; at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80;) ++at;
    return at + yaml_mark_size(text_, at);
  }

  std::string_view text_;
  std::vector<std::size_t> known_;  // where every stride-th character stands
};

YamlNode::Kind kind_of(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return YamlNode::Kind::single_quoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return YamlNode::Kind::double_quoted;
    case YAML_LITERAL_SCALAR_STYLE:
    case YAML_FOLDED_SCALAR_STYLE: return YamlNode::Kind::block;
    default: return YamlNode::Kind::plain;
  }
}

/// What `event`, a scalar, is called as a key.
std::optional<std::string> key_name(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const std::string_view text{reinterpret_cast<const char*>(scalar.value), scalar.length};
  if (scalar.tag != nullptr) return std::nullopt;
  if (scalar.plain_implicit == 0) return std::string(text);
  const auto name = yaml_key_text(resolve_yaml_scalar(text));
  return name ? std::optional(std::string(name->expose_secret_text())) : std::nullopt;
}

class Mapper {
 public:
  explicit Mapper(std::string_view text) : text_(text), offsets_(text), parser_(text) {}

  std::optional<YamlNode> document() {
    if (!advance_to(YAML_STREAM_START_EVENT) || !advance_to(YAML_DOCUMENT_START_EVENT) ||
        !advance())
      return std::nullopt;
    auto root = node();
    if (!root || !advance_to(YAML_DOCUMENT_END_EVENT) || !advance_to(YAML_STREAM_END_EVENT))
      return std::nullopt;
    return root;
  }

 private:
  bool advance() { return parser_.next(event_); }
  bool advance_to(yaml_event_type_t type) { return advance() && event_.type() == type; }

  /// The node that the current event starts; leaves its last event current.
  std::optional<YamlNode> node() {
    YamlNode out;
    const auto& event = event_.get();
    out.begin = offsets_.of(event.start_mark.index);
    out.end = offsets_.of(event.end_mark.index);
    out.line = event.start_mark.line;
    out.column = event.start_mark.column;
    switch (event.type) {
      case YAML_ALIAS_EVENT: out.kind = YamlNode::Kind::alias; return out;
      case YAML_SCALAR_EVENT: scalar(out); return out;
      case YAML_SEQUENCE_START_EVENT: return list(std::move(out));
      case YAML_MAPPING_START_EVENT: return map(std::move(out));
      default: return std::nullopt;
    }
  }

  void scalar(YamlNode& out) {
    const auto& data = event_.get().data.scalar;
    out.kind = kind_of(data.style);
    out.marked = data.anchor != nullptr || data.tag != nullptr;
    out.null =
        data.tag == nullptr && data.plain_implicit != 0 &&
        resolve_yaml_scalar({reinterpret_cast<const char*>(data.value), data.length}).is_null();
    if (out.kind != YamlNode::Kind::block) return;
    // libyaml's block scalars end where the next line with something on it begins.
    const auto last = text_.substr(0, out.end).find_last_not_of(" \t\r\n");
    out.end = std::max(out.begin, last == std::string_view::npos ? 0 : last + 1);
  }

  std::optional<YamlNode> list(YamlNode out) {
    out.kind = YamlNode::Kind::list;
    out.flow = event_.get().data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    for (;;) {
      if (!advance()) return std::nullopt;
      if (event_.type() == YAML_SEQUENCE_END_EVENT) break;
      const auto item = node();
      if (!item) return std::nullopt;
      out.end = item->end;
    }
    close(out);
    return out;
  }

  std::optional<YamlNode> map(YamlNode out) {
    const auto& start = event_.get().data.mapping_start;
    out.marked = start.anchor != nullptr || start.tag != nullptr;
    out.kind = YamlNode::Kind::map;
    out.flow = start.style == YAML_FLOW_MAPPING_STYLE;
    for (;;) {
      if (!advance()) return std::nullopt;
      if (event_.type() == YAML_MAPPING_END_EVENT) break;
      // With an anchor or a tag in front, the map's own mark is not that of its first key.
      if (out.entries.empty() && out.marked) out.column = event_.get().start_mark.column;
      auto name = event_.type() == YAML_SCALAR_EVENT ? key_name(event_.get()) : std::nullopt;
      const auto key = node();
      if (!key || !advance()) return std::nullopt;
      auto value = node();
      if (!value) return std::nullopt;
      out.end = std::max(key->end, value->end);
      out.entries.push_back({std::move(name), std::move(*value)});
    }
    close(out);
    return out;
  }

  /// Brackets have an end of their own; a block ends with what is last in it.
  void close(YamlNode& out) {
    if (out.flow) out.end = offsets_.of(event_.get().end_mark.index);
  }

  std::string_view text_;
  ByteOffsets offsets_;
  YamlParser parser_;
  YamlEvent event_;
};

}  // namespace

std::optional<YamlNode> map_yaml(std::string_view text) {
  ReadingBudget budget(text.size());
  return map_yaml(text, budget);
}

std::optional<YamlNode> map_yaml(std::string_view text, ReadingBudget& budget) {
  const AllocationBudget::Scope scope(budget.memory());
  try {
    const AllocationBudget::Reserved parser(yaml_parser_bytes_per_byte * text.size());
    return Mapper(text).document();
  } catch (const AllocationBudget::Exceeded&) {
    return std::nullopt;
  }
}

}  // namespace bulla
