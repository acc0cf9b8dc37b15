// SPDX-License-Identifier: Apache-2.0
#include "kube/page_size.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace bulla::kube {

PageSize::PageSize(std::size_t objects_max) noexcept
    : objects_max_(std::max<std::size_t>(objects_max, 1)), objects_(objects_max_) {}

void PageSize::page_arrived(std::size_t objects, std::size_t bytes) noexcept {
  if (objects == 0) return;
  const std::size_t bytes_each = std::max<std::size_t>(bytes / objects, 1);
  objects_ = std::clamp<std::size_t>(limits::list_page_bytes_wanted / bytes_each, 1, objects_max_);
}

bool PageSize::was_too_large() noexcept {
  if (objects_ == 1) return false;
  objects_ = std::max<std::size_t>(objects_ / 4, 1);
  return true;
}

}  // namespace bulla::kube
