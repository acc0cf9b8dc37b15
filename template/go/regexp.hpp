// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

// Go's package regexp, on RE2, which speaks the same dialect but for what is mended here: how empty
// matches count, $1 in replacements, bytes that are not UTF-8 (each is U+FFFD to Go), \C (which Go
// lacks), (?<name>...) and the words of errors.
namespace bulla::tmpl::go {

/// What work costs; a refusal ends it.
class Effort {
 public:
  virtual ~Effort() = default;
  /// Work of about a microsecond each.
  [[nodiscard]] virtual Result<void> spend_steps(std::size_t steps) = 0;
  /// Whether a text of that many bytes may be made.
  [[nodiscard]] virtual Result<void> afford_text(std::size_t bytes) = 0;
  /// Whether a list of that many items may be made.
  [[nodiscard]] virtual Result<void> afford_items(std::size_t items) = 0;
};

class Regexp {
 public:
  /// The pattern is kept in ordinary memory, and so must not be a secret.
  /// Errors: invalid_input with Go's words, which quote the pattern.
  [[nodiscard]] static Result<Regexp> compile(std::string_view pattern);
  Regexp(Regexp&&) noexcept;
  Regexp& operator=(Regexp&&) noexcept;
  ~Regexp();

  [[nodiscard]] Result<bool> matches(std::string_view text, Effort& effort) const;
  /// The leftmost match.
  [[nodiscard]] Result<std::optional<std::string_view>> find(std::string_view text,
                                                             Effort& effort) const;
  /// All matches, at most `limit` unless it is negative.
  [[nodiscard]] Result<std::vector<std::string_view>> find_all(std::string_view text,
                                                               std::int64_t limit,
                                                               Effort& effort) const;
  /// Regexp.Split: nothing (Go's nil) if `limit` is 0.
  [[nodiscard]] Result<std::optional<std::vector<std::string_view>>> split(std::string_view text,
                                                                           std::int64_t limit,
                                                                           Effort& effort) const;
  /// Every match replaced: by `replacement` as it stands, or with $1, ${name} and $$ in it
  /// expanded.
  [[nodiscard]] Result<SecretBuffer> replace_all_literally(std::string_view text,
                                                           std::string_view replacement,
                                                           Effort& effort) const;
  [[nodiscard]] Result<SecretBuffer> replace_all(std::string_view text,
                                                 std::string_view replacement,
                                                 Effort& effort) const;

 private:
  struct State;
  explicit Regexp(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// regexp.QuoteMeta.
[[nodiscard]] SecretBuffer quote_meta(std::string_view text);
/// `text` as Go's regexp quotes it in errors: between backquotes where they can hold it.
[[nodiscard]] std::string backquoted(std::string_view text);

}  // namespace bulla::tmpl::go
