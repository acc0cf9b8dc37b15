// SPDX-License-Identifier: Apache-2.0
#include "template/go/semver.hpp"

#include <array>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "template/go/number.hpp"
#include "template/runes.hpp"

namespace bulla::tmpl::go {
namespace {

constexpr std::string_view digits = "0123456789";

bool is_identifier_char(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_number(std::string_view text) noexcept {
  return text.find_first_not_of(digits) == std::string_view::npos;
}

bool is_identifier(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_identifier_char(c)) return false;
  }
  return !text.empty();
}

Error invalid(std::string_view what) { return {Errc::invalid_input, std::string(what)}; }

Result<void> check_prerelease(std::string_view text) {
  for (const auto part : split(text, '.')) {
    if (!is_identifier(part)) return invalid("invalid prerelease string");
    if (is_number(part) && part.size() > 1 && part[0] == '0')
      return invalid("version segment starts with 0");
  }
  return {};
}

Result<void> check_metadata(std::string_view text) {
  for (const auto part : split(text, '.')) {
    if (!is_identifier(part)) return invalid("invalid metadata string");
  }
  return {};
}

/// The identifiers with dots between them that `text` begins with, removed from it.
std::string_view take_identifiers(std::string_view& text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && (is_identifier_char(text[size]) ||
                                (text[size] == '.' && size > 0 && text[size - 1] != '.')))
    ++size;
  if (size > 0 && text[size - 1] == '.') --size;
  const auto taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

std::string_view take_digits(std::string_view& text) noexcept {
  const auto size = std::min(text.find_first_not_of(digits), text.size());
  const auto taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

/// A version's parts as they are written.
struct Parts {
  std::array<std::string_view, 3> numbers;
  std::string_view prerelease;
  std::string_view metadata;
};

bool take_parts(std::string_view text, Parts& parts) noexcept {
  if (text.starts_with('v')) text.remove_prefix(1);
  for (auto& number : parts.numbers) {
    const bool first = &number == &parts.numbers[0];
    if (!first && !text.starts_with('.')) break;
    if (!first) text.remove_prefix(1);
    number = take_digits(text);
    if (number.empty()) return false;
  }
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    parts.prerelease = take_identifiers(text);
    if (parts.prerelease.empty()) return false;
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    parts.metadata = take_identifiers(text);
    if (parts.metadata.empty()) return false;
  }
  return text.empty();
}

Result<std::uint64_t> parse_number(std::string_view text, Quoting quoting) {
  if (text.empty()) return std::uint64_t{0};
  const auto parsed = parse_uint(text, 10);
  if (parsed.error == NumberError::none) return parsed.value;
  if (quoting == Quoting::forbidden)
    return invalid("error parsing version segment: value out of range");
  return invalid("error parsing version segment: strconv.ParseUint: parsing " + go_quoted(text) +
                 ": value out of range");
}

int compare_parts(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  if (a.empty()) return -1;
  if (b.empty()) return 1;
  const auto number_a = parse_uint(a, 10);
  const auto number_b = parse_uint(b, 10);
  const bool is_a = number_a.error == NumberError::none;
  const bool is_b = number_b.error == NumberError::none;
  if (is_a && is_b) return number_a.value > number_b.value ? 1 : -1;
  if (is_a != is_b) return is_a ? -1 : 1;  // numbers come first
  return a > b ? 1 : -1;
}

/// `next` under the name it would be written with, like `from`.
Version named_after(Version next, const Version& from) {
  if (from.original.expose_secret_text().starts_with('v')) next.original.append("v");
  next.original.append(next.to_text().expose_secret_text());
  return next;
}

Version bare(std::uint64_t major, std::uint64_t minor, std::uint64_t patch) {
  Version version;
  version.major = major;
  version.minor = minor;
  version.patch = patch;
  return version;
}

}  // namespace

Version Version::clone() const {
  auto copy = bare(major, minor, patch);
  copy.prerelease = prerelease.clone();
  copy.metadata = metadata.clone();
  copy.original = original.clone();
  return copy;
}

SecretBuffer Version::to_text() const {
  SecretBuffer out;
  out.append(std::to_string(major));
  for (const auto number : {minor, patch}) {
    out.append(".");
    out.append(std::to_string(number));
  }
  if (!prerelease.empty()) {
    out.append("-");
    out.append(prerelease.expose_secret_text());
  }
  if (!metadata.empty()) {
    out.append("+");
    out.append(metadata.expose_secret_text());
  }
  return out;
}

int compare_prereleases(std::string_view a, std::string_view b) {
  const auto parts_a = split(a, '.');
  const auto parts_b = split(b, '.');
  const auto at = [](const std::vector<std::string_view>& parts, std::size_t i) {
    return i < parts.size() ? parts[i] : std::string_view();
  };
  for (std::size_t i = 0; i < std::max(parts_a.size(), parts_b.size()); ++i) {
    if (const int order = compare_parts(at(parts_a, i), at(parts_b, i)); order != 0) return order;
  }
  return 0;
}

int Version::compare(const Version& other) const {
  const std::array<std::uint64_t, 3> mine = {major, minor, patch};
  const std::array<std::uint64_t, 3> theirs = {other.major, other.minor, other.patch};
  if (mine != theirs) return mine < theirs ? -1 : 1;
  if (prerelease.empty() != other.prerelease.empty()) return prerelease.empty() ? 1 : -1;
  return compare_prereleases(prerelease.expose_secret_text(),
                             other.prerelease.expose_secret_text());
}

Version Version::next_major() const { return named_after(bare(major + 1, 0, 0), *this); }
Version Version::next_minor() const { return named_after(bare(major, minor + 1, 0), *this); }
Version Version::next_patch() const {
  return named_after(bare(major, minor, prerelease.empty() ? patch + 1 : patch), *this);
}

Result<Version> Version::with_prerelease(std::string_view text) const {
  if (!text.empty()) {
    if (auto good = check_prerelease(text); !good) return std::move(good).error();
  }
  auto next = bare(major, minor, patch);
  next.prerelease = SecretBuffer::copy_of(text);
  next.metadata = metadata.clone();
  return named_after(std::move(next), *this);
}

Result<Version> Version::with_metadata(std::string_view text) const {
  if (!text.empty()) {
    if (auto good = check_metadata(text); !good) return std::move(good).error();
  }
  auto next = bare(major, minor, patch);
  next.prerelease = prerelease.clone();
  next.metadata = SecretBuffer::copy_of(text);
  return named_after(std::move(next), *this);
}

Result<Version> parse_version(std::string_view text, Quoting quoting) {
  Parts parts;
  if (!take_parts(text, parts)) return invalid("invalid semantic version");
  std::array<std::uint64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto number = parse_number(parts.numbers[i], quoting);
    if (!number) return std::move(number).error();
    numbers[i] = *number;
  }
  if (!parts.prerelease.empty()) {
    if (auto good = check_prerelease(parts.prerelease); !good) return std::move(good).error();
  }
  auto version = bare(numbers[0], numbers[1], numbers[2]);
  version.prerelease = SecretBuffer::copy_of(parts.prerelease);
  version.metadata = SecretBuffer::copy_of(parts.metadata);
  version.original = SecretBuffer::copy_of(text);
  return version;
}

}  // namespace bulla::tmpl::go
