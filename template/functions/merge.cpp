// SPDX-License-Identifier: Apache-2.0
#include "template/functions/common.hpp"

// Merging maps as Go's mergo (1.0) does it, with its likes and dislikes: maps within maps are
// merged in place, lists are not merged, an empty value counts as missing, and what is merged in is
// shared, not copied.
namespace bulla::tmpl {
namespace {

constexpr std::string_view different_types = "src and dst must be of same type";

/// What mergo takes for empty: as sprig's `empty`.
bool is_absent(const Value* value) { return value == nullptr || is_empty(*value); }

bool is_pointer(const Value& value) noexcept {
  return value.type() == Type::version || value.type() == Type::location;
}

bool is_struct(const Value& value) noexcept { return kind_name(value.type()) == "struct"; }

bool is_slice(const Value& value) noexcept {
  return is_list(value.type()) || value.type() == Type::bytes;
}

class Merge {
 public:
  Merge(Context& context, bool overwrite) noexcept
      : context_(context), overwrite_(overwrite), levels_left_(context.limits().nesting_max) {}

  Result<void> merge(Dict& into, const Dict& from) {
    if (&into == &from) return {};
    if (levels_left_ == 0)
      return Error{Errc::invalid_input, "values are nested too deeply to merge them"};
    if (auto spent = context_.spend_steps(1 + from.items.size()); !spent) return spent;
    --levels_left_;
    for (const auto& [key, value] : from.items) {
      if (auto merged = merge_item(into, from, key.view(), value); !merged) return merged;
    }
    ++levels_left_;
    return context_.afford_items(into.items.size());
  }

 private:
  Result<void> merge_item(Dict& into, const Dict& from, std::string_view key, const Value& value) {
    const auto* present = into.find(key);
    if (value.is_nil()) return overwrite_ ? put(into, from, key, value) : Result<void>();
    if (present != nullptr) {
      if (auto merged = merge_within(*present, value); !merged) return merged;
      const bool both_maps = is_dict(value.type()) && is_dict(present->type());
      if (!is_empty(*present) && (both_maps || (is_slice(value) && !overwrite_))) return {};
    }
    return overwrite_ || is_absent(present) ? put(into, from, key, value) : Result<void>();
  }

  /// Where both values have an inside, merges into that of the first.
  Result<void> merge_within(const Value& present, const Value& value) {
    if (is_dict(present.type()) && is_dict(value.type())) {
      if (present.is_nil_container()) return {};
      return merge(*present.shared_dict(), value.as_dict());  // the run keeps all its dicts
    }
    const bool other_inside = is_dict(value.type()) || is_struct(value);
    if (is_pointer(present) && other_inside && !overwrite_)
      return Error{Errc::invalid_input, std::string(different_types)};
    return {};
  }

  /// Go knows elements of a map[string]interface {} as interfaces, whatever they hold.
  static Result<void> put(Dict& into, const Dict& from, std::string_view key, const Value& value) {
    if (into.type == Type::string_dict && from.type != Type::string_dict) {
      return Error{Errc::invalid_input,
                   "reflect.Value.SetMapIndex: value of type interface {} is not assignable to "
                   "type string"};
    }
    into.set(key, value);
    return {};
  }

  Context& context_;
  bool overwrite_;
  std::size_t levels_left_;
};

/// Merges the other arguments into the first. `swallows` turns what can't be merged into an empty
/// text, as sprig does, but no reached bound.
Result<Value> merge_all(Context& context, Arguments arguments, bool overwrite, bool swallows) {
  auto into = arguments[0];
  for (const auto& from : arguments.subspan(1)) {
    if (from.is_nil_container()) continue;
    if (into.is_nil_container()) into = Value::dict(context.new_dict());
    auto merged = Merge(context, overwrite).merge(*into.shared_dict(), from.as_dict());
    if (merged) continue;
    if (swallows && merged.error().message == different_types) return Value::string("");
    return std::move(merged).error();
  }
  return into;
}

Result<Value> merge(Context& context, Arguments arguments) {
  return merge_all(context, arguments, false, true);
}
Result<Value> must_merge(Context& context, Arguments arguments) {
  return merge_all(context, arguments, false, false);
}
Result<Value> merge_overwrite(Context& context, Arguments arguments) {
  return merge_all(context, arguments, true, true);
}
Result<Value> must_merge_overwrite(Context& context, Arguments arguments) {
  return merge_all(context, arguments, true, false);
}

constexpr auto a_dict = Type::any_dict;

constexpr Function table[] = {
    {"merge", {{a_dict}, a_dict}, merge},
    {"mergeOverwrite", {{a_dict}, a_dict}, merge_overwrite},
    {"mustMerge", {{a_dict}, a_dict}, must_merge},
    {"mustMergeOverwrite", {{a_dict}, a_dict}, must_merge_overwrite},
};

}  // namespace

std::span<const Function> merge_functions() noexcept { return table; }

}  // namespace bulla::tmpl
