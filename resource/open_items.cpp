// SPDX-License-Identifier: Apache-2.0
#include "resource/open_items.hpp"

#include <utility>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "crypto/envelope.hpp"

namespace bulla {

Result<Keyring::Opened> ItemOpener::try_key(std::size_t index,
                                            std::span<const std::uint8_t> envelope,
                                            std::string_view label) {
  const auto& entry = order_[index];
  if (effort_ == Effort::least && !is_envelope_for(entry->key.public_key(), envelope))
    return cannot_decrypt();
  if (may_go_on_ && !may_go_on_()) return Error{Errc::unavailable, "there was no time to finish"};
  auto plaintext = decrypt_envelope(entry->key, envelope, label);
  if (!plaintext) return plaintext.error();
  last_.store(index, std::memory_order_relaxed);
  return Keyring::Opened{std::move(*plaintext), entry};
}

Result<Keyring::Opened> ItemOpener::open(std::string_view base64, std::string_view label) {
  const auto envelope = decode_base64(base64);
  if (!envelope) return envelope.error();
  const auto likely = last_.load(std::memory_order_relaxed);
  if (likely >= order_.size()) return cannot_decrypt();  // there is no key at all
  auto opened = try_key(likely, *envelope, label);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (opened || opened.error().code != Errc::cannot_decrypt) break;
    if (i != likely) opened = try_key(i, *envelope, label);
  }
  return opened;
}

void ItemFailures::add(const Error& error, std::string_view item) {
  undecryptable_only_ = undecryptable_only_ && error.code == Errc::cannot_decrypt;
  if (!message_.empty()) message_ += '\n';
  message_.append(printable(error.message)).append(" (").append(printable(item)).append(")");
}

Error ItemFailures::error() && {
  return {undecryptable_only_ ? Errc::cannot_decrypt : Errc::invalid_input, std::move(message_)};
}

}  // namespace bulla
