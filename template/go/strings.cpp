// SPDX-License-Identifier: Apache-2.0
#include "template/go/strings.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

template <class Mapping>
SecretBuffer map_runes(std::string_view text, Mapping mapping) {
  SecretBuffer out;
  out.reserve(text.size());
  while (!text.empty()) append_rune(out, mapping(take_rune(text)));
  return out;
}

/// strings.Title's idea of what stands between words.
bool is_separator(char32_t rune) noexcept {
  if (rune < 0x80) {
    const bool word = (rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') ||
                      (rune >= 'A' && rune <= 'Z') || rune == '_';
    return !word;
  }
  return !is_letter(rune) && !is_digit(rune) && is_space(rune);
}

/// The code points of a set, to be looked up in any number.
std::vector<char32_t, WipingAllocator<char32_t>> sorted_runes(std::string_view set) {
  std::vector<char32_t, WipingAllocator<char32_t>> out;
  while (!set.empty()) out.push_back(take_rune(set));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// Cuts code points that satisfy `goes` off both ends.
template <class Predicate>
std::string_view trim_if(std::string_view text, Predicate goes) noexcept {
  for (auto rest = text; !rest.empty() && goes(take_rune(rest));) text = rest;
  for (auto rest = text; !rest.empty() && goes(take_last_rune(rest));) text = rest;
  return text;
}

}  // namespace

SecretBuffer upper(std::string_view text) {
  return map_runes(text, [](char32_t rune) { return to_upper(rune); });
}

SecretBuffer lower(std::string_view text) {
  return map_runes(text, [](char32_t rune) { return to_lower(rune); });
}

SecretBuffer title(std::string_view text) {
  char32_t previous = ' ';
  return map_runes(text, [&](char32_t rune) {
    const auto before = std::exchange(previous, rune);
    return is_separator(before) ? to_title(rune) : rune;
  });
}

std::string_view trim_space(std::string_view text) noexcept { return trim_if(text, is_space); }

std::string_view trim_any(std::string_view text, std::string_view cutset) {
  const auto goes = sorted_runes(cutset);
  return trim_if(text,
                 [&](char32_t rune) { return std::binary_search(goes.begin(), goes.end(), rune); });
}

std::string_view trim_prefix(std::string_view text, std::string_view prefix) noexcept {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string_view trim_suffix(std::string_view text, std::string_view suffix) noexcept {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

std::size_t find(std::string_view text, std::string_view part) noexcept {
  const auto* found = ::memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t count(std::string_view text, std::string_view part) noexcept {
  std::size_t found = 0;
  if (part.empty()) {
    for (; !text.empty(); ++found) take_rune(text);
    return found + 1;
  }
  for (auto at = find(text, part); at != std::string_view::npos; at = find(text, part)) {
    text.remove_prefix(at + part.size());
    ++found;
  }
  return found;
}

SecretBuffer replace_all(std::string_view text, std::string_view old, std::string_view with) {
  SecretBuffer out;
  const auto copy = [&](std::size_t bytes) {
    out.append(text.substr(0, bytes));
    text.remove_prefix(bytes);
  };
  if (old.empty()) {
    out.append(with);
    while (!text.empty()) {
      copy(rune_size(text));
      out.append(with);
    }
    return out;
  }
  for (auto at = find(text, old); at != std::string_view::npos; at = find(text, old)) {
    copy(at);
    out.append(with);
    text.remove_prefix(old.size());
  }
  copy(text.size());
  return out;
}

std::optional<std::vector<std::string_view>> split_n(std::string_view text,
                                                     std::string_view separator,
                                                     std::int64_t limit) {
  if (limit == 0) return std::nullopt;
  std::vector<std::string_view> pieces;
  const auto full = [&] {
    return limit > 0 && pieces.size() + 1 >= static_cast<std::uint64_t>(limit);
  };
  if (separator.empty()) {
    while (!text.empty() && !full()) {
      const auto size = rune_size(text);
      pieces.push_back(text.substr(0, size));
      text.remove_prefix(size);
    }
    if (!text.empty()) pieces.push_back(text);
    return pieces;
  }
  for (auto at = find(text, separator); at != std::string_view::npos && !full();
       at = find(text, separator)) {
    pieces.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  pieces.push_back(text);
  return pieces;
}

}  // namespace bulla::tmpl::go
