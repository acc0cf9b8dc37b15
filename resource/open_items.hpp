// SPDX-License-Identifier: Apache-2.0
#pragma once

// What opening an object's items takes. For resource/'s own sources.

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "crypto/keyring.hpp"

namespace bulla {

/// Opens items, trying the key that fitted last before the others: an object's items were mostly
/// sealed together. Threads: share it.
class ItemOpener {
 public:
  /// `order` outlives this object.
  explicit ItemOpener(std::span<const Keyring::Entry> order) noexcept : order_(order) {}

  /// Errors: invalid_input when `base64` is not base64; cannot_decrypt.
  [[nodiscard]] Result<Keyring::Opened> open(std::string_view base64, std::string_view label);

 private:
  std::span<const Keyring::Entry> order_;
  std::atomic<std::size_t> last_ = 0;
};

/// Collects what is wrong with the items of one object, so that it is told at once: one line an
/// item, "WHAT (ITEM)".
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
