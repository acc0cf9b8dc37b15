// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/allocation_budget.hpp"

namespace bulla::tmpl {

enum class NodeKind : std::uint8_t {
  text,
  action,
  list,
  if_,
  range,
  with,
  template_,
  break_,
  continue_,
  pipe,
  command,
  identifier,
  variable,
  field,
  chain,
  dot,
  nil,
  boolean,
  number,
  string,
};

/// A piece of a parsed template. `position` counts bytes from the start of its text, and is where
/// errors point to.
struct Node {
  Node(NodeKind node_kind, std::size_t at) noexcept : kind(node_kind), position(at) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  // A tree counts in the budget of who parses it. With what a node keeps in vectors and names.
  // NOLINTNEXTLINE(misc-new-delete-overloads): it overlooks the operator delete with a size
  static void* operator new(std::size_t bytes) {
    AllocationBudget::count_allocation(bytes + parts_bytes);
    return ::operator new(bytes);
  }
  static void operator delete(void* node, std::size_t bytes) noexcept {
    ::operator delete(node);  // clang knows the one with a size only behind an option
    AllocationBudget::count_release(bytes + parts_bytes);
  }
  static constexpr std::size_t parts_bytes = 64;

  NodeKind kind;
  std::size_t position;
};
using NodePtr = std::unique_ptr<Node>;

/// The node as what its kind says it is.
template <class T>
[[nodiscard]] const T& as(const Node& node) noexcept {
  return static_cast<const T&>(node);
}

/// `.`, `nil`, `{{break}}`, `{{continue}}`: nothing but their kind.
using PlainNode = Node;

struct TextNode : Node {
  TextNode(std::size_t at, std::string_view node_text)
      : Node(NodeKind::text, at), text(node_text) {}
  std::string text;
};

struct ListNode : Node {
  explicit ListNode(std::size_t at) : Node(NodeKind::list, at) {}
  std::vector<NodePtr> nodes;
};

/// `$x` or `$x.a.b`; a field chain without the variable is a FieldNode.
struct NamesNode : Node {
  NamesNode(NodeKind node_kind, std::size_t at, std::vector<std::string> node_names)
      : Node(node_kind, at), names(std::move(node_names)) {}
  std::vector<std::string> names;  ///< of a variable, the first has the dollar sign
};

struct CommandNode : Node {
  explicit CommandNode(std::size_t at) : Node(NodeKind::command, at) {}
  std::vector<NodePtr> arguments;  ///< at least one
};

struct PipeNode : Node {
  explicit PipeNode(std::size_t at) : Node(NodeKind::pipe, at) {}
  bool is_assignment = false;  ///< `=` rather than `:=`
  std::vector<std::string> declared;
  std::vector<std::unique_ptr<CommandNode>> commands;
};

struct ActionNode : Node {
  ActionNode(std::size_t at, std::unique_ptr<PipeNode> action)
      : Node(NodeKind::action, at), pipe(std::move(action)) {}
  std::unique_ptr<PipeNode> pipe;
};

/// if, range or with.
struct BranchNode : Node {
  using Node::Node;
  std::unique_ptr<PipeNode> pipe;
  std::unique_ptr<ListNode> list;
  std::unique_ptr<ListNode> else_list;  ///< may be null
};

struct TemplateNode : Node {
  TemplateNode(std::size_t at, std::string template_name)
      : Node(NodeKind::template_, at), name(std::move(template_name)) {}
  std::string name;
  std::unique_ptr<PipeNode> pipe;  ///< may be null
};

struct IdentifierNode : Node {
  IdentifierNode(std::size_t at, std::string_view function)
      : Node(NodeKind::identifier, at), name(function) {}
  std::string name;
};

/// `(pipeline).a.b` or `function.a`.
struct ChainNode : Node {
  ChainNode(std::size_t at, NodePtr first) : Node(NodeKind::chain, at), node(std::move(first)) {}
  NodePtr node;
  std::vector<std::string> fields;
};

struct BooleanNode : Node {
  BooleanNode(std::size_t at, bool node_value) : Node(NodeKind::boolean, at), value(node_value) {}
  bool value;
};

/// A number under every type that can hold it, as Go's untyped constants.
struct NumberNode : Node {
  explicit NumberNode(std::size_t at) : Node(NodeKind::number, at) {}
  bool is_integer = false;
  bool is_unsigned = false;
  bool is_real = false;
  bool is_complex = false;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  double real = 0;
  std::complex<double> complex;
  std::string text;  ///< as written
};

struct StringNode : Node {
  StringNode(std::size_t at, std::string_view as_written, std::string unquoted)
      : Node(NodeKind::string, at), quoted(as_written), text(std::move(unquoted)) {}
  std::string quoted;
  std::string text;
};

/// A parsed text: the template of that name, and those that it defines.
struct Tree {
  std::string name;
  std::string text;
  std::size_t tokens = 0;  ///< of the text: what parsing took
  std::map<std::string, std::unique_ptr<ListNode>, std::less<>> templates;
};

/// The node as source text: what errors quote. Parsing it again gives the same tree.
[[nodiscard]] std::string to_source(const Node& node);

/// Nothing but white space.
[[nodiscard]] bool is_empty_tree(const ListNode& list) noexcept;

}  // namespace bulla::tmpl
