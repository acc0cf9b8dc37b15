// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/context.hpp"
#include "template/function.hpp"
#include "template/tree.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

/// A value while it is evaluated: what Go's reflect.Value knows beside the value itself.
struct Operand {
  enum class Form : std::uint8_t {
    absent,     ///< no argument came through the pipeline
    invalid,    ///< no value: a missing key, an untyped nil
    concrete,   ///< a value of its own type
    interface,  ///< an element of static type interface {}: a value, or nil
  };

  Form form = Form::invalid;
  Value value;

  [[nodiscard]] static Operand absent() { return {Form::absent, {}}; }
  /// What a function returned: nil is no value.
  [[nodiscard]] static Operand of(Value value) {
    const auto form = value.is_nil() ? Form::invalid : Form::concrete;
    return {form, std::move(value)};
  }
  /// An element of a list or dict: of its static type, and secret with it.
  [[nodiscard]] static Operand element(const Value& container, const Value& value);

  [[nodiscard]] bool is_absent() const noexcept { return form == Form::absent; }
  /// As errors name it.
  [[nodiscard]] std::string_view type_text() const noexcept {
    return type_name(form == Form::interface ? Type::any : value.type());
  }
};

/// What secret values have had a say in, so far, in the programs of one object. An error must not
/// show more than that there was one, where a value may have chosen it: programs could spell values
/// with their errors.
struct Steering {
  bool decided = false;   ///< a branch, a loop, or whether a function failed
  bool measured = false;  ///< the work or the output: whether a bound is reached, and where
};

/// One run of one template. The order in which nodes are marked with at() decides which place an
/// error names; it is the reference's.
class Evaluator {
 public:
  /// What is noted in `steering` is never cleared.
  Evaluator(const Tree& tree, Context& context, RunErrors errors, Steering& steering,
            SecretBuffer& out) noexcept
      : tree_(tree),
        context_(context),
        errors_(errors),
        steering_(steering),
        out_(out),
        name_(tree.name) {}

  Result<void> run(const Value& data);
  /// Whether a secret value may have chosen the error that run() returned.
  [[nodiscard]] bool failed_steered() const noexcept { return failed_steered_; }

 private:
  enum class Flow { next, break_, continue_ };
  struct Variable {
    std::string_view name;
    Operand operand;
  };

  // evaluator_walk.cpp: what a template writes
  Result<void> walk_root(const Value& data);
  Result<Flow> walk(const Operand& dot, const Node& node);
  Result<Flow> walk_list(const Operand& dot, const ListNode& list);
  Result<Flow> walk_if_or_with(const Operand& dot, const BranchNode& node);
  Result<Flow> walk_range(const Operand& dot, const BranchNode& node);
  Result<bool> range_over(const BranchNode& node, const Value& value);
  Result<bool> range_over_dict(const BranchNode& node, const Value& value);
  Result<bool> range_over_number(const BranchNode& node, const Value& value);
  /// One turn of a loop; false after {{break}}.
  Result<bool> turn(const BranchNode& node, Operand index, const Operand& element);
  Result<Flow> walk_template(const Operand& dot, const TemplateNode& node);
  Result<void> print(const ActionNode& node, const Operand& operand);
  Result<void> write(std::string_view text);

  // evaluator.cpp: what expressions mean
  Result<Operand> evaluate_pipe(const Operand& dot, const PipeNode& pipe);
  Result<Operand> evaluate_command(const Operand& dot, const CommandNode& command,
                                   const Operand& last);
  Result<Operand> evaluate_field_node(const Operand& dot, const NamesNode& node,
                                      const CommandNode* command, const Operand& last);
  Result<Operand> evaluate_variable(const Operand& dot, const NamesNode& node,
                                    const CommandNode* command, const Operand& last);
  Result<Operand> evaluate_chain(const Operand& dot, const ChainNode& node,
                                 const CommandNode* command, const Operand& last);
  Result<Operand> evaluate_fields(const Operand& dot, Operand receiver, const Node& node,
                                  std::span<const std::string> names, const CommandNode* command,
                                  const Operand& last);
  Result<Operand> evaluate_field(const Operand& dot, const Operand& receiver, const Node& node,
                                 std::string_view name, const CommandNode* command,
                                 const Operand& last);
  Result<Operand> evaluate_number(const NumberNode& number);
  Result<Operand> literal_string(const StringNode& node);
  Result<void> assign(std::string_view name, const Operand& operand);
  [[nodiscard]] Result<Operand> variable(std::string_view name);

  // evaluator_call.cpp: calls and their arguments
  struct Call {
    const Function& function;
    std::string_view name;
    const Node& node;
    const CommandNode* command;  ///< null: no arguments
    const Value* receiver;       ///< of a method
  };
  Result<Operand> evaluate_function(const Operand& dot, const IdentifierNode& node,
                                    const Node& place, const CommandNode* command,
                                    const Operand& last);
  Result<Operand> call(const Operand& dot, const Call& call, const Operand& last);
  Result<Operand> run(const Call& call, Arguments arguments);
  Result<Value> run_guarded(const Function& function, Arguments arguments);
  [[nodiscard]] Error call_failed(const Call& call, bool secret, const Error& why);
  void note_call(const Function& function, bool secret) noexcept;
  Result<Operand> call_logic(const Operand& dot, const Call& call, const Operand& last);
  Result<void> check_count(const Call& call, std::size_t given, bool piped);
  Result<Value> evaluate_argument(const Operand& dot, Type type, const Node& node);
  Result<Value> literal_argument(Type type, const Node& node);
  Result<Value> validate(const Operand& operand, Type type);

  // --- errors and bounds ---
  void at(const Node& node) noexcept { node_ = &node; }
  /// The error at the node that was marked last.
  [[nodiscard]] Error error(std::string_view what);
  [[nodiscard]] Error too_deep();
  /// Notes that `value` decides what happens next.
  void decided_by(const Value& value) noexcept {
    steering_.decided = steering_.decided || holds_secret(value);
  }
  Result<void> step();

  const Tree& tree_;
  Context& context_;
  RunErrors errors_;
  Steering& steering_;
  SecretBuffer& out_;
  bool failed_steered_ = false;
  std::string_view name_;  ///< of the template that runs
  const Node* node_ = nullptr;
  std::vector<Variable, WipingAllocator<Variable>> variables_;
  std::size_t depth_ = 0;
};

}  // namespace bulla::tmpl
