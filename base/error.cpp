// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"

namespace bulla {

Error Error::during(std::string_view doing) && {
  message.insert(0, ": ").insert(0, doing);
  return std::move(*this);
}

Error Error::hint(std::string text) && {
  hints.push_back(std::move(text));
  return std::move(*this);
}

void throw_exception_from_error(const Error&, const boost::source_location& where) {
  detail::assertion_failed("result holds a value", where.file_name(),
                           static_cast<int>(where.line()));
}

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_bytes_max = 200;
  const bool cut = text.size() > shown_bytes_max;
  std::string out = "\"";
  append_escaped(out, text.substr(0, shown_bytes_max));
  out += cut ? "...\"" : "\"";
  return out;
}

namespace detail {
void assertion_failed(const char* expression, const char* file, int line) noexcept {
  (void)std::fprintf(stderr, "internal error: expected %s (%s:%d)\n", expression, file, line);
  std::abort();
}
}  // namespace detail

}  // namespace bulla
