// SPDX-License-Identifier: Apache-2.0
#include "template/go/regexp.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "template/go/regexp_pattern.hpp"
#include "template/go/unicode.hpp"

namespace bulla::tmpl::go {
namespace {

using Groups = std::vector<re2::StringPiece>;

/// A text as RE2 can take it: bytes that aren't UTF-8 are U+FFFD, as they are to Go. Positions in
/// that text lead back to those in the original.
class Subject {
 public:
  explicit Subject(std::string_view text) : original_(text), text_(text) {
    if (is_valid_utf8(text)) return;
    while (!text.empty()) {
      const auto rune = next_rune(text);
      if (!rune.valid) replaced_at_.push_back(mended_.size());
      append_rune(mended_, rune.code_point);
      text.remove_prefix(rune.size);
    }
    text_ = mended_.expose_secret_text();
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] re2::StringPiece piece() const { return {text_.data(), text_.size()}; }
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
  [[nodiscard]] std::size_t rune_size_at(std::size_t at) const {
    return rune_size(text_.substr(at));
  }
  [[nodiscard]] std::size_t begin_of(const re2::StringPiece& match) const {
    return static_cast<std::size_t>(match.data() - text_.data());
  }
  [[nodiscard]] std::size_t end_of(const re2::StringPiece& match) const {
    return begin_of(match) + match.size();
  }
  /// Of the original text.
  [[nodiscard]] std::string_view slice(std::size_t begin, std::size_t end) const {
    const auto first = original_position(begin);
    return original_.substr(first, original_position(end) - first);
  }

 private:
  [[nodiscard]] std::size_t original_position(std::size_t at) const {
    const auto before = std::lower_bound(replaced_at_.begin(), replaced_at_.end(), at);
    return at - 2 * static_cast<std::size_t>(before - replaced_at_.begin());
  }

  std::string_view original_;
  std::string_view text_;
  SecretBuffer mended_;
  std::vector<std::size_t, WipingAllocator<std::size_t>> replaced_at_;
};

/// The groups of the first match from `from` on; whether there is one.
Result<bool> match_from(const RE2& regexp, const Subject& subject, std::size_t from, Groups& groups,
                        Effort& effort) {
  // RE2 takes time proportional to what is left of the text, several times more so with groups.
  const std::size_t bytes_a_step = groups.size() > 1 ? 100 : 1000;
  if (auto spent = effort.spend_steps(1 + (subject.size() - from) / bytes_a_step); !spent)
    return std::move(spent).error();
  return regexp.Match(subject.piece(), from, subject.size(), RE2::UNANCHORED, groups.data(),
                      static_cast<int>(groups.size()));
}

struct Range {
  std::size_t begin, end;
};

/// Matches as Go's FindAll counts them: an empty one does not count right after another.
Result<std::vector<Range>> all_matches(const RE2& regexp, const Subject& subject,
                                       std::int64_t limit, Effort& effort) {
  std::vector<Range> found;
  Groups groups(1);
  std::size_t at = 0;
  std::optional<std::size_t> previous_end;
  const auto most =
      limit < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(limit);
  while (found.size() < most && at <= subject.size()) {
    auto matched = match_from(regexp, subject, at, groups, effort);
    if (!matched) return std::move(matched).error();
    if (!*matched) break;
    const Range match{subject.begin_of(groups[0]), subject.end_of(groups[0])};
    const bool empty_here = match.end == at;
    const bool counts = !empty_here || match.begin != previous_end;
    at = !empty_here ? match.end : at + std::max<std::size_t>(subject.rune_size_at(at), 1);
    previous_end = match.end;
    if (!counts) continue;
    found.push_back(match);
    if (auto affordable = effort.afford_items(found.size()); !affordable)
      return std::move(affordable).error();
  }
  return found;
}

/// A reference such as $1 or ${name} in a replacement.
struct Reference {
  std::string_view name;
  std::optional<std::size_t> number;
  std::size_t size = 0;  ///< in the replacement, after the dollar
};

std::optional<std::size_t> group_number(std::string_view name) noexcept {
  if (name.size() > 1 && name[0] == '0') return std::nullopt;
  std::size_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9' || number >= 100'000'000) return std::nullopt;
    number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  return number;
}

std::optional<Reference> read_reference(std::string_view text) noexcept {
  const bool braces = text.starts_with('{');
  auto rest = text.substr(braces ? 1 : 0);
  std::size_t size = 0;
  for (auto left = rest; !left.empty();) {
    const auto rune = take_rune(left);
    if (!is_letter(rune) && !is_digit(rune) && rune != '_') break;
    size = rest.size() - left.size();
  }
  if (size == 0 || (braces && !rest.substr(size).starts_with('}'))) return std::nullopt;
  const auto name = rest.substr(0, size);
  return Reference{name, group_number(name), size + (braces ? 2 : 0)};
}

/// What a match is replaced by.
class Replacement {
 public:
  Replacement(const RE2& regexp, std::string_view text, bool literal)
      : regexp_(regexp),
        text_(text),
        literal_(literal || text.find('$') == std::string_view::npos) {}

  [[nodiscard]] std::size_t groups() const {
    return literal_ ? 1 : static_cast<std::size_t>(regexp_.NumberOfCapturingGroups()) + 1;
  }

  Result<void> append(SecretBuffer& out, const Subject& subject, const Groups& groups,
                      Effort& effort) const {
    if (literal_) return add(out, text_, effort);
    for (auto rest = text_; !rest.empty();) {
      const auto dollar = std::min(rest.find('$'), rest.size());
      if (auto added = add(out, rest.substr(0, dollar), effort); !added) return added;
      rest.remove_prefix(dollar);
      if (rest.empty()) break;
      rest.remove_prefix(1);
      const auto reference = read_reference(rest);
      if (rest.starts_with('$') || !reference) {
        append_char(out, '$');  // a doubled one, or none that refers to anything
        rest.remove_prefix(rest.starts_with('$') ? 1 : 0);
        continue;
      }
      rest.remove_prefix(reference->size);
      const auto* group = find(*reference, groups);
      if (group == nullptr || group->data() == nullptr) continue;
      const auto text = subject.slice(subject.begin_of(*group), subject.end_of(*group));
      if (auto added = add(out, text, effort); !added) return added;
    }
    return {};
  }

 private:
  static Result<void> add(SecretBuffer& out, std::string_view text, Effort& effort) {
    if (auto affordable = effort.afford_text(out.size() + text.size()); !affordable)
      return affordable;
    out.append(text);
    return {};
  }

  [[nodiscard]] const re2::StringPiece* find(const Reference& reference,
                                             const Groups& groups) const {
    auto number = reference.number;
    if (!number) {
      const auto& names = regexp_.NamedCapturingGroups();
      const auto named = names.find(std::string(reference.name));
      if (named == names.end()) return nullptr;
      number = static_cast<std::size_t>(named->second);
    }
    return *number < groups.size() ? &groups[*number] : nullptr;
  }

  const RE2& regexp_;
  std::string_view text_;
  bool literal_;
};

Result<SecretBuffer> replace(const RE2& regexp, const Subject& subject,
                             const Replacement& replacement, Effort& effort) {
  SecretBuffer out;
  Groups groups(replacement.groups());
  std::size_t copied = 0;  // up to the end of the last match
  std::size_t at = 0;
  while (at <= subject.size()) {
    auto matched = match_from(regexp, subject, at, groups, effort);
    if (!matched) return std::move(matched).error();
    if (!*matched) break;
    const auto begin = subject.begin_of(groups[0]);
    const auto end = subject.end_of(groups[0]);
    out.append(subject.slice(copied, begin));
    // An empty match right after another one is not replaced.
    if (end > copied || begin == 0) {
      if (auto added = replacement.append(out, subject, groups, effort); !added)
        return std::move(added).error();
    }
    copied = end;
    at = std::max(at + std::max<std::size_t>(subject.rune_size_at(at), 1), end);
  }
  out.append(subject.slice(copied, subject.size()));
  return out;
}

}  // namespace

struct Regexp::State {
  State(const std::string& pattern, const RE2::Options& options) : re2(pattern, options) {}
  RE2 re2;
  bool empty_pattern = false;
};

Regexp::Regexp(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Regexp::Regexp(Regexp&&) noexcept = default;
Regexp& Regexp::operator=(Regexp&&) noexcept = default;
Regexp::~Regexp() = default;

Result<Regexp> Regexp::compile(std::string_view pattern) {
  auto translated = translate_pattern(pattern);
  if (!translated) return std::move(translated).error();
  RE2::Options options;
  options.set_log_errors(false);
  auto state = std::make_unique<State>(*translated, options);
  if (!state->re2.ok()) return pattern_error(state->re2);
  state->empty_pattern = pattern.empty();
  return Regexp(std::move(state));
}

Result<bool> Regexp::matches(std::string_view text, Effort& effort) const {
  Groups none;
  return match_from(state_->re2, Subject(text), 0, none, effort);
}

Result<std::optional<std::string_view>> Regexp::find(std::string_view text, Effort& effort) const {
  const Subject subject(text);
  Groups groups(1);
  auto matched = match_from(state_->re2, subject, 0, groups, effort);
  if (!matched) return std::move(matched).error();
  if (!*matched) return std::optional<std::string_view>();
  return std::optional(subject.slice(subject.begin_of(groups[0]), subject.end_of(groups[0])));
}

Result<std::vector<std::string_view>> Regexp::find_all(std::string_view text, std::int64_t limit,
                                                       Effort& effort) const {
  const Subject subject(text);
  auto found = all_matches(state_->re2, subject, limit, effort);
  if (!found) return std::move(found).error();
  std::vector<std::string_view> out;
  for (const auto& match : *found) out.push_back(subject.slice(match.begin, match.end));
  return out;
}

Result<std::optional<std::vector<std::string_view>>> Regexp::split(std::string_view text,
                                                                   std::int64_t limit,
                                                                   Effort& effort) const {
  using Pieces = std::vector<std::string_view>;
  if (limit == 0) return std::optional<Pieces>();
  if (!state_->empty_pattern && text.empty()) return std::optional(Pieces{text});
  const Subject subject(text);
  auto found = all_matches(state_->re2, subject, limit, effort);
  if (!found) return std::move(found).error();

  Pieces pieces;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (const auto& match : *found) {
    if (limit > 0 && pieces.size() + 1 == static_cast<std::uint64_t>(limit)) break;
    end = match.begin;
    if (match.end != 0) pieces.push_back(subject.slice(begin, end));
    begin = match.end;
  }
  if (end != subject.size()) pieces.push_back(subject.slice(begin, subject.size()));
  return std::optional(std::move(pieces));
}

Result<SecretBuffer> Regexp::replace_all_literally(std::string_view text,
                                                   std::string_view replacement,
                                                   Effort& effort) const {
  return replace(state_->re2, Subject(text), {state_->re2, replacement, true}, effort);
}

Result<SecretBuffer> Regexp::replace_all(std::string_view text, std::string_view replacement,
                                         Effort& effort) const {
  return replace(state_->re2, Subject(text), {state_->re2, replacement, false}, effort);
}

SecretBuffer quote_meta(std::string_view text) {
  SecretBuffer out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos)
      append_char(out, '\\');
    append_char(out, c);
  }
  return out;
}

}  // namespace bulla::tmpl::go
