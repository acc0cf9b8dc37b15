// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace bulla::kube {

/// How many objects the next page of a list is asked for, so that no page is much larger than
/// limits::list_page_bytes_wanted, whatever the objects are: 500 SealedSecrets of 1 MiB in one page
/// would end a controller that has 500 MiB. Pure.
class PageSize {
 public:
  /// `objects_max` is what pages of small objects have; at least 1.
  explicit PageSize(std::size_t objects_max) noexcept;

  [[nodiscard]] std::size_t objects() const noexcept { return objects_; }
  /// A page came, of `objects` in `bytes`: the next one is as many of those as fit.
  void page_arrived(std::size_t objects, std::size_t bytes) noexcept;
  /// The page was larger than is read. Whether a smaller one can be asked for.
  [[nodiscard]] bool was_too_large() noexcept;

 private:
  std::size_t objects_max_;
  std::size_t objects_;
};

}  // namespace bulla::kube
