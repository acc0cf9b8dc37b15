// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.hpp"

namespace bulla::tmpl {

/// Every type that a value of a template, or a parameter of a function, can have. The names follow
/// Go's: a program can ask for them (`typeOf`, `printf "%T"`), and errors show them.
enum class Type : std::uint8_t {
  nil,      ///< no type: an untyped nil, or no value at all
  boolean,  ///< bool
  int_,     ///< int: literals, lengths, indices
  int64,    ///< what the arithmetic functions give
  uint8,    ///< a byte of a string
  uint32,   ///< parameters only
  uint64,
  float64,
  complex128,
  string,
  bytes,          ///< []uint8
  any_list,       ///< []interface {}
  string_list,    ///< []string
  int_list,       ///< []int
  list_list,      ///< [][]interface {}
  any_dict,       ///< map[string]interface {}
  string_dict,    ///< map[string]string
  time,           ///< time.Time, an Object
  duration,       ///< time.Duration, an integer of nanoseconds
  month,          ///< time.Month, an integer from 1
  weekday,        ///< time.Weekday, an integer from 0, Sunday
  location,       ///< *time.Location, an Object
  certificate,    ///< sprig.certificate, an Object
  version,        ///< *semver.Version, an Object
  version_value,  ///< semver.Version, an Object
  any,            ///< interface {}: parameters and elements only, never the type of a value
  reflected,      ///< parameters of Go's own functions: any, and knows "no value" from nil
};

/// As Go's %T prints it: "int", "[]interface {}", "map[string]string", "*semver.Version". Of `nil`:
/// "<nil>".
[[nodiscard]] std::string_view type_name(Type type) noexcept;
/// As Go's reflect.Kind prints it: "int", "slice", "map", "struct", "ptr". Of `nil`: "invalid".
[[nodiscard]] std::string_view kind_name(Type type) noexcept;

/// int_, int64, duration, month, weekday: stored as int64.
[[nodiscard]] bool is_signed_integer(Type type) noexcept;
/// uint8, uint32, uint64: stored as uint64.
[[nodiscard]] bool is_unsigned_integer(Type type) noexcept;
/// any_list, string_list, int_list, list_list (not bytes).
[[nodiscard]] bool is_list(Type type) noexcept;
[[nodiscard]] bool is_dict(Type type) noexcept;
/// The static type of a list's or dict's elements: any, string, int_ or any_list.
[[nodiscard]] Type element_type(Type container) noexcept;

/// A string that many values may share. Immutable; its memory is zeroed when the last one goes.
/// Bytes of any kind, as a Go string.
class Text {
 public:
  Text() noexcept = default;
  explicit Text(std::string_view text);
  explicit Text(SecretBuffer text);

  /// Valid as long as some copy of this Text lives.
  [[nodiscard]] std::string_view view() const noexcept {
    return bytes_ ? bytes_->expose_secret_text() : std::string_view("");
  }

  friend bool operator==(const Text& a, const Text& b) noexcept { return a.view() == b.view(); }

 private:
  std::shared_ptr<const SecretBuffer> bytes_;
};

/// Orders texts by their bytes, as Go orders map keys; finds by std::string_view too.
struct TextOrder {
  using is_transparent = void;
  bool operator()(const Text& a, const Text& b) const noexcept { return a.view() < b.view(); }
  bool operator()(const Text& a, std::string_view b) const noexcept { return a.view() < b; }
  bool operator()(std::string_view a, const Text& b) const noexcept { return a < b.view(); }
};

class Value;
using Values = std::vector<Value, WipingAllocator<Value>>;

/// A slice: immutable, since no function of the language changes one in place.
struct List;
/// A map from strings: shared by everything that refers to it and changed in place by `set`, as in
/// Go. Made by Context::new_dict only, which sees to it that cycles end with the run.
struct Dict;

/// What only the functions of its type know: a time, a certificate, a version. Immutable.
class Object {
 public:
  virtual ~Object() = default;
  [[nodiscard]] virtual Type type() const noexcept = 0;
  /// What the type's String method gives, which all printing uses; nothing if it has none, then
  /// it prints as a struct of its fields.
  [[nodiscard]] virtual std::optional<SecretBuffer> to_string() const = 0;
  /// What encoding/json writes, if the type has a say in it; else an object of its fields.
  [[nodiscard]] virtual std::optional<SecretBuffer> to_json() const = 0;
  /// The exported fields of a struct, in order.
  [[nodiscard]] virtual std::vector<std::pair<std::string_view, Value>> fields() const = 0;
  /// Equal in Go's reflect.DeepEqual; `other` has the same type().
  [[nodiscard]] virtual bool equals(const Object& other) const noexcept = 0;
};

/// A value of a running template. Cheap to copy: texts, lists, dicts and objects are shared.
///
/// Memory:  everything that can hold a secret is zeroed before it is released.
/// Access:  asking for what the value doesn't hold aborts; ask type() first. Functions get their
///          arguments checked against their signature.
/// Threads: as std::shared_ptr; a Dict must not be shared between threads.
class Value {
 public:
  Value() noexcept = default;  ///< nil
  [[nodiscard]] static Value boolean(bool value);
  [[nodiscard]] static Value integer(std::int64_t value) { return integer(Type::int_, value); }
  [[nodiscard]] static Value int64(std::int64_t value) { return integer(Type::int64, value); }
  [[nodiscard]] static Value integer(Type type, std::int64_t value);
  [[nodiscard]] static Value unsigned_integer(Type type, std::uint64_t value);
  [[nodiscard]] static Value real(double value);
  [[nodiscard]] static Value complex(std::complex<double> value);
  [[nodiscard]] static Value string(Text text);
  [[nodiscard]] static Value string(std::string_view text) { return string(Text(text)); }
  [[nodiscard]] static Value string(SecretBuffer text) { return string(Text(std::move(text))); }
  [[nodiscard]] static Value bytes(Text text);
  [[nodiscard]] static Value list(Type type, Values items);
  [[nodiscard]] static Value list(Values items) { return list(Type::any_list, std::move(items)); }
  [[nodiscard]] static Value dict(std::shared_ptr<Dict> dict);
  [[nodiscard]] static Value object(std::shared_ptr<const Object> object);
  /// A nil slice or map: has the type, has no elements, is `null` in JSON.
  [[nodiscard]] static Value nil_of(Type type);

  /// The same value, known to come from the items (or from chance): nothing of it may show in an
  /// error. The evaluator marks what the items give, and what functions make of it.
  [[nodiscard]] Value as_secret() const {
    Value out = *this;
    out.secret_ = true;
    return out;
  }
  [[nodiscard]] bool is_secret() const noexcept { return secret_; }

  [[nodiscard]] Type type() const noexcept { return type_; }
  [[nodiscard]] bool is_nil() const noexcept { return type_ == Type::nil; }
  /// A slice or map that is nil (see nil_of).
  [[nodiscard]] bool is_nil_container() const noexcept;
  [[nodiscard]] bool is_string() const noexcept { return type_ == Type::string; }

  [[nodiscard]] bool is_object() const noexcept {
    return std::holds_alternative<std::shared_ptr<const Object>>(data_);
  }

  [[nodiscard]] bool as_boolean() const;
  [[nodiscard]] std::int64_t as_integer() const;            ///< is_signed_integer(type())
  [[nodiscard]] std::uint64_t as_unsigned_integer() const;  ///< is_unsigned_integer(type())
  [[nodiscard]] double as_real() const;
  [[nodiscard]] std::complex<double> as_complex() const;
  /// Of a string or of bytes; valid as long as a copy of this value lives.
  [[nodiscard]] std::string_view as_text() const { return text().view(); }
  [[nodiscard]] const Text& text() const;
  /// Of a list; empty for a nil one.
  [[nodiscard]] const Values& items() const;
  [[nodiscard]] const List& as_list() const;
  /// Lists within lists: 0 of what is no list. Dicts aren't looked into.
  [[nodiscard]] std::size_t depth() const noexcept;
  /// Of a dict. A nil one reads as empty, and must not be written to.
  [[nodiscard]] const Dict& as_dict() const;
  [[nodiscard]] const std::shared_ptr<Dict>& shared_dict() const;
  [[nodiscard]] const Object& as_object() const;

 private:
  using Data = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                            std::complex<double>, Text, std::shared_ptr<const List>,
                            std::shared_ptr<Dict>, std::shared_ptr<const Object>>;
  Value(Type type, Data data) noexcept : type_(type), data_(std::move(data)) {}

  Type type_ = Type::nil;
  bool secret_ = false;
  Data data_;
};

struct List {
  Values items;
  std::size_t depth = 1;     ///< lists within lists, this one counted
  std::size_t weight = 0;    ///< see below; of what is not a dict
  bool holds_dicts = false;  ///< at any depth
};

struct Dict {
  using Items = std::map<Text, Value, TextOrder, WipingAllocator<std::pair<const Text, Value>>>;

  Type type = Type::any_dict;
  bool secret = false;  ///< as Value::is_secret, of all that is in it
  Items items;

  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
  void set(std::string_view key, Value value);
};

/// What an element of a list or dict counts for, beside its text.
constexpr std::size_t item_weight = 8;
/// How much there is to look at in a value: the bytes of its texts, at any depth and as often as
/// they stand there, and `item_weight` an element. Looks no further than to `most`.
[[nodiscard]] std::size_t weight(const Value& value, std::size_t most) noexcept;

/// Whether something in `value` is secret, at any depth; also true where looking takes too long.
[[nodiscard]] bool holds_secret(const Value& value) noexcept;

}  // namespace bulla::tmpl
