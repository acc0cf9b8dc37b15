// SPDX-License-Identifier: Apache-2.0
#include "resource/rewrite.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace bulla::test {

namespace {

/// The documents of a text, and what some of them become.
struct Sheet {
  std::string text;
  std::vector<Document> documents;

  explicit Sheet(std::string content)
      : text(std::move(content)), documents(read_documents(text).value()) {}

  [[nodiscard]] SealedSecret object(std::size_t i) const {
    return SealedSecret::from_json(documents.at(i).value, documents.at(i).scalars).value();
  }
  /// The text with item `a` of document `i` set to "AgNew"; or the error.
  [[nodiscard]] std::string with_item(std::size_t i, Layout layout) const {
    const auto before = object(i);
    auto after = before;
    after.encrypted_data["a"] = "AgNew";
    return with(i, before, after, layout);
  }
  [[nodiscard]] std::string with(std::size_t i, const SealedSecret& before,
                                 const SealedSecret& after, Layout layout) const {
    const Rewrite change{i, &before, &after};
    const auto result = rewrite_documents(text, documents, {&change, 1}, layout);
    return result ? std::string(result->expose_secret_text()) : "error: " + result.error().message;
  }
};

const std::string json_a =
    R"({"kind":"SealedSecret","metadata":{"name":"x"},"spec":{"encryptedData":{"a":"AgA"}}})";
const std::string json_new =
    "{\n  \"kind\": \"SealedSecret\",\n  \"apiVersion\": \"bitnami.com/v1alpha1\",\n"
    "  \"metadata\": {\n    \"name\": \"x\"\n  },\n  \"spec\": {\n    \"template\": {\n"
    "      \"metadata\": {}\n    },\n    \"encryptedData\": {\n      \"a\": \"AgNew\"\n    }\n  "
    "}\n}";

}  // namespace

TEST_CASE("a document knows its bytes") {
  const std::string text = "\xEF\xBB\xBF# p\n---\na: 1\n---\n{\"b\": 2} {\"c\": 3}\n---\n\n";
  const auto documents = read_documents(text).value();
  REQUIRE(documents.size() == 3);
  const auto bytes = [&](std::size_t i) {
    return text.substr(documents[i].offset, documents[i].size);
  };
  CHECK(bytes(0) == "# p\n---\na: 1\n");
  CHECK(bytes(1) == "{\"b\": 2}");
  CHECK(bytes(2) == "{\"c\": 3}");
  CHECK_FALSE(documents[1].follows_value);
  CHECK(documents[2].follows_value);
}

TEST_CASE("one document changes, the others keep their bytes") {
  const Sheet sheet("x:   y\n---\nkind: SealedSecret # s\nspec: {encryptedData: {a: AgA}}\n---\n" +
                    json_a + "\n---\nz: [ ]");
  CHECK(sheet.with_item(1, Layout::kept) ==
        "x:   y\n---\nkind: SealedSecret # s\nspec: {encryptedData: {a: AgNew}}\n---\n" + json_a +
            "\n---\nz: [ ]");
  CHECK(sheet.with_item(2, Layout::kept) ==
        "x:   y\n---\nkind: SealedSecret # s\nspec: {encryptedData: {a: AgA}}\n---\n" + json_new +
            "\n---\nz: [ ]");
}

TEST_CASE("the only document is printed anew as the whole text") {
  CHECK(Sheet(" " + json_a).with_item(0, Layout::kept) == json_new + "\n");
  CHECK(Sheet("# c\n---\n" + json_a).with_item(0, Layout::yaml) ==
        "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: x\nspec:\n"
        "  encryptedData:\n    a: AgNew\n  template:\n    metadata: {}\n");
  CHECK(Sheet("# c\nmetadata: {name: x}\nspec: {encryptedData: {a: b}}\n")
            .with_item(0, Layout::json) == json_new + "\n");
}

TEST_CASE("one of several can be printed anew too") {
  const Sheet sheet("x: y\n---\nmetadata: {name: x} # s\n---\nz: y\n");
  CHECK(sheet.with_item(1, Layout::json) == "x: y\n---\n" + json_new + "\n---\nz: y\n");
}

TEST_CASE("fields are found in any case, as Go finds them; items only as they are written") {
  const Sheet sheet("Metadata: {Name: x}\nSPEC:\n  encrypteddata:\n    A: AgA\n");
  CHECK(sheet.with_item(0, Layout::kept) ==
        "Metadata: {Name: x}\nSPEC:\n  encrypteddata:\n    A: AgA\n    a: AgNew\n");
}

TEST_CASE("what a patch can't say is refused") {
  const Sheet sheet("metadata: {name: x}\nspec:\n  encryptedData: {a: AgA, b: AgB}\n");
  const auto before = sheet.object(0);
  auto fewer = before;
  fewer.encrypted_data.erase("b");
  CHECK(sheet.with(0, before, fewer, Layout::kept) ==
        "error: line 1: can't be edited in place: something would have to go");
  auto immutable = before;
  immutable.secret_template.immutable = true;
  CHECK(sheet.with(0, before, immutable, Layout::kept) ==
        "error: line 1: can't be edited in place: something would have to go");
}

TEST_CASE("what would swallow its neighbour is refused") {
  const Sheet sheet(json_a + " " + json_a);  // YAML in place of the first would go on in the second
  CHECK(sheet.with_item(0, Layout::yaml) ==
        "error: line 1: can't be edited in place: something else would change with it");
  CHECK(sheet.with_item(0, Layout::json) == json_new + " " + json_a);
}

TEST_CASE("documents whose lines end with CR alone are not told apart") {
  const Sheet sheet("metadata: {name: x}\r---\rmetadata: {name: y}\r");
  REQUIRE(sheet.documents.size() == 2);
  CHECK(sheet.with_item(0, Layout::kept) ==
        "error: line 1: can't be edited in place: its lines end with CR alone");
}

TEST_CASE("nothing changes where there is nothing to change") {
  const std::string text = "a:  b\n";
  CHECK(rewrite_documents(text, read_documents(text).value(), {}, Layout::kept)
            .value()
            .expose_secret_text() == text);
}

}  // namespace bulla::test
