// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bulla {

/// Namespaces that are being terminated: nothing can be created in them any more, so the objects
/// there are left alone until the namespace is seen to live. Pure: time comes in as `now`. Not
/// thread-safe.
class GoingNamespaces {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `first_wait`: before the first look at a namespace; twice that before each further one.
  explicit GoingNamespaces(std::chrono::milliseconds first_wait) : first_wait_(first_wait) {}

  /// A write was refused because the namespace goes. True if that is news.
  [[nodiscard]] bool refused(const std::string& namespace_, Time now);
  /// How long its objects are left alone; 0: it is time for a look at the namespace. Nothing if it
  /// lives, as far as is known.
  [[nodiscard]] std::optional<std::chrono::milliseconds> left_alone_for(std::string_view namespace_,
                                                                        Time now) const;
  /// Somebody takes the look; nobody else has to before the next one is due.
  void look(const std::string& namespace_, Time now);
  /// Something is new in it: the look is due now.
  void look_soon(const std::string& namespace_, Time now);
  void lives(const std::string& namespace_) { entries_.erase(namespace_); }

  static constexpr auto wait_max = std::chrono::minutes(1);

 private:
  struct Entry {
    std::chrono::milliseconds wait;
    Time next_look;
  };
  std::chrono::milliseconds first_wait_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace bulla
