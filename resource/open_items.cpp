// SPDX-License-Identifier: Apache-2.0
#include "resource/open_items.hpp"

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "crypto/envelope.hpp"

namespace bulla {

Result<Keyring::Opened> ItemOpener::open(std::string_view base64, std::string_view label) {
  const auto envelope = decode_base64(base64);
  if (!envelope) return envelope.error();
  const auto likely = last_.load(std::memory_order_relaxed);
  if (likely >= order_.size()) return cannot_decrypt();  // there is no key at all
  for (const auto keys :
       {order_.subspan(likely, 1), order_.first(likely), order_.subspan(likely + 1)}) {
    auto opened = Keyring::decrypt(keys, *envelope, label);
    if (!opened) continue;
    const auto fitted = std::ranges::find(order_, opened->key);
    last_.store(static_cast<std::size_t>(fitted - order_.begin()), std::memory_order_relaxed);
    return opened;
  }
  return cannot_decrypt();
}

void ItemFailures::add(const Error& error, std::string_view item) {
  undecryptable_only_ = undecryptable_only_ && error.code == Errc::cannot_decrypt;
  if (!message_.empty()) message_ += '\n';
  message_.append(error.message).append(" (").append(item).append(")");
}

Error ItemFailures::error() && {
  return {undecryptable_only_ ? Errc::cannot_decrypt : Errc::invalid_input, std::move(message_)};
}

}  // namespace bulla
