// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "base/yaml_parser.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC0; }

std::u32string code_points(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    std::size_t size = 1;
    out += decode_utf8(text, size).value_or(0xFFFD);
    text.remove_prefix(size);
  }
  return out;
}

/// The number that the digits from `i` on make up behind `prefix`; `end` receives where it ends.
long long number_at(const std::u32string& text, std::size_t i, long long prefix, std::size_t& end) {
  constexpr long long enough = 1'000'000'000'000'000;  // longer numbers compare by length
  for (end = i; end < text.size() && is_digit(text[end]); ++end) {
    if (prefix < enough) prefix = prefix * 10 + static_cast<long long>(text[end] - '0');
  }
  return prefix;
}

/// Whether a digit other than zero stands before position `i` in the number that `i` is part of.
bool inside_number(const std::u32string& text, std::size_t i) {
  while (i-- > 0 && is_digit(text[i])) {
    if (text[i] != '0') return true;
  }
  return false;
}

/// The order of keys in Go's yaml package: letters by value, digits by the number they make up,
/// and everything else before letters.
bool key_less(std::string_view left, std::string_view right) {
  const auto a = code_points(left);
  const auto b = code_points(right);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    const bool a_letter = is_letter(a[i]);
    const bool b_letter = is_letter(b[i]);
    if (a_letter && b_letter) return a[i] < b[i];
    if (a_letter || b_letter) return b_letter;
    // Inside a number, a zero counts as a digit of it: "10" stands behind "1x".
    const bool zero = a[i] == '0' || b[i] == '0';
    const long long prefix = zero && inside_number(a, i) ? 1 : 0;
    std::size_t a_end = i;
    std::size_t b_end = i;
    const auto a_number = number_at(a, i, prefix, a_end);
    const auto b_number = number_at(b, i, prefix, b_end);
    if (a_number != b_number) return a_number < b_number;
    if (a_end != b_end) return a_end < b_end;
    return a[i] < b[i];
  }
  return a.size() < b.size();
}

class Writer {
 public:
  explicit Writer(SecretBuffer& out) {
    BULLA_ASSERT(yaml_emitter_initialize(&emitter_) == 1);
    yaml_emitter_set_output(&emitter_, &Writer::append, &out);
    yaml_emitter_set_unicode(&emitter_, 1);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { yaml_emitter_delete(&emitter_); }

  void document(const json::value& value) {
    yaml_event_t event{};
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    emit(event);
    node(value);
    yaml_document_end_event_initialize(&event, 1);
    emit(event);
    yaml_stream_end_event_initialize(&event);
    emit(event);
  }

 private:
  static int append(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<SecretBuffer*>(out)->append({reinterpret_cast<const char*>(bytes), size});
    return 1;
  }
  /// The emitter owns the event from here on. It fails only for lack of memory or on a bug.
  void emit(yaml_event_t& event) { BULLA_ASSERT(yaml_emitter_emit(&emitter_, &event) == 1); }

  void node(const json::value& value) {
    switch (value.kind()) {
      case json::kind::object: return mapping(value.get_object());
      case json::kind::array: return sequence(value.get_array());
      case json::kind::string: return text(value.get_string());
      case json::kind::null: return scalar("null", YAML_PLAIN_SCALAR_STYLE);
      case json::kind::bool_:
        return scalar(value.get_bool() ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
      default: return number(value);
    }
  }

  void mapping(const json::object& members) {
    std::vector<const json::key_value_pair*> sorted;
    for (const auto& member : members) sorted.push_back(&member);
    std::ranges::sort(sorted,
                      [](const auto* a, const auto* b) { return key_less(a->key(), b->key()); });
    yaml_event_t event{};
    yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE);
    emit(event);
    for (const auto* member : sorted) {
      text(member->key());
      node(member->value());
    }
    yaml_mapping_end_event_initialize(&event);
    emit(event);
  }

  void sequence(const json::array& items) {
    yaml_event_t event{};
    yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE);
    emit(event);
    for (const auto& item : items) node(item);
    yaml_sequence_end_event_initialize(&event);
    emit(event);
  }

  void text(std::string_view value) {
    if (!is_valid_utf8(value)) {  // YAML has no other way for bytes that are no text
      const auto encoded = encode_base64_secret(as_bytes(value));
      return scalar(encoded.expose_secret_text(), YAML_PLAIN_SCALAR_STYLE,
                    "tag:yaml.org,2002:binary");
    }
    scalar(value, value.find('\n') != std::string_view::npos ? YAML_LITERAL_SCALAR_STYLE
                  : yaml_stays_text(value)                   ? YAML_PLAIN_SCALAR_STYLE
                                                             : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  }

  void number(const json::value& value) {
    std::array<char, 40> text{};
    auto* const first = text.data();
    auto* const last = text.data() + text.size();
    char* const end = value.is_int64()    ? std::to_chars(first, last, value.get_int64()).ptr
                      : value.is_uint64() ? std::to_chars(first, last, value.get_uint64()).ptr
                                          : std::to_chars(first, last, value.get_double()).ptr;
    scalar({first, end}, YAML_PLAIN_SCALAR_STYLE);
  }

  void scalar(std::string_view value, yaml_scalar_style_t style, const char* tag = nullptr) {
    yaml_event_t event{};
    // libyaml's signature has no const, and copies both texts.
    const int implicit = tag == nullptr ? 1 : 0;
    const auto bytes = as_bytes(value);
    BULLA_ASSERT(yaml_scalar_event_initialize(
                     &event, nullptr,
                     const_cast<yaml_char_t*>(reinterpret_cast<const yaml_char_t*>(tag)),  // NOLINT
                     const_cast<yaml_char_t*>(bytes.data()),                               // NOLINT
                     static_cast<int>(bytes.size()), implicit, implicit, style) == 1);
    emit(event);
  }

  yaml_emitter_t emitter_{};
};

}  // namespace

void append_yaml(SecretBuffer& out, const json::value& value) { Writer(out).document(value); }

}  // namespace bulla
