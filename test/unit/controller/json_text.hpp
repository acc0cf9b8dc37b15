// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/limits.hpp"

namespace bulla::test {

/// JSON in single quotes, which reads better in a C++ source.
inline boost::json::value json_of(std::string_view text) {
  std::string quoted_twice(text);
  for (char& c : quoted_twice) {
    if (c == '\'') c = '"';
  }
  return boost::json::parse(quoted_twice);
}

/// A file of test/data/controller; the test aborts when it is missing.
inline std::string controller_file(const std::string& name) {
  auto contents = read_file(std::string(BULLA_TEST_DATA) + "/controller/" + name, limits::mib);
  return std::string(contents.value().expose_secret_text());
}
inline boost::json::value controller_json(const std::string& name) {
  return boost::json::parse(controller_file(name));
}

}  // namespace bulla::test
