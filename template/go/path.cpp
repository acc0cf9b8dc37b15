// SPDX-License-Identifier: Apache-2.0
#include "template/go/path.hpp"

#include <vector>

#include "base/text.hpp"

namespace bulla::tmpl::go {

SecretBuffer path_clean(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> kept;
  for (const auto element : split(path, '/')) {
    if (element.empty() || element == ".") continue;
    const bool up = element == "..";
    if (up && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!up || !rooted) {
      kept.push_back(element);
    }
  }
  SecretBuffer out;
  out.reserve(path.size() + 1);
  if (rooted) out.append("/");
  for (const auto element : kept) {
    if (element.data() != kept.front().data()) out.append("/");
    out.append(element);
  }
  if (out.empty()) out.append(".");
  return out;
}

std::string_view path_base(std::string_view path) noexcept {
  if (path.empty()) return ".";
  const auto end = path.find_last_not_of('/');
  if (end == std::string_view::npos) return "/";
  path = path.substr(0, end + 1);
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

SecretBuffer path_dir(std::string_view path) {
  return path_clean(path.substr(0, path.rfind('/') + 1));
}

std::string_view path_ext(std::string_view path) noexcept {
  const auto last = path.substr(path.rfind('/') + 1);
  const auto dot = last.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : last.substr(dot);
}

}  // namespace bulla::tmpl::go
