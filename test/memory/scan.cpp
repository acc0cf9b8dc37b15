// SPDX-License-Identifier: Apache-2.0
#include "memory/scan.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/base64.hpp"
#include "base/secret.hpp"

namespace bulla::test {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;
constexpr std::size_t context_bytes = 40;

struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;
  bool readable = false;
  bool locked = false;
};

std::vector<Mapping> readable_mappings(pid_t process) {
  std::vector<Mapping> mappings;
  std::ifstream maps("/proc/" + std::to_string(process) + "/smaps");
  for (std::string line; std::getline(maps, line);) {
    // proc(5): begin-end perms offset device inode name; then its fields, "Name: ..."
    if (const auto colon = line.find(':'); line.find(' ') == colon + 1) {
      const bool locked = (line + " ").find(" lo ") != std::string::npos;
      if (line.starts_with("VmFlags:") && locked && !mappings.empty())
        mappings.back().locked = true;
      continue;
    }
    std::istringstream fields(line);
    Mapping mapping;
    std::string permissions;
    std::string skipped;
    char dash = 0;
    fields >> std::hex >> mapping.begin >> dash >> mapping.end >> permissions >> skipped >>
        skipped >> skipped >> mapping.name;
    if (mapping.name.empty()) mapping.name = "anonymous";
    mapping.readable = permissions.starts_with("r") && !mapping.name.starts_with("[v");
    mappings.push_back(mapping);
  }
  std::erase_if(mappings, [](const Mapping& mapping) { return !mapping.readable; });
  return mappings;
}

std::string printable(std::string_view bytes) {
  std::string text(bytes);
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '.');
  return text;
}

std::string base64_of(const std::string& bytes) { return encode_base64(as_bytes(bytes)); }

/// The characters of base64 that `bytes` alone decide, when they follow `offset` others.
std::string inner_base64(const std::string& bytes, std::size_t offset) {
  const std::string whole = base64_of(std::string(offset, 'x') + bytes);
  const std::size_t first = offset == 0 ? 0 : offset + 1;
  const std::size_t bits = 8 * (offset + bytes.size());
  return whole.substr(first, bits / 6 - first);
}

class Scanner {
 public:
  Scanner(int memory, const std::vector<Needle>& needles) : memory_(memory), needles_(needles) {
    for (const auto& needle : needles) overlap_ = std::max(overlap_, needle.bytes.size());
    buffer_.resize(piece_bytes + overlap_);
  }

  void scan(const Mapping& mapping, std::vector<Find>& found) {
    std::size_t kept = 0;  // of the piece before, so that nothing hides on the border
    for (std::uint64_t at = mapping.begin; at < mapping.end; at += piece_bytes) {
      const std::size_t wanted = std::min<std::uint64_t>(piece_bytes, mapping.end - at);
      const auto read = ::pread(memory_, buffer_.data() + kept, wanted, static_cast<off_t>(at));
      if (read <= 0) {  // given back meanwhile, or a device
        kept = 0;
        continue;
      }
      const std::size_t size = kept + static_cast<std::size_t>(read);
      search({buffer_.data(), size}, mapping, found);
      kept = std::min(overlap_ - 1, size);
      std::copy_n(buffer_.data() + size - kept, kept, buffer_.data());
    }
  }

 private:
  void search(std::string_view text, const Mapping& mapping, std::vector<Find>& found) const {
    for (const auto& needle : needles_) {
      if (needle.may_be_locked && mapping.locked) continue;
      for (auto at = text.find(needle.bytes); at != text.npos;
           at = text.find(needle.bytes, at + 1)) {
        const auto before = std::min(at, context_bytes);
        found.push_back(
            {needle.what, mapping.name, printable(text.substr(at - before, before)),
             printable(text.substr(at + needle.bytes.size()).substr(0, context_bytes))});
      }
    }
  }

  int memory_;
  const std::vector<Needle>& needles_;
  std::size_t overlap_ = 1;
  std::string buffer_;
};

}  // namespace

std::vector<Needle> with_base64(const Needle& needle, int depth) {
  std::vector<Needle> all = {needle};
  if (depth == 0) return all;
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const Needle encoded{needle.what + ", base64", inner_base64(needle.bytes, offset)};
    for (auto& more : with_base64(encoded, depth - 1)) all.push_back(std::move(more));
  }
  return all;
}

std::vector<Find> scan_memory(pid_t process, const std::vector<Needle>& needles) {
  const std::string path = "/proc/" + std::to_string(process) + "/mem";
  const int memory = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) throw std::system_error(errno, std::generic_category(), "opening " + path);
  std::vector<Find> found;
  Scanner scanner(memory, needles);
  for (const auto& mapping : readable_mappings(process)) scanner.scan(mapping, found);
  ::close(memory);
  return found;
}

}  // namespace bulla::test
