// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "kube/environment.hpp"

namespace bulla::test {

/// A folder of its own with files in it, and an environment.
struct Place {
  Place() {
    std::string pattern = std::filesystem::temp_directory_path() / "kube-XXXXXX";
    BULLA_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
  }
  ~Place() { std::filesystem::remove_all(folder); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] kube::Environment environment() const {
    kube::Environment out;
    out.variable = [this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    out.service_account_directory = folder / "account";
    return out;
  }

  std::filesystem::path folder;
  std::map<std::string, std::string> variables = {};
};

}  // namespace bulla::test
