// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <sodium.h>

#include <algorithm>
#include <boost/json/error.hpp>
#include <boost/json/parser.hpp>

#include "base/reading_budget.hpp"
#include "base/secret.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// At its end, wipes the stack below it. The parser takes a text with escapes apart in a buffer
/// there: an annotation, say, that holds a whole Secret as JSON.
class WipedStack {
 public:
  WipedStack() = default;
  WipedStack(const WipedStack&) = delete;
  WipedStack& operator=(const WipedStack&) = delete;
  ~WipedStack() { sodium_stackzero(bytes); }

 private:
  /// The buffer's 4 KiB, below limits::depth_max lists and maps of the parser's.
  static constexpr std::size_t bytes = 128 * limits::kib;
};

Result<json::value> parsed(std::string_view text, boost::system::error_code& failure) {
  json::parse_options options;
  options.max_depth = limits::depth_max;
  // The parser's own memory holds pieces of strings, so it is wiped as well.
  json::parser parser(wiping_storage(), options);
  parser.reset(wiping_storage());
  parser.write(text.data(), text.size(), failure);
  if (failure) return Error{Errc::invalid_input, "malformed JSON: " + failure.message()};
  return parser.release();
}

/// The text with null for every list and map below limits::depth_max others.
SecretBuffer without_deeper(std::string_view text) {
  SecretBuffer out;
  out.reserve(text.size());
  std::size_t depth = 0;
  std::size_t kept = 0;
  bool in_text = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') in_text = !in_text;
    if (in_text && c == '\\') ++at;
    if (in_text) continue;
    if ((c == '[' || c == '{') && depth++ == limits::depth_max) {
      out.append(text.substr(kept, at - kept));
      out.append("null");
    } else if ((c == ']' || c == '}') && depth > 0 && --depth == limits::depth_max) {
      kept = at + 1;
    }
  }
  if (depth <= limits::depth_max) out.append(text.substr(kept));
  return out;
}

}  // namespace

Result<json::value> read_json(std::string_view text, const JsonRules& rules) {
  const WipedStack stack;
  ReadingBudget budget(std::max(text.size(), rules.counts_as_bytes));
  const AllocationBudget::Scope scope(budget.memory());
  try {
    boost::system::error_code failure;
    auto value = parsed(text, failure);
    if (failure != json::error::too_deep || rules.deeper == Deeper::refused) return value;
    return parsed(without_deeper(text).expose_secret_text(), failure);
  } catch (const AllocationBudget::Exceeded&) {
    return budget.exceeded();
  }
}

}  // namespace bulla
