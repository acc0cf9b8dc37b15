// SPDX-License-Identifier: Apache-2.0
#include "template/template.hpp"

#include <utility>

#include "template/evaluator.hpp"
#include "template/format.hpp"
#include "template/parser.hpp"
#include "template/runes.hpp"
#include "template/tree.hpp"

namespace bulla::tmpl {

Template::Template(std::unique_ptr<const Tree> tree) noexcept : tree_(std::move(tree)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view name, std::string_view text) {
  auto tree = std::make_unique<Tree>();
  auto parsed = parse_tree(name, text);
  if (!parsed) return parsed.error();
  *tree = std::move(*parsed);
  return Template(std::move(tree));
}

Result<SecretBuffer> Template::run(const Items& items, const RunOptions& options) const {
  return Session(items, options).run(*this);
}

struct Session::State {
  explicit State(const RunOptions& how)
      : options(how),
        budget(options.limits, how.time),
        data(options.clock, options.random, budget) {}

  /// `error`, or that there was one, if a value may have chosen it.
  [[nodiscard]] Error shown(Error error, bool chosen) {
    hid_error = chosen && options.errors == RunErrors::guarded;
    if (!hid_error) return error;
    return {Errc::invalid_input,
            "the template failed; why depends on sealed values, so it is not said here: "
            "kubeseal --recovery-unseal says it"};
  }

  RunOptions options;
  Budget budget;
  Context data;  ///< owns `items`
  std::shared_ptr<Dict> items;
  Steering steering;
  bool hid_error = false;
};

Session::Session(const Items& items, const RunOptions& options)
    : state_(std::make_unique<State>(options)) {
  const AllocationBudget::Scope scope(state_->budget.memory());
  try {
    auto data = state_->data.new_dict(Type::string_dict);
    for (const auto& [key, value] : items)
      data->set(key, Value::string(value.expose_secret_text()).as_secret());
    state_->items = std::move(data);
  } catch (const std::bad_alloc&) {  // run() says so
  }
}
Session::~Session() = default;

bool Session::reached_a_bound() const noexcept { return state_->budget.reached_a_bound(); }

bool Session::hid_last_error() const noexcept { return state_->hid_error; }

Result<Template> Session::parse_within_budget(std::string_view name, std::string_view text) {
  const AllocationBudget::Scope scope(state_->budget.memory());
  try {
    return Template::parse(name, text);
  } catch (const AllocationBudget::Exceeded&) {
    return state_->budget.out_of_memory();
  }
}

Result<Template> Session::parse(std::string_view name, std::string_view text) {
  auto program = parse_within_budget(name, text);
  if (!program) return state_->shown(std::move(program).error(), false);
  const auto work = text.size() / bytes_a_step + program->tree_->tokens;
  if (auto spent = state_->budget.spend_steps(work); !spent)
    return state_->shown(std::move(spent).error(), state_->steering.measured);
  return program;
}

Result<SecretBuffer> Session::run(const Template& program) {
  auto& state = *state_;
  if (state.items == nullptr) return state.shown(state.budget.out_of_memory(), false);
  const AllocationBudget::Scope scope(state.budget.memory());
  Context context(state.options.clock, state.options.random, state.budget);
  SecretBuffer out;
  Evaluator evaluator(*program.tree_, context, state.options.errors, state.steering, out);
  auto ran = evaluator.run(Value::dict(state.items));
  if (ran) return out;
  state.steering.decided = state.steering.decided || state.steering.measured;
  return state.shown(std::move(ran).error(), evaluator.failed_steered());
}

Result<SecretBuffer> Session::run(Template&& program) {
  auto ran = run(std::as_const(program));
  const AllocationBudget::Scope scope(state_->budget.memory());
  program.tree_.reset();
  return ran;
}

std::string Template::source() const {
  std::string out;
  for (const auto& [name, root] : tree_->templates) {
    if (name == tree_->name) continue;
    out += "{{define " + go_quoted(name) + "}}" + to_source(*root) + "{{end}}";
  }
  return out + to_source(*tree_->templates.at(tree_->name));
}

bool is_true(const Value& value) {
  const auto type = value.type();
  if (value.is_nil()) return false;
  if (type == Type::string || type == Type::bytes) return !value.as_text().empty();
  if (is_list(type)) return !value.items().empty();
  if (is_dict(type)) return !value.as_dict().items.empty();
  if (is_signed_integer(type)) return value.as_integer() != 0;
  if (is_unsigned_integer(type)) return value.as_unsigned_integer() != 0;
  if (type == Type::boolean) return value.as_boolean();
  if (type == Type::float64) return value.as_real() != 0;
  if (type == Type::complex128) return value.as_complex() != std::complex<double>();
  return true;
}

}  // namespace bulla::tmpl
