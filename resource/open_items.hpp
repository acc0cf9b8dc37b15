// SPDX-License-Identifier: Apache-2.0
#pragma once

// What opening an object's items takes. For resource/'s own sources.

#include <atomic>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "crypto/keyring.hpp"

namespace bulla {

/// What is spent on an envelope that has not the form of one for the key.
enum class Effort {
  same,   ///< as much as on one that has: whoever asks is a stranger
  least,  ///< no private-key operation: only the owner hears of it
};

/// Opens items, trying the key that fitted last before the others: an object's items were mostly
/// sealed together. Threads: share it.
class ItemOpener {
 public:
  /// `order` outlives this object. `may_go_on` is asked before each private-key operation, from
  /// every thread that opens; it may be empty.
  explicit ItemOpener(std::span<const Keyring::Entry> order, Effort effort = Effort::same,
                      std::function<bool()> may_go_on = {})
      : order_(order), effort_(effort), may_go_on_(std::move(may_go_on)) {}

  /// Errors: invalid_input when `base64` is not base64; cannot_decrypt; unavailable when it may not
  /// go on.
  [[nodiscard]] Result<Keyring::Opened> open(std::string_view base64, std::string_view label);

 private:
  [[nodiscard]] Result<Keyring::Opened> try_key(std::size_t index,
                                                std::span<const std::uint8_t> envelope,
                                                std::string_view label);

  std::span<const Keyring::Entry> order_;
  Effort effort_;
  std::function<bool()> may_go_on_;
  std::atomic<std::size_t> last_ = 0;  ///< index of the key that fitted last
};

/// Collects what is wrong with the items of one object, so that it is told at once: one line an
/// item, "WHAT (ITEM)", whatever the texts hold.
class ItemFailures {
 public:
  void add(const Error& error, std::string_view item);
  [[nodiscard]] bool any() const noexcept { return !message_.empty(); }
  /// Code cannot_decrypt when some item did not open and nothing else was wrong.
  [[nodiscard]] Error error() &&;

 private:
  std::string message_;
  bool undecryptable_only_ = true;
};

}  // namespace bulla
