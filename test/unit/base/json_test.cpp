// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

#include <string>

namespace {

using namespace bulla;

std::string read(std::string_view text, const JsonRules& rules = {}) {
  const auto value = read_json(text, rules);
  return value ? boost::json::serialize(*value) : "error: " + value.error().message;
}

std::string nested(std::size_t levels, const std::string& inside = "") {
  return std::string(levels, '[') + inside + std::string(levels, ']');
}

TEST_CASE("JSON is read as one value, and never shown in an error") {
  CHECK(read(R"( {"a":[1,"x",null]} )") == R"({"a":[1,"x",null]})");
  CHECK(read("{\"a\":hunter2}").starts_with("error: malformed JSON: "));
  CHECK(read("{\"a\":hunter2}").find("hunter2") == std::string::npos);
  CHECK(read("{} {}").starts_with("error: malformed JSON: "));
  CHECK(read("").starts_with("error: malformed JSON: "));
}

TEST_CASE("what nests too deep is refused, or dropped") {
  constexpr auto most = limits::depth_max;
  CHECK(read(nested(most)) == nested(most));
  CHECK(read(nested(most + 1)).starts_with("error: malformed JSON: "));

  const JsonRules drops{.deeper = Deeper::dropped};
  CHECK(read(nested(most), drops) == nested(most));
  CHECK(read(nested(most + 1), drops) == nested(most, "null"));
  CHECK(read(nested(10'000), drops) == nested(most, "null"));
  CHECK(read(nested(most, "1,[2],3,{\"a\":[]},4"), drops) == nested(most, "1,null,3,null,4"));
  // Brackets within texts are none; a quote may be escaped.
  CHECK(read(nested(most, R"("[[",["]\\",4,"\"]"],"{")"), drops) ==
        nested(most, R"("[[",null,"{")"));
  CHECK(read(std::string(10'000, '['), drops).starts_with("error: malformed JSON: "));
  CHECK(read(nested(most + 1) + "]", drops).starts_with("error: malformed JSON: "));
}

}  // namespace
