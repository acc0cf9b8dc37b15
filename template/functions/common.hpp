// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "template/context.hpp"
#include "template/format.hpp"
#include "template/function.hpp"
#include "template/go/quoting.hpp"
#include "template/go/regexp.hpp"

// What the groups of functions share.
namespace bulla::tmpl {

/// sprig's strval: the text of a string or of bytes, else what printing it gives.
[[nodiscard]] Result<Text> text_of(const Context& context, const Value& value);

/// sprig's strslice: a list's elements as texts, nil ones left out; anything else alone.
[[nodiscard]] Result<std::vector<Text>> texts_of(const Context& context, const Value& value);

/// A []string of pieces; nil if there are none to be had.
[[nodiscard]] Value string_list(const std::optional<std::vector<std::string_view>>& pieces);
[[nodiscard]] Value string_list(const std::vector<Text>& pieces);

/// The elements of a list, a []byte's too. The value is a list or bytes.
[[nodiscard]] Values elements_of(const Value& value);

/// What sprig's `empty` says: nil, zero, false, and what has no elements.
[[nodiscard]] bool is_empty(const Value& value);

/// reflect.DeepEqual: same types, same contents. Errors: a bound was reached.
[[nodiscard]] Result<bool> deep_equal(Context& context, const Value& a, const Value& b);

/// What sprig's `int64` and `float64` make of a value.
[[nodiscard]] std::int64_t to_int64(const Value& value);
[[nodiscard]] double to_float64(const Value& value);

/// Whether errors may quote the arguments.
[[nodiscard]] inline go::Quoting quoting(const Context& context) noexcept {
  return context.secret_arguments() ? go::Quoting::forbidden : go::Quoting::allowed;
}

/// The value of a result, or its error.
[[nodiscard]] inline Result<Value> string_value(Result<SecretBuffer> text) {
  if (!text) return std::move(text).error();
  return Value::string(std::move(*text));
}

/// Lets Go's regular expressions and the like charge what they do to the run.
class ContextEffort final : public go::Effort {
 public:
  explicit ContextEffort(Context& context) noexcept : context_(context) {}
  Result<void> spend_steps(std::size_t steps) override { return context_.spend_steps(steps); }
  Result<void> afford_text(std::size_t bytes) override { return context_.afford_text(bytes); }
  Result<void> afford_items(std::size_t items) override { return context_.afford_items(items); }

 private:
  Context& context_;
};

}  // namespace bulla::tmpl
