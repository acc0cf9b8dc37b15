// SPDX-License-Identifier: Apache-2.0
#pragma once

// libyaml with owners, and what the YAML sources of base/ share. Not a public header.

#include <sodium.h>
#include <yaml.h>

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace bulla {

inline std::string_view yaml_text(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// libyaml's own memory, for each byte of a text: a scalar, three times while it grows, and what
/// leads up to it.
constexpr std::size_t yaml_parser_bytes_per_byte = 4;

/// An event, wiped as it goes: a scalar may be a plaintext.
class YamlEvent {
 public:
  YamlEvent() = default;
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  ~YamlEvent() { clear(); }
  void clear() noexcept {
    if (event_.type == YAML_SCALAR_EVENT)
      sodium_memzero(event_.data.scalar.value, event_.data.scalar.length);
    yaml_event_delete(&event_);
    event_ = {};
  }
  [[nodiscard]] yaml_event_t& get() noexcept { return event_; }
  [[nodiscard]] yaml_event_type_t type() const noexcept { return event_.type; }
  [[nodiscard]] std::size_t line() const noexcept { return event_.start_mark.line; }

 private:
  yaml_event_t event_{};
};

/// Whether the last line gets a line feed that it lacks.
enum class YamlLastLine { ended, as_it_is };

/// The text of a stream as libyaml gets it: without byte order marks where a document may begin,
/// and with a line feed at its end if `last_line` wants it.
class YamlInput {
 public:
  YamlInput(std::string_view text, YamlLastLine last_line) noexcept
      : text_(text), adds_line_feed_(last_line == YamlLastLine::ended && !text.ends_with('\n')) {}

  /// Up to `size` bytes to `out`; how many. 0 at the end.
  std::size_t read(unsigned char* out, std::size_t size) noexcept;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool adds_line_feed_;
};

/// The bytes of the byte order mark at `at` that is not part of the stream, or 0. Such marks are
/// left by files that were joined: they stand at the start of the text or of a line, in front of
/// `---` or a comment or behind the line with `---`.
[[nodiscard]] std::size_t yaml_mark_size(std::string_view text, std::size_t at) noexcept;

/// libyaml's parser; its input buffers are wiped at the end.
class YamlParser {
 public:
  explicit YamlParser(std::string_view text, YamlLastLine last_line = YamlLastLine::ended)
      : input_(text, last_line) {
    BULLA_ASSERT(yaml_parser_initialize(&parser_) == 1);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&parser_, read_input, &input_);
  }
  YamlParser(const YamlParser&) = delete;
  YamlParser& operator=(const YamlParser&) = delete;
  ~YamlParser() {
    wipe(parser_.raw_buffer.start, parser_.raw_buffer.end);
    wipe(parser_.buffer.start, parser_.buffer.end);
    yaml_parser_delete(&parser_);
  }
  [[nodiscard]] bool next(YamlEvent& event) {
    event.clear();
    return yaml_parser_parse(&parser_, &event.get()) == 1;
  }
  /// What libyaml says of a failure: constant texts, never a value.
  [[nodiscard]] std::string problem() const {
    std::string text = parser_.problem == nullptr ? "malformed YAML" : parser_.problem;
    if (parser_.context != nullptr) text.append(" ").append(parser_.context);
    return text;
  }
  [[nodiscard]] std::size_t problem_line() const noexcept { return parser_.problem_mark.line; }

 private:
  static int read_input(void* input, unsigned char* out, std::size_t size, std::size_t* size_read) {
    *size_read = static_cast<YamlInput*>(input)->read(out, size);
    return 1;
  }
  static void wipe(yaml_char_t* start, const yaml_char_t* end) noexcept {
    if (start != nullptr) sodium_memzero(start, static_cast<std::size_t>(end - start));
  }
  YamlInput input_;
  yaml_parser_t parser_{};
};

/// A key as JSON has it: text as it is, numbers and truth values as text. Nothing for others.
[[nodiscard]] std::optional<SecretBuffer> yaml_key_text(const boost::json::value& key);

/// Whether a reader of YAML 1.1 takes `text`, unquoted, for that very text: not for a number, a
/// truth value, a date or nothing at all. Indicators and white space are not looked at.
[[nodiscard]] bool yaml_stays_text(std::string_view text);

}  // namespace bulla
