// SPDX-License-Identifier: Apache-2.0
#include "template/template.hpp"

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
  Context context(options.clock, options.random, options.limits);
  const auto data = context.new_dict(Type::string_dict);
  for (const auto& [key, value] : items)
    data->set(key, Value::string(value.expose_secret_text()).as_secret());
  SecretBuffer out;
  Evaluator evaluator(*tree_, context, out);
  if (auto ran = evaluator.run(Value::dict(data)); !ran) return ran.error();
  return out;
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
