// SPDX-License-Identifier: Apache-2.0
#include "template/functions/common.hpp"

// Types, and what depends on nothing but them.
namespace bulla::tmpl {
namespace {

Result<Value> type_of(Context&, Arguments arguments) {
  return Value::string(type_name(arguments[0].type()));
}
Result<Value> type_is(Context&, Arguments arguments) {
  return Value::boolean(arguments[0].as_text() == type_name(arguments[1].type()));
}
Result<Value> type_is_like(Context&, Arguments arguments) {
  auto type = type_name(arguments[1].type());
  if (arguments[0].as_text() == type) return Value::boolean(true);
  // A pointer to it is like it.
  return Value::boolean(type.starts_with('*') && arguments[0].as_text() == type.substr(1));
}
Result<Value> kind_of(Context&, Arguments arguments) {
  return Value::string(kind_name(arguments[0].type()));
}
Result<Value> kind_is(Context&, Arguments arguments) {
  return Value::boolean(arguments[0].as_text() == kind_name(arguments[1].type()));
}

Result<Value> equals(Context& context, Arguments arguments) {
  auto same = deep_equal(context, arguments[0], arguments[1]);
  if (!same) return std::move(same).error();
  return Value::boolean(*same);
}

/// Copies maps, which are the only thing that can change, and the lists that hold them.
class Copy {
 public:
  explicit Copy(Context& context) noexcept
      : context_(context), levels_left_(context.limits().nesting_max) {}

  Result<Value> copy(const Value& value) {
    const bool container = is_list(value.type()) || is_dict(value.type());
    if (!container || value.is_nil_container()) return value;
    if (levels_left_ == 0)
      return Error{Errc::invalid_input, "values are nested too deeply to copy them"};
    const auto items = is_list(value.type()) ? value.items().size() : value.as_dict().items.size();
    if (auto spent = context_.spend_steps(1 + items); !spent) return std::move(spent).error();
    --levels_left_;
    auto out = is_list(value.type()) ? copy_list(value) : copy_dict(value);
    ++levels_left_;
    return out;
  }

 private:
  Result<Value> copy_list(const Value& value) {
    Values out;
    for (const auto& item : value.items()) {
      auto copied = copy(item);
      if (!copied) return copied;
      out.push_back(std::move(*copied));
    }
    return Value::list(value.type(), std::move(out));
  }

  Result<Value> copy_dict(const Value& value) {
    auto out = context_.new_dict(value.type());
    for (const auto& [key, item] : value.as_dict().items) {
      auto copied = copy(item);
      if (!copied) return copied;
      out->set(key.view(), std::move(*copied));
    }
    auto result = Value::dict(std::move(out));
    if (auto spent = context_.spend(result); !spent) return std::move(spent).error();
    return result;
  }

  Context& context_;
  std::size_t levels_left_;
};

Result<Value> deep_copy(Context& context, Arguments arguments) {
  if (arguments[0].is_nil())
    return context.failure("reflect: call of reflect.Value.Type on zero Value");
  return Copy(context).copy(arguments[0]);
}

constexpr Function table[] = {
    {"deepCopy", {Type::any}, deep_copy},
    {"deepEqual", {Type::any, Type::any}, equals},
    {"kindIs", {Type::string, Type::any}, kind_is},
    {"kindOf", {Type::any}, kind_of},
    {"mustDeepCopy", {Type::any}, deep_copy},
    {"typeIs", {Type::string, Type::any}, type_is},
    {"typeIsLike", {Type::string, Type::any}, type_is_like},
    {"typeOf", {Type::any}, type_of},
};

}  // namespace

std::span<const Function> reflection_functions() noexcept { return table; }

}  // namespace bulla::tmpl
