// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>
#include <new>

namespace bulla {

/// How many bytes of wiping memory (SecretBuffer, WipingAllocator, wiping_memory()) one piece of
/// work may hold at a time. It counts where memory is allocated, so that no function can forget to
/// ask.
///
/// What a thread allocates while a Scope lives counts; so does what it gives back. Work that grows
/// beyond `alone_bytes` goes on alone, unless it is made `Large::goes_on`: it waits until no other
/// work of the process is as large, so that many threads together hold little more than one. So a
/// thread has one such budget at a time: a second one that grows as large would wait for the first
/// for ever.
///
/// Errors:  an allocation beyond the budget throws Exceeded. Whoever opens a Scope catches it.
/// Threads: one budget, one thread at a time.
class AllocationBudget {
 public:
  /// There is memory, but not for this work.
  class Exceeded final : public std::bad_alloc {
   public:
    [[nodiscard]] const char* what() const noexcept override { return "budget exceeded"; }
  };

  enum class Large { goes_alone, goes_on };

  explicit AllocationBudget(std::size_t bytes_max, Large large = Large::goes_alone) noexcept
      : bytes_max_(bytes_max),
        next_check_(large == Large::goes_on || bytes_max < alone_bytes ? bytes_max : alone_bytes) {}
  AllocationBudget(const AllocationBudget&) = delete;
  AllocationBudget& operator=(const AllocationBudget&) = delete;
  ~AllocationBudget() = default;

  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  [[nodiscard]] std::size_t bytes_left() const noexcept {
    return used_ < bytes_max_ ? bytes_max_ - used_ : 0;
  }
  void take(std::size_t bytes) {
    const std::size_t with_overhead = bytes + block_overhead;
    if (used_ > next_check_ || with_overhead > next_check_ - used_) check(with_overhead);
    used_ += with_overhead;
  }
  void give_back(std::size_t bytes) noexcept {
    const std::size_t with_overhead = bytes + block_overhead;
    used_ -= with_overhead < used_ ? with_overhead : used_;
  }

  /// Makes a budget that of the calling thread, and puts the former one back at its end.
  class Scope {
   public:
    explicit Scope(AllocationBudget& budget) noexcept : outer_(current_) { current_ = &budget; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { current_ = outer_; }

   private:
    AllocationBudget* outer_;
  };

  /// Counts memory that a library allocates by itself, as long as this lives.
  class Reserved {
   public:
    explicit Reserved(std::size_t bytes) : bytes_(bytes) { count_allocation(bytes); }
    Reserved(const Reserved&) = delete;
    Reserved& operator=(const Reserved&) = delete;
    ~Reserved() { count_release(bytes_); }

   private:
    std::size_t bytes_;
  };

  static void count_allocation(std::size_t bytes) {
    if (current_ != nullptr) current_->take(bytes);
  }
  static void count_release(std::size_t bytes) noexcept {
    if (current_ != nullptr) current_->give_back(bytes);
  }

 private:
  static constexpr std::size_t alone_bytes = std::size_t{2} * 1024 * 1024;
  static constexpr std::size_t block_overhead = 16;  ///< what malloc keeps beside a block
  void check(std::size_t bytes);

  std::size_t bytes_max_;
  std::size_t next_check_;
  std::size_t used_ = 0;
  std::unique_lock<std::mutex> alone_;
  static inline constinit thread_local AllocationBudget* current_ = nullptr;
};

}  // namespace bulla
