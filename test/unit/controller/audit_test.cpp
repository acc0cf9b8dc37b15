// SPDX-License-Identifier: Apache-2.0
#include "controller/audit.hpp"

#include <doctest/doctest.h>

#include "json_text.hpp"

namespace bulla::test {

TEST_CASE("the audit names the object and its items, and no value") {
  const auto audit =
      UnsealAudit::of(json_of("{'metadata':{'namespace':'n','name':'s','uid':'u','generation':3},"
                              "'spec':{'encryptedData':{'a':'AgSECRET','b':7}}}"));
  CHECK(audit.object == "n/s");
  CHECK(audit.uid == "u");
  CHECK(audit.generation == 3);
  CHECK(audit.items == "a,b");
  CHECK(UnsealAudit::of(json_of("{'spec':7}")).items.empty());
}

TEST_CASE("very many names are cut") {
  CHECK(join_some({"abc", "de"}, 6) == "abc,de");
  CHECK(join_some({"abc", "de"}, 5) == "abc,...");
  CHECK(join_some({"abc"}, 3) == "...");
  CHECK(join_some({}, 3).empty());
}

}  // namespace bulla::test
