// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulla {

/// What a caller can act on. Callers branch on the code, never on the message.
enum class Errc {
  invalid_input,   ///< the input is wrong: a person has to change it
  not_found,       ///< the named thing does not exist
  conflict,        ///< somebody else changed it meanwhile: read again, decide again
  gone,            ///< the API server forgot that resourceVersion, or the namespace is going
  rejected,        ///< the API server understood the request and refused its content
  unavailable,     ///< no answer, or "not now": time can cure it
  cannot_decrypt,  ///< no key fits. Never says which step failed (see crypto/envelope.hpp)
  internal,        ///< a library failed where it should not
};

/// An expected failure, as a value.
///
/// `message` is one clause that reads well after "error: ", names the thing it is about, and never
/// holds plaintext or key material. `hints` say what to try next; only the command line prints
/// them.
struct Error {
  Errc code = Errc::internal;
  std::string message;
  std::vector<std::string> hints = {};
  std::optional<std::chrono::seconds> retry_after = std::nullopt;

  /// The same error, told by a caller: "DOING: MESSAGE".
  [[nodiscard]] Error during(std::string_view doing) &&;
  /// The same error with one more hint at the end.
  [[nodiscard]] Error hint(std::string text) &&;
};

/// A value, or the reason why there is none. `Result<void>` is success or the reason.
template <class T>
using Result = boost::system::result<T, Error>;

/// Called by Result<T>::value() on an error: asking for a value that is not there is a bug, so
/// this aborts with the place (never the message) on standard error.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

/// `text` in double quotes, with control characters and broken UTF-8 escaped, cut at 200 bytes:
/// for input that goes into a message.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace bulla

/// Aborts when `condition` is false, in every build. Prints the expression, never a value.
#define BULLA_ASSERT(condition)                                                          \
  do {                                                                                   \
    if (!(condition)) ::bulla::detail::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)

namespace bulla::detail {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}
