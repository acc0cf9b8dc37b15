// SPDX-License-Identifier: Apache-2.0
#include "controller/crash_marks.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace bulla {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t slots_max = 64;
/// The others are for what is under way: see Controller's workers.
constexpr std::size_t set_aside_max = 40;
/// The longest names that Kubernetes takes.
constexpr std::size_t namespace_bytes_max = 63;
constexpr std::size_t name_bytes_max = 253;

constexpr auto first_wait = std::chrono::seconds(10);
constexpr auto wait_max = std::chrono::hours(6);
/// Between two tries of objects that were set aside.
constexpr auto one_at_a_time = std::chrono::seconds(1);

constexpr std::string_view magic = "bulla crash marks 1\n";

enum class Mark : std::uint8_t {
  free,
  under_way,
  set_aside,
  tried_again,  ///< was set aside, and is under way
};

/// After the first end ten seconds, then four times as long each time.
milliseconds wait_after(std::uint32_t ends) {
  milliseconds wait = first_wait;
  for (std::uint32_t i = 1; i < ends && wait < wait_max; ++i) wait *= 4;
  return std::min<milliseconds>(wait, wait_max);
}

Error failed(const std::string& path, std::string_view why) {
  return {Errc::unavailable, quoted(path) + ": " + std::string(why)};
}
Error failed(const std::string& path, int error) {
  return failed(path, std::generic_category().message(error));
}

}  // namespace

struct CrashMarks::Header {
  std::array<char, 32> magic;
};

/// As it lies in the file. Written field by field, the mark last: the process may end in between.
struct CrashMarks::Slot {
  std::uint8_t mark;
  std::uint8_t namespace_size;
  std::uint8_t name_size;
  std::uint32_t ends;
  std::uint64_t object;  ///< 0: not read yet
  std::array<char, namespace_bytes_max> namespace_;
  std::array<char, name_bytes_max> name;

  [[nodiscard]] Mark get() const { return static_cast<Mark>(mark); }
  void set(Mark next) {
    std::atomic_ref(mark).store(static_cast<std::uint8_t>(next), std::memory_order_release);
  }
  [[nodiscard]] bool is_sound() const {
    return get() != Mark::free && get() <= Mark::tried_again && name_size > 0 &&
           name_size <= name_bytes_max && namespace_size > 0 &&
           namespace_size <= namespace_bytes_max;
  }
  [[nodiscard]] kube::ObjectKey key() const {
    return {std::string(namespace_.data(), namespace_size), std::string(name.data(), name_size)};
  }
  void name_it(const kube::ObjectKey& key) {
    namespace_size =
        static_cast<std::uint8_t>(key.namespace_.copy(namespace_.data(), namespace_bytes_max));
    name_size = static_cast<std::uint8_t>(key.name.copy(name.data(), name_bytes_max));
    ends = 0;
    object = 0;
  }
};

Result<CrashMarks> CrashMarks::open(const std::string& path, Time now) {
  constexpr std::size_t bytes = sizeof(Header) + slots_max * sizeof(Slot);
  CrashMarks marks;
  // A folder for temporary files may be everybody's: no links, and nothing of somebody else.
  marks.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (marks.file_ < 0) return failed(path, errno);
  struct stat found {};
  if (::fstat(marks.file_, &found) != 0) return failed(path, errno);
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() || found.st_nlink != 1)
    return failed(path, "it is not a file of this user alone");
  if (::flock(marks.file_, LOCK_EX | LOCK_NB) != 0) return failed(path, "another process has it");
  // Room is taken now: a write to a page that finds none would end the process.
  if (const int error = ::posix_fallocate(marks.file_, 0, bytes)) return failed(path, error);

  void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, marks.file_, 0);
  if (start == MAP_FAILED) return failed(path, errno);
  marks.mapped_ = {static_cast<std::byte*>(start), bytes};
  auto* header = reinterpret_cast<Header*>(marks.mapped_.data());
  marks.slots_ = {reinterpret_cast<Slot*>(marks.mapped_.data() + sizeof(Header)), slots_max};
  if (std::string_view(header->magic.data(), magic.size()) != magic) {
    std::memset(start, 0, bytes);
    magic.copy(header->magic.data(), magic.size());
  }
  marks.take_over(now);
  return marks;
}

CrashMarks::~CrashMarks() {
  if (!mapped_.empty()) ::munmap(mapped_.data(), mapped_.size());
  if (file_ >= 0) ::close(file_);
}

CrashMarks::Slot& CrashMarks::slot_of(const Entry& entry) const { return slots_[entry.slot]; }

void CrashMarks::swap(CrashMarks& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(mapped_, other.mapped_);
  std::swap(slots_, other.slots_);
  entries_.swap(other.entries_);
}

/// What the last process left.
void CrashMarks::take_over(Time now) {
  const bool was_trying = std::ranges::any_of(
      slots_, [](const Slot& slot) { return slot.is_sound() && slot.get() == Mark::tried_again; });
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const bool innocent = slot.get() == Mark::under_way && was_trying;
    if (!slot.is_sound() || innocent || entries_.size() >= set_aside_max ||
        !entries_.try_emplace(slot.key(), Entry{i}).second) {
      slot.set(Mark::free);
      continue;
    }
    if (slot.get() != Mark::set_aside) slot.ends = std::min(slot.ends, 1000U) + 1;
    slot.set(Mark::set_aside);
    entries_.at(slot.key()).due = now + wait_after(slot.ends);
  }
}

void CrashMarks::begin(const kube::ObjectKey& key) {
  if (const auto known = entries_.find(key); known != entries_.end())
    return slot_of(known->second).set(Mark::tried_again);
  const auto is_free = [](const Slot& slot) { return slot.get() == Mark::free; };
  const auto slot = std::ranges::find_if(slots_, is_free);
  if (slot == slots_.end()) return;
  slot->name_it(key);
  slot->set(Mark::under_way);
  entries_.emplace(key, Entry{static_cast<std::size_t>(slot - slots_.begin())});
}

void CrashMarks::looks_at(const kube::ObjectKey& key, std::uint64_t object) {
  const auto known = entries_.find(key);
  if (known != entries_.end()) slot_of(known->second).object = object;
}

void CrashMarks::end(const kube::ObjectKey& key, bool settled, Time now) {
  const auto known = entries_.find(key);
  if (known == entries_.end()) return;
  Slot& slot = slot_of(known->second);
  if (slot.get() == Mark::under_way || settled) return release(key);
  slot.set(Mark::set_aside);
  known->second.due = now;
}

std::optional<CrashMarks::SetAside> CrashMarks::set_aside(const kube::ObjectKey& key, Time now) {
  const auto known = entries_.find(key);
  if (known == entries_.end()) return std::nullopt;
  Entry& entry = known->second;
  const Slot& slot = slot_of(entry);
  auto wait = std::chrono::ceil<milliseconds>(entry.due - now);
  const bool other_is_tried = std::ranges::any_of(
      slots_, [](const Slot& other) { return other.get() == Mark::tried_again; });
  if (other_is_tried) wait = std::max<milliseconds>(wait, one_at_a_time);
  if (wait.count() <= 0) return std::nullopt;
  return SetAside{slot.ends, wait, !std::exchange(entry.told, true)};
}

void CrashMarks::shown(const kube::ObjectKey& key, std::uint64_t object) {
  const auto known = entries_.find(key);
  if (known == entries_.end()) return;
  Slot& slot = slot_of(known->second);
  if (slot.get() != Mark::set_aside) return;
  if (slot.object == 0) slot.object = object;
  if (slot.object != object) release(key);
}

void CrashMarks::gone(const kube::ObjectKey& key) {
  const auto known = entries_.find(key);
  if (known != entries_.end() && slot_of(known->second).get() == Mark::set_aside) release(key);
}

std::vector<kube::ObjectKey> CrashMarks::keys() const {
  std::vector<kube::ObjectKey> keys;
  keys.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  return keys;
}

std::size_t CrashMarks::waiting() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      slots_, [](const Slot& slot) { return slot.get() == Mark::set_aside; }));
}

void CrashMarks::release(const kube::ObjectKey& key) {
  const auto known = entries_.find(key);
  slot_of(known->second).set(Mark::free);
  entries_.erase(known);
}

}  // namespace bulla
