// SPDX-License-Identifier: Apache-2.0
#include <re2/re2.h>

#include <string>
#include <vector>

#include "template/go/semver.hpp"
#include "template/go/strings.hpp"

namespace bulla::tmpl::go {
namespace {

using re2::StringPiece;

// A version whose numbers may be wildcards; its prerelease is the one group that is captured in
// `partial_version`.
constexpr std::string_view number_pattern = R"([0-9|xX*]+)";
constexpr std::string_view suffix_pattern =
    R"((?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)";
constexpr std::string_view operator_pattern = R"(=|!=|>|<|>=|=>|<=|=<|~|~>|\^|)";

std::string version_pattern() {
  const std::string number(number_pattern);
  return "v?" + number + R"((?:\.)" + number + R"()?(?:\.)" + number + ")?" +
         std::string(suffix_pattern);
}

std::string condition_pattern() {
  return "(?:" + std::string(operator_pattern) + R"()\s*)" + version_pattern();
}

struct Patterns {
  RE2 range{R"((\s*()" + version_pattern() + R"()\s+-\s+()" + version_pattern() + R"()\s*))"};
  RE2 alternative{R"(\s*)" + condition_pattern() + R"(\s*(?:(?:\s+|,\s*))" + condition_pattern() +
                  R"(\s*)*)"};
  RE2 condition{"(" + std::string(operator_pattern) + R"()\s*(v?()" + std::string(number_pattern) +
                R"()(?:\.()" + std::string(number_pattern) + R"())?(?:\.()" +
                std::string(number_pattern) + R"())?(?:(-[0-9A-Za-z.-]+))?)" +
                R"((?:\+[0-9A-Za-z.-]+)?))"};
};

const Patterns& patterns() {
  static const Patterns compiled;
  return compiled;
}

std::string_view view(const StringPiece& piece) { return {piece.data(), piece.size()}; }

struct Condition {
  std::string_view comparison;
  Version version;
  // Which parts were left open ("1.x", "1"): all, from the minor number on, the patch number.
  bool dirty = false, minor_dirty = false, patch_dirty = false;
};

bool is_open(std::string_view number) noexcept {
  return number.empty() || number == "x" || number == "X" || number == "*";
}

Result<Condition> make_condition(std::string_view comparison, std::string_view whole,
                                 std::string_view major, std::string_view minor,
                                 std::string_view patch, std::string_view prerelease) {
  Condition out;
  out.comparison = comparison;
  SecretBuffer closed;
  if (is_open(major)) {
    out.dirty = true;
    closed.append("0.0.0");
  } else if (is_open(minor)) {
    out.dirty = out.minor_dirty = true;
    closed.append(major);
    closed.append(".0.0");
  } else if (is_open(patch)) {
    out.dirty = out.patch_dirty = true;
    closed.append(major);
    closed.append(".");
    closed.append(minor);
    closed.append(".0");
  }
  if (out.dirty) closed.append(prerelease);
  auto version = parse_version(out.dirty ? closed.expose_secret_text() : whole, Quoting::forbidden);
  if (!version) return Error{Errc::invalid_input, "constraint parser error"};
  out.version = std::move(*version);
  return out;
}

// --- comparisons: `v` is checked against `c` ----------------------------------------------------

bool differs(const Version& v, const Condition& c) {
  if (!c.dirty) return v.compare(c.version) != 0;
  if (v.major != c.version.major) return true;
  if (c.minor_dirty) return false;
  if (v.minor != c.version.minor) return true;
  if (!c.patch_dirty) return v.patch != c.version.patch || v.compare(c.version) != 0;
  const auto mine = v.prerelease.expose_secret_text();
  const auto theirs = c.version.prerelease.expose_secret_text();
  return compare_prereleases(mine, theirs) != 0;
}

bool is_greater(const Version& v, const Condition& c) {
  if (!c.dirty) return v.compare(c.version) > 0;
  if (v.major != c.version.major) return v.major > c.version.major;
  // 11.1.0 is not greater than "11", which stands for all of 11.
  if (c.minor_dirty) return false;
  if (c.patch_dirty) return v.minor > c.version.minor;
  return v.compare(c.version) > 0;
}

bool is_at_most(const Version& v, const Condition& c) {
  if (!c.dirty) return v.compare(c.version) <= 0;
  if (v.major > c.version.major) return false;
  return !(v.major == c.version.major && v.minor > c.version.minor && !c.minor_dirty);
}

/// "~1.2.3": the same minor number, and no less.
bool is_about(const Version& v, const Condition& c) {
  if (v.compare(c.version) < 0) return false;
  const bool any = c.version.major == 0 && c.version.minor == 0 && c.version.patch == 0 &&
                   !c.minor_dirty && !c.patch_dirty;
  if (any) return true;
  return v.major == c.version.major && (v.minor == c.version.minor || c.minor_dirty);
}

/// "^1.2.3": no less, and the same leftmost number that isn't 0.
bool is_compatible(const Version& v, const Condition& c) {
  if (v.compare(c.version) < 0) return false;
  if (c.version.major > 0 || c.minor_dirty) return v.major == c.version.major;
  if (v.major > 0) return false;
  if (c.version.minor > 0 || c.patch_dirty) return v.minor == c.version.minor;
  return v.minor == 0 && v.patch == c.version.patch;
}

bool holds(const Version& v, const Condition& c) {
  const auto comparison = c.comparison;
  if (comparison == "!=") return differs(v, c);
  if (comparison == ">") return is_greater(v, c);
  if (comparison == "<") return v.compare(c.version) < 0;
  if (comparison == ">=" || comparison == "=>") return v.compare(c.version) >= 0;
  if (comparison == "<=" || comparison == "=<") return is_at_most(v, c);
  if (comparison == "~" || comparison == "~>") return is_about(v, c);
  if (comparison == "^") return is_compatible(v, c);
  return c.dirty ? is_about(v, c) : v.compare(c.version) == 0;
}

/// "1.2 - 1.4" to ">= 1.2, <= 1.4 ".
SecretBuffer without_ranges(std::string_view constraint) {
  SecretBuffer out;
  StringPiece all(constraint.data(), constraint.size());
  StringPiece groups[4];
  std::size_t at = 0;
  while (at < constraint.size() &&
         patterns().range.Match(all, at, all.size(), RE2::UNANCHORED, groups, 4)) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - constraint.data());
    out.append(constraint.substr(at, begin - at));
    out.append(">= ");
    out.append(view(groups[2]));
    out.append(", <= ");
    out.append(view(groups[3]));
    out.append(" ");
    at = begin + groups[0].size();
  }
  out.append(constraint.substr(at));
  return out;
}

Result<std::vector<Condition>> parse_alternative(std::string_view text, Quoting quoting) {
  if (!RE2::FullMatch(StringPiece(text.data(), text.size()), patterns().alternative))
    return Error{Errc::invalid_input, quoting == Quoting::allowed
                                          ? "improper constraint: " + std::string(text)
                                          : "improper constraint"};
  std::vector<Condition> out;
  StringPiece rest(text.data(), text.size());
  StringPiece comparison, whole, major, minor, patch, prerelease;
  while (RE2::FindAndConsume(&rest, patterns().condition, &comparison, &whole, &major, &minor,
                             &patch, &prerelease)) {
    auto condition = make_condition(view(comparison), view(whole), view(major), view(minor),
                                    view(patch), view(prerelease));
    if (!condition) return std::move(condition).error();
    out.push_back(std::move(*condition));
  }
  return out;
}

bool all_hold(const Version& version, const std::vector<Condition>& conditions) {
  // A prerelease counts only where some condition names one.
  bool prereleases = version.prerelease.empty();
  for (const auto& condition : conditions)
    prereleases = prereleases || !condition.version.prerelease.empty();
  if (!prereleases) return false;
  for (const auto& condition : conditions) {
    if (!holds(version, condition)) return false;
  }
  return true;
}

}  // namespace

Result<bool> satisfies(const Version& version, std::string_view constraint, Quoting quoting) {
  const auto rewritten = without_ranges(constraint);
  bool any = false;
  const auto alternatives = split_n(rewritten.expose_secret_text(), "||", -1);
  for (const auto alternative : *alternatives) {
    auto conditions = parse_alternative(alternative, quoting);
    if (!conditions) return std::move(conditions).error();
    any = any || all_hold(version, *conditions);
  }
  return any;
}

}  // namespace bulla::tmpl::go
