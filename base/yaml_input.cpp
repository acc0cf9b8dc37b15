// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/yaml_lines.hpp"
#include "base/yaml_parser.hpp"

namespace bulla {

namespace {

/// The line that ends just before `at`, without its break.
std::string_view line_before(std::string_view text, std::size_t at) noexcept {
  auto before = text.substr(0, at);
  if (before.ends_with('\n')) before.remove_suffix(1);
  const auto start = before.rfind('\n');
  return before.substr(start == std::string_view::npos ? 0 : start + 1);
}

bool begins_document(std::string_view line) noexcept {
  return is_yaml_separator(without_byte_order_mark(line));
}

}  // namespace

bool is_yaml_separator(std::string_view line) noexcept {
  return line.starts_with("---") &&
         (line.size() == 3 || std::string_view(" \t\r\n").find(line[3]) != std::string_view::npos);
}

std::size_t yaml_mark_size(std::string_view text, std::size_t at) noexcept {
  const auto rest = text.substr(std::min(at, text.size()));
  if (!rest.starts_with(byte_order_mark)) return 0;
  if (at == 0) return byte_order_mark.size();
  if (text[at - 1] != '\n') return 0;
  const auto behind = rest.substr(byte_order_mark.size());
  const bool stray = behind.starts_with('#') ||
                     begins_document(behind.substr(0, behind.find('\n'))) ||
                     begins_document(line_before(text, at));
  return stray ? byte_order_mark.size() : 0;
}

std::size_t YamlInput::read(unsigned char* out, std::size_t size) noexcept {
  const bool at_line = at_ == 0 || text_[at_ - 1] == '\n';
  if (at_line) at_ += yaml_mark_size(text_, at_);
  if (at_ == text_.size()) {
    const bool adds = adds_line_feed_ && size > 0;
    if (adds) *out = '\n';
    adds_line_feed_ = false;
    return adds ? 1 : 0;
  }
  const auto ahead = text_.substr(at_, size);
  const auto mark = ahead.find("\n\xEF");  // perhaps a mark: looked at when its turn comes
  const auto taken = mark == std::string_view::npos ? ahead.size() : mark + 1;
  std::copy_n(text_.data() + at_, taken, out);
  at_ += taken;
  return taken;
}

}  // namespace bulla
