// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "template/functions/common.hpp"
#include "template/functions/json_text.hpp"
#include "template/go/semver.hpp"

// Semantic versions: the functions, and the methods of what they return.
namespace bulla::tmpl {
namespace {

/// Versions are compared part by part, by methods that cost one step.
constexpr std::size_t version_bytes_max = 4096;

/// A *semver.Version, or a semver.Version, which some methods return.
class VersionObject final : public Object {
 public:
  VersionObject(Type type, go::Version version) : type_(type), version_(std::move(version)) {}
  [[nodiscard]] const go::Version& version() const noexcept { return version_; }

  [[nodiscard]] Type type() const noexcept override { return type_; }
  [[nodiscard]] std::optional<SecretBuffer> to_string() const override {
    return version_.to_text();
  }
  [[nodiscard]] std::optional<SecretBuffer> to_json() const override {
    SecretBuffer out;
    append_json_string(out, version_.to_text().expose_secret_text(), false);
    return out;
  }
  [[nodiscard]] std::vector<std::pair<std::string_view, Value>> fields() const override {
    return {};
  }
  [[nodiscard]] bool equals(const Object& other) const noexcept override {
    if (other.type() != type_) return false;
    const auto& theirs = static_cast<const VersionObject&>(other).version_;
    return version_.compare(theirs) == 0 && version_.metadata == theirs.metadata &&
           version_.original == theirs.original;
  }

 private:
  Type type_;
  go::Version version_;
};

Value version_value(Type type, go::Version version) {
  return Value::object(std::make_shared<const VersionObject>(type, std::move(version)));
}

const go::Version& as_version(const Value& value) {
  BULLA_ASSERT(value.type() == Type::version || value.type() == Type::version_value);
  return static_cast<const VersionObject&>(value.as_object()).version();
}

Result<void> check_length(Context& context, const Value& text) {
  if (text.as_text().size() <= version_bytes_max) return {};
  return context.failure("the version is too long (at most " + std::to_string(version_bytes_max) +
                         " bytes)");
}

Result<Value> semver(Context& context, Arguments arguments) {
  if (auto good = check_length(context, arguments[0]); !good) return std::move(good).error();
  auto version = go::parse_version(arguments[0].as_text(), quoting(context));
  if (!version) return context.failure(version.error().message);
  return version_value(Type::version, std::move(*version));
}

Result<Value> semver_compare(Context& context, Arguments arguments) {
  const auto constraint = arguments[0].as_text();
  if (auto spent = context.spend_steps(20 + constraint.size()); !spent)
    return std::move(spent).error();
  for (const auto& argument : arguments) {
    if (auto good = check_length(context, argument); !good) return std::move(good).error();
  }
  // The constraint is read first: its fault is told where both are wrong.
  if (const auto readable = go::satisfies({}, constraint, quoting(context)); !readable)
    return context.failure(readable.error().message);
  auto version = go::parse_version(arguments[1].as_text(), quoting(context));
  if (!version) return context.failure(version.error().message);
  return Value::boolean(*go::satisfies(*version, constraint, quoting(context)));
}

// --- methods ------------------------------------------------------------------------------------

template <std::uint64_t go::Version::*number>
Result<Value> part(Context&, Arguments arguments) {
  return Value::unsigned_integer(Type::uint64, as_version(arguments[0]).*number);
}
template <SecretBuffer go::Version::*text>
Result<Value> text_part(Context&, Arguments arguments) {
  return Value::string((as_version(arguments[0]).*text).expose_secret_text());
}
Result<Value> string(Context&, Arguments arguments) {
  return Value::string(as_version(arguments[0]).to_text());
}

template <go::Version (go::Version::*next)() const>
Result<Value> increment(Context&, Arguments arguments) {
  return version_value(Type::version_value, (as_version(arguments[0]).*next)());
}

template <Result<go::Version> (go::Version::*changed)(std::string_view) const>
Result<Value> with_part(Context& context, Arguments arguments) {
  auto version = (as_version(arguments[0]).*changed)(arguments[1].as_text());
  if (!version) return context.failure(version.error().message);
  return version_value(Type::version_value, std::move(*version));
}

int order(Arguments arguments) {
  return as_version(arguments[0]).compare(as_version(arguments[1]));
}
Result<Value> compare(Context&, Arguments arguments) { return Value::integer(order(arguments)); }
Result<Value> equal(Context&, Arguments arguments) { return Value::boolean(order(arguments) == 0); }
Result<Value> less(Context&, Arguments arguments) { return Value::boolean(order(arguments) < 0); }
Result<Value> less_equal(Context&, Arguments arguments) {
  return Value::boolean(order(arguments) <= 0);
}
Result<Value> greater(Context&, Arguments arguments) {
  return Value::boolean(order(arguments) > 0);
}
Result<Value> greater_equal(Context&, Arguments arguments) {
  return Value::boolean(order(arguments) >= 0);
}

constexpr Function table[] = {
    {"semver", {Type::string}, semver},
    {"semverCompare", {Type::string, Type::string}, semver_compare},
};

constexpr auto a_version = Type::version;

constexpr Function pointer_methods[] = {
    {"Compare", {a_version, a_version}, compare},
    {"Equal", {a_version, a_version}, equal},
    {"GreaterThan", {a_version, a_version}, greater},
    {"GreaterThanEqual", {a_version, a_version}, greater_equal},
    {"IncMajor", {a_version}, increment<&go::Version::next_major>},
    {"IncMinor", {a_version}, increment<&go::Version::next_minor>},
    {"IncPatch", {a_version}, increment<&go::Version::next_patch>},
    {"LessThan", {a_version, a_version}, less},
    {"LessThanEqual", {a_version, a_version}, less_equal},
    {"Major", {a_version}, part<&go::Version::major>},
    {"Metadata", {a_version}, text_part<&go::Version::metadata>},
    {"Minor", {a_version}, part<&go::Version::minor>},
    {"Original", {a_version}, text_part<&go::Version::original>},
    {"Patch", {a_version}, part<&go::Version::patch>},
    {"Prerelease", {a_version}, text_part<&go::Version::prerelease>},
    {"SetMetadata", {a_version, Type::string}, with_part<&go::Version::with_metadata>},
    {"SetPrerelease", {a_version, Type::string}, with_part<&go::Version::with_prerelease>},
    {"String", {a_version}, string},
};

constexpr auto a_value = Type::version_value;

// Go finds a pointer's methods only where it can take the address, which it can't of a result.
constexpr Function value_methods[] = {
    {"IncMajor", {a_value}, increment<&go::Version::next_major>},
    {"IncMinor", {a_value}, increment<&go::Version::next_minor>},
    {"IncPatch", {a_value}, increment<&go::Version::next_patch>},
    {"Major", {a_value}, part<&go::Version::major>},
    {"Metadata", {a_value}, text_part<&go::Version::metadata>},
    {"Minor", {a_value}, part<&go::Version::minor>},
    {"Patch", {a_value}, part<&go::Version::patch>},
    {"Prerelease", {a_value}, text_part<&go::Version::prerelease>},
    {"SetMetadata", {a_value, Type::string}, with_part<&go::Version::with_metadata>},
    {"SetPrerelease", {a_value, Type::string}, with_part<&go::Version::with_prerelease>},
    {"String", {a_value}, string},
};

}  // namespace

std::span<const Function> semver_functions() noexcept { return table; }
std::span<const Function> version_methods() noexcept { return pointer_methods; }
std::span<const Function> version_value_methods() noexcept { return value_methods; }

}  // namespace bulla::tmpl
