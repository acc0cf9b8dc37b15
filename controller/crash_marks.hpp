// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "kube/object.hpp"

namespace bulla {

/// Marks in a small file which objects are being worked on. The file outlives the process (in a
/// pod: in an emptyDir, which outlives a container), so that one object never makes a crash loop:
/// whatever was marked when the process ended, by a signal, for want of memory or because it hung,
/// is set aside by the next one, and tried again later, one such object at a time. Each further
/// end makes the wait longer; a change of the object ends it. A healthy object costs two writes to
/// memory.
///
/// Several objects may have been under way, and one of them was the cause at most. So when an
/// object that had been set aside was being tried, it alone is blamed.
///
/// Pure but for open(): time comes in as `now`. Not thread-safe.
class CrashMarks {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Without a file: marks nothing, sets nothing aside.
  CrashMarks() = default;
  /// Takes the file at `path`, which is made if it is not there, and locks it. Errors: unavailable,
  /// with the path and the reason: it can't be made or written, is not a file of ours, or another
  /// process has it.
  [[nodiscard]] static Result<CrashMarks> open(const std::string& path, Time now);
  CrashMarks(CrashMarks&& other) noexcept { swap(other); }
  CrashMarks& operator=(CrashMarks&& other) noexcept {
    swap(other);
    return *this;
  }
  CrashMarks(const CrashMarks&) = delete;
  CrashMarks& operator=(const CrashMarks&) = delete;
  /// The marks stay in the file.
  ~CrashMarks();

  /// A pass begins; it has read the object, of this digest_of_object(); it has ended. `settled`: it
  /// was more than a first look, and an object that was set aside is one like any other again.
  void begin(const kube::ObjectKey& key);
  void looks_at(const kube::ObjectKey& key, std::uint64_t object);
  void end(const kube::ObjectKey& key, bool settled, Time now);

  struct SetAside {
    std::uint32_t ends = 0;             ///< of the process, in a row
    std::chrono::milliseconds wait{0};  ///< until the object may be tried
    bool is_news = false;               ///< true once: it is time to tell somebody
  };
  /// Nothing if the object may be worked on now.
  [[nodiscard]] std::optional<SetAside> set_aside(const kube::ObjectKey& key, Time now);
  /// The object is there as `object`; if it was another when the process ended, it has its turn.
  void shown(const kube::ObjectKey& key, std::uint64_t object);
  void gone(const kube::ObjectKey& key);
  /// Whatever is marked.
  [[nodiscard]] std::vector<kube::ObjectKey> keys() const;
  [[nodiscard]] bool knows(const kube::ObjectKey& key) const { return entries_.contains(key); }
  /// Objects that wait.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Slot;
  struct Header;
  struct Entry {
    std::size_t slot = 0;
    Time due{};
    bool told = false;
  };

  void swap(CrashMarks& other) noexcept;
  void take_over(Time now);
  void release(const kube::ObjectKey& key);
  [[nodiscard]] Slot& slot_of(const Entry& entry) const;

  int file_ = -1;
  std::span<std::byte> mapped_;
  std::span<Slot> slots_;
  std::unordered_map<kube::ObjectKey, Entry> entries_;  ///< of the slots in use
};

}  // namespace bulla
