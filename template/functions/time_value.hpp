// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "template/go/time.hpp"
#include "template/value.hpp"

namespace bulla::tmpl {

/// A time.Time as a value.
class TimeObject final : public Object {
 public:
  explicit TimeObject(go::Time time) : time_(std::move(time)) {}
  [[nodiscard]] const go::Time& time() const noexcept { return time_; }

  [[nodiscard]] Type type() const noexcept override { return Type::time; }
  [[nodiscard]] std::optional<SecretBuffer> to_string() const override;
  [[nodiscard]] std::optional<SecretBuffer> to_json() const override;
  [[nodiscard]] std::vector<std::pair<std::string_view, Value>> fields() const override {
    return {};
  }
  [[nodiscard]] bool equals(const Object& other) const noexcept override;

 private:
  go::Time time_;
};

[[nodiscard]] Value time_value(go::Time time);
/// Of a value of Type::time.
[[nodiscard]] const go::Time& as_time(const Value& value);

}  // namespace bulla::tmpl
